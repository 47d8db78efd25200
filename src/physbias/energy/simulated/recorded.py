"""A board that shows again what a real one showed, beside an external meter."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from physbias.energy.simulated.boards import Sensor
from physbias.errors import ArgumentError, explain


@dataclass(frozen=True, slots=True)
class Sampled:
    """Power that was measured at instants, straight in between; a trace.

    Before the first and after the last instant power stays as it was there.

    Args:
        times: instants, rising [s].
        watts: power at them [W].

    Raises:
        ArgumentError: the two differ in length or hold fewer than two points.
    """

    times: Sequence[float]
    watts: Sequence[float]
    _sums: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check(self.times, self.watts)
        steps = (
            (self.times[i + 1] - self.times[i]) * (self.watts[i] + self.watts[i + 1])
            for i in range(len(self.times) - 1)
        )
        sums = accumulate((step / 2 for step in steps), initial=0.0)
        object.__setattr__(self, "_sums", tuple(sums))

    def energy(self, time: float) -> float:
        """Return the integral of the power up to ``time`` [J].

        Only differences mean anything.
        """
        times, watts = self.times, self.watts
        if time <= times[0]:
            return watts[0] * (time - times[0])
        if time >= times[-1]:
            return self._sums[-1] + watts[-1] * (time - times[-1])
        i = bisect_right(times, time) - 1
        share = (time - times[i]) / (times[i + 1] - times[i])
        now = watts[i] + share * (watts[i + 1] - watts[i])
        return self._sums[i] + (time - times[i]) * (watts[i] + now) / 2


@dataclass(frozen=True, slots=True)
class RecordedGpu:
    """A board without a counter whose power register follows a recording.

    It stands in for :class:`SimulatedGpu` in :func:`simulate`.

    Args:
        times: when the register was read, rising [s].
        watts: what it showed [W].
        trace: the true power, from an external meter.
        uuid: its identity; made from its place in the machine if empty.
        name: its model.
        power_limit: its power limit [W].
        sensor: which of the registers are offered.

    Raises:
        ArgumentError: times and watts differ in length or hold fewer than two points.

    Example:
        >>> meter = Sampled([0.0, 9.0], [300.0, 300.0])
        >>> board = RecordedGpu([0.0, 0.1, 0.2], [290.0, 291.0, 290.0], meter)
        >>> board.register(0.15, 0.1), meter.energy(2.0)
        (291.0, 600.0)
    """

    times: Sequence[float]
    watts: Sequence[float]
    trace: Sampled
    uuid: str = ""
    name: str = "Recorded GPU"
    power_limit: float | None = 700.0
    sensor: Sensor = field(
        default_factory=lambda: Sensor(counter_refresh=None, plain_window=None)
    )
    lost_at: float = field(default=float("inf"), init=False)

    def __post_init__(self) -> None:
        _check(self.times, self.watts)

    def register(self, time: float, window: float) -> float:  # noqa: ARG002, RUF100
        """Return the register as it stood at ``time`` [W]."""
        return self.watts[max(0, bisect_right(self.times, time) - 1)]

    def counter(self, time: float, refresh: float) -> float:  # noqa: ARG002, RUF100
        """Return the counter, which was not recorded."""
        raise ArgumentError(
            explain(
                "sensor",
                found="a counter",
                expected="a power register",
                remedy="give a sensor with counter_refresh=None",
            )
        )


def _check(times: Sequence[float], watts: Sequence[float]) -> None:
    if len(times) != len(watts) or len(times) < 2:
        raise ArgumentError(
            explain(
                "times, watts",
                found=f"{len(times)} times and {len(watts)} powers",
                expected="as many times as powers, and two or more",
                remedy="pass the columns of one recording",
            )
        )
