"""Refuses what is no record, and says what to pass instead."""

from physbias.errors import ArgumentError, explain


def check_record(given: object, argument: str) -> None:
    """Refuse everything but an energy record.

    Args:
        given: what the user passed.
        argument: name of the argument, for the error.

    Raises:
        ArgumentError: it is something else.
    """
    from physbias.energy.record.record import EnergyRecord

    if isinstance(given, EnergyRecord):
        return
    raise ArgumentError(
        explain(
            argument,
            found=f"an object of type {type(given).__name__}",
            expected="an EnergyRecord",
            remedy="pass meter.result, the record of a meter whose block has ended",
        )
    )
