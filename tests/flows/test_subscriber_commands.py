"""What an operator types about subscribers, and what the program answers."""

import csv
import io
import json

import pytest

from storage.people import suppressions
from storage.people.suppressions import SuppressionReason
from tests.flows.test_commands import invoke
from tests.people import AT
from tests.postbox import people_of, subscribe

CONSENT = ("--consent", "asked on paper")


def type_words(installation, *words):
    return invoke(installation, "subscribers", *words)


def list_people(installation):
    return {row["email"]: row for row in json.loads(type_words(installation, "list", "--json").output)}


def import_list(installation, text, *more, name="list.csv", consent=CONSENT):
    path = installation.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return type_words(installation, "import", str(path), *consent, *more)


def test_a_subscriber_is_added_with_topics_and_what_is_not_named_stays(installation):
    words = ("--language", "both", "--category", "cs.NA", "--keyword", "大模型", "--author", "Kaiming He")
    done = type_words(installation, "add", "ann@example.org", *words, "--timezone", "europe/paris")
    assert (done.exit_code, done.output) == (0, "ann@example.org: subscribed, daily\n")
    done = type_words(installation, "add", "ann@example.org", "--frequency", "weekly", "--keyword", "")
    assert done.output == "ann@example.org: was subscribed already, weekly\n"
    ann = list_people(installation)["ann@example.org"]
    assert (ann["frequency"], ann["language"], ann["topics"]) == ("weekly", "both", "math.NA; Kaiming He")
    exported = type_words(installation, "export").output
    assert exported.splitlines()[1] == "ann@example.org,weekly,both,math.NA,,Kaiming He,Europe/Paris,no"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--category", "cs.cl"), "write cs.CL"),
        (("--timezone", "Paris"), "write Europe/Paris"),
        (("--keyword", "/x/"), "write words or phrases"),
        (("--frequency", "hourly"), "'daily', 'weekly'"),
    ],
)
def test_a_mistyped_wish_is_refused_with_the_remedy_and_nobody_is_added(installation, words, says):
    done = type_words(installation, "add", "ann@example.org", *words)
    assert (done.exit_code, says in done.output) == (2, True), done.output
    assert list_people(installation) == {}


def test_a_list_shows_state_topics_and_bounces_of_everybody_or_of_those_in_a_state(installation):
    from sqlalchemy import insert

    from storage.people.schema import BOUNCE

    subscribe(installation, "ann@example.org", "bob@example.org", keywords=("x",))
    type_words(installation, "remove", "bob@example.org")
    with people_of(installation).begin() as connection:
        row = {"kind": "soft", "subscriber_id": 1, "at": AT, "words": "full"}
        connection.execute(insert(BOUNCE), [{"report_hash": str(n), **row} for n in range(2)])
    people = list_people(installation)
    assert {email: (one["state"], one["bounces"]) for email, one in people.items()} == {
        "ann@example.org": ("active", 2),
        "bob@example.org": ("left", 0),
    }
    assert people["ann@example.org"]["since"] == "2025-01-10"
    rows = type_words(installation, "list", "--state", "left").output.splitlines()
    assert rows[0] == "email,state,since,frequency,language,topics,bounces"
    assert [row.partition(",")[0] for row in rows[1:]] == ["bob@example.org"]


def test_good_rows_are_imported_bad_ones_are_named_and_can_be_mended_and_imported_again(installation):
    text = "name,email,categories\nAnn,ann@example.org,cs.CL\nBob,bob@@example.org,\nCat,cat@example.org,cs.XL\n"
    rejected = installation.folder / "rejected.csv"
    done = import_list(installation, text, "--rejected", str(rejected))
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert lines[0] == "list.csv: these columns are not read: name"
    assert lines[1].startswith("list.csv:3: 'bob@@example.org' is not an e-mail address")
    assert lines[2] == "list.csv:4: arXiv has no category 'cs.XL': write cs.PL."
    assert lines[3].startswith("1 subscribed; 0 were subscribed already; 2 rows were not imported")
    assert rejected.read_text() == "name,email,categories\nBob,bob@@example.org,\nCat,cat@example.org,cs.XL\n"
    assert rejected.stat().st_mode & 0o077 == 0
    mended = rejected.read_text().replace("@@", "@").replace("XL", "CL")
    assert import_list(installation, mended).exit_code == 0
    assert set(list_people(installation)) == {f"{name}@example.org" for name in ("ann", "bob", "cat")}


def test_importing_again_changes_nothing_and_how_consent_was_got_is_on_record(installation):
    text = "email,frequency\nann@example.org,weekly\nbob@example.org,daily\n"
    assert import_list(installation, text).exit_code == 0
    type_words(installation, "add", "ann@example.org", "--keyword", "own wish")

    def read_all():
        return [type_words(installation, "export-person", f"{name}@example.org").output for name in ("ann", "bob")]

    before = read_all()
    done = import_list(installation, text.replace("weekly", "daily"))
    assert (done.exit_code, done.output) == (0, "0 subscribed; 2 were subscribed already\n")
    assert read_all() == before
    consent = json.loads(before[1])["consent"]
    assert [(one["kind"], one["details"]["consent"], one["details"]["file"]) for one in consent] == [
        ("imported", "asked on paper", "list.csv")
    ]


def test_nobody_is_imported_without_saying_how_they_agreed(installation):
    for consent in ((), ("--consent", " ")):
        done = import_list(installation, "email\nann@example.org\n", consent=consent)
        assert (done.exit_code, "--consent" in done.output) == (2, True)
    assert list_people(installation) == {}


def test_who_left_was_stopped_or_is_suppressed_is_not_imported_and_the_row_says_why(installation):
    subscribe(installation, "left@example.org", "blocked@example.org")
    type_words(installation, "remove", "left@example.org")
    assert type_words(installation, "block", "Blocked@example.org").exit_code == 0
    people = people_of(installation)
    suppressions.suppress(people, "angry@example.org", SuppressionReason.COMPLAINED, AT)
    done = import_list(
        installation, "email\nleft@example.org\nBLOCKED@example.org\nangry@example.org\nnew@example.org\n"
    )
    assert done.exit_code == 1
    left, blocked, angry, summary = done.output.splitlines()
    assert left.startswith("list.csv:2: left@example.org: they left: only `yibao subscribers add`")
    assert "list.csv:3: BLOCKED@example.org: This address gets no mail: the operator blocked it." in blocked
    assert "reported mail as unwanted" in angry
    assert summary.startswith("1 subscribed")
    states = {email: one["state"] for email, one in list_people(installation).items()}
    assert states == {"left@example.org": "left", "blocked@example.org": "stopped", "new@example.org": "active"}


def test_a_blocked_address_is_not_added_until_it_is_unblocked(installation):
    assert type_words(installation, "block", "ann@example.org").exit_code == 0
    done = type_words(installation, "add", "ann@example.org")
    assert done.exit_code == 1
    assert "ann@example.org: This address gets no mail: the operator blocked it." in str(done.exception)
    assert type_words(installation, "unblock", "ANN@example.org").exit_code == 0
    assert type_words(installation, "add", "ann@example.org").exit_code == 0
    done = type_words(installation, "unblock", "ann@example.org")
    assert (done.exit_code, "nothing stands against" in str(done.exception)) == (1, True)


def test_what_is_known_of_a_person_is_written_and_erased(installation):
    subscribe(installation, "ann@example.org")
    known = json.loads(type_words(installation, "export-person", "ANN@example.org").output)
    assert known["subscriber"][0]["email"] == "ann@example.org"
    assert invoke(installation, "subscribers", "erase", "ann@example.org").exit_code == 1  # Nobody answered.
    assert type_words(installation, "erase", "ann@example.org", "--yes").output == "ann@example.org: erased\n"
    assert list_people(installation) == {}
    for words in (("erase", "ann@example.org", "--yes"), ("export-person", "bob@example.org")):
        done = type_words(installation, *words)
        assert (done.exit_code, "nothing is known of this address" in str(done.exception)) == (1, True)
    done = import_list(installation, "email\nann@example.org\n")
    assert "had their data erased" in done.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("email,名字\nann@example.org,安\n".encode("gb18030"), "list.csv: Line 1 is not UTF-8"),
        (b"mail\nann@example.org\n", "list.csv: The first line names no column email"),
        (b"", "names no column email, but nothing"),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(installation, content, says):
    done = import_list(installation, content)
    assert (done.exit_code, says in str(done.exception)) == (1, True), done.exception


def test_a_file_in_another_encoding_is_read_where_that_is_said(installation):
    content = "email,keywords\nann@example.org,大模型\n".encode("gb18030")
    assert import_list(installation, content, "--encoding", "gb18030").exit_code == 0
    assert list_people(installation)["ann@example.org"]["topics"] == "大模型"


def test_rejected_rows_never_overwrite_the_list_itself(installation):
    done = import_list(installation, "email\nnobody\n", "--rejected", str(installation.folder / "list.csv"))
    assert (done.exit_code, "name another" in done.output) == (2, True)
    assert (installation.folder / "list.csv").read_text() == "email\nnobody\n"


def test_an_export_holds_who_gets_mail_and_no_formula_and_is_imported_elsewhere(installation):
    subscribe(installation, "=cmd@example.org", "ann@example.org", frequency="weekly", keywords=("=1+1", "a;b"))
    subscribe(installation, "left@example.org")
    type_words(installation, "remove", "left@example.org")
    exported = type_words(installation, "export").output
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["email"] for row in rows] == ["'=cmd@example.org", "ann@example.org"]
    for email in ("=cmd@example.org", "ann@example.org"):
        type_words(installation, "erase", email, "--yes")
        type_words(installation, "unblock", email)
    assert import_list(installation, exported).exit_code == 0
    assert type_words(installation, "export").output == exported
