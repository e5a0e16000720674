"""Errors cross processes, and say what to do."""

import pickle

import pytest

from yibao import errors
from yibao.errors import DeliveryError, RefusedError, UpstreamError, YibaoError


@pytest.mark.parametrize(
    "error",
    [
        YibaoError("x"),
        errors.SettingsError("x"),
        errors.LibraryError("x"),
        errors.LibraryBusyError("x"),
        errors.UnreachableError("https://e.org", "silence"),
        errors.GivenUpError("https://e.org", "silence"),
        errors.GarbledError("https://e.org", "cut off"),
        RefusedError("https://e.org", "no", 503, 7.0),
        DeliveryError("no", 550, is_final=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_survives_pickling(error):
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (str(back), back.__dict__) == (str(error), error.__dict__)


@pytest.mark.parametrize(
    ("status", "retry_after_s", "is_repeatable"),
    [
        (429, None, True),
        (503, 600.0, True),
        (503, 601.0, False),
        (500, None, True),
        (403, None, False),
        (404, None, False),
    ],
)
def test_a_refusal_is_repeatable_when_it_may_pass_within_a_run(status, retry_after_s, is_repeatable):
    assert RefusedError("u", "no", status, retry_after_s).is_repeatable is is_repeatable


def test_a_silent_host_may_be_asked_again_until_it_is_given_up():
    assert errors.UnreachableError("u", "x").is_repeatable
    assert not errors.GivenUpError("u", "x").is_repeatable
    assert issubclass(errors.GivenUpError, UpstreamError)
