"""How often devices may be read, from what reading costs."""

from physbias.energy.clock import Clock

CPU_BUDGET = 0.0037
"""Share of one core that reading may use [1]. What it does not use is saved up for the
bursts at borders, at most 0.05 s, so that a minute holds less than 0.5 %."""

_BORDER_PERIOD = 0.005
_BURST_CREDIT = 0.05
_FIRST_READINGS = 10
_FIRST_COST = 1e-4
_WALL_SHARE = 0.1
_CHEAP = 3.0
_PAY_BACK = 10.0
_LARGEST_RISE = 4.0


class Budget:
    """What a tick of the sampler costs, and how often one may come.

    A tick is a waking of the thread, and the readings in it. Its cost is the processor
    time of the thread, or part of the time that its readings took where that is more:
    readings that wait inside the driver may keep others waiting. Of that time no tick
    counts more than a few usual ones, so that one slow call does not stop the readings.

    Args:
        clock: tells the time and the processor time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._worked: float | None = None
        self._time = clock.now()
        self._count = 0
        self._tick = _FIRST_COST
        self._rest = self._reading = 0.0
        self._credit = _BURST_CREDIT

    def add(self, devices: int, wall: float, reading: float) -> None:
        """Take what a tick cost.

        Args:
            devices: how many devices it read [1].
            wall: how long that took [s].
            reading: processor time of it [s].
        """
        worked, now = self._clock.work(), self._clock.now()
        work = reading if self._worked is None else worked - self._worked
        saved = CPU_BUDGET * (now - self._time) - work
        self._credit = min(_BURST_CREDIT, self._credit + saved)
        self._worked, self._time = worked, now
        if devices:
            self._count += 1
            weight = 1 / min(self._count, 2 * _FIRST_READINGS)
            waited = wall * CPU_BUDGET / _WALL_SHARE
            if self._count > 1:
                waited = min(waited, _LARGEST_RISE * self._tick)
            cost = max(work, waited)
            self._tick += weight * (cost - self._tick)
            self._rest += weight * (cost - reading - self._rest)
            self._reading += weight * (reading / devices - self._reading)

    @property
    def together(self) -> bool:
        """Whether a device is cheap to read beside what a tick costs anyway."""
        return self._reading <= _CHEAP * self._rest

    @property
    def gap(self) -> float:
        """Mean time between ticks that the budget allows [s]."""
        debt = max(0.0, -self._credit) / _BURST_CREDIT
        return self._tick / CPU_BUDGET * (1.0 + debt * _PAY_BACK)

    @property
    def burst(self) -> float | None:
        """Time between readings at a border [s]; ``None`` if none is left for it."""
        return max(_BORDER_PERIOD, 4 * self._tick) if self._credit > 0 else None
