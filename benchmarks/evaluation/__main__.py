"""How often the checker is right, on translations that rules were written with and on those that were held back.

    python -m benchmarks.evaluation [--half seen|unseen] [--kind KIND] [--findings FILE] [--add FOLDER …]

Plants each kind of fault in real entries, with a seed, and prints how many are noticed, seen beside unseen, with
intervals of 95 %; then what is reported of the same entries untouched, by rule, with the verdicts in `judged.csv`.
Fails where the unseen column falls below the table of `docs/translations/evaluation.md`, and where a rule is too often
wrong for its severity (`figures.find_overstated`). Keeps how often each rule is
right, and puts it into `docs/translations/rules.md` (`figures.py`).
"""

import csv
import re
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks import options
from benchmarks.evaluation.corpora import Pair, load_pairs, write_entry
from benchmarks.evaluation.figures import UNTOUCHED, Figure, find_overstated, write_figures
from benchmarks.evaluation.measures import Share, name_finding
from benchmarks.evaluation.plants import GRAVE, PLANTS
from yibao import glossary
from yibao.records import Problem, Severity, SourceText
from yibao.translations import check, identity, markdown

_SEED = 17
#: Entries of a file.
_FILE = 20
_HALVES = ("seen", "unseen")
_DOC = Path(__file__).parents[2] / "docs" / "translations" / "evaluation.md"
_JUDGED = Path(__file__).with_name("judged.csv")
#: | kind | at least 97 % | …
_FLOOR = re.compile(r"^\|\s*([^|]+?)\s*\|\s*(?:≥|≤)\s*(\d+(?:\.\d+)?)\s*%", re.MULTILINE)
#: Notes that are about meaning, and not about taste.
_NOTES = (
    *("meaning-reversed", "negation-changed", "unlike-title", "condensed", "sentence-merged", "sentence-missing"),
    *("maths-missing", "name-missing", "name-added"),
)
_GRAVE = (Severity.ERROR, Severity.WARNING)


class Finding(NamedTuple):
    """What is reported of an untouched entry."""

    pair: Pair
    problem: Problem

    @property
    def name(self) -> str:
        """What verdicts know it by."""
        return name_finding(self.problem.rule, self.problem.message)


class Checker:
    """The checker, asked of single entries."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._owners = {identity.normalize_title(one.title_en): one.arxiv_id for one in pairs}
        self._terms = glossary.load_terms(None)

    def check(self, pairs: Sequence[Pair], other_texts: Mapping[str, SourceText] | None = None) -> list[list[Problem]]:
        """Check entries as one file; errors and warnings of each. `other_texts` replace the entries' own English."""
        content = b"\n".join(write_entry(pair) for pair in pairs)
        document = markdown.parse_document(content, "a.md", "zh-Hans")
        known = {one.arxiv_id: SourceText(one.title_en, one.abstract_en) for one in pairs} | dict(other_texts or {})
        result = check.check_document(document, self._terms, known, self._owners)
        lines = [entry.line for entry in result.entries]
        found: list[list[Problem]] = [[] for _ in pairs]
        for problem in result.problems:
            if (problem.severity in _GRAVE or problem.rule in _NOTES) and problem.rule != "duplicate-in-file":
                found[max(0, bisect_right(lines, problem.line) - 1)].append(problem)
        return found


def measure_plants(
    checker: Checker, pairs: Sequence[Pair], neighbours: Mapping[Pair, Pair], kind: str, most: int
) -> tuple[Share, Share, Counter[str]]:
    """Plant one kind of fault in up to `most` entries; how many are noticed, as an error, and by which rule."""
    chance = Random(f"{_SEED} {kind}")
    planted = noticed = grave = 0
    rules: Counter[str] = Counter()
    for pair in chance.sample(pairs, len(pairs)):
        if planted == most:
            break
        spoiled = PLANTS[kind](pair, neighbours[pair], chance)
        if spoiled is None or spoiled == pair:
            continue
        planted += 1
        # A neighbour's text lies in the same file, beside its owner.
        company = [neighbours[pair]] if kind in GRAVE and kind != "identifier" else []
        texts = {pair.arxiv_id: pair, neighbours[pair].arxiv_id: neighbours[pair]}
        english = {key: SourceText(one.title_en, one.abstract_en) for key, one in texts.items()}
        before = {(one.rule, one.message) for one in checker.check([pair, *company], english)[0]}
        new = [one for one in checker.check([spoiled, *company], english)[0] if (one.rule, one.message) not in before]
        noticed += bool(new)
        rules.update({one.rule for one in new})
        grave += any(one.severity == Severity.ERROR for one in new)
    return Share(noticed, planted), Share(grave, planted), rules


def find_findings(checker: Checker, pairs: Sequence[Pair]) -> list[Finding]:
    """Find what is reported of entries as their translators left them."""
    found = []
    for start in range(0, len(pairs), _FILE):
        file = pairs[start : start + _FILE]
        for pair, problems in zip(file, checker.check(file), strict=True):
            found += [Finding(pair, one) for one in problems]
    return found


def read_verdicts() -> dict[tuple[str, str, str], bool]:
    """Read who judged what: whether a finding is right, by translator, identifier and the finding's name."""
    if not _JUDGED.exists():
        return {}
    with _JUDGED.open(encoding="utf-8", newline="") as opened:
        return {
            (row["translator"], row["arxiv_id"], row["finding"]): row["verdict"] == "right"
            for row in csv.DictReader(opened)
        }


def print_findings(half: str, pairs: Sequence[Pair], findings: Sequence[Finding]) -> list[Figure]:
    """Print how many untouched entries are reported, and by which rule, with what judges said; the latter by rule."""
    verdicts = read_verdicts()
    print(f"\nUntouched, {half}: {len(pairs)} entries")
    for severity in _GRAVE:
        spoken = {one.pair for one in findings if one.problem.severity == severity}
        print(f"  entries with {severity}s: {Share(len(spoken), len(pairs))}")
    by_rule = defaultdict(list)
    for one in findings:
        by_rule[one.problem.severity, one.problem.rule].append(one)
    print(f"  {'rule':34} {'found':>6}  judged right")
    figures = []
    totals: dict[Severity, list[int]] = defaultdict(lambda: [0, 0])
    for (severity, rule), found in sorted(by_rule.items()):
        judged = [verdicts.get((one.pair.translator, one.pair.arxiv_id, one.name)) for one in found]
        right, known = judged.count(True), len(judged) - judged.count(None)
        figures.append(Figure(rule, UNTOUCHED, right, known))
        totals[severity][0] += right
        totals[severity][1] += known
        print(f"  {severity:8} {rule:25} {len(found):6}  {Share(right, known)}")
    for severity, (right, known) in totals.items():
        print(f"  all {severity}s judged: {Share(right, known)}")
    return figures


def write_findings(path: Path, half: str, findings: Sequence[Finding], most: int) -> None:
    """Write a sample of findings to be judged, with the texts that a judge needs; it stays out of the project."""
    verdicts = read_verdicts()
    chance = Random(f"{_SEED} judge {half}")
    chosen = chance.sample(list(findings), min(most, len(findings)))
    with path.open("w", encoding="utf-8") as file:
        for one in sorted(chosen, key=lambda one: (one.problem.severity, one.problem.rule)):
            key = (one.pair.translator, one.pair.arxiv_id, one.name)
            file.write(f"### {','.join(key)},{one.problem.rule},{verdicts.get(key, '')}\n{one.problem}\n")
            file.write(
                f"EN: {one.pair.title_en} || {' '.join(one.pair.abstract_en.split())}\nZH:"
                f" {one.pair.title_zh} || {one.pair.abstract_zh}\n\n"
            )


def read_floors() -> dict[str, float]:
    """Read what the unseen half must reach, by kind, from the page that promises it."""
    text = _DOC.read_text(encoding="utf-8") if _DOC.exists() else ""
    return {kind: float(floor) / 100 for kind, floor in _FLOOR.findall(text)}


def choose_neighbours(pairs: Sequence[Pair]) -> dict[Pair, Pair]:
    """Choose for each pair the next one of its translator: what a slip of the hand would put in its place."""
    by_translator = defaultdict(list)
    for pair in pairs:
        by_translator[pair.translator].append(pair)
    return {pair: group[(at + 1) % len(group)] for group in by_translator.values() for at, pair in enumerate(group)}


def main() -> None:
    """Measure, print, and fail where a promise is broken."""
    parser = options.parser(__doc__)
    parser.add_argument("--half", choices=_HALVES, action="append")
    parser.add_argument("--kind", choices=PLANTS, action="append", help="plant this kind only; may be repeated")
    parser.add_argument("--entries", type=int, default=300, help="in how many entries each kind is planted")
    parser.add_argument("--untouched", type=int, default=1500, help="how many untouched entries are looked at")
    parser.add_argument("--findings", type=Path, help="write a sample of what is reported of untouched entries here")
    parser.add_argument("--sample", type=int, default=100, help="how large that sample is")
    parser.add_argument("--add", type=Path, action="append", default=[], help="a folder of further pairs")
    chosen = parser.parse_args()
    pairs = load_pairs(added=chosen.add)
    if not pairs:
        print("No translations: ../shared/data is not there, and no folder was added.")
        return
    checker, neighbours = Checker(pairs), choose_neighbours(pairs)
    count, untouched = (10, 20) if chosen.small else (chosen.entries, chosen.untouched)
    halves = {half: [one for one in pairs if one.is_seen == (half == "seen")] for half in chosen.half or _HALVES}
    for half, group in halves.items():
        strata = Counter((one.translator, one.year) for one in group)
        print(
            f"{half}: {len(group)} entries: "
            + ", ".join(f"{who} {year}: {n}" for (who, year), n in sorted(strata.items()))
        )
    failed, figures = print_plants(checker, halves, neighbours, chosen.kind or PLANTS, count)
    for half, group in halves.items() if not chosen.kind else ():
        sample = choose_untouched(group, untouched)
        findings = find_findings(checker, sample)
        judged = print_findings(half, sample, findings)
        figures += judged if half == "unseen" else []
        if chosen.findings:
            write_findings(chosen.findings.with_suffix(f".{half}.txt"), half, findings, chosen.sample)
    if "unseen" in halves and not (chosen.small or chosen.kind or chosen.add):
        write_figures(figures)
    if not chosen.small:
        report_failures({"Below what the page promises": failed, "Too often wrong": find_overstated(figures)})


def report_failures(failures: Mapping[str, Sequence[str]]) -> None:
    """Print the promises that are broken, and exit with status 1 where there are any."""
    for promise, names in failures.items():
        if names:
            print(f"\n{promise}: {', '.join(names)}")
    if any(failures.values()):
        sys.exit(1)


def choose_untouched(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Choose files of consecutive entries, as curators have them, by chance."""
    files = [pairs[start : start + _FILE] for start in range(0, len(pairs), _FILE)]
    chosen = Random(f"{_SEED} untouched").sample(files, min(len(files), -(-most // _FILE)))
    return [pair for file in chosen for pair in file]


def print_plants(
    checker: Checker,
    halves: Mapping[str, Sequence[Pair]],
    neighbours: Mapping[Pair, Pair],
    kinds: Iterable[str],
    count: int,
) -> tuple[list[str], list[Figure]]:
    """Print how many planted faults are noticed, by kind and half.

    Returns the kinds that fell below their floor, and what each rule noticed of the unseen ones.
    """
    floors, failed, figures = read_floors(), [], []
    print(f"\n{'planted':28}" + "".join(f"{f'{half}, noticed':>28}{f'{half}, as an error':>28}" for half in halves))
    for kind in kinds:
        line = f"{kind:28}"
        for half, group in halves.items():
            noticed, grave, rules = measure_plants(checker, group, neighbours, kind, count)
            line += f"{noticed!s:>28}{grave!s:>28}"
            counted = grave if kind in GRAVE else noticed
            if half == "unseen":
                figures += [Figure(rule, kind, hits, noticed.total) for rule, hits in rules.items()]
            if half == "unseen" and counted.total and counted.value < floors.get(kind, 0.0):
                failed.append(kind)
        print(line, flush=True)
    return failed, figures


if __name__ == "__main__":
    main()
