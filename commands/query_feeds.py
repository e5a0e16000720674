"""What `yibao serve` answers beside files: feeds for any question, a list of a choice of feeds, pages of papers."""

from urllib.parse import parse_qsl

from commands.made_pages import MadePages
from flows.steps import found_papers
from storage import search
from yibao.errors import LibraryError, QueryError
from yibao.feeds import opml, windows
from yibao.feeds.channels import Subject, describe_feed, list_subjects
from yibao.feeds.files import FORMATS, LIST
from yibao.feeds.items import make_item
from yibao.feeds.model import Variant, list_variants
from yibao.feeds.windows import MOST_FOUND
from yibao.search import addresses
from yibao.search.addresses import SearchQuery
from yibao.search.conditions import Filter, join_all
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
        self._pages = MadePages(settings)

    def __call__(self, path: str, query: str) -> Reply | Redirect | Refusal | None:
        """Return the answer to a request for this path; None where a file is meant."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=64)
            if path == f"/{LIST}" and query:
                return self._answer_list(pairs)
            if path == QUESTIONS:
                return self._redirect_form(pairs)
            if path.startswith(QUESTIONS):
                return self._answer_feed(path.removeprefix(QUESTIONS), addresses.parse_query(pairs))
            return self._pages.answer(path, dict(pairs).get("name", ""))
        except (QueryError, ValueError) as error:
            return Refusal(400, str(error))
        except LibraryError as error:
            return Refusal(503, str(error))

    def _answer_feed(self, place: str, question: SearchQuery) -> Reply | Redirect | None:
        folder, _, file = place.rpartition("/")
        if file not in FORMATS or folder not in list_variants(self._settings.site):
            return None
        if question == SearchQuery():
            return Redirect(f"/feeds/all/{place}")
        query = question.parse()
        # What was never announced here has no date on which it could be news.
        shown = query._replace(condition=join_all([query.condition, Filter("shown", value=True)]))
        found = search.find_papers(self._settings.paths.search, shown, MOST_FOUND, newest_first=True)
        entries = found_papers.read_found_papers(self._settings, found.arxiv_ids, found_papers.PATIENCE_S)
        words = question.words or ("译文" if ("translated", "yes") in question.pairs else "无译文")
        subject = Subject("search", f"检索 {words}", f"Search {words}", words, words)
        site, variant = self._settings.site, Variant(folder)
        about = describe_feed(subject, variant, site, query=f"?{question.query}")
        items = tuple(make_item(entry, site, variant) for entry in entries)
        return Reply(FORMATS[file](windows.fill_found_feed(about, items, site)), find_media_type(file))

    def _redirect_form(self, pairs: list[tuple[str, str]]) -> Redirect:
        """Find where the feed is that a form without script asks for."""
        values = dict(pairs)
        file, variant = _FORMATS.get(values.get("format", "atom")), values.get("variant", "")
        if file is None or variant not in list_variants(self._settings.site):
            raise QueryError("format 只能是 atom、rss、json，variant 只能是所列的语言版本。Unknown format or variant.")
        question = addresses.parse_query([pair for pair in pairs if pair[0] not in ("format", "variant")])
        place = f"{variant}/{file}" if variant else file
        return Redirect(f"{QUESTIONS}{place}?{question.query}" if question.query else f"/feeds/all/{place}")

    def _answer_list(self, pairs: list[tuple[str, str]]) -> Reply:
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
