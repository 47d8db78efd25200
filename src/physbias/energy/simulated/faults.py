"""What goes wrong with a simulated driver, and when."""

from dataclasses import dataclass, field

from physbias.energy.sensors.probe import ReadError
from physbias.errors import ArgumentError, explain

CALLS = (
    "gpus",
    "energy",
    "instant_power",
    "plain_power",
    "module_power",
    "past_power",
    "condition",
)
"""The calls of a simulated driver that can fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One call of a simulated driver that fails, or takes long, for a while.

    Args:
        call: which call: ``gpus``, ``energy``, ``instant_power``, ``plain_power``,
            ``module_power``, ``past_power`` or ``condition``; empty for all.
        board: index of the board; ``None`` for all [1].
        start: when it begins [s].
        stop: when it ends [s].
        error: what is raised; ``None`` for a call that is only slow.
        every: which calls in that time fail: each one, each second one, ... [1].
        seconds: time that the call takes [s].
        value: what is returned instead of the true reading.

    Raises:
        ArgumentError: there is no such call.
    """

    call: str = ""
    board: int | None = None
    start: float = 0.0
    stop: float = float("inf")
    error: Exception | None = field(default_factory=lambda: ReadError("Unknown Error"))
    every: int = 1
    seconds: float = 0.0
    value: float | None = None

    def __post_init__(self) -> None:
        if self.call and self.call not in CALLS:
            raise ArgumentError(
                explain(
                    "call",
                    found=repr(self.call),
                    expected=", ".join(CALLS),
                    remedy="name one of these, or leave it out for all of them",
                )
            )

    def strikes(self, call: str, board: int | None, time: float) -> bool:
        """Return whether a call to a board at ``time`` [s] is meant."""
        return (
            self.call in ("", call)
            and self.board in (None, board)
            and self.start <= time < self.stop
        )
