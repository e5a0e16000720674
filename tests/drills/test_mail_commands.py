"""What a person types about mail when something is wrong: a sentence, an exit status, and no traceback."""

import pytest

from tests.conftest import MONDAY
from tests.flows.test_commands import invoke
from tests.postbox import post_to, postbox, subscribe
from tests.preloaded import run_command

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("key", ["today", "2025-W99", "2025-02-30"])
@pytest.mark.parametrize("what", [("send",), ("preview",), ("resend", "--refused")], ids=lambda value: value[0])
def test_nonsense_for_an_edition_is_wrong_usage(installation, what, key):
    done = invoke(installation, "newsletter", *what, "--edition", key)
    assert done.exit_code == 2
    assert "write a date such as 2025-01-17" in " ".join(done.output.split())


def test_an_edition_that_is_not_there_is_told_in_a_sentence(installation):
    installation.run("harvest", MONDAY)
    for what in ("send", "preview"):
        status, out, err = run_command("newsletter", what, "--edition", "2031-01-01", cwd=installation.folder)
        assert (status, "Traceback" in out + err) == (1, False)
        assert "There is no edition 2031-01-01" in out + err


def test_resend_asks_to_whom(installation):
    assert "Say to whom" in invoke(installation, "newsletter", "resend", "--edition", "2025-01-13").output
    done = invoke(installation, "newsletter", "resend", "--edition", "2025-01-13", "--to", "nobody@example.org")
    assert (done.exit_code, "nobody@example.org is not subscribed" in done.output) == (2, True)


@pytest.mark.parametrize("email", ["a@b@c", "a@b..c", 'a"@b.c', "a@b\nBcc: c@d"])
def test_what_is_no_address_is_not_subscribed(installation, email):
    done = invoke(installation, "subscribers", "add", email)
    assert (done.exit_code, "is not an e-mail address" in " ".join(done.output.split())) == (2, True)


def test_an_address_is_stored_normalised_and_found_in_any_writing(installation):
    for typed in ("Ann@EXÄMPLE.org", "Ünï@example.org"):
        assert invoke(installation, "subscribers", "add", typed).exit_code == 0
        assert "was subscribed already" in invoke(installation, "subscribers", "add", typed).output
    listed = invoke(installation, "subscribers", "list").output.splitlines()
    assert [line.partition(",")[0] for line in listed] == ["email", "Ann@exämple.org", "Ünï@example.org"]
    assert invoke(installation, "subscribers", "remove", "ann@exämple.org").exit_code == 0
    assert invoke(installation, "subscribers", "remove", "Ünï@EXAMPLE.org").exit_code == 0


COMMANDS = [
    ("subscribers", "list"),
    ("subscribers", "add", "a@example.org"),
    ("subscribers", "remove", "a@example.org"),
    ("newsletter", "resend", "--edition", "2025-01-13", "--to", "a@example.org"),
    ("newsletter", "send", "--on", "2025-01-13"),
]


def test_a_damaged_file_of_subscribers_is_told_with_its_name_and_the_remedy(installation):
    installation.run("harvest", MONDAY)
    people = installation.folder / "data" / "people.sqlite"
    people.write_bytes(b"no database at all" * 500)
    for arguments in COMMANDS:
        status, out, err = run_command(*arguments, cwd=installation.folder)
        assert (status, "Traceback" in out + err) == (1, False), (arguments, out, err)
        assert f"{people}: the subscribers cannot be used: file is not a database" in out + err
        assert "Restore it from a backup; or move it away" in out + err
    # A run publishes all the same, and fails because of the mail.
    report = installation.run("daily", MONDAY)
    assert "file is not a database" in report.faults[0]
    assert (installation.public / "index.html").exists()
    assert people.read_bytes() == b"no database at all" * 500


def test_a_file_of_subscribers_that_cannot_be_opened_is_told_likewise(installation):
    (installation.folder / "data" / "people.sqlite").mkdir(parents=True)
    status, out, err = run_command("subscribers", "list", cwd=installation.folder)
    assert (status, out, "Traceback" in err) == (1, "", False)
    assert "Let the user who runs Yibao read and write this file and its folder" in err


def test_a_server_without_starttls_is_told_in_a_sentence(installation):
    with postbox() as box:
        post_to(installation, box.url.replace("smtp://", "smtp+starttls://"))
        subscribe(installation, "ann@example.org")
        installation.run("daily", MONDAY)
        status, out, err = run_command("newsletter", "send", "--edition", "2025-01-13", cwd=installation.folder)
    assert (status, "Traceback" in out + err) == (1, False)
    assert "STARTTLS extension not supported by server. Compare newsletter.smtp_url" in out
    assert "the next run offers them again" in out


def test_slips_in_the_settings_of_mail_are_told_before_anything_is_done(tmp_path):
    for line, told in [
        ('smtp_url = "smtp://user:secret@mail.example.org:abc"', "newsletter.smtp_url: the port of a mail server"),
        (r'sender = "a\nBcc: b@c.org <d@e.org>"', "newsletter.sender: a sender is one line"),
    ]:
        (tmp_path / "yibao.toml").write_text(f"[newsletter]\n{line}\n", encoding="utf-8")
        status, out, err = run_command("subscribers", "list", cwd=tmp_path)
        assert (status, out, "Traceback" in err, "secret" in err) == (2, "", False, False)
        assert told in err
