"""Which sources there are, and what each says of a paper.

rss, atom   announcement feeds: title, abstract, authors, categories, licence; no comment, no dates
catchup     catch-up pages: who was announced on any of the last 90 days; no text
api         the query API: also comment and dates; no licence, report number, submitter or history
arXivRaw    OAI-PMH: everything, TeX as submitted
arXiv       OAI-PMH: TeX accents and Greek letters as Unicode, authors in parts, no version
oai_dc      OAI-PMH: Dublin Core; no version, no categories by code
bulk        the snapshot: as arXivRaw, with authors in parts
"""

#: Records that say everything, in the same spelling: they are compared by fingerprint, and replace one another whole.
FULL = frozenset({"arXivRaw", "bulk"})
#: Feeds of announcements.
FEEDS = frozenset({"rss", "atom"})
CATCHUP = "catchup"


def rank_source(source: str) -> int:
    """Rank whose text of one version is kept: the more a source says, the higher."""
    return 3 if source in FULL else 2 if source == "api" else 0 if source in FEEDS else 1
