"""A person's message, as mail programs see it."""

import email
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import policy
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.yibao.test_dkim import is_valid, pem, signer
from tests.yibao.test_feeds import AWKWARD, SITE, entry
from yibao import categories
from yibao.newsletter import encoding
from yibao.newsletter.compose import (
    LIMIT_BYTES,
    Recipient,
    compose_message,
    compose_preview,
    has_papers,
    make_message_id,
    prepare_issue,
)
from yibao.newsletter.links import Links
from yibao.newsletter.wording import count_columns, shorten_to_columns
from yibao.records import Author, Edition, Frequency, Language, Subscription, TranslationState
from yibao.settings import Newsletter

__all__ = ["pem", "signer"]

DAY = date(2025, 1, 17)
AT = datetime(2025, 1, 17, 12, tzinfo=UTC)
LINKS = Links("https://yibao.example/subscribe/preferences/token", "https://yibao.example/subscribe/leave/token")
NEWSLETTER = Newsletter(sender="译报 <digest@example.org>", reply_to="编辑 <editors@example.org>")
CHINESE, ENGLISH, BOTH = Subscription(), Subscription(language=Language.ENGLISH), Subscription(language=Language.BOTH)


def translated(number, abstract="中文摘要。", title="译文标题", **more):
    made = entry(number, zh=title, **more)
    return replace(made, translation=replace(made.translation, abstract=abstract, translator="王小明"))


def edition(count=3, listed=50, entries=None, **more):
    found = tuple(entries or (translated(n) for n in range(1, count + 1)))
    rest = (("cs.CL", tuple(entry(100 + n, translated=False, title=f"Paper {n}") for n in range(listed))),)
    return Edition("2025-01-17", DAY, DAY, found, rest if listed else (), (), **more)


def week(count=3, listed=0):
    whole = edition(count, listed)
    return replace(whole, key="2025-W03", starts_on=date(2025, 1, 13), ends_on=date(2025, 1, 19))


def compose(found=None, subscription=CHINESE, to="reader@example.net", at=AT, site=SITE, settings=NEWSLETTER, **more):
    issue = prepare_issue(found or edition(), site, settings, **more)
    return compose_message(issue, Recipient(to, subscription, more.get("links", LINKS), "bounces@example.org"), at)


def read(message):
    return email.message_from_bytes(message.content, policy=policy.default)


def parts(message):
    return tuple(read(message).get_body((kind,)).get_content() for kind in ("plain", "html"))


@pytest.mark.parametrize(
    ("found", "asked", "subject"),
    [
        (edition(3, 0), CHINESE, "译报 1月17日：《译文标题》等 3 篇"),
        (edition(1, 0), CHINESE, "译报 1月17日：《译文标题》"),
        (week(32), BOTH, "译报 2025 年第 3 周：《译文标题》等 32 篇"),
        (edition(2, 30), ENGLISH, f"译报, 17 January: {AWKWARD} and 31 more"),
        (week(1), ENGLISH, f"译报, week 3 of 2025: {AWKWARD}"),
    ],
)
def test_the_subject_says_what_is_in_it_in_the_readers_language(found, asked, subject):
    assert read(compose(found, asked))["Subject"] == subject


def test_a_long_title_is_shortened_between_signs_so_that_the_count_is_still_seen():
    found = edition(entries=[translated(1, title="面向大规模语言模型的检索增强生成" * 6), translated(2)], listed=0)
    subject = read(compose(found))["Subject"]
    assert subject.endswith("…》等 2 篇")
    assert 50 < count_columns(subject) <= 66


def test_a_text_is_cut_between_words_and_not_within_a_sign():
    assert shorten_to_columns("Efficient reasoning", 12) == "Efficient…"
    assert shorten_to_columns("一二三四", 6) == "一二…"
    assert shorten_to_columns("cafe\u0301s", 4) == "…"
    assert shorten_to_columns("短", 9) == "短"


def test_both_parts_hold_titles_authors_translator_categories_and_links():
    message = compose(edition(5, 0))
    text, html = parts(message)
    for part in (text, html):
        for words in (
            "译文标题",
            "A. One, B. Two, Jr.",
            "译者：王小明",
            "cs.CL, cs.AI",
            "中文摘要。",
            "2025年1月17日 星期五",
        ):
            assert words in part, words
        for link in ("/papers/2501.00001/", "/editions/2025-01-17/", *LINKS):
            assert f"https://yibao.example{link.removeprefix('https://yibao.example')}" in part
        assert "https://arxiv.org/abs/2501.00001" in part
    assert "Is p<0.05 & x<y>z <b>test</b>" in text
    assert "Is p&lt;0.05 &amp; x&lt;y&gt;z &lt;b&gt;test&lt;/b&gt;" in html
    assert "<script>" not in html


def test_three_papers_are_shown_in_full_and_the_contents_lead_to_each_section():
    _, html = parts(compose(edition(5, 2)))
    assert html.count('class="lead"') == 3
    assert html.count('class="brief"') == 4
    assert set(re.findall(r'href="#([^"]+)"', html)) == {"leads", "translated", "cs.CL"}
    assert all(f'<h2 id="{name}"' in html for name in ("leads", "translated", "cs.CL"))


def test_what_mail_programs_show_behind_the_subject_comes_first_and_says_what_else_is_in_it():
    found = edition(entries=[translated(1), translated(2, title="第二篇"), translated(3, title="第三篇")], listed=0)
    _, html = parts(compose(found))
    body = re.sub(r"<[^>]+>", "", html.partition("<body")[2].partition(">")[2])
    assert body.strip().startswith("另有《第二篇》《第三篇》")


def test_an_english_reader_gets_english_and_a_reader_of_both_gets_both_abstracts():
    text, html = parts(compose(edition(3, 0), ENGLISH))
    for part in (text, html):
        assert "译文标题" not in part
        assert "Friday, 17 January 2025" in part
        assert "English" in part
        assert "Chinese by 王小明" in part
        assert "Unsubscribe" in part
    text, html = parts(compose(edition(3, 0), BOTH))
    for part in (text, html):
        assert "中文摘要。" in part
        assert "abstract" in part


def test_a_paper_says_why_it_is_in_this_mail_and_named_papers_come_first():
    named = entry(200, translated=False, title="On agents", authors=("Kaiming He",))
    found = replace(edition(4, 0), by_category=(("cs.CL", (named,)),))
    asked = Subscription(categories=("cs.CL",), keywords=("agents",), authors=("He, Kaiming",))
    for part in parts(compose(found, asked)):
        assert "您关注：cs.CL、关键词 agents、作者 He, Kaiming" in part
        assert part.count("您关注：cs.CL") == 5
        assert part.index("On agents") < part.index("https://arxiv.org/abs/2501.00001")
    assert "您关注：" not in parts(compose(found))[0]


def test_only_papers_that_meet_a_topic_are_in_the_mail_and_counted():
    asked = Subscription(keywords=("Paper 7",))
    message = compose(edition(), asked)
    assert read(message)["Subject"] == "译报 1月17日：《Paper 7》"
    assert "Paper 8" not in parts(message)[0]
    issue = prepare_issue(edition(), SITE, NEWSLETTER)
    assert has_papers(issue, asked)
    assert not has_papers(issue, Subscription(keywords=("nothing",)))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (edition(), "1月17日的 53 篇论文中，没有一篇符合您的订阅条件。"),
        (Edition("2025-01-18", date(2025, 1, 18), date(2025, 1, 18), (), (), ()), "周末不公布"),
        (Edition("2026-06-19", date(2026, 6, 19), date(2026, 6, 19), (), (), ()), "Juneteenth"),
        (Edition("2025-01-17", DAY, DAY, (), (), ()), "没有公布新论文"),
        (Edition("2025-01-17", DAY, DAY, (), (), (), ("cs.CV, 2025-01-17: no answer",)), "不一定是没有新论文"),
    ],
)
def test_a_mail_without_papers_says_why_there_are_none(found, words):
    message = compose(found, Subscription(keywords=("nothing",), wants_empty=True))
    assert read(message)["Subject"].endswith("没有符合您条件的论文")
    assert all(words in part for part in parts(message))


def test_an_incomplete_edition_says_which_lists_are_missing_once_in_each_part():
    found = edition(notes=("cs.CV, 2025-01-13: not reached", "cs.CV, 2025-01-14: not reached"))
    assert all(part.count("本期不完整：cs.CV 的公布列表未收齐。") == 1 for part in parts(compose(found)))
    assert "Incomplete: arXiv's lists of cs.CV." in parts(compose(found, ENGLISH))[0]


def test_an_edition_that_is_mailed_after_its_date_says_so():
    late = "本期迟到了：1月17日的内容，1月20日才寄出。"
    assert late in parts(compose(at=datetime(2025, 1, 20, 3, tzinfo=UTC)))[0]
    assert "2026年1月20日才寄出" in parts(compose(at=datetime(2026, 1, 20, 3, tzinfo=UTC)))[0]
    # The morning of the 18th in Shanghai is the evening of the 17th in New York, whose date an edition bears.
    assert "迟到" not in parts(compose(at=datetime(2025, 1, 18, 1, tzinfo=UTC)))[0]
    assert "迟到" not in parts(compose(week(), at=datetime(2025, 1, 19, 12, tzinfo=UTC)))[0]


def test_what_is_wrong_with_a_paper_or_its_translation_is_said():
    entries = [
        replace(translated(1), state=TranslationState.STALE, source_version=1),
        replace(translated(2), paper=None),
        replace(translated(3), state=TranslationState.ORPHANED),
        replace(translated(4), paper=replace(translated(4).paper, is_withdrawn=True)),
    ]
    for part in parts(compose(edition(entries=entries, listed=0))):
        for words in ("译文依据 v1", "尚待 arXiv 的元数据。", "arXiv 上查无此编号。", "本文已撤回。"):
            assert words in part


def test_formulas_are_readable_in_both_parts_without_mathml():
    found = edition(entries=[translated(1, abstract="复杂度为 $O(n^2)$，比值为 $\\frac{a}{b}$。")], listed=0)
    text, html = parts(compose(found))
    assert "O(n²)" in text
    assert "a/b" in text
    assert "<math" not in html
    assert "$" not in html


@pytest.mark.parametrize("found", [edition(60, 400), week(60, 2000), edition(0, 2000)])
@pytest.mark.parametrize("asked", [CHINESE, ENGLISH, BOTH])
def test_a_message_stays_below_the_size_at_which_it_is_cut_and_says_what_is_on_the_web_only(found, asked):
    long = tuple(
        replace(one, translation=replace(one.translation, abstract="很长的摘要，" * 300)) for one in found.translated
    )
    message = compose(replace(found, translated=long), asked)
    assert len(message.content) <= LIMIT_BYTES
    assert all(re.search(r"另有 \d+ 篇，见网页版|\d+ more in the web edition", part) for part in parts(message))


def test_what_is_left_of_other_categories_is_told_apart_from_what_is_left_of_one():
    by_category = tuple(
        (code, tuple(entry(1000 + 20 * place + number) for number in range(place + 2)))
        for place, code in enumerate(categories.load_taxonomy())
    )
    found = replace(edition(6, 0), by_category=by_category)
    for part in parts(compose(found)):
        shown = len(set(re.findall(r"/papers/2501\.0000(\d)/", part)))
        assert shown == 6
        assert len(re.findall(r"(?<!其他分类)另有 \d+ 篇，见网页版", part)) >= 3
        assert len(re.findall(r"其他分类另有 \d+ 篇，见网页版", part)) == 1
        assert sum(map(int, re.findall(r"另有 (\d+) 篇", part))) < len(found.entries) - 6


def test_a_paper_with_three_thousand_authors_names_the_first_ones():
    found = edition(entries=[translated(1, authors=[f"Author {n}" for n in range(3000)])], listed=0)
    assert all("Author 7</span> 等 3000 人" in part or "Author 7 等 3000 人" in part for part in parts(compose(found)))


def test_the_header_says_who_sends_it_where_replies_go_and_how_to_leave():
    found = read(compose(subscription=replace(CHINESE, timezone="America/New_York")))
    assert str(found["From"].addresses[0].display_name) == "译报"
    assert found["Reply-To"].addresses[0].addr_spec == "editors@example.org"
    assert found["Date"] == "Fri, 17 Jan 2025 07:00:00 -0500"
    assert found["List-Id"] == "译报 <digest.example.org>"
    assert found["List-Unsubscribe"] == f"<{LINKS.leave}>, <mailto:editors@example.org?subject=unsubscribe>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["List-Archive"] == "<https://yibao.example/editions/>"
    assert found["List-Help"] == "<https://yibao.example/about/>"
    assert found["List-Subscribe"] == "<https://yibao.example/subscribe/>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Message-ID"] == make_message_id("2025-01-17", "reader@example.net", NEWSLETTER.sender)
    assert found.get_content_type() == "multipart/alternative"


def test_without_https_no_program_is_told_to_leave_by_one_click():
    plain = Links("http://127.0.0.1:8000/subscribe/preferences/t", "http://127.0.0.1:8000/subscribe/leave/t")
    issue = prepare_issue(edition(), SITE, NEWSLETTER)
    found = read(compose_message(issue, Recipient("reader@example.net", CHINESE, plain, ""), AT))
    assert found["List-Unsubscribe"].startswith(f"<{plain.leave}>, <mailto:")
    assert found["List-Unsubscribe-Post"] is None


def test_a_mail_that_leaves_goes_to_the_marked_return_path_where_there_is_one():
    settings = NEWSLETTER.model_copy(update={"return_path": "bounces@example.org"})
    leaving = read(compose(settings=settings))["List-Unsubscribe"]
    assert leaving == f"<{LINKS.leave}>, <mailto:bounces@example.org?subject=unsubscribe>"


def test_without_pages_people_leave_by_mail():
    settings = Newsletter(sender="digest@example.org", signup=False)
    message = compose(settings=settings)
    leave = "mailto:digest@example.org?subject=unsubscribe"
    assert read(message)["List-Unsubscribe"] == f"<{leave}>"
    assert read(message)["List-Subscribe"] is None
    assert all(leave in part and "/subscribe/" not in part for part in parts(message))


def test_composing_again_gives_the_same_bytes():
    assert compose().content == compose().content
    assert compose().message_id != compose(to="other@example.net").message_id


def test_the_message_is_ascii_in_short_lines_whatever_is_in_it():
    found = edition(entries=[translated(n, abstract="长" * 5000 + " x" * 2000) for n in range(1, 4)])
    for asked in (CHINESE, ENGLISH, BOTH):
        content = compose(found, asked).content
        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) <= 120
        assert b"\n" not in content.replace(b"\r\n", b"")
        body = content.partition(b"\r\n\r\n")[2]
        assert max(map(len, body.split(b"\r\n"))) <= 76


def test_each_part_has_the_smaller_of_two_encodings():
    def encodings(asked):
        return [part["Content-Transfer-Encoding"] for part in read(compose(edition(9, 0), asked)).iter_parts()]

    assert encodings(ENGLISH) == ["quoted-printable", "quoted-printable"]
    assert encodings(CHINESE)[0] == "base64"


def test_a_signed_message_is_verified_with_both_fields_for_leaving(signer):
    message = compose(signer=signer)
    assert is_valid(signer, message.content)
    assert not is_valid(signer, message.content.replace(b"List-Unsubscribe-Post:", b"List-Unsubscribe-Past:"))


@pytest.mark.parametrize(
    "forged",
    ["a@example.net\r\nBcc: b@example.net", "a@example.net, b@example.net", "a <b@example.net>", "a b@c.net", ""],
)
def test_an_address_cannot_forge_a_field_or_a_recipient(forged):
    with pytest.raises(ValueError, match="cannot be written into a message"):
        compose(to=forged)


def test_an_address_that_is_not_ascii_before_the_at_is_written_as_it_is():
    content = compose(to="用户@xn--fsqu00a.example").content
    assert "To: 用户@xn--fsqu00a.example\r\n".encode() in content


CONTROLS = "\r\n\x00\x0b\x85\u2028Bcc: x@y.z<>&\"'=?utf-8?q?a?= 译"


@given(st.text(alphabet=CONTROLS + "\ud800", max_size=40))
def test_no_title_forges_a_header_or_markup(title):
    site = SITE.model_copy(update={"title": f"译报{title}"})
    found = edition(entries=[translated(1, title=f"标题{title}")], listed=0)
    message = compose(found, Subscription(keywords=("标题",)), site=site)
    headers = read(message)
    assert headers["Bcc"] is None
    assert headers.defects == []
    assert set(headers.keys()) == set(read(compose(edition())).keys())
    assert "<Bcc" not in parts(message)[1]


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=120))
def test_every_subject_comes_back_as_it_was(subject):
    field = encoding.write_field("Subject", subject)
    lines = field.split("\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert all(line.startswith(" ") for line in lines[1:])
    expected = " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())
    back = email.header.decode_header(field.removeprefix("Subject: "))
    assert str(email.header.make_header(back)) == expected


LINES = st.text(alphabet="ab =.\tFrom 译é\u3000\u00a0\n", max_size=200)


@given(st.lists(LINES, min_size=1, max_size=5))
def test_fragments_joined_in_either_encoding_say_the_same(texts):
    fragments = [encoding.encode_fragment(text) for text in texts]
    for kind, name in ((0, b"quoted-printable"), (1, b"base64")):
        body = b"".join(fragment[kind] for fragment in fragments)
        raw = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " + name
        text = email.message_from_bytes(raw + b"\n\n" + body, policy=policy.default).get_content()
        shown = [line.rstrip(" ") for line in text.splitlines()]
        expected = [re.sub(r"[ \t]+", " ", line).strip(" ") for one in texts for line in (one.splitlines() or [""])]
        assert shown == expected
        assert b"  " not in body.replace(b"=20", b"")
        assert b"\r\nFrom " not in b"\r\n" + body
        assert all(len(line) <= 76 for line in body.split(b"\r\n"))


def test_a_preview_shows_what_a_subscriber_without_topics_gets():
    text, html = compose_preview(edition(), SITE)
    assert "译文标题" in text
    assert html.startswith("<!DOCTYPE html>")
    assert unquote(text).count("https://yibao.example/papers/2501.00001/") == 1


def test_a_weekly_subscription_is_called_so():
    assert "您订阅了译报周刊，全部论文。" in parts(compose(week(), Subscription(frequency=Frequency.WEEKLY)))[0]
    many = Subscription(keywords=tuple(f"word{n}" for n in range(9)), authors=("A. One",))
    text, _ = parts(compose(subscription=many))
    assert "关键词 word0、word1、word2、word3、word4、word5 等 9 个；作者 A. One。" in text


def test_an_author_with_affiliations_is_named_alone():
    found = translated(1)
    paper = replace(found.paper, authors=(Author("A. One", ("Somewhere",)),))
    assert "Somewhere" not in parts(compose(edition(entries=[replace(found, paper=paper)], listed=0)))[0]
