"""Return paths with a mark: whose message a report is about, and forgeries that stop nobody's mail."""

import re

from hypothesis import given
from hypothesis import strategies as st

from yibao.addresses import parse_address
from yibao.newsletter.return_paths import make_return_path, read_return_path

SECRET, OTHER = b"s" * 32, b"t" * 32
NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS)
def test_a_mark_names_its_delivery(number):
    assert read_return_path(make_return_path("bounces@example.org", number, SECRET), SECRET) == number


@given(NUMBERS)
def test_servers_may_fold_the_case(number):
    address = make_return_path("bounces@example.org", number, SECRET)
    assert address.islower()
    assert read_return_path(address.upper(), SECRET) == number


@given(NUMBERS)
def test_the_address_is_valid_short_and_made_of_letters_and_figures(number):
    address = make_return_path("bounces@example.org", number, SECRET)
    assert re.fullmatch(r"bounces\+[a-z0-9]{13,25}@example\.org", address)
    assert parse_address(address).wire == address


@given(NUMBERS, st.text(), st.text())
def test_a_mark_is_found_in_any_text(number, before, after):
    address = make_return_path("bounces@example.org", number, SECRET)
    assert read_return_path(f"{before} <{address}> {after}", SECRET) == number


def test_a_relay_may_write_the_address_into_one_of_its_own():
    mark = make_return_path("bounces@example.org", 77, SECRET).removesuffix("@example.org")
    assert read_return_path(f"SRS0=HHH=TT=example.org={mark}@relay.example", SECRET) == 77


@given(st.text())
def test_random_text_names_nobody(text):
    assert read_return_path(text, SECRET) is None


@given(st.from_regex(r"bounces\+[a-z2-7]{12}[0-9a-z]{1,13}@example\.org", fullmatch=True))
def test_a_guessed_mark_names_nobody(address):
    assert read_return_path(address, SECRET) is None


@given(NUMBERS, NUMBERS)
def test_a_mark_of_another_installation_or_put_on_another_number_names_nobody(number, other):
    address = make_return_path("bounces@example.org", number, OTHER)
    assert read_return_path(address, SECRET) is None
    ours, theirs = (make_return_path("b@e.org", one, SECRET) for one in (number, other))
    swapped = f"{ours[:14]}{theirs[14:]}"
    assert read_return_path(swapped, SECRET) == (number if number == other else None)


def test_a_number_written_with_another_digit_before_it_is_no_mark():
    address = make_return_path("bounces@example.org", 5, SECRET)
    assert read_return_path(address.replace("5@", "05@"), SECRET) is None
    assert read_return_path(address.replace("@", "x@"), SECRET) is None


def test_an_address_that_has_a_part_of_its_own_keeps_it():
    address = make_return_path("news+bounces@example.org", 9, SECRET)
    assert address.startswith("news+bounces+")
    assert read_return_path(address, SECRET) == 9
