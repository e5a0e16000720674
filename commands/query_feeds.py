"""What `yibao serve` answers beside files: a feed for any question, and the list of a choice of feeds."""

from urllib.parse import parse_qsl

from storage import search
from yibao import search_queries
from yibao.errors import LibraryError, QueryError
from yibao.feeds import opml
from yibao.feeds.channels import Subject, describe_feed, fill_live_feed, list_subjects
from yibao.feeds.files import FORMATS, LIST
from yibao.feeds.items import make_item
from yibao.feeds.model import MOST_ITEMS, Variant, list_variants
from yibao.search_queries import SearchQuery
from yibao.settings import Settings
from yibao.web.application import QUESTIONS
from yibao.web.files import find_media_type
from yibao.web.responses import Redirect, Refusal, Reply

#: What a form without script calls the formats.
_FORMATS = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json"}


class Answers:
    """Answers for one installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, path: str, query: str) -> Reply | Redirect | Refusal | None:
        """Return the answer to a request for this path; None where a file is meant."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=64)
            if path == f"/{LIST}" and query:
                return self._opml(pairs)
            if path == QUESTIONS:
                return self._address(pairs)
            if path.startswith(QUESTIONS):
                return self._feed(path.removeprefix(QUESTIONS), search_queries.parse_query(pairs))
        except (QueryError, ValueError) as error:
            return Refusal(400, str(error))
        except LibraryError as error:
            return Refusal(503, str(error))
        return None

    def _feed(self, place: str, question: SearchQuery) -> Reply | Redirect | None:
        folder, _, file = place.rpartition("/")
        if file not in FORMATS or folder not in list_variants(self._settings.site):
            return None
        if question == SearchQuery():
            return Redirect(f"/feeds/all/{place}")
        found = search.find_entries(self._settings.paths.search, question, MOST_ITEMS)
        told = " ".join([*question.words, *question.categories, *question.authors, *question.translators])
        told = told or ("译文" if question.translated else "无译文")
        subject = Subject("search", f"检索 {told}", f"Search {told}", told, told)
        site, variant = self._settings.site, Variant(folder)
        about = describe_feed(subject, variant, site, query=f"?{question.query}")
        feed = fill_live_feed(about, (make_item(entry, site, variant) for entry in found))
        return Reply(FORMATS[file](feed), find_media_type(file))

    def _address(self, pairs: list[tuple[str, str]]) -> Redirect:
        """Find where the feed is that a form without script asks for."""
        said = dict(pairs)
        file, variant = _FORMATS.get(said.get("format", "atom")), said.get("variant", "")
        if file is None or variant not in list_variants(self._settings.site):
            raise QueryError("format 只能是 atom、rss、json，variant 只能是所列的语言版本。Unknown format or variant.")
        question = search_queries.parse_query([pair for pair in pairs if pair[0] not in ("format", "variant")])
        place = f"{variant}/{file}" if variant else file
        return Redirect(f"{QUESTIONS}{place}?{question.query}" if question.query else f"/feeds/all/{place}")

    def _opml(self, pairs: list[tuple[str, str]]) -> Reply:
        wanted = {value for name, value in pairs if name == "feed"}
        variant = Variant(dict(pairs).get("variant", ""))
        settings = self._settings
        listed = [
            describe_feed(one, variant, settings.site)
            for one in list_subjects(settings.arxiv.categories, settings.feeds.own)
            if not wanted or one.name in wanted
        ]
        unknown = wanted - {feed.name for feed in listed}
        if unknown:
            raise QueryError(f"没有订阅 {'、'.join(sorted(unknown))}。There is no such feed.")
        return Reply(opml.render_list(listed, settings.site.title), find_media_type(LIST))
