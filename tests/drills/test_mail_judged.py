"""A mail, as others' programs see it: checkers of signatures, spam and pages, a mail program, a browser."""

import email
import json
import re
import subprocess
from dataclasses import replace
from email import policy

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.judges.conftest import node_package, program, running_chromium
from tests.judges.mails import compose_mail, make_day, make_entry, make_week, read_real_weeks
from yibao import categories
from yibao.newsletter.dkim import Signer
from yibao.records import Language, Subscription

LANGUAGES = pytest.mark.parametrize("language", list(Language))
MAILS = {
    "day": (make_day(18), {}),
    "week": (make_week(60), {}),
    "large day": (make_day(3, 2000), {}),
    "topics": (make_day(9, 200), {"categories": ("cs.CL",), "keywords": ("memory",), "authors": ("Zhao, Wenjing",)}),
    "nothing": (make_day(18), {"keywords": ("nothing of this kind",)}),
}
#: A phone, as wide as most; its screens are counted in this height.
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def signer():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Signer("example.org", "yibao", pem)


@pytest.fixture(scope="module")
def browser():
    with running_chromium() as chromium:
        yield chromium


def compose(name, language, signer=None):
    edition, topics = MAILS[name]
    return compose_mail(edition, Subscription(language=language, **topics), signer)


def read(message):
    return email.message_from_bytes(message.content, policy=policy.default)


def read_html(message):
    return read(message).get_body(("html",)).get_content()


@LANGUAGES
def test_opendkim_verifies_the_signature_and_notices_a_change(tmp_path, signer, language):
    keys, config = tmp_path / "keys", tmp_path / "opendkim.conf"
    keys.write_text(f"yibao._domainkey.example.org {signer.dns_value}\n")
    config.write_text(f"Mode v\nSyslog no\nTestPublicKeys {keys}\n")
    content = compose("day", language, signer).content
    whole, changed = tmp_path / "whole.eml", tmp_path / "changed.eml"
    whole.write_bytes(content)
    changed.write_bytes(content.replace(b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"))
    said = {path.stem: run(program("opendkim"), "-x", config, "-t", path) for path in (whole, changed)}
    assert re.search(r"verification .* succeeded", said["whole"]), said
    assert re.search(r"verification .* failed", said["changed"]), said


@LANGUAGES
@pytest.mark.parametrize("name", list(MAILS))
def test_spamassassin_scores_it_below_one(tmp_path, signer, name, language):
    message = tmp_path / "mail.eml"
    message.write_bytes(compose(name, language, signer).content)
    report = run(program("spamassassin"), "--local", "--test-mode", "--prefspath", tmp_path / "none", message)
    score = re.search(r"\((-?[\d.]+) points", report)
    print(f"{name}, {language}: {score[1]} points")
    assert float(score[1]) < 1, report.partition("Content analysis details")[2]


@LANGUAGES
@pytest.mark.parametrize("name", list(MAILS))
def test_notmuch_reads_subject_and_both_parts_back_whole(tmp_path, name, language):
    message = compose(name, language)
    folder = tmp_path / "mail" / "cur"
    folder.mkdir(parents=True)
    (folder / "1:2,").write_bytes(message.content)
    config = tmp_path / "config"
    config.write_text(f"[database]\npath={tmp_path / 'mail'}\n[user]\nname=Reader\nprimary_email=reader@example.net\n")
    run(program("notmuch"), "--config", config, "new")
    shown = json.loads(run(program("notmuch"), "--config", config, "show", "--format=json", "--include-html", "*"))
    (found,) = find_messages(shown)
    assert found["headers"]["Subject"] == read(message)["Subject"]
    parts = {part["content-type"]: part["content"] for part in found["body"][0]["content"]}
    for kind in ("plain", "html"):
        expected = read(message).get_body((kind,)).get_content()
        # Quoted lines come back with both signs of their end.
        assert parts[f"text/{kind}"].split() == expected.split()
        assert len(parts[f"text/{kind}"].splitlines()) == len(expected.splitlines())


def find_messages(tree):
    if isinstance(tree, dict):
        yield tree
    else:
        for branch in tree or ():
            yield from find_messages(branch)


def test_the_nu_checker_finds_no_error_in_any_html_part(tmp_path):
    jar = node_package("vnu-jar") / "build" / "dist" / "vnu.jar"
    for name in MAILS:
        for language in Language:
            (tmp_path / f"{name} {language}.html").write_text(read_html(compose(name, language)), encoding="utf-8")
    files = sorted(map(str, tmp_path.iterdir()))
    command = [program("java"), "-jar", jar, "--errors-only", "--format", "json", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert json.loads(done.stderr)["messages"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_is_hard_to_read(browser, scheme):
    code = (node_package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
    context = browser.new_context(color_scheme=scheme, viewport=PHONE)
    page = context.new_page()
    for name in MAILS:
        page.set_content(read_html(compose(name, Language.CHINESE)))
        page.evaluate(code)
        found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa']})")["violations"]
        assert not found, (name, [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found])
    context.close()


@LANGUAGES
@pytest.mark.parametrize(("name", "most"), [("day", 4), ("week", 8), ("large day", 4), ("topics", 4), ("nothing", 1)])
def test_a_mail_takes_few_screens_of_a_phone_and_none_is_too_wide(browser, name, most, language):
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.set_content(read_html(compose(name, language)))
    height, width = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()
    print(f"{name}, {language}: {height / PHONE['height']:.1f} screens")
    assert width == PHONE["width"]
    assert height <= most * PHONE["height"]


@LANGUAGES
@pytest.mark.shared
def test_real_weeks_and_days_take_few_screens_of_a_phone(browser, shared, language):
    """A week's translations; a third of them on a day of 300 other papers in ten categories."""
    codes = list(categories.load_taxonomy())[:40:4]
    others = tuple(
        (code, tuple(make_entry(30 * n + m, is_translated=False) for m in range(30))) for n, code in enumerate(codes)
    )
    context = browser.new_context(viewport=PHONE)
    page, found = context.new_page(), {}
    for number, entries in enumerate(read_real_weeks(shared / "data", 8)):
        week = replace(make_week(0), translated=tuple(entries))
        day = replace(make_day(0), translated=tuple(entries[::3]), by_category=others)
        for name, edition, most in (("week", week, 8), ("day", day, 4)):
            page.set_content(read_html(compose_mail(edition, Subscription(language=language))))
            height = page.evaluate("document.documentElement.scrollHeight") / PHONE["height"]
            found[name, number] = (height, most)
    context.close()
    for name in ("week", "day"):
        heights = [height for (kind, _), (height, _) in found.items() if kind == name]
        print(f"{name}, {language}: {len(heights)} real ones, {min(heights):.1f} to {max(heights):.1f} screens")
    assert {which: height for which, (height, most) in found.items() if height > most} == {}


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 247)"), ("dark", "rgb(25, 24, 22)")])
def test_the_colours_follow_the_screens_and_nothing_is_fetched(browser, scheme, paper):
    context = browser.new_context(color_scheme=scheme, viewport=PHONE)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(read_html(compose("day", Language.CHINESE)))
    shown = page.evaluate("getComputedStyle(document.querySelector('.page')).backgroundColor")
    context.close()
    assert (shown, asked) == (paper, [])


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    # SpamAssassin cuts a preview anywhere.
    return done.stdout.decode(errors="replace") or done.stderr.decode(errors="replace")
