"""What a form for mail means, whoever filled it in."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao import subscription_forms as forms
from yibao.records import Frequency, Language, Subscription

OFFERED = ("cs.CL", "cs.CV")
FULL = Subscription(
    Frequency.WEEKLY,
    Language.BOTH,
    ("cs.CL",),
    ("智能体", "large language model"),
    ("Kaiming He",),
    "Europe/Berlin",
    True,
)


def read(*pairs, **more):
    return forms.read_form(forms.read_fields(urlencode(pairs).encode()), OFFERED, **{"has_address": True, **more})


def test_a_form_that_says_all_means_all():
    form = read(
        ("email", " Reader@Example.ORG "),
        ("frequency", "weekly"),
        ("language", "both"),
        ("categories", "cs.CL"),
        ("keywords", "智能体\r\n\r\n large  language model\n智能体"),
        ("authors", "Kaiming He"),
        ("timezone", "Europe/Berlin"),
        ("wants_empty", "yes"),
    )
    assert (form.email, form.subscription, form.faults) == ("Reader@example.org", FULL, {})


def test_an_address_is_enough():
    form = read(("email", "reader@example.org"))
    assert (form.subscription, form.faults) == (Subscription(), {})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "reader@",
        "a@b@example.org",
        "reader@example.org\r\nBcc: all@example.org",
        "reader@example.org\nX: y",
        "reader@example.org\0",
        "reader@example.org, other@example.org",
        "Reader <reader@example.org>",
        '"two words"@example.org',
        '"a@b"@example.org',
        "reader(a comment)@example.org",
        "reader@example.org (a comment)",
        "reader@[192.0.2.1]",
        "a" * 255 + "@example.org",
        "\u202ereader@example.org",
    ],
)
def test_what_is_no_plain_address_is_refused_with_a_word_of_what_to_do(address):
    form = read(("email", address))
    assert (form.email, list(form.faults)) == ("", ["email"])
    assert form.faults["email"].message.endswith(".")


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("读者@例子.中国", "读者@例子.中国"),
        ("r@xn--fsqu00a.xn--fiqs8s", "r@例子.中国"),
        ("o'hara+tag@example.org",) * 2,
    ],
)
def test_an_address_of_any_script_is_taken(address, stored):
    assert read(("email", address)).email == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frequency", "hourly"),
        ("language", "xx"),
        ("timezone", "../../etc/passwd"),
        ("timezone", "Mars/Olympus"),
        ("keywords", "a\n" * 1 + "\n".join(f"word {n}" for n in range(60))),
        ("authors", "x" * 101),
        ("keywords", "/(a+)+$/"),
    ],
)
def test_a_value_that_nobody_offered_is_a_fault_beside_its_field(field, value):
    form = read(("email", "reader@example.org"), (field, value))
    assert list(form.faults) == [field]
    assert form.fields[field] == [value]
    assert getattr(form.subscription, field) == getattr(Subscription(), field)


def test_a_category_that_is_not_offered_is_left_out():
    assert read(
        ("email", "r@example.org"), ("categories", "hep-th"), ("categories", "cs.CV")
    ).subscription.categories == ("cs.CV",)


def test_a_zone_that_the_form_does_not_offer_stays_with_who_has_it():
    fields = {**forms.fill_form(Subscription(timezone="Asia/Urumqi"))}
    assert forms.read_form(fields, OFFERED, has_address=False).faults
    kept = forms.read_form(fields, OFFERED, has_address=False, zone="Asia/Urumqi")
    assert (kept.subscription.timezone, kept.faults) == ("Asia/Urumqi", {})


def test_a_form_of_a_thousand_fields_is_none_of_ours():
    with pytest.raises(ValueError):
        forms.read_fields(b"&".join(b"categories=cs.CL" for _ in range(1000)))


def test_whole_archives_offer_what_is_in_them():
    assert forms.list_offered_categories(("cs.CL", "hep-th", "econ")) == (
        "cs.CL",
        "econ.EM",
        "econ.GN",
        "econ.TH",
        "hep-th",
    )


@given(st.binary(max_size=2000))
def test_no_bytes_break_the_reading(body):
    try:
        fields = forms.read_fields(body)
    except ValueError:
        return
    form = forms.read_form(fields, OFFERED, has_address=True)
    assert set(form.faults) <= {"email", "frequency", "language", "keywords", "authors", "timezone"}
    assert form.email.isprintable()
    "".join(value for values in fields.values() for value in values).encode()  # It can be shown again.


_LINE = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@given(st.lists(_LINE, max_size=20), st.lists(_LINE, max_size=20))
def test_topics_are_lines_that_people_see_and_filling_in_again_keeps_them(keywords, authors):
    form = read(("email", "r@example.org"), ("keywords", "\n".join(keywords)), ("authors", "\n".join(authors)))
    for topic in (*form.subscription.keywords, *form.subscription.authors):
        assert topic.isprintable()
        assert topic == " ".join(topic.split()) != ""
    again = forms.read_form(forms.fill_form(form.subscription), OFFERED, has_address=False)
    assert (again.subscription, again.faults) == (form.subscription, {})
