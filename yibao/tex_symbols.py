"""Signs of mathematics: what TeX calls them, and their raised and lowered forms in Unicode."""

#: What `pylatexenc` lacks or says otherwise, by command.
SIGNS = {
    "sim": "~", "lt": "<", "gt": ">", "colon": ":", "mid": "|", "vert": "|", "Vert": "‖", "|": "‖",
    "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|", "degree": "°", "prime": "′", "circ": "∘",
    "eqsim": "≂", "lesssim": "≲", "gtrsim": "≳", "geqslant": "≥", "leqslant": "≤", "dots": "…", "ldots": "…",
    "cdots": "⋯", "textasciitilde": "~", "checkmark": "✓", "%": "%", "#": "#", "&": "&", "_": "_", "$": "$",
    "{": "{", "}": "}",
}  # fmt: skip
_FUNCTIONS = """
gcd dim deg arg det ker Hom hom lcm sup inf lim limsup liminf max min argmax argmin exp log ln lg
sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh Pr End Aut Ext Tor Tr tr rank diag span sign sgn supp vol
Vol diam dist Re Im mod
polylog poly Spec Proj Gal GL SL SO SU Sp PSL PGL cov var Var Cov softmax
"""
#: Names that stand upright.
FUNCTIONS = frozenset(_FUNCTIONS.split())
SIGNS.update({name: name for name in FUNCTIONS})
#: What authors commonly define for themselves; arXiv has their abstracts without the definitions.
_CUSTOM = (
    "R ℝ C ℂ Z ℤ N ℕ Q ℚ F 𝔽 E 𝔼 P ℙ bbR ℝ eps ε veps ε vareps ε ra → la ← lra ↔ iff ⇔ implies ⇒ ne ≠ gg ≫ ll ≪ half ½"
)
SIGNS.update(zip(_CUSTOM.split()[::2], _CUSTOM.split()[1::2], strict=True))
ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "underline": "\u0332",
    "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "vec": "\u20d7", "overline": "\u0305", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c",
    "acute": "\u0301", "grave": "\u0300",
}  # fmt: skip
DOUBLE_STRUCK = dict(zip("CHNPQRZEFIKST1", "ℂℍℕℙℚℝℤ𝔼𝔽𝕀𝕂𝕊𝕋𝟙", strict=True))
RAISED = {
    **dict(zip("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾", strict=True)),
    **dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True)),
    **dict(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ", strict=True)),
    **dict(zip("*′−αβγδεθιφχ", "*′⁻ᵅᵝᵞᵟᵋᶿᶥᶲᵡ", strict=True)),
}
LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
LOWERED["−"] = "₋"
#: Commands that only size or place what stands beside them.
_SILENT = """
left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle scriptstyle limits nolimits
ensuremath mathop mathrel mathbin rm it bf cal sf tt sl em mathstrut
"""
SILENT = frozenset(_SILENT.split())
BLANKS = frozenset([",", ";", ":", "!", " ", "quad", "qquad", "\n", "enspace", "thinspace"])
BOLD = frozenset(["textbf", "mathbf", "bm", "boldsymbol"])
#: Fonts in which letters are not set as variables.
_UPRIGHT = "text textrm mathrm operatorname textnormal mbox textsf mathsf texttt mathtt textsc textit emph mathit"
UPRIGHT = BOLD.union(_UPRIGHT.split())
DOUBLE = frozenset(["mathbb", "mathds", "mathbbm"])
#: Fonts that plain text has to do without.
SCRIPTS = frozenset(["mathcal", "mathscr", "mathfrak"])
FRACTIONS = frozenset(["frac", "dfrac", "tfrac", "nicefrac", "cfrac"])
BINOMIALS = frozenset(["binom", "dbinom", "tbinom"])
#: Relations and operations that stand between blanks.
SPACED = frozenset("=<>≤≥≈→←∈∼±×")
