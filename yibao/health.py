"""Is an installation sound? What was observed of each of its parts, and what that means. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    #: It works, and will not for long or not for everybody.
    WARNING = "warning"
    #: It does not work.
    FAULT = "fault"
    #: There is nothing to check, or nobody wanted it checked.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One part of an installation as it was found."""

    #: The part, such as `library`.
    subject: str
    verdict: Verdict
    #: What was found.
    message: str
    #: What to do about it; empty where nothing is to be done.
    remedy: str = ""


_GIB = 2**30
#: With less, days of a large category end on a full disk.
_LITTLE_SPACE = 2 * _GIB


def pass_check(subject: str, message: str) -> HealthCheck:
    """Say that a part is sound."""
    return HealthCheck(subject, Verdict.OK, message)


def skip_check(subject: str, message: str) -> HealthCheck:
    """Say that a part was not checked, and why."""
    return HealthCheck(subject, Verdict.SKIPPED, message)


def warn(subject: str, message: str, remedy: str) -> HealthCheck:
    """Say that a part works, and what would be better."""
    return HealthCheck(subject, Verdict.WARNING, message, remedy)


def fail_check(subject: str, message: str, remedy: str = "") -> HealthCheck:
    """Say that a part does not work; errors of ours have their remedy in the message."""
    return HealthCheck(subject, Verdict.FAULT, message, remedy)


def has_faults(checks: Iterable[HealthCheck]) -> bool:
    """Tell whether a part does not work."""
    return any(check.verdict is Verdict.FAULT for check in checks)


def judge_space(subject: str, free: int, library: int) -> HealthCheck:
    """Judge the free bytes of a disk, beside the bytes of the library: a run may write a second one next to it."""
    message = f"{free / _GIB:.1f} GiB free"
    needed = max(_LITTLE_SPACE, 2 * library)
    if free >= needed:
        return pass_check(subject, message)
    return warn(subject, message, f"Make room: {needed / _GIB:.1f} GiB are wanted for a library of this size.")


def judge_mode(subject: str, path: object, mode: int) -> HealthCheck:
    """Judge the rights of a file with secrets or people in it: its owner's alone."""
    if mode & 0o077:
        return warn(subject, f"{path} can be read by other users", f"Type: chmod 600 {path}")
    return pass_check(subject, f"{path} is its owner's alone")
