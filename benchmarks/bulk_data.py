"""A bulk metadata snapshot of any size, in the form and with the measures of arXiv's own. Seeded: same bytes each time.

    python -m benchmarks.bulk_data 3000000 big.jsonl

Lengths follow quantiles measured on 106,275 real records (title, abstract, authors, comments); shares of revised,
cross-listed and DOI-bearing papers are those published of the snapshot of 2026 (39.7, 47.7 and 43.4 in a hundred, 1.6
versions a paper). One identifier in 10,000 is damaged and one record in 2,000 stands twice, as in real archives.
"""

import json
import random
import sys
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from pathlib import Path

from yibao import categories

#: Lengths at these shares of the real records.
_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
_TITLE = (8, 36, 57, 74, 91, 119, 143, 371)
_ABSTRACT = (60, 312, 702, 1073, 1384, 1772, 1904, 3872)
_AUTHORS = (1, 1, 2, 3, 5, 10, 18, 300)
_COMMENTS = (1, 8, 19, 32, 75, 175, 288, 827)
_VERSIONS = tuple(accumulate((0.603, 0.26, 0.09, 0.03, 0.012, 0.005)))
_DAMAGED, _TWICE = 1e-4, 5e-4
_MONTHS = [f"{year % 100:02d}{month:02d}" for year in range(2007, 2027) for month in range(1, 13)][3:-2]
_SYLLABLES = "al an ar bi ca con de di el en er ex fo ge in ki la li lo ma me mi mo na ne no on or pa per po pro qu ra re ri ro sa se si so sta ta te ti to tra tu un ur ve vi".split()  # noqa: E501, SIM905
_LICENSES = ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "http://creativecommons.org/licenses/by/4.0/", None)


def lines(count: int, seed: int = 1) -> Iterator[str]:
    """JSON lines, by identifier, each with its newline."""
    chance = random.Random(seed)
    text = _text(chance)
    names = [_word(chance).title() for _ in range(4000)]
    for arxiv_id in _ids(count):
        line = _line(chance, arxiv_id, text, names)
        yield line
        if chance.random() < _TWICE:
            yield line


def _ids(count: int) -> Iterator[str]:
    """So many identifiers, in order; three times as many a month since 2015, as arXiv has grown."""
    early = sum(month <= "1412" for month in _MONTHS)
    share = count / (early + 3 * (len(_MONTHS) - early))
    places = [0, *accumulate(share if month <= "1412" else 3 * share for month in _MONTHS)]
    for month, start, end in zip(_MONTHS, places, places[1:], strict=False):
        for number in range(round(end) - round(start)):
            yield f"{month}.{number + 1:0{4 if month <= '1412' else 5}d}"


def vocabulary(chance: random.Random) -> tuple[str, list[str]]:
    """A long text to cut titles and abstracts from, and family names."""
    return _text(chance), [_word(chance).title() for _ in range(4000)]


def record(chance: random.Random, arxiv_id: str, text: str, names: list[str]) -> dict[str, object]:
    """One record of the snapshot."""
    year, month = 2000 + int(arxiv_id[:2]), int(arxiv_id[2:4])
    created = datetime(year, month, chance.randint(1, 28), chance.randint(0, 23), chance.randint(0, 59), tzinfo=UTC)
    versions = []
    for number in range(bisect(_VERSIONS, chance.random()) + 1):
        versions.append({"version": f"v{number + 1}", "created": format_datetime(created, usegmt=True)})
        created += timedelta(days=chance.randint(1, 200))
    people = [(chance.choice(names), f"{chance.choice(names)[0]}.") for _ in range(_length(chance, _AUTHORS))]
    codes = chance.sample(list(categories.load_taxonomy()), 1 if chance.random() > 0.477 else chance.randint(2, 4))
    damaged = chance.random() < _DAMAGED
    return {
        "id": str(float(arxiv_id)) if damaged else arxiv_id,
        "submitter": f"{people[0][1]} {people[0][0]}",
        "authors": ", ".join(f"{first} {last}" for last, first in people),
        "title": _slice(chance, text, _length(chance, _TITLE)),
        "comments": _slice(chance, text, _length(chance, _COMMENTS)) if chance.random() < 0.62 else None,
        "journal-ref": _slice(chance, text, 40) if chance.random() < 0.35 else None,
        "doi": f"10.{chance.randint(1000, 9999)}/{arxiv_id}" if chance.random() < 0.434 else None,
        "report-no": f"REP-{chance.randint(1, 99999)}" if chance.random() < 0.07 else None,
        "categories": " ".join(codes),
        "license": chance.choice(_LICENSES),
        "abstract": "  " + _slice(chance, text, _length(chance, _ABSTRACT)) + "\n",
        "versions": versions,
        "update_date": created.date().isoformat(),
        "authors_parsed": [[last, first, ""] for last, first in people],
    }


def _line(chance: random.Random, arxiv_id: str, text: str, names: list[str]) -> str:
    return json.dumps(record(chance, arxiv_id, text, names)) + "\n"


def _text(chance: random.Random) -> str:
    words = [_word(chance) for _ in range(30_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    chosen = chance.choices(words, weights, k=600_000)
    chosen[::60] = [f"$\\alpha_{{{number % 97}}}$" for number in range(len(chosen[::60]))]
    chosen[::13] = [f"{word}\n" for word in chosen[::13]]
    return " ".join(chosen).replace("\n ", "\n")


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4))))


def _slice(chance: random.Random, text: str, length: int) -> str:
    start = chance.randrange(len(text) - length)
    return text[start : start + length].strip() or "x"


def _length(chance: random.Random, quantiles: tuple[int, ...]) -> int:
    share = chance.random()
    place = bisect(_SHARES, share) - 1
    low, high = quantiles[place], quantiles[place + 1]
    return int(low + (high - low) * (share - _SHARES[place]) / (_SHARES[place + 1] - _SHARES[place]))


def write(count: int, path: Path) -> None:
    """The file holds so many records."""
    with path.open("w", encoding="utf-8", buffering=1 << 20) as file:
        file.writelines(lines(count))


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
