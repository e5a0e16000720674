"""What the DNS says of a sender's domain, and what receivers make of it."""

import pytest

from yibao.health import Verdict
from yibao.newsletter.sender_domain import is_reserved, judge_dkim, judge_dmarc, judge_spf

KEY = "v=DKIM1; k=rsa; p=MIGfMA0GCSq"


@pytest.mark.parametrize(
    ("records", "verdict", "words"),
    [
        (["v=spf1 mx -all", "google-site-verification=x"], Verdict.OK, "v=spf1 mx"),
        (["V=SPF1 include:_spf.example.net ~all"], Verdict.OK, "include"),
        ([], Verdict.WARNING, "names no servers"),
        (["v=spf10 mx -all"], Verdict.WARNING, "names no servers"),
        (["v=spf1 mx -all", "v=spf1 a -all"], Verdict.FAULT, "2 records"),
        (["v=spf1 +all"], Verdict.FAULT, "every machine"),
        (["v=spf1 mx all"], Verdict.FAULT, "every machine"),
    ],
)
def test_one_record_says_who_may_send(records, verdict, words):
    check = judge_spf("gazette.cn", records)
    assert check.verdict == verdict
    assert words in check.message
    assert bool(check.remedy) == (verdict != Verdict.OK)


@pytest.mark.parametrize(
    ("records", "verdict", "words"),
    [
        ([KEY], Verdict.OK, "has the key"),
        (["k=rsa; p=MIGf MA0G CSq"], Verdict.OK, "has the key"),
        (["v=DKIM1; p=other"], Verdict.FAULT, "another key"),
        (["v=DKIM1; p="], Verdict.FAULT, "no key"),  # Withdrawn. Source: RFC 6376, 3.6.1.
        ([], Verdict.FAULT, "no key"),
    ],
)
def test_the_published_key_is_the_one_that_signs(records, verdict, words):
    check = judge_dkim("one._domainkey.gazette.cn", records, KEY)
    assert (check.verdict, words in check.message) == (verdict, True)
    assert (KEY in check.remedy) == (verdict == Verdict.FAULT)


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        (["v=DMARC1; p=none"], Verdict.OK),
        ([], Verdict.WARNING),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Verdict.WARNING),
    ],
)
def test_receivers_want_one_policy(records, verdict):
    assert judge_dmarc("gazette.cn", records).verdict == verdict


def test_domains_of_examples_and_machines_are_nobodys():
    assert all(map(is_reserved, ["example.org", "mail.Example.com", "localhost", "a.test", "x.example"]))
    assert not any(map(is_reserved, ["gazette.cn", "notexample.org", "example.org.cn", "localhost.cn"]))
