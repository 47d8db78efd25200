"""Checks at the border, shared by the layers of this folder."""

from torch import Tensor

from physbias.errors import ShapeError, explain
from physbias.shapes import check_float


def check_channels(u: Tensor, channels: int, *, ndim: int) -> None:
    """Raise unless ``u`` is a floating-point state of so many channels.

    Args:
        u: the state, ``(batch, channel, *space)``.
        channels: channels that the layer was made for.
        ndim: space axes that the layer was made for.
    """
    check_float(u, "u")
    if u.ndim != 2 + ndim:
        raise ShapeError(
            explain(
                "u",
                found=f"{u.ndim} axes, shape {tuple(u.shape)}",
                expected=f"(batch, channel, *space) with {ndim} space axes",
                remedy="move time into the channels or the batch first",
            )
        )
    if u.shape[1] != channels:
        raise ShapeError(
            explain(
                "u",
                found=f"{u.shape[1]} channels, shape {tuple(u.shape)}",
                expected=f"{channels} channels on axis 1",
                remedy=f"make the layer with in_channels={u.shape[1]}, or stack the "
                "channels that it expects",
            )
        )
