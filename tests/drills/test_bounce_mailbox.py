"""The mailbox of reports on a real IMAP server (dovecot), over TLS; and what goes wrong there."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flows.steps import bounce_sync, environment
from flows.steps.run_record import Run
from storage.people import deliveries, subscribers
from storage.people.deliveries import DeliveryState
from tests.conftest import MONDAY
from tests.people import AT
from tests.postbox import free_port, people_of, subscribe
from tests.reports import delivery_report, failure, plain
from yibao.errors import MailboxError
from yibao.newsletter import mailboxes
from yibao.newsletter.mailboxes import ImapMailbox
from yibao.newsletter.return_paths import make_return_path

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(DOVECOT is None, reason="dovecot is not installed")
PASSWORD = 'p@ss w/ö"rd'
QUOTED = "p%40ss%20w%2F%C3%B6%22rd"


def make_certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture(scope="module")
def dovecot():
    """An IMAP server with the mailbox of `reports`, its Maildir and its port."""
    # Outside of pytest's folders, which another user may not enter.
    with tempfile.TemporaryDirectory(prefix="yibao-imap-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with run_dovecot(Path(folder)) as port:
            yield Path(folder) / "mail", port, Path(folder) / "cert.pem"


@contextmanager
def run_dovecot(folder):
    make_certificate(folder)
    user, port = getpass.getuser(), free_port()
    # Who is not root can change no root folder; root's processes that face the network run as another user.
    login, chroot = ("dovenull", "") if os.geteuid() == 0 else (user, "chroot =")
    for name in ("new", "cur", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    owner = pwd.getpwnam("nobody" if os.geteuid() == 0 else user)  # Nobody's mail is root's.
    if os.geteuid() == 0:
        for path in (folder / "mail", *(folder / "mail").iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    (folder / "users").write_text(f"reports:{{PLAIN}}{PASSWORD}::::::\n", encoding="utf-8")
    (folder / "dovecot.conf").write_text(
        f"""
protocols = imap
base_dir = {folder}/run
log_path = {folder}/log
default_internal_user = {user}
default_login_user = {login}
default_internal_group = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
  }}
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
""",
        encoding="utf-8",
    )
    with subprocess.Popen([DOVECOT, "-F", "-c", str(folder / "dovecot.conf")]) as server:
        try:
            for _ in range(100):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            else:
                pytest.fail((folder / "log").read_text() if (folder / "log").exists() else "dovecot said nothing")
            yield port
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture
def mailbox(installation, dovecot, monkeypatch):
    """An installation that reads its reports there, with a subscriber who got a message."""
    folder, port, certificate = dovecot
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for path in [*(folder / "new").iterdir(), *(folder / "cur").iterdir()]:
        path.unlink()
    address = f"imaps://reports:{QUOTED}@localhost:{port}/INBOX"
    text = installation.config.read_text(encoding="utf-8").replace('outbox = "outbox"', f'bounces = "{address}"')
    installation.config.write_text(text, encoding="utf-8")
    subscribe(installation, "ann@example.net")
    deliveries.open_deliveries(people_of(installation), "2025-01-13", {1: "<1>"}, AT, DeliveryState.SENT)
    return installation, folder


def arrive(folder, content):
    """A message arrives under a name that no other ever had: the server remembers names."""
    (folder / "new" / uuid.uuid4().hex).write_bytes(content)


def sync(installation):
    return bounce_sync.sync_bounces(Run(environment.load_settings(installation.config), "r", "newsletter", MONDAY))


def flags_of(folder):
    return sorted(path.name.partition(":2,")[2] for path in (folder / "cur").iterdir())


def test_reports_are_read_over_imap_obeyed_and_marked_as_seen(mailbox):
    installation, folder = mailbox
    mark = make_return_path("bounces@example.org", 1, people_of(installation).secret)
    arrive(folder, delivery_report(failure("ann@example.net"), to=mark))
    arrive(folder, plain("Out of office", "away", sender="bob@example.net"))
    outcome = sync(installation)
    assert (outcome.faults, outcome.mail) == ((), ("reports of failed mail: 1 hard, 1 other; 1 subscribers stopped",))
    assert subscribers.find_subscriber(people_of(installation), "ann@example.net").state == "stopped"
    assert not sync(installation).mail
    assert flags_of(folder) == ["S", "S"]


def test_a_report_that_cannot_be_read_is_flagged_on_the_server(mailbox, monkeypatch):
    installation, folder = mailbox
    monkeypatch.setattr(bounce_sync, "read_report", lambda *_: 1 / 0)
    arrive(folder, b"Subject: poison\n\n")
    outcome = sync(installation)
    assert "1 could not be read" in outcome.mail[0], outcome
    assert flags_of(folder) == ["FS"]


def test_a_long_report_is_fetched_as_far_as_it_is_read_and_a_flood_in_portions(mailbox, monkeypatch):
    installation, folder = mailbox
    arrive(folder, b"Subject: long\n\n" + b"x" * 70 * 1024 * 1024)
    for number in range(2, 8):
        arrive(folder, b"Subject: one of many\n\n%d\n" % number)
    monkeypatch.setattr(bounce_sync, "MOST_REPORTS", 5)
    assert "5 other; 0 subscribers stopped; the next run reads more" in sync(installation).mail[0]
    assert "2 other" in sync(installation).mail[0]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ((QUOTED, "wrong"), "AUTHENTICATIONFAILED"),
        (("/INBOX", "/None"), "Mailbox doesn't exist"),
        (("@localhost", "@127.0.0.1"), "certificate"),
    ],
)
def test_what_the_server_refuses_is_told_without_the_password(mailbox, wrong, told):
    installation, _ = mailbox
    text = installation.config.read_text(encoding="utf-8").replace(*wrong)
    installation.config.write_text(text, encoding="utf-8")
    [fault] = sync(installation).faults
    assert told in fault
    assert "Compare newsletter.bounces with what the mail server wants" in fault
    assert PASSWORD not in fault


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"imaps://reports:x@127.0.0.1:{silent.getsockname()[1]}/INBOX"
        begun = time.monotonic()
        with pytest.raises(MailboxError, match="no answer in time"):
            list(ImapMailbox(address, 0.5).read_new(1, 100))
        assert time.monotonic() - begun < 30


def test_nobody_there_is_told():
    with pytest.raises(MailboxError, match="Connection refused"):
        list(mailboxes.open_mailbox(f"imaps://reports:x@127.0.0.1:{free_port()}/INBOX", 1.0).read_new(1, 100))
