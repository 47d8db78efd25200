"""What a flow head refuses before it starts."""

import inspect

from torch import Tensor, nn

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import check_finite, check_float


def check_state(u: Tensor, name: str, channels: int, *, finite: bool) -> None:
    """Raise unless ``u`` is a non-empty floating-point batch of states."""
    check_float(u, name)
    if u.ndim < 2 or u.shape[1] != channels or u.numel() == 0:
        raise ShapeError(
            explain(
                name,
                found=f"shape {tuple(u.shape)}",
                expected=f"a non-empty (batch, {channels}, *space)",
                remedy="build the head with the number of channels of the state",
            )
        )
    if finite:
        check_finite(u, name)


def check_alike(u: Tensor, reference: Tensor, name: str) -> None:
    """Raise unless ``u`` has the shape, type and device of the reference."""
    for quality in ("shape", "dtype", "device"):
        found, expected = getattr(u, quality), getattr(reference, quality)
        if found != expected:
            kind = ShapeError if quality == "shape" else ArgumentError
            raise kind(
                explain(
                    name,
                    found=f"{quality} {_plain(found)}",
                    expected=f"{_plain(expected)}, that of the reference",
                    remedy="hand both over on the same grid, type and device",
                )
            )


def check_context(
    context: Tensor | None, reference: Tensor, channels: int, *, finite: bool
) -> None:
    """Raise unless the context is what the head was built for."""
    if context is None and channels == 0:
        return
    expected = (reference.shape[0], channels, *reference.shape[2:])
    if context is None or tuple(context.shape) != expected:
        found = "nothing" if context is None else f"shape {tuple(context.shape)}"
        raise ShapeError(
            explain(
                "context",
                found=found,
                expected=f"{expected}" if channels else "nothing",
                remedy="match context_channels of the head, one context per sample",
            )
        )
    if finite:
        check_finite(context, "context")


def check_times(t: Tensor, batch: int) -> None:
    """Raise unless there is one flow time per sample."""
    if t.shape != (batch,):
        raise ShapeError(
            explain(
                "t",
                found=f"shape {tuple(t.shape)}",
                expected=f"({batch},), one time per sample",
                remedy="expand a single time over the batch",
            )
        )


def check_output(output: Tensor, xt: Tensor) -> None:
    """Raise unless the network returned a velocity for every value of the state."""
    if output.shape != xt.shape:
        raise ShapeError(
            explain(
                "net",
                found=f"an output of shape {tuple(output.shape)}",
                expected=f"{tuple(xt.shape)}, that of the state",
                remedy="give the network as many output channels as the state has",
            )
        )


def check_network(net: nn.Module) -> None:
    """Raise unless the network can be called with a state and a time."""
    check_kind(net, "net", nn.Module, remedy="hand over a network")
    try:
        inspect.signature(net.forward).bind("x", "t")
    except TypeError:
        raise ArgumentError(
            explain(
                "net",
                found=f"{type(net).__name__}.forward{inspect.signature(net.forward)}",
                expected="a network that is called as net(x, t)",
                remedy="wrap it in TimeConditioned(net)",
            )
        ) from None


def _plain(value: object) -> object:
    """Return a shape as a tuple, anything else as it is."""
    return tuple(value) if isinstance(value, tuple) else value
