"""Trajectories in memory: fields with names, times, geometry and parameters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Shaped
from torch import Tensor

from physbias.arguments import check_count, check_kind, is_number, is_whole
from physbias.data.channels import channel_groups, find_channels
from physbias.data.windows import Windows
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid, Periodic
from physbias.shapes import AXIS_NAMES, check_float

BOUNDARY_CODES = ("periodic", "wall", "open")


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Several runs of one equation on one grid, at the same times.

    Args:
        fields: the values, in SI or declared non-dimensional units.
        names: one name per channel; a vector is ``velocity_x, velocity_y, ...``.
        times: when the frames were taken [s], increasing.
        num_points: points per axis [1].
        lengths: extent per axis [m]. A periodic axis does not repeat its end point;
            other axes are cell-centred.
        origin: lower end of the domain per axis [m].
        boundary: per axis ``"periodic"``, ``"wall"`` or ``"open"``.
        parameters: what differs from run to run, such as the Reynolds number.

    Shape:
        ``fields``: ``(trajectory, time, channel, *space)``; ``times``: ``(time,)``;
        each of ``parameters``: ``(trajectory,)``.

    Raises:
        ArgumentError: names, times, lengths or boundary codes that make no sense.
        ShapeError: parts that do not fit one another.
    """

    fields: Shaped[Tensor, "trajectory time channel *space"]
    names: tuple[str, ...]
    times: Tensor
    num_points: tuple[int, ...]
    lengths: tuple[float, ...]
    origin: tuple[float, ...]
    boundary: tuple[str, ...]
    parameters: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_float(self.fields, "fields")
        _check_kinds(self)
        _check_shapes(self)
        _check_values(self)

    def __len__(self) -> int:
        return len(self.fields)

    @property
    def ndim(self) -> int:
        """Number of space axes [1]."""
        return len(self.num_points)

    @property
    def grid(self) -> Grid:
        """The points as a grid, to solve on from any of the frames.

        Raises:
            ArgumentError: an axis that is not periodic: files do not say which
                condition holds at its ends.
        """
        for name, code in zip(AXIS_NAMES, self.boundary, strict=False):
            if code != "periodic":
                raise ArgumentError(
                    explain(
                        "boundary",
                        found=f"{code!r} along {name}, which names no condition",
                        expected="periodic axes",
                        remedy="say what holds at the ends: Grid(t.num_points, "
                        "t.lengths, boundary=..., origin=t.origin)",
                    )
                )
        return Grid(
            self.num_points, self.lengths, boundary=Periodic(), origin=self.origin
        )

    @property
    def dt(self) -> float:
        """Time between frames [s].

        Raises:
            ArgumentError: there is one frame only, or the times are not evenly spaced.
        """
        steps = self.times.double().diff()
        mean = steps.mean().item() if len(steps) else math.nan
        if not len(steps) or ((steps - mean).abs() > 1e-4 * mean).any():
            raise ArgumentError(
                explain(
                    "times",
                    found=f"{len(self.times)} frames with steps {steps.tolist()[:4]}",
                    expected="at least two frames, evenly spaced",
                    remedy="select evenly spaced frames or work with .times",
                )
            )
        return mean

    @property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Channel indices by field, the components of a vector together."""
        return channel_groups(self.names, ndim=self.ndim)

    def select(self, fields: Sequence[str]) -> "Trajectories":
        """Choose and order fields.

        Args:
            fields: names of fields (``"velocity"``) or channels (``"velocity_x"``).

        Returns:
            The trajectories with these channels only, in this order.

        Raises:
            ArgumentError: a name is not there or is asked for twice.
        """
        indices = find_channels(fields, self.names, ndim=self.ndim)
        names = tuple(self.names[index] for index in indices)
        return replace(self, fields=self.fields[:, :, indices], names=names)

    def take(self, indices: Sequence[int] | slice) -> "Trajectories":
        """Return the trajectories at ``indices``, in this order.

        Raises:
            ArgumentError: no such trajectories.
        """
        check_kind(indices, "indices", Sequence | slice, remedy="list their numbers")
        index = indices if isinstance(indices, slice) else list(indices)
        size = len(self.fields)
        if isinstance(index, list) and not all(
            is_whole(i) and -size <= i < size for i in index
        ):
            raise ArgumentError(
                explain(
                    "indices",
                    found=f"{index}",
                    expected=f"whole numbers below {size}",
                    remedy="ask for trajectories that are there",
                )
            )
        values = {name: value[index] for name, value in self.parameters.items()}
        return replace(self, fields=self.fields[index], parameters=values)

    def stride(self, n: int) -> "Trajectories":
        """Return every ``n``-th frame, the first one included.

        Raises:
            ArgumentError: ``n`` is below 1.
        """
        check_count(n, "n")
        return replace(self, fields=self.fields[:, ::n], times=self.times[::n])

    def to(
        self,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> "Trajectories":
        """Return the trajectories on another device or in another dtype.

        Times keep their dtype: they are coordinates and not values.
        """
        values = {
            name: value.to(device=device, dtype=dtype)
            for name, value in self.parameters.items()
        }
        return replace(
            self,
            fields=self.fields.to(device=device, dtype=dtype),
            times=self.times.to(device=device),
            parameters=values,
        )

    def windows(self, history: int, steps: int) -> Windows:
        """Return all pairs of ``history`` frames and the ``steps`` frames after them.

        Args:
            history: frames that are seen [1].
            steps: frames to be forecast [1].

        Returns:
            A :class:`torch.utils.data.Dataset` of ``(history, target, parameters)``.

        Raises:
            ArgumentError: the trajectories are shorter than a window.
        """
        return Windows(self.fields, self.parameters, history=history, steps=steps)

    def join(self, *others: "Trajectories") -> "Trajectories":
        """Put the trajectories of ``others`` behind these.

        Raises:
            ArgumentError: names, times, geometry or parameter names differ.
        """
        for other in others:
            self.check_alike(other)
        parts = (self, *others)
        values = {
            name: torch.cat([part.parameters[name] for part in parts])
            for name in self.parameters
        }
        fields = torch.cat([part.fields for part in parts])
        return replace(self, fields=fields, parameters=values)

    def check_alike(self, other: "Trajectories") -> None:
        """Raise unless ``other`` can be joined to these.

        Raises:
            ArgumentError: names, times, geometry or parameter names differ.
        """
        remedy = "read or make trajectories"
        check_kind(other, "others", Trajectories, remedy=remedy)
        _check_alike(self, other)


def _check_kinds(t: Trajectories) -> None:
    for name in ("names", "num_points", "lengths", "origin", "boundary"):
        remedy = "write a tuple, also for a single entry"
        check_kind(getattr(t, name), name, tuple, remedy=remedy)
    check_kind(t.times, "times", Tensor, remedy="wrap the times in torch.as_tensor")
    check_kind(t.parameters, "parameters", dict, remedy="give one tensor per name")
    for name, value in t.parameters.items():
        remedy = "give one value per trajectory"
        check_kind(value, f"parameters[{name!r}]", Tensor, remedy=remedy)
        check_kind(name, "parameters", str, remedy="name every parameter")
    for name in t.names:
        check_kind(name, "names", str, remedy="name every channel")
    for name, value in {"times": t.times, **t.parameters}.items():
        if value.is_complex() or value.dtype == torch.bool:
            raise ArgumentError(
                explain(
                    name,
                    found=f"dtype {value.dtype}",
                    expected="real numbers",
                    remedy="convert it with .real or .double()",
                )
            )


def _check_shapes(t: Trajectories) -> None:
    ndim = len(t.num_points)
    if not 1 <= ndim <= 3 or t.fields.ndim != 3 + ndim:
        raise ShapeError(
            explain(
                "fields",
                found=f"shape {tuple(t.fields.shape)} for num_points {t.num_points}",
                expected="(trajectory, time, channel, *space) with 1 to 3 space axes",
                remedy="add the missing axes with reshape or unsqueeze",
            )
        )
    num_trajectories, num_frames, num_channels, *space = t.fields.shape
    wanted: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
        ("num_points", tuple(t.num_points), tuple(space)),
        ("names", (len(t.names),), (num_channels,)),
        ("times", tuple(t.times.shape), (num_frames,)),
    ]
    wanted += [
        (name, (len(value),), (ndim,))
        for name, value in (
            ("lengths", t.lengths),
            ("origin", t.origin),
            ("boundary", t.boundary),
        )
    ]
    wanted += [
        (f"parameters[{name!r}]", tuple(value.shape), (num_trajectories,))
        for name, value in t.parameters.items()
    ]
    for name, found, expected in wanted:
        if found != expected:
            raise ShapeError(
                explain(
                    name,
                    found=f"{found}",
                    expected=f"{expected} for fields of shape {tuple(t.fields.shape)}",
                    remedy="make it fit the fields",
                )
            )


def _check_values(t: Trajectories) -> None:
    checks = (
        ("names", t.names, len(set(t.names)) == len(t.names), "each name once"),
        (
            "times",
            f"{t.times.tolist()[:4]} ...",
            bool(torch.isfinite(t.times).all() and (t.times.diff() > 0).all()),
            "finite and increasing times",
        ),
        (
            "lengths",
            t.lengths,
            all(is_number(n) and math.isfinite(n) and n > 0 for n in t.lengths),
            "positive lengths",
        ),
        (
            "origin",
            t.origin,
            all(is_number(n) and math.isfinite(n) for n in t.origin),
            "finite numbers",
        ),
        (
            "boundary",
            t.boundary,
            all(code in BOUNDARY_CODES for code in t.boundary),
            f"one of {', '.join(BOUNDARY_CODES)} per axis",
        ),
    )
    for name, found, ok, expected in checks:
        if not ok:
            raise ArgumentError(
                explain(name, found=found, expected=expected, remedy="correct it")
            )


def _check_alike(a: Trajectories, b: Trajectories) -> None:
    pairs = {
        "names": (a.names, b.names),
        "num_points": (a.num_points, b.num_points),
        "boundary": (a.boundary, b.boundary),
        "parameters": (sorted(a.parameters), sorted(b.parameters)),
        "number of frames": (len(a.times), len(b.times)),
    }
    for name, (mine, theirs) in pairs.items():
        if mine != theirs:
            raise _unlike(name, mine, theirs)
    for name, mine, theirs in (
        ("lengths", a.lengths, b.lengths),
        ("origin", a.origin, b.origin),
    ):
        close = (
            abs(p - q) <= 1e-5 * length
            for p, q, length in zip(mine, theirs, a.lengths, strict=True)
        )
        if not all(close):
            raise _unlike(name, mine, theirs)
    # as far as float32 can tell: files store their times in it
    first, second = a.times.double().cpu(), b.times.double().cpu()
    if not torch.allclose(
        first, second, rtol=1e-5, atol=1e-5 * float(first.abs().max())
    ):
        name = "times"
        raise _unlike(name, first.tolist()[:4], second.tolist()[:4])


def _unlike(name: str, mine: object, theirs: object) -> ArgumentError:
    return ArgumentError(
        explain(
            f"others: {name}",
            found=f"{theirs}",
            expected=f"{mine}, as in the first",
            remedy="select, stride or resample them to be alike, or keep them apart",
        )
    )
