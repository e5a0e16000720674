"""What a comparison reports: something that the translation lacks, changes or has too much."""

from typing import NamedTuple


class Loss(NamedTuple):
    """Something that the translation lacks, or has too much."""

    rule: str
    #: What it is about, as written.
    text: str
    message: str
    remedy: str
    #: Where it stands in the abstract, from 0; None where it is the English that has it.
    start: int | None = None
