"""What a data set is made of, but for the seed: an equation with its settings."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, frexp, ldexp
from typing import Any

from physbias.arguments import (
    check_count,
    check_function,
    check_kind,
    check_positive,
    is_number,
)
from physbias.errors import ArgumentError, explain
from physbias.generate.drawing import (
    Drawn,
    Parameter,
    Range,
    Waves,
    draw_parameters,
)
from physbias.generate.states import InitialState
from physbias.grid import Grid, Periodic
from physbias.numerics import DormandPrince, Scheme, Stepper
from physbias.pdes import PDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make samples of one equation in a periodic box.

    A recipe of the catalogue is changed by ``dataclasses.replace``.

    Args:
        equation: a class of equations, or a function that returns one, called with the
            parameters of a sample.
        initial_state: draws the initial state of a sample.
        num_points: points along each axis [1].
        lengths: extent along each axis [m].
        duration: time from the first frame to the last [s].
        num_frames: frames that are stored, the initial state included [1].
        dt: longest step [s]. A sample that is not stable with it goes on with shorter
            steps, of its own.
        scheme: how derivatives are taken.
        stepper: how time is stepped.
        parameters: arguments of ``equation``: numbers, :class:`Range`, or tuples of
            these with one entry per axis (or one for all), or :class:`Waves`, which
            follow the box. Arguments that are not named keep the equation's default.

    Raises:
        ArgumentError: a setting out of range, or a parameter that the equation has
            not.
    """

    equation: Callable[..., PDE]
    initial_state: InitialState
    num_points: tuple[int, ...]
    lengths: tuple[float, ...]
    duration: float
    dt: float
    scheme: Scheme
    stepper: Stepper
    num_frames: int = 51
    parameters: Mapping[str, Parameter | Waves] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = self.grid  # checks points and lengths
        for name, value in (("duration", self.duration), ("dt", self.dt)):
            check_positive(value, name, remedy="give it in seconds")
        check_count(self.num_frames, "num_frames", minimum=2)  # the first is initial
        remedy = "use RandomWaves(modes), say"
        check_function(self.initial_state, "initial_state", remedy=remedy)
        for name, value, kind, remedy in (
            ("scheme", self.scheme, Scheme, "use Spectral()"),
            ("stepper", self.stepper, Stepper | DormandPrince, "use RK4()"),
            ("parameters", self.parameters, Mapping, "write {name: number or Range}"),
        ):
            check_kind(value, name, kind, remedy=remedy)
        if not callable(self.equation):
            raise ArgumentError(
                explain(
                    "equation",
                    found=repr(self.equation),
                    expected="a class of equations, or a function that returns one",
                    remedy="give the class and its arguments as parameters",
                )
            )
        if isinstance(self.stepper, DormandPrince):
            raise ArgumentError(
                explain(
                    "stepper",
                    found="DormandPrince, whose steps follow the error of a batch",
                    expected="a stepper of fixed steps",
                    remedy="use RK4(), with a dt",
                )
            )
        known = parameters_of(self.equation)
        for name, value in self.parameters.items():
            if name not in known:
                raise ArgumentError(
                    explain(
                        f"parameters[{name!r}]",
                        found=f"no such argument of {self.name}",
                        expected=f"one of {', '.join(known) or 'none'}",
                        remedy="correct the name",
                    )
                )
            if isinstance(value, Waves):
                continue
            entries = value if isinstance(value, tuple) else (value,)
            if not all(is_number(e) or isinstance(e, Range) for e in entries):
                raise ArgumentError(
                    explain(
                        f"parameters[{name!r}]",
                        found=repr(value),
                        expected="a number, a Range, or a tuple of these per axis",
                        remedy="correct it, or give Waves(count)",
                    )
                )

    @property
    def name(self) -> str:
        """Name of the equation."""
        return getattr(self.equation, "__name__", type(self.equation).__name__)

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """The parameters in this box, with the default numbers of the equation."""
        defaults = {
            name: value
            for name, value in parameters_of(self.equation).items()
            if isinstance(value, int | float | tuple)
        }
        fitted = {
            name: value.wavenumber(self.lengths) if isinstance(value, Waves) else value
            for name, value in self.parameters.items()
        }
        return {**defaults, **fitted}

    @property
    def grid(self) -> Grid:
        """The periodic box."""
        return Grid(self.num_points, self.lengths, boundary=Periodic())

    @property
    def times(self) -> list[float]:
        """When frames are stored [s].

        The interval is rounded to 40 bits, so that its multiples and their differences
        are exact: all intervals take the same step, whose coefficients are found once.
        """
        share, power = frexp(self.duration / (self.num_frames - 1))
        interval = ldexp(round(share * 2**40), power - 40)
        return [n * interval for n in range(self.num_frames)]

    def step(self, longest: float) -> float:
        """Return the step that divides the interval between frames evenly [s].

        Args:
            longest: which it must not exceed [s]; ``dt`` where that is stable.
        """
        interval = self.times[1]
        return interval / max(1, ceil(interval / longest * (1 - 1e-9)))

    def draw(self, index: int, *, seed: int) -> dict[str, Drawn]:
        """Return the parameters of a sample.

        Args:
            index: number of the sample.
            seed: of the data set.

        Raises:
            ArgumentError: an argument of the equation that has neither a default nor
                a value here.
        """
        known = parameters_of(self.equation).items()
        missing = [
            name
            for name, default in known
            if default is inspect.Parameter.empty and name not in self.parameters
        ]
        if missing:
            raise ArgumentError(
                explain(
                    "parameters",
                    found=f"none for {', '.join(missing)} of {self.name}",
                    expected="a value or a Range for every argument without a default",
                    remedy="give one, such as "
                    f"--{missing[0].replace('_', '-')} 0.1, or write a default",
                )
            )
        return draw_parameters(
            self.all_parameters, ndim=len(self.num_points), seed=seed, index=index
        )

    def describe(self) -> dict[str, object]:
        """Return every setting in the types of JSON."""
        return {
            "equation": _place(self.equation),
            "initial_state": _place(self.initial_state),
            "num_points": list(self.num_points),
            "lengths": list(self.lengths),
            "duration": self.duration,
            "num_frames": self.num_frames,
            "dt": self.dt,
            "scheme": repr(self.scheme),
            "stepper": repr(self.stepper),
            "parameters": {k: _plain(v) for k, v in self.all_parameters.items()},
        }


def parameters_of(equation: Callable[..., PDE]) -> dict[str, Any]:
    """Return the named arguments of an equation with their defaults."""
    found = inspect.signature(equation).parameters.values()
    nameless = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {entry.name: entry.default for entry in found if entry.kind not in nameless}


def _plain(value: Parameter) -> float | str | list[float | str]:
    if isinstance(value, tuple):
        return [_one(entry) for entry in value]
    return _one(value)


def _one(entry: float | Range) -> float | str:
    if isinstance(entry, Range):
        return f"{entry.low!r}:{entry.high!r}"
    return float(entry)


def _place(value: object) -> str:
    """Return where a class or function stands, or how an object shows itself."""
    if isinstance(value, type) or inspect.isroutine(value):
        return f"{value.__module__}:{value.__qualname__}"
    return repr(value)
