"""What the user adds to a run: label, tags, annotations and functional units."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from physbias.energy.record.interval import Interval
from physbias.energy.record.units import Scalar, UnitEnergy
from physbias.errors import ArgumentError, explain


@dataclass(slots=True)
class Notes:
    """What the user adds to a run.

    Args:
        label: name of the run.
        tags: further names and values, known before it.
    """

    label: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    annotations: dict[str, Scalar] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self, n: float, unit: str) -> None:
        """Count ``n`` functional units."""
        with self._lock:
            self.counts[unit] = self.counts.get(unit, 0) + n

    def annotate(self, key: str, value: Scalar) -> None:
        """Keep a value under a name."""
        plain = value is None or isinstance(value, str | int | float)
        if isinstance(value, float) and not isfinite(value):
            plain = False
        if isinstance(key, str) and plain:
            self.annotations[key] = value
            return
        raise ArgumentError(
            explain(
                "annotate",
                found=f"{key!r}: {value!r}",
                expected="a name, and a text, a finite number, a bool or None",
                remedy="pass str(value), or value.item() of a tensor",
            )
        )

    def units(
        self,
        joules: float | None,
        interval: Interval | None,
        reason: str | None = None,
    ) -> tuple[UnitEnergy, ...]:
        """Return the energy per unit of each kind.

        Args:
            joules: energy of the block [J].
            interval: its 95 % interval.
            reason: why the energy does not belong to all the units, if so.
        """
        return tuple(
            UnitEnergy.share(unit, count, joules, interval, reason)
            for unit, count in dict(self.counts).items()
        )


def check_name(name: str, argument: str) -> None:
    """Raise :class:`ArgumentError` where a region or a unit has no name."""
    if isinstance(name, str) and name:
        return
    raise ArgumentError(
        explain(
            argument,
            found=repr(name),
            expected="a name",
            remedy="pass a text such as region('forward') or step(32, 'sample')",
        )
    )


def check_count(n: float) -> None:
    """Raise :class:`ArgumentError` where ``n`` counts nothing."""
    if isinstance(n, int | float) and n >= 0 and isfinite(n):
        return
    raise ArgumentError(
        explain(
            "n",
            found=repr(n),
            expected="how many units were done, not negative",
            remedy="pass n.item() of a tensor or array"
            if hasattr(n, "item")
            else "call step() once per unit, or step(len(batch), 'sample')",
        )
    )


def check_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Return the tags, or raise :class:`ArgumentError` where they are not texts."""
    found = dict(tags) if isinstance(tags, Mapping) else {}
    if (tags is None or isinstance(tags, Mapping)) and all(
        isinstance(text, str) for pair in found.items() for text in pair
    ):
        return found
    raise ArgumentError(
        explain(
            "tags",
            found=repr(tags),
            expected="texts by name",
            remedy='pass for example {"dataset": "shear flow", "seed": "3"}',
        )
    )
