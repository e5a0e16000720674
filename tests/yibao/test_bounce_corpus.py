"""Real reports of failed mail, by many servers: what they are, judged by hand, and whom they would stop."""

import hashlib
import re

import pytest

from tests.people import SECRET
from yibao.newsletter.bounce_kinds import BounceKind
from yibao.newsletter.bounces import read_report

pytestmark = pytest.mark.shared

#: Seventy-two files drawn by a hash of their names, and judged by reading them: the gravest thing they say of anybody.
JUDGED = {
    BounceKind.HARD: """lhost-opensmtpd-10 lhost-x1-01 rhost-gsuite-03 rhost-apple-04 lhost-qmail-12 lhost-gmx-03
        rhost-gsuite-08 rfc3464-59 lhost-sendmail-28 lhost-sendmail-42 lhost-mailru-07 lhost-mxlogic-03
        lhost-v5sendmail-02 lhost-sendmail-45 lhost-amavis-01 lhost-x2-01 rhost-nttdocomo-01 lhost-opensmtpd-17
        lhost-messagingserver-06 lhost-postfix-02 lhost-opensmtpd-03 lhost-exchange2003-02 lhost-qmail-25""",
    BounceKind.SOFT: """rhost-franceptt-10 lhost-amazonworkmail-05 lhost-sendmail-06 lhost-gmail-03 lhost-exim-49
        lhost-courier-03 lhost-postfix-70 rhost-franceptt-07 rhost-godaddy-02 lhost-exim-54 rhost-franceptt-04
        lhost-gmx-01 lhost-dragonfly-01 lhost-exim-32 lhost-mailru-09 lhost-postfix-30 lhost-sendmail-36 rhost-zoho-04
        lhost-opensmtpd-05 lhost-exim-33 lhost-postfix-61 rhost-tencent-02 rhost-messagelabs-01 lhost-biglobe-01
        rfc3464-39 lhost-x2-05 rfc3464-40 lhost-exchange2007-02 lhost-sendmail-58 lhost-qmail-08 rhost-yahooinc-01
        lhost-outlook-07 lhost-zoho-05 lhost-exim-08 lhost-amazonses-19 rhost-mimecast-02 lhost-dragonfly-03
        lhost-yahoo-04 lhost-sendmail-09 lhost-opensmtpd-06 lhost-qmail-07 lhost-dragonfly-21 lhost-sendmail-20
        lhost-qmail-06""",
    BounceKind.COMPLAINT: "arf-14 arf-15",
    BounceKind.OTHER: "arf-18 arf-19 rfc3834-03",
}
KINDS = {name: kind for kind, names in JUDGED.items() for name in names.split()}


@pytest.fixture(scope="module")
def reports(shared):
    folder = shared / "data" / "bounces" / "maildir"
    paths = sorted(path for path in folder.glob("*/*.eml") if path.parent.name in ("bsd", "dos", "mac", "err", "not"))
    return {
        f"{path.parent.name}/{path.stem}": (path.read_bytes(), read_report(path.read_bytes(), SECRET)) for path in paths
    }


def test_what_a_person_judged_is_judged_alike(reports):
    present = {name: kind for name, kind in KINDS.items() if f"bsd/{name}" in reports}
    assert len(present) >= 20
    assert {name: reports[f"bsd/{name}"][1].kind for name in present} == present


def test_what_is_no_report_and_what_absent_people_send_stops_nobody(reports):
    harmless = [report.kind for name, (_, report) in reports.items() if name.startswith("not/") or "/rfc3834" in name]
    assert len(harmless) >= 4
    assert set(harmless) == {BounceKind.OTHER}


def test_a_delayed_message_or_a_full_mailbox_stops_nobody(reports):
    found = 0
    for name, (content, report) in reports.items():
        fields = re.findall(
            rb"^(Action|Status): *([\w.]+)", content.replace(b"\r", b"\n"), re.IGNORECASE | re.MULTILINE
        )
        said = {value.lower() for _, value in fields} - {b"failed"}
        if said and ((b"delayed" in said and len(said) == 2) or said <= {b"5.2.2", b"4.2.2"}):
            found += 1
            assert report.kind is BounceKind.SOFT, name
    assert found >= 5


def test_line_ends_change_no_judgement(reports):
    def plain(name):
        report = reports[name][1]
        return [(one.emails, one.kind) for one in report.recipients]

    names = [name.partition("/")[2] for name in reports if name.startswith("bsd/")]
    same = [
        (plain(f"bsd/{name}"), plain(f"{ends}/{name}"))
        for name in names
        for ends in ("dos", "mac")
        if f"{ends}/{name}" in reports
    ]
    assert len(same) >= 10
    assert sum(one == other for one, other in same) == len(same)


@pytest.mark.parametrize("half", [0, 1])
def test_most_reports_name_the_kind_and_the_recipient_in_either_half(reports, half):
    """The words of servers were collected from one half of the files; the other is a test of them."""
    ours = {
        name: report
        for name, (_, report) in reports.items()
        if name.startswith(("bsd/lhost", "bsd/rhost", "bsd/rfc3464"))
        and int(hashlib.sha256(f"{name}.eml".encode()).hexdigest(), 16) % 2 == half
    }
    classified = [report for report in ours.values() if report.kind is not BounceKind.OTHER]
    assert len(classified) >= 0.97 * len(ours)
    assert sum(any(one.emails for one in report.recipients) for report in classified) >= 0.95 * len(classified)
