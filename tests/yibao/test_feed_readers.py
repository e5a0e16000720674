"""Feeds in feed readers: reader and newsboat."""

import shutil
import sqlite3
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.yibao.test_feeds import AT, entry, library, made  # noqa: F401  (library: a fixture)
from yibao.feeds import atom, jsonfeed, rss
from yibao.records import Timestamps


def test_the_reader_library_takes_every_entry_and_is_not_told_twice_of_a_correction(tmp_path):
    reader = pytest.importorskip("reader", reason="reader does not support this Python yet")
    names = {"atom.xml": atom.render_feed, "rss.xml": rss.render_feed, "feed.json": jsonfeed.render_feed}
    with reader.make_reader(str(tmp_path / "reader.sqlite"), feed_root=str(tmp_path)) as kept:
        for corrected in (False, True):
            entries = [entry(n) for n in range(1, 4)]
            if corrected:
                later = Timestamps(AT, datetime(2025, 1, 14, 5, tzinfo=UTC))
                entries[0] = replace(entry(1, zh="改正后的标题"), stamp=later)
            for name, write in names.items():
                (tmp_path / name).write_bytes(write(made(entries)[0]))
                kept.add_feed(name, exist_ok=True)
                kept.update_feed(name)
        for name in names:
            stored = list(kept.get_entries(feed=name))
            assert len(stored) == 3
            assert "改正后的标题" in {item.title for item in stored}


@pytest.mark.parametrize("write", [rss.render_feed, atom.render_feed])
def test_newsboat_takes_every_entry_and_shows_a_correction_as_the_same(tmp_path, write):
    if not shutil.which("newsboat"):
        pytest.skip("newsboat is not installed on this machine")
    (tmp_path / "urls").write_text(f"file://{tmp_path}/feed.xml\n")
    for zh in ("译文标题", "改正后的标题"):
        (tmp_path / "feed.xml").write_bytes(write(made([entry(1, zh=zh), entry(2), entry(3, translated=False)])[0]))
        command = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "/dev/null", "-x", "reload"]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60, capture_output=True)
    rows = sqlite3.connect(tmp_path / "cache.db").execute("SELECT guid, title FROM rss_item").fetchall()
    assert len(rows) == 3
    assert {title for guid, title in rows if guid.endswith("2501.00001")} == {"改正后的标题"}
