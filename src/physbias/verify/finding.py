"""What one probe found."""

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """Outcome of a probe."""

    PASSED = "pass"
    FAILED = "FAIL"
    SKIPPED = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a report.

    Args:
        probe: name of the probe.
        status: passed, failed, or skipped because it does not apply here.
        value: the number that was judged; None where nothing could be measured.
        criterion: what the number was held against.
        meaning: a sentence that says what the number means.
        remedy: a sentence that says what to do; empty where nothing is to be done.
    """

    probe: str
    status: Status
    value: float | None
    criterion: str
    meaning: str
    remedy: str = ""


def judged(
    probe: str,
    *,
    passed: bool,
    value: float | None,
    criterion: str,
    meaning: str,
    remedy: str,
) -> Finding:
    """Return a finding that passed or failed; the remedy is kept where it failed."""
    status = Status.PASSED if passed else Status.FAILED
    return Finding(
        probe, status, value, criterion, meaning, remedy="" if passed else remedy
    )


def skipped(probe: str, why: str, *, remedy: str = "") -> Finding:
    """Return a finding of a probe that does not apply."""
    return Finding(probe, Status.SKIPPED, None, "", why, remedy)
