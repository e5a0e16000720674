"""arXiv's categories: their names in both languages, and the one that each alias stands for.

Source: https://arxiv.org/category_taxonomy; aliases and subsumed archives as in arXiv's own taxonomy.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from yibao import chinese_scripts

#: Aliases: the same papers under two names. Readers may ask for either; we store the canonical one.
ALIASES = {
    "math.MP": "math-ph",
    "stat.TH": "math.ST",
    "math.IT": "cs.IT",
    "q-fin.EC": "econ.GN",
    "cs.SY": "eess.SY",
    "cs.NA": "math.NA",
}

#: Archives of the early years, since merged into today's categories.
SUBSUMED = {
    "cmp-lg": "cs.CL",
    "adap-org": "nlin.AO",
    "comp-gas": "nlin.CG",
    "chao-dyn": "nlin.CD",
    "solv-int": "nlin.SI",
    "patt-sol": "nlin.PS",
    "alg-geom": "math.AG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "q-alg": "math.QA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "supr-con": "cond-mat.supr-con",
    "acc-phys": "physics.acc-ph",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chem-ph": "physics.chem-ph",
    "plasm-ph": "physics.plasm-ph",
}

#: Archives with several categories. Papers from before the split carry the bare name (astro-ph, cond-mat).
ARCHIVES = frozenset(
    {"astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"}
)


class Category(NamedTuple):
    """A category and what it is called."""

    code: str
    name_en: str
    name_zh: str


@cache
def load_taxonomy() -> dict[str, Category]:
    """Load every canonical category by its code, in arXiv's order."""
    lines = (files("yibao") / "categories.tsv").read_text(encoding="utf-8").splitlines()
    return {row.code: row for row in (Category(*line.split("\t")) for line in lines)}


def find_canonical(code: str) -> str:
    """Find the category that a code stands for; the code itself where it is no alias."""
    return ALIASES.get(code) or SUBSUMED.get(code) or code


def is_category(code: str) -> bool:
    """Check whether arXiv files papers under this canonical code. ACM and MSC classes are not categories."""
    return code in load_taxonomy() or code in ARCHIVES


def list_known_codes() -> list[str]:
    """List every code that an operator may configure: categories, aliases and whole archives."""
    return [*load_taxonomy(), *ALIASES, *SUBSUMED, *sorted(ARCHIVES)]


def split_terms(terms: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a record's terms into canonical categories and other classes, each in order and without repeats."""
    codes = [find_canonical(term) for term in terms]
    categories = dict.fromkeys(code for code in codes if is_category(code))
    classes = dict.fromkeys(code for code in codes if not is_category(code))
    return tuple(categories), tuple(classes)


def find_category(code: str) -> Category:
    """Find a category's names; the code stands in for a name that we do not have."""
    return load_taxonomy().get(code) or Category(code, code, code)


def name_category(code: str, language: str) -> str:
    """Name a category in a language (BCP 47): Chinese as it is written there, else English."""
    category = find_category(code)
    if chinese_scripts.is_traditional(language):
        return chinese_scripts.convert_text(category.name_zh)
    return category.name_zh if language.startswith("zh") else category.name_en
