"""Finds a sensor's refresh, window and delay in readings under a load of known times.

With the busy time B(t) up to t, a counter refreshed at e with delay d holds
C = c + p e + s B(e - d), and a power register that looks back over w holds
R = p + s (B(e - d) - B(e - d - w)) / w, where p is the idle power and s the step of
power. Both are linear but for d and w, which are searched on a grid that shrinks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physbias.energy.calibration.load import Busy

Numbers = NDArray[np.float64]

_DELAYS = (-0.02, 0.4)
_WINDOWS = (0.004, 1.6)
_LEAST_EDGES = 24
_PARTS = 4
_SHRINKS = 7


@dataclass(frozen=True, slots=True)
class Edges:
    """The instants at which a reading changed, and what it changed to.

    Args:
        times: middle between the last old and the first new reading [s].
        values: the new values.
        error: standard uncertainty of one of the times [s].
    """

    times: Numbers
    values: Numbers
    error: float

    @property
    def count(self) -> int:
        """Number of changes [1]."""
        return len(self.times)

    def refresh(self) -> float | None:
        """Return the period of the refreshes [s]; ``None`` where too few were seen.

        A refresh that brings the same value is not seen, so distances are multiples
        of the period.
        """
        if self.count < _LEAST_EDGES:
            return None
        steps = np.diff(self.times)
        shortest = float(np.quantile(steps, 0.1))
        period = float(np.mean(steps[steps <= 1.5 * shortest]))
        return float(steps.sum() / np.round(steps / period).sum())


@dataclass(frozen=True, slots=True)
class Fit:
    """What the search found.

    Args:
        delay: age of the newest power at a refresh [s].
        window: time that a reading looks back [s]; ``None`` for a counter.
        error: standard uncertainty of the delay [s]: for a counter by leaving out
            each quarter of the readings in turn (jackknife) and from the time between
            readings, for a register from the latter alone.
        misfit: root mean square of what the model leaves, over the spread of the
            readings [1].
    """

    delay: float
    window: float | None
    error: float
    misfit: float


def find_edges(times: Sequence[float], values: Sequence[float]) -> Edges:
    """Return the changes in a series of readings."""
    t, v = np.asarray(times, float), np.asarray(values, float)
    new = np.flatnonzero(np.diff(v)) + 1
    spacing = float(np.median(np.diff(t))) if len(t) > 1 else 0.0
    return Edges((t[new - 1] + t[new]) / 2, v[new], spacing / 12**0.5)


def fit_counter(edges: Edges, spans: Sequence[Busy]) -> Fit | None:
    """Return the delay of a counter; ``None`` where too few changes were seen."""
    busy = _busy_time(spans)

    def columns(delay: float, _window: float, e: Numbers) -> Numbers:
        return np.stack([np.ones_like(e), e - e.mean(), busy(e - delay)], axis=1)

    return _fit(edges, columns, windows=np.zeros(1))


def fit_register(edges: Edges, spans: Sequence[Busy]) -> Fit | None:
    """Return delay and window of a register; ``None`` where too few changes."""
    busy = _busy_time(spans)

    def columns(delay: float, window: float, e: Numbers) -> Numbers:
        seen = (busy(e - delay) - busy(e - delay - window)) / window
        return np.stack([np.ones_like(e), seen], axis=1)

    return _fit(edges, columns, windows=np.geomspace(*_WINDOWS, 43))


def _fit(
    edges: Edges,
    columns: Callable[[float, float, Numbers], Numbers],
    *,
    windows: Numbers,
) -> Fit | None:
    if edges.count < _LEAST_EDGES:
        return None

    def search(times: Numbers, values: Numbers) -> tuple[float, float, float]:
        def misfit(delay: float, window: float) -> float:
            return _residual(columns(delay, window, times), values)

        return _minimum(misfit, np.linspace(*_DELAYS, 43), windows)

    delay, window, least = search(edges.times, edges.values)
    scale = float(np.std(edges.values)) or 1.0
    if len(windows) > 1:
        return Fit(delay, window, edges.error, least / scale)
    parts = np.array_split(np.arange(edges.count), _PARTS)
    rests = [np.delete(np.arange(edges.count), part) for part in parts]
    delays = [search(edges.times[i], edges.values[i])[0] for i in rests]
    spread = float(np.std(delays)) * (_PARTS - 1) ** 0.5
    return Fit(delay, None, float(np.hypot(spread, edges.error)), least / scale)


def _minimum(
    misfit: Callable[[float, float], float], delays: Numbers, windows: Numbers
) -> tuple[float, float, float]:
    """Return delay, window and misfit at the lowest point of a shrinking grid."""
    best = min((misfit(d, w), d, w) for d in delays for w in windows)
    reach = float(delays[1] - delays[0])
    ratio = float(windows[1] / windows[0]) if len(windows) > 1 else 1.0
    for _ in range(_SHRINKS):
        near = best[1] + reach * np.linspace(-1, 1, 9)
        around = best[2] * ratio ** np.linspace(-1, 1, 9 if ratio > 1 else 1)
        best = min(best, min((misfit(d, w), d, w) for d in near for w in around))
        reach, ratio = reach / 3, ratio ** (1 / 3)
    return float(best[1]), float(best[2]), float(best[0])


def _residual(design: Numbers, values: Numbers) -> float:
    solution = np.linalg.lstsq(design, values - values.mean(), rcond=None)[0]
    rest = design @ solution - (values - values.mean())
    return float(np.sqrt(np.mean(rest**2)))


def _busy_time(spans: Sequence[Busy]) -> Callable[[Numbers], Numbers]:
    borders = np.array([t for span in spans for t in (span.start, span.end)])
    done = np.cumsum([span.end - span.start for span in spans])
    sums = np.stack([np.concatenate([[0.0], done[:-1]]), done], axis=1).ravel()
    return lambda times: np.interp(times, borders, sums)
