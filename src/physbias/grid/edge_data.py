"""The data of an edge at a time: what its functions give, in a shape that fits."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

from physbias.errors import ArgumentError, DivergenceError, ShapeError, explain
from physbias.grid.edge_values import SIDES, EdgeFunction, Part, check_edge
from physbias.shapes import AXIS_NAMES

_naming = ContextVar("naming", default=False)


@contextmanager
def naming_walls() -> Iterator[None]:
    """Name the wall whose function gives NaN or infinity while this is open.

    To look costs a synchronisation on accelerators: it is for what follows a failure,
    and for solvers that look at every step anyway.
    """
    token = _naming.set(True)
    try:
        yield
    finally:
        _naming.reset(token)


def evaluate(
    function: EdgeFunction,
    coords: Tensor,
    time: Tensor | float,
    *,
    axis: int,
    side: int,
    num_points: tuple[int, ...],
) -> Tensor | float:
    """Return what a function gives on an edge.

    Args:
        function: of the coordinates and the time.
        coords: coordinates of the edge [m].
        time: time [s], a number or a tensor that broadcasts against states.
        axis: axis across the edge.
        side: 0 for the lower edge, 1 for the upper.
        num_points: points of the grid along each axis.

    Raises:
        ArgumentError: neither a tensor nor a number.
        DivergenceError: NaN or infinity, within :func:`naming_walls`.
        ShapeError: a tensor that does not fit the edge.
    """
    now = torch.as_tensor(
        time, dtype=None if isinstance(time, Tensor) else torch.float64
    )
    value = function(coords, now.squeeze(-1) if now.ndim else now)
    if not isinstance(value, Tensor | float | int):
        raise ArgumentError(
            explain(
                "boundary",
                found=f"a function that returns {type(value).__name__} "
                f"{place(axis, side)}",
                expected="a tensor or a number",
                remedy="return the values on the edge",
            )
        )
    check_edge(value, axis, side, num_points)
    _check_known(value, now, axis, side)
    return value


def place(axis: int, side: int) -> str:
    """Return the words for an edge."""
    return f"on the {SIDES[side]} side of {AXIS_NAMES[axis]}"


def spread(
    value: Tensor | Sequence[float] | float, u: Tensor, *, axis: int, ndim: int
) -> Tensor:
    """Return a value as ``(batch, channel, *space)``, of length one along ``axis``.

    Args:
        value: a number, one per channel, or a tensor that fits the edge.
        u: field whose dtype and device the result has.
        axis: axis across the edge.
        ndim: number of space axes.
    """
    if isinstance(value, tuple):
        value = torch.tensor(value, dtype=u.dtype).reshape(-1, *[1] * (ndim - 1))
    known = torch.as_tensor(value).to(u)
    missing = ndim + 1 - known.ndim
    return known.reshape(*[1] * missing, *known.shape).unsqueeze(2 + axis)


def take(known: Tensor, part: Part | None, *, where: str) -> Tensor:
    """Return the channels of a value that a part asks for.

    Args:
        known: value with a channel axis, of length one where all share it.
        part: which channels; None for all.
        where: the edge, for the message.

    Raises:
        ShapeError: fewer channels than asked for.
    """
    if part is None or known.shape[1] == 1:
        return known
    if known.shape[1] < part.start + part.size:
        raise ShapeError(
            explain(
                "boundary",
                found=f"values for {known.shape[1]} channels {where}",
                expected=f"at least {part.start + part.size}",
                remedy="give one value, or one per channel",
            )
        )
    return known.narrow(1, part.start, part.size)


def check_leading(known: Tensor, u: Tensor, *, ndim: int, where: str) -> None:
    """Raise unless a value broadcasts against a field's batch and channels.

    Args:
        known: value on the edge.
        u: field that meets it.
        ndim: number of space axes.
        where: the edge, for the message.

    Raises:
        ShapeError: it does not.
    """
    lead = tuple(known.shape[:2])
    pairs = zip(lead, u.shape, strict=False)
    if u.ndim == ndim + 2 and all(have in (1, want) for have, want in pairs):
        return
    raise ShapeError(
        explain(
            "boundary",
            found=f"values for (batch, channel) = {lead} {where}",
            expected="(batch, channel) that broadcast against the field's "
            f"{tuple(u.shape[: u.ndim - ndim])}",
            remedy="give one value per sample and channel of this field, or "
            "one for all",
        )
    )


def _check_known(value: Tensor | float, time: Tensor, axis: int, side: int) -> None:
    """Raise where a function gave NaN or infinity, within :func:`naming_walls`."""
    if torch.compiler.is_compiling() or not _naming.get():
        return
    if bool(torch.isfinite(torch.as_tensor(value)).all()):
        return
    when = f"t = {float(time):.6g}" if time.numel() == 1 else "one of several times"
    raise DivergenceError(
        explain(
            "boundary",
            found=f"NaN or infinity from the function {place(axis, side)} at {when}",
            expected="finite values",
            remedy="correct the function that the condition on this side holds",
        )
    )
