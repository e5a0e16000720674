"""A real Postfix for drills, from Debian's package: it keeps mail for some, and hands the rest to a server of ours."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drills.scheduled import free_port, wait_for

_PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin"
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mail_owner = postfix
myhostname = mail.example.org
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
recipient_delimiter = +
virtual_mailbox_domains = example.org, example.net
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
relay_domains = gone.example
transport_maps = inline:{{ {{ gone.example = smtp:[127.0.0.1]:{next_port} }} }}
smtp_tls_security_level = none
"""
_MASTER = """
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """Where it listens, and what it delivered."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def box(self, name: str) -> Path:
        """The Maildir of an address."""
        return self.folder / "boxes" / name

    def read(self, name: str) -> list[bytes]:
        """What came for an address, with the fields that Postfix put before it."""
        return [path.read_bytes() for path in sorted((self.box(name) / "new").glob("*"))]


@contextmanager
def postfix_server(names, next_port):
    """A Postfix that keeps mail for `names`; what is for gone.example it hands to a server at `next_port`."""
    program = shutil.which("postfix", path=_PROGRAMS)
    if program is None or os.geteuid() != 0:
        pytest.skip("Postfix is not installed on this machine, or we are not root, who alone can start it")
    with tempfile.TemporaryDirectory(prefix="yibao-postfix-", ignore_cleanup_errors=True) as name:
        folder, user = Path(name), pwd.getpwnam("nobody")
        folder.chmod(0o755)
        server = Postfix(folder, free_port())
        for part, owner in (("etc", "root"), ("spool", "root"), ("data", "postfix"), ("boxes", "nobody")):
            (folder / part).mkdir()
            shutil.chown(folder / part, owner)
        for one in names:
            for part in ("", "new", "cur", "tmp"):
                (server.box(one) / part).mkdir()
                shutil.chown(server.box(one) / part, "nobody")
        boxes = ", ".join(f"{{ {one} = {one}/ }}" for one in names)
        main = _MAIN.format(folder=folder, boxes=boxes, user=user, next_port=next_port)
        (folder / "etc" / "main.cf").write_text(main, encoding="ascii")
        (folder / "etc" / "master.cf").write_text(_MASTER.format(port=server.port), encoding="ascii")
        control = [program, "-c", str(folder / "etc")]
        started = subprocess.run([*control, "start"], capture_output=True, text=True, check=False, timeout=60)
        assert started.returncode == 0, started.stderr
        try:
            assert wait_for(lambda: "daemon started" in (folder / "log").read_text(encoding="utf-8"), 60)
            yield server
        finally:
            subprocess.run([*control, "stop"], capture_output=True, check=False, timeout=60)
