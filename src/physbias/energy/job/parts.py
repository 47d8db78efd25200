"""The records that make up a job: each run once, in the order in which they count."""

from collections.abc import Iterable
from pathlib import Path

from physbias.energy.journal.recovery import recover_all
from physbias.energy.record.check import check_record
from physbias.energy.record.flags import FlagCode
from physbias.energy.record.job import Origin
from physbias.energy.record.record import EnergyRecord
from physbias.errors import ArgumentError, explain

Parts = Iterable[EnergyRecord | str | Path] | EnergyRecord | str | Path
"""Records and paths of journals; one of them may stand alone."""


def unique_parts(parts: Parts) -> list[EnergyRecord]:
    """Return the records, each run once, in the order in which they count.

    Of a run that was given twice the whole record stands before a recovered one, and
    the longer before the shorter.

    Args:
        parts: records, or paths of journals; merged records count as their members.

    Raises:
        ArgumentError: there is no part, or a record without an origin.
        DataError: a file holds no run.
    """
    best: dict[str, EnergyRecord] = {}
    for record in _flat(parts):
        run = origin_of(record).run_id
        if run not in best or _fullness(record) > _fullness(best[run]):
            best[run] = record
    if not best:
        raise ArgumentError(
            explain(
                "parts",
                found="nothing",
                expected="at least one record or journal",
                remedy="pass meter.result or the path of a journal",
            )
        )
    return sorted(best.values(), key=_order)


def _flat(parts: Parts) -> Iterable[EnergyRecord]:
    if isinstance(parts, EnergyRecord | str | Path):
        parts = [parts]
    elif not isinstance(parts, Iterable):
        check_record(parts, "parts")
    for part in parts:
        if isinstance(part, str | Path):
            yield from recover_all(part)
            continue
        check_record(part, "parts")
        if part.members:
            yield from part.members
        else:
            yield part


def _fullness(record: EnergyRecord) -> tuple[bool, float, str]:
    recovered = any(flag.code is FlagCode.RECOVERED for flag in record.flags)
    return not recovered, record.seconds, record.to_json()


def origin_of(record: EnergyRecord) -> Origin:
    """Return the process and the time that a record is of.

    Raises:
        ArgumentError: the record has none.
    """
    if record.origin is None:
        raise ArgumentError(
            explain(
                "parts",
                found="a record without an origin",
                expected="records of EnergyMeter",
                remedy="leave out records that were made by hand",
            )
        )
    return record.origin


def _order(record: EnergyRecord) -> tuple[float, float, str]:
    origin = origin_of(record)
    rank = float("inf") if origin.rank is None else origin.rank
    return rank, origin.start_seconds - origin.end_seconds, origin.run_id
