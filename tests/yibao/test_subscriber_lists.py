"""CSV lists of subscribers, as people and spreadsheets write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.errors import SubscriberListError
from yibao.newsletter.subscriber_lists import COLUMNS, BadRow, ListRow, decode_list, read_list, write_list
from yibao.newsletter.subscription_fields import MOST_TOPICS
from yibao.records import Frequency, Language, Subscription


def read_rows(text):
    return list(read_list(text).rows)


def read_reasons(text):
    """The lines that cannot be imported, and why."""
    return {row.line: row.reason for row in read_rows(text) if isinstance(row, BadRow)}


def read_good(text):
    return [row.email for row in read_rows(text) if isinstance(row, ListRow)]


def test_every_column_is_read_in_any_order_and_an_empty_cell_means_the_default():
    text = (
        "Wants_Empty,timezone,authors,keywords,categories,language,frequency,EMAIL\n"
        'yes,europe/paris,Kaiming He;Li Fei-Fei,"大模型; graph  theory ;",'
        "cs.NA;cs.CL cs.CL,BOTH,Weekly, Ann@Example.org \n"
        ",,,,,,,bob@example.org\n"
    )
    ann, bob = read_rows(text)
    assert ann == ListRow(
        2,
        text.splitlines(keepends=True)[1],
        "Ann@example.org",
        Subscription(
            Frequency.WEEKLY,
            Language.BOTH,
            ("math.NA", "cs.CL"),
            ("大模型", "graph theory"),
            ("Kaiming He", "Li Fei-Fei"),
            "Europe/Paris",
            True,
        ),
    )
    assert bob.subscription == Subscription()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_line_ends_of_any_spreadsheet_are_read(separator, end):
    rows = [
        ["name", "email", "categories"],
        ["Ann", "ann@example.org", "cs.CL;cs.CV"],
        ["", "", ""],
        ["B", "b@c.org", ""],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    found = read_list("\ufeff" + text.getvalue())
    assert found.unknown_columns == ("name",)
    assert [(row.line, row.email, row.subscription.categories) for row in found.rows] == [
        (2, "ann@example.org", ("cs.CL", "cs.CV")),
        (4, "b@c.org", ()),
    ]


def test_a_cell_may_hold_quotes_and_lines_and_the_next_row_has_its_own_line():
    text = 'name,email\n"Ann ""the\nfirst""",ann@example.org\nBob,bob@@example.org\n'
    ann, bob = read_rows(text)
    assert (ann.line, ann.email, ann.text) == (2, "ann@example.org", '"Ann ""the\nfirst""",ann@example.org\n')
    assert (bob.line, bob.text) == (4, "Bob,bob@@example.org\n")


@pytest.mark.parametrize(
    "broken", ['"ann@example.org,daily', 'x,"daily', '"ann@example.org"x,daily', f'"{"a" * 140_000}",daily']
)
def test_a_quote_that_is_not_closed_costs_its_own_line_alone(broken):
    text = f"email,frequency\n{broken}\nbob@example.org,weekly\n" + "".join(f"r{n}@example.org,\n" for n in range(60))
    assert list(read_reasons(text)) == [2]
    assert "quotes are not closed" in read_reasons(text)[2]
    assert read_good(text)[0] == "bob@example.org"
    assert len(read_good(text)) == 61


def test_a_quote_that_another_rows_quote_closes_costs_its_own_line_alone():
    text = 'email,name\n"ann@example.org,Ann\nbob@example.org,"\nBob"\ncat@example.org,Cat\n'
    assert list(read_reasons(text)) == [2]
    assert read_good(text) == ["bob@example.org", "cat@example.org"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("", "there is no address"),
        ("nobody", "is not an e-mail address"),
        ("a@b@example.org", "is not an e-mail address"),
        ("Ann <ann@example.org>", "is not an e-mail address"),
        ("ann(friend)@example.org", "is not an e-mail address"),
        ('"""ann b""@example.org"', "is not an e-mail address"),
        ('"ann@example.org\nBcc: all@example.org"', "is not an e-mail address"),
        ("ann@example.org%0aBcc:x", "is not an e-mail address"),
        ("ann@example..org", "is not an e-mail address"),
        (f"{'a' * 260}@example.org", "is not an e-mail address"),
        ("ann@example.org\x00", "is not an e-mail address"),
        ("ann@exam\u202eple.org", "is not an e-mail address"),
    ],
)
def test_what_is_no_address_is_named_with_its_line_and_what_to_do(cell, says):
    reasons = read_reasons(f"email,frequency\nok@example.org,\n{cell},daily\n")
    assert list(reasons) == [3]
    assert says in reasons[3]
    assert "remove the row" in reasons[3]


def test_addresses_beyond_ascii_are_read_and_normalised():
    assert read_good("email\nünï@exämple.org\nann@xn--exmple-cua.org\n用户@例子.中国\n") == [
        "ünï@exämple.org",
        "ann@exämple.org",
        "用户@例子.中国",
    ]


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("frequency", "monthly", "'monthly' is not known: write daily or weekly"),
        ("language", "zh-Hans", "write zh, en or both"),
        ("categories", "cs.CL;cs.cv", "arXiv has no category 'cs.cv': write cs.CV"),
        ("categories", "cs.LX", "write cs."),
        ("categories", "underwater basket weaving", "taxonomy"),
        ("timezone", "Shanghai", "'Shanghai' is no time zone: write Asia/Shanghai"),
        ("timezone", "America/New York City", "is no time zone: write "),
        ("timezone", "../../etc/passwd", "is no time zone: write a name such as Asia/Shanghai"),
        ("wants_empty", "perhaps", "neither yes nor no"),
        ("keywords", "x" * 101, "at most 100 characters"),
        ("keywords", "/.*/", "write words or phrases"),
        ("authors", "Kaiming\u202eHe", "nobody sees"),
        ("keywords", ";".join(map(str, range(MOST_TOPICS + 1))), "give at most 50"),
    ],
)
def test_what_is_wrong_in_another_column_is_named_with_the_remedy(column, cell, says):
    reasons = read_reasons(f"email,{column}\nann@example.org,{cell}\nbob@example.org,\n")
    assert list(reasons) == [2]
    assert says in reasons[2]


def test_an_archive_stands_for_its_categories_and_an_old_name_for_todays():
    (row,) = read_rows("email,categories\nann@example.org,q-bio;cmp-lg\n")
    assert {code.partition(".")[0] for code in row.subscription.categories} == {"q-bio", "cs"}
    assert row.subscription.categories[-1] == "cs.CL"


def test_the_second_row_of_an_address_is_refused_and_names_the_first():
    text = "email\nann@example.org\nbob@example.org\nANN@EXAMPLE.org\n"
    assert read_reasons(text) == {4: "ANN@example.org is in line 2 already: remove one of the rows"}


@pytest.mark.parametrize("row", ["ann@example.org", "ann@example.org,daily,cs.CL"])
def test_a_row_of_another_width_is_refused(row):
    assert "first line 2" in read_reasons(f"email,frequency\n{row}\n")[2]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "names no column email, but nothing"),
        ("ann@example.org,daily", "names no column email, but ann@example.org, daily"),
        ("email,frequency,Frequency", "names the column frequency twice"),
        ("email,catgories", "'catgories'. Write categories if that is meant"),
        ("name,e-mail", "names no column email, but name, e-mail"),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused_with_the_remedy(header, says):
    with pytest.raises(SubscriberListError, match=says.replace("(", r"\(")):
        read_list(f"{header}\nann@example.org,\n")


def test_a_file_in_another_encoding_is_refused_with_its_line_or_read_as_it_is_said_to_be():
    text = "email,keywords\nann@example.org,graph\nbob@example.org,大模型\n"
    for content in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        assert read_rows(decode_list(content))[1].subscription.keywords == ("大模型",)
    with pytest.raises(SubscriberListError, match=r"Line 3 is not UTF-8\. .*--encoding gb18030"):
        decode_list(text.encode("gb18030"))
    assert decode_list(text.encode("gb18030"), "gb18030") == text
    with pytest.raises(SubscriberListError, match="Line 2 is not UTF-8"):
        decode_list("email\nbjörn@example.org\n".encode("latin-1"))
    with pytest.raises(SubscriberListError, match="Line 1 is not gb18030"):
        decode_list(b"\xff\xff", "gb18030")


def test_no_cell_that_is_written_is_a_formula():
    keywords = ("=1+1", "@SUM(A1)", "-2", "'=x", "\uff1dHYPERLINK()", "plain")
    people = [(f"=cmd{n}@example.org", Subscription(keywords=(word,))) for n, word in enumerate(keywords)]
    text = "".join(write_list(people))
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
    assert "'=cmd0@example.org" in cells
    assert [(row.email, row.subscription) for row in read_rows(text)] == people


NAMES = st.text("abc=+-'_", min_size=1, max_size=8)
EMAILS = NAMES.map("{}@example.org".format)
WORDS = st.text("ab大模,;\\\"'=+-@/ \t", max_size=12).map(lambda text: " ".join(text.split()))
TOPICS = st.lists(
    WORDS.filter(lambda word: word and not (len(word) > 1 and word[0] == word[-1] == "/")), max_size=4, unique=True
).map(tuple)
SUBSCRIPTIONS = st.builds(
    Subscription,
    frequency=st.sampled_from(Frequency),
    language=st.sampled_from(Language),
    categories=st.lists(st.sampled_from(["cs.CL", "math.NA", "hep-th"]), unique=True).map(tuple),
    keywords=TOPICS,
    authors=TOPICS,
    timezone=st.sampled_from(["Asia/Shanghai", "UTC", "Europe/Paris"]),
    wants_empty=st.booleans(),
)


@given(st.dictionaries(EMAILS, SUBSCRIPTIONS, max_size=5))
def test_what_is_written_is_read_back_as_it_was(people):
    text = "".join(write_list(people.items()))
    assert {row.email: row.subscription for row in read_rows(text)} == people


@given(st.lists(st.text("ab@.,;\"'\n\r\t=大 \x00", max_size=30), max_size=8))
def test_nothing_of_any_list_is_lost_and_each_row_bears_its_line(lines):
    """Every line that is not blank is in exactly one row, good or bad, at the place that its number says."""
    text = "email,keywords\n" + "\n".join(lines)
    physical = list(io.StringIO(text, newline=""))
    at = 2
    for row in read_rows(text):
        between = "".join(physical[at - 1 : row.line - 1])
        assert not between.strip(' ,"\n\r\t')
        size = len(list(io.StringIO(row.text, newline="")))
        assert "".join(physical[row.line - 1 : row.line - 1 + size]) == row.text
        at = row.line + size
    assert not "".join(physical[at - 1 :]).strip(' ,"\n\r\t')


def test_the_columns_are_those_of_a_subscription_and_its_address():
    assert tuple(Subscription.__dataclass_fields__) == COLUMNS[1:]
