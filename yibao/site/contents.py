"""What a publication shows on pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yibao.build_graph import Digests, Document, Lists
from yibao.edition_summaries import EditionCounts
from yibao.records import Batch, Edition, Entry, Surroundings

#: Defines a page: of a template, a path and values; see `yibao.site.pages.make_page_definer`.
PageDefiner = Callable[..., Document]
#: Documents by path.
Tree = dict[str, Document]


@dataclass(frozen=True)
class Contents:
    """What is to be shown anew, and what every publication tells of the whole."""

    #: Translated papers whose pages are to be shown anew.
    papers: Sequence[Entry]
    #: Editions to be shown anew.
    editions: Sequence[Edition]
    #: The newest edition, of a day where there is one.
    front: Edition | None
    #: Every edition.
    calendar: Sequence[EditionCounts]
    lists: Lists
    digests: Digests
    #: What the ledger says of arXiv's lists.
    batches: Sequence[Batch] = ()
    #: The authors with most translated papers, and how many they have.
    authors: Sequence[tuple[str, int]] = ()
    #: What leads on from each of the papers, by identifier.
    surroundings: Mapping[str, Surroundings] = field(default_factory=dict)
    #: Tables of the dataset, each with its name, meaning and columns, as `yibao.dataset.schema` describes them.
    tables: Sequence[Any] = ()
    #: Questions to them, each with its title, to be translated, and its SQL.
    questions: Sequence[tuple[str, str]] = ()
