"""The database of subscribers where it cannot be used: one sentence that names the file and the remedy."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.people import deliveries, subscribers
from storage.people.deliveries import DeliveryState
from storage.people.schema import open_people
from yibao.errors import PeopleError

AT = datetime(2025, 1, 13, 17, tzinfo=UTC)


def test_damage_that_shows_later_is_told_likewise(tmp_path):
    path = tmp_path / "people.sqlite"
    people = open_people(path)
    for number in range(300):
        subscribers.add_subscriber(people, f"reader{number}-{'x' * 40}@example.org", "daily", AT)
    people.dispose()
    content = bytearray(path.read_bytes())
    content[4096 * 7 :] = b"\xff" * (len(content) - 4096 * 7)
    path.write_bytes(content)
    with pytest.raises(PeopleError, match=r"people\.sqlite: .*malformed.* Restore it from a backup; or move it away"):
        subscribers.read_active_subscribers(open_people(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_of_another_user_is_told_with_the_remedy(tmp_path, mode):
    open_people(tmp_path / "before")  # All of SQLAlchemy is loaded before we are somebody else.
    folder = Path(tempfile.mkdtemp(prefix="yibao-mail-"))
    path = folder / "people.sqlite"
    try:
        open_people(path).dispose()
        path.chmod(mode)
        folder.chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(PeopleError, match="Let the user who runs Yibao read and write this file"):
                open_people(path)
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(folder)


def test_an_older_file_is_taken_over_as_it_is(tmp_path):
    import sqlite3

    path = tmp_path / "people.sqlite"
    with sqlite3.connect(path) as older:
        older.execute(
            "CREATE TABLE delivery (delivery_id INTEGER PRIMARY KEY, subscriber_id INTEGER NOT NULL, "
            "edition VARCHAR NOT NULL, state VARCHAR NOT NULL, message_id VARCHAR NOT NULL, "
            "changed_at DATETIME NOT NULL, answer VARCHAR, UNIQUE (subscriber_id, edition))"
        )
        older.execute("INSERT INTO delivery VALUES (1, 1, '2025-01-13', 'claimed', '<a@b>', '2025-01-13', NULL)")
    people = open_people(path)
    assert deliveries.find_open_editions(people) == {"2025-01-13"}
    deliveries.open_deliveries(people, "2025-01-13", {1: "<a@b>", 2: "<c@d>"}, AT, DeliveryState.HELD)
    assert deliveries.read_states(people, "2025-01-13") == {1: DeliveryState.CLAIMED, 2: DeliveryState.HELD}
