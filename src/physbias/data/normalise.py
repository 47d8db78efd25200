"""Normalisation that leaves the physics of a state intact."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_count
from physbias.data.trajectories import Trajectories
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.shapes import check_finite, check_float


class Normaliser(nn.Module):
    """Shift and scale channels: ``(u - mean) / scale``.

    Fitted, the components of a vector share one scale and have mean zero: their root
    mean square. A scale of its own for each component would turn the vector, so that a
    divergence-free velocity would not stay so and a projection would not commute with
    the normaliser. A mean would do no harm in a periodic box (a constant is free of
    divergence), but it would move the zero of a wall and the mirror symmetry with it.
    Scalars get mean and standard deviation.

    Args:
        mean: in the units of the channels.
        scale: positive, in the units of the channels.
        ndim: number of space axes [1].

    Shape:
        ``mean``, ``scale``: ``(channel,)``.

    Raises:
        ArgumentError: a scale is zero or negative.
        NonFiniteError: a mean or a scale is NaN or infinite.
        ShapeError: ``mean`` and ``scale`` are not alike.

    Example:
        >>> norm = Normaliser(torch.tensor([1.0]), torch.tensor([2.0]), ndim=1)
        >>> norm.normalise(torch.tensor([[3.0, 5.0]]))
        tensor([[1., 2.]])
    """

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        mean: Tensor,
        scale: Tensor,
        *,
        ndim: int,
    ) -> None:
        super().__init__()
        check_count(ndim, "ndim")
        check_float(mean, "mean")
        check_float(scale, "scale")
        if mean.ndim != 1 or mean.shape != scale.shape:
            raise ShapeError(
                explain(
                    "mean and scale",
                    found=f"shapes {tuple(mean.shape)} and {tuple(scale.shape)}",
                    expected="one number per channel in both",
                    remedy="give two vectors of the same length",
                )
            )
        check_finite(mean, "mean")
        check_finite(scale, "scale")
        if not bool((scale > 0).all()):
            raise ArgumentError(
                explain(
                    "scale",
                    found=scale.tolist(),
                    expected="positive numbers",
                    remedy="leave out a channel that does not vary",
                )
            )
        self.ndim = ndim
        self.register_buffer("mean", mean.detach().clone())
        self.register_buffer("scale", scale.detach().clone())

    @classmethod
    def fit(cls, trajectories: Trajectories) -> "Normaliser":
        """Return the normaliser of the states in ``trajectories``.

        Raises:
            ArgumentError: a field is constant.
            NonFiniteError: a field holds NaN or infinity.
        """
        mean, scale = _statistics(trajectories, trajectories.fields, centre=True)
        return cls(mean, scale, ndim=trajectories.ndim)

    @classmethod
    def fit_increments(
        cls, trajectories: Trajectories, *, stride: int = 1
    ) -> "Normaliser":
        """Return the normaliser of changes from frame to frame.

        The mean is zero, so that a network whose output is zero says persistence.

        Args:
            trajectories: what to fit on.
            stride: frames between the two states of a change [1].

        Raises:
            ArgumentError: a field does not change, or there are too few frames.
            NonFiniteError: a field holds NaN or infinity.
        """
        fields = trajectories.fields
        if not 1 <= stride < fields.shape[1]:
            raise ArgumentError(
                explain(
                    "stride",
                    found=f"{stride} on {fields.shape[1]} frames",
                    expected="at least 1 and less than the number of frames",
                    remedy="take a smaller stride or longer trajectories",
                )
            )
        changes = fields[:, stride:] - fields[:, :-stride]
        mean, scale = _statistics(trajectories, changes, centre=False)
        return cls(mean, scale, ndim=trajectories.ndim)

    def normalise(self, u: Tensor) -> Float[Tensor, "..."]:
        """Return ``(u - mean) / scale`` [1], in the dtype of ``u``.

        Shape:
            ``u`` and the result: ``(..., channel, *space)``.

        Raises:
            ShapeError: the channel axis does not fit.
        """
        return (u - self._align(self.mean, u)) / self._align(self.scale, u)

    def denormalise(self, u: Tensor) -> Float[Tensor, "..."]:
        """Return ``u * scale + mean``, the inverse of :meth:`normalise`.

        Shape:
            ``u`` and the result: ``(..., channel, *space)``.

        Raises:
            ShapeError: the channel axis does not fit.
        """
        return u * self._align(self.scale, u) + self._align(self.mean, u)

    def extra_repr(self) -> str:
        """Show the number of channels and of space axes."""
        return f"channels={len(self.mean)}, ndim={self.ndim}"

    def _align(self, values: Tensor, u: Tensor) -> Tensor:
        check_float(u, "u")
        if u.ndim <= self.ndim or u.shape[-1 - self.ndim] != len(values):
            raise ShapeError(
                explain(
                    "u",
                    found=f"shape {tuple(u.shape)}",
                    expected=f"(..., {len(values)}, *space) with {self.ndim} space "
                    "axes",
                    remedy="select the channels that the normaliser was fitted on",
                )
            )
        return values.to(u.dtype).reshape(-1, *(1,) * self.ndim)


def _statistics(
    trajectories: Trajectories, values: Tensor, *, centre: bool
) -> tuple[Tensor, Tensor]:
    check_finite(values, "trajectories.fields")
    mean = torch.zeros(values.shape[2], dtype=values.dtype, device=values.device)
    scale = torch.ones_like(mean)
    # 64 roundings: the spread that a constant shows after arithmetic in this dtype
    floor = 64 * torch.finfo(values.dtype).eps
    for field, group in trajectories.groups.items():
        channels = list(group)
        # one field at a time in float64: sums over many points stay exact
        part = values[:, :, channels].double()
        shift = part.mean() if centre and len(channels) == 1 else part.new_zeros(())
        spread = (part - shift).square().mean().sqrt()
        size = trajectories.fields[:, :, channels].abs().max().double()
        if spread <= floor * size:
            names = ", ".join(trajectories.names[index] for index in channels)
            raise ArgumentError(
                explain(
                    f"field {field!r}",
                    found=f"no variation in {names}",
                    expected="values that vary" + ("" if centre else " in time"),
                    remedy="leave it out with trajectories.select(...)",
                )
            )
        mean[channels], scale[channels] = shift.to(mean), spread.to(scale)
    return mean, scale
