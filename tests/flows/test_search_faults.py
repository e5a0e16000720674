"""A run over a damaged search index, and a search in it."""

from datetime import date

import pytest

from flows.steps import environment
from tests.conftest import MONDAY, section
from tests.flows.test_commands import invoke


@pytest.mark.soak
def test_a_damaged_index_is_told_by_search_and_made_anew_by_the_next_publication_which_says_so(installation, arxiv):
    installation.write("a.md", section("2501.05727", zh="可扩展的监督"))
    installation.run("daily", MONDAY)
    meta = environment.load_settings(installation.config).paths.search / "meta.json"
    meta.write_bytes(meta.read_bytes()[:40])
    done = invoke(installation, "search", "监督")
    assert (done.exit_code, "the search index is damaged" in str(done.exception)) == (1, True)
    assert "yibao publish" in str(done.exception)
    arxiv.today = date(2025, 1, 14)
    report = installation.run("daily", arxiv.today)
    assert not report.has_failed
    assert ["search index was damaged; it is made anew" in one for one in report.troubles] == [True]
    assert "可扩展的监督" in invoke(installation, "search", "监督").output
    assert list(installation.run("publish", arxiv.today).troubles) == []
