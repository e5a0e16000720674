"""What authors point to in a paper's comment and abstract: its code, its data, its own pages. Pure."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

# As authors write them, with or without a scheme. Addresses end where ASCII does, and not in punctuation.
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9_./@-])(?:https?://|(?=(?:www\.|github\.com/|gitlab\.com/|huggingface\.co/|[\w-]+\.github\.io\b)))"
    r"[A-Za-z0-9][!-~]*[A-Za-z0-9/#=_~-]"
)
_CUT = re.compile(r"[{}<>\"\\^`|]|[)\]](?:[.,;:]|$)|\)?\.\s*$")
_CODE_HOSTS = (
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
    "gitee.com",
    "sr.ht",
    "anonymous.4open.science",
)
_DATA_HOSTS = ("huggingface.co", "zenodo.org", "kaggle.com", "modelscope.cn", "figshare.com", "osf.io")
_PROJECT = re.compile(r"\.(?:github|gitlab)\.io$|^sites\.google\.com$")
_PROJECT_WORDS = re.compile(r"(?:project|home|web)[ -]?(?:page|site)", re.IGNORECASE)
#: Characters before an address in which its author says what it is.
_BEFORE = 40


class LinkKind(StrEnum):
    """What an address leads to."""

    CODE = "code"
    DATA = "data"
    PROJECT = "project"
    OTHER = "other"


class ResourceLink(NamedTuple):
    """An address, and what it leads to."""

    kind: LinkKind
    url: str


def find_resource_links(texts: Iterable[str | None]) -> list[ResourceLink]:
    """Find the addresses in these texts, each once, in order; those of arXiv and of DOIs are left out."""
    links: dict[str, ResourceLink] = {}
    for text in texts:
        for match in _ADDRESS.finditer(text or ""):
            url = _CUT.split(match[0])[0].rstrip(".,;:")
            url = url if url.startswith("http") else f"https://{url}"
            host = _find_host(url)
            if "." in host and not _is_under(host, ("arxiv.org", "doi.org")):
                kind = _find_kind(host, (text or "")[max(0, match.start() - _BEFORE) : match.start()])
                links.setdefault(url.rstrip("/"), ResourceLink(kind, url))
    return list(links.values())


def _find_host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _find_kind(host: str, before: str) -> LinkKind:
    if _is_under(host, _CODE_HOSTS):
        return LinkKind.CODE
    if _is_under(host, _DATA_HOSTS):
        return LinkKind.DATA
    return LinkKind.PROJECT if _PROJECT.search(host) or _PROJECT_WORDS.search(before) else LinkKind.OTHER


def _is_under(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
