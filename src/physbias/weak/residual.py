"""Residual of an equation along a trajectory on a grid."""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_kind, check_positive
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.numerics import FiniteDifference, FramePairs, GridDerivatives, Scheme
from physbias.numerics.scheme import check_parts
from physbias.pdes import PDE
from physbias.pdes.misfits import naming_misfits
from physbias.shapes import check_float
from physbias.strength import Strength


class ResidualLoss(nn.Module):
    r"""Mean square residual of an equation along a trajectory.

    Between each pair of frames the residual is the trapezoidal mean,
    :math:`(u_{n+1} - u_n)/\Delta t - (F(u_n) + F(u_{n+1}))/2`, of second order in the
    frame interval; what the equation's constraints forbid is added with weight one.
    The truth itself scores above zero, because the interval and the grid are finite:
    :meth:`floor` measures that, and a residual below its floor says nothing.

    Args:
        pde: the equation.
        grid: where the states live.
        dt: time between frames [s].
        scheme: how derivatives are taken.
        scale: typical size of the time derivative of each channel, by which its
            residual is divided; one number for all or a tensor ``(channel,)``.

    Shape:
        ``u``: ``(batch, time, channel, *space)``, at least two frames; result: a
        scalar.

    Raises:
        ArgumentError: ``dt`` or ``scale`` is not positive.
        ShapeError: the trajectory does not fit the grid or the equation, or has a
            single frame.

    Source:
        Z. Li et al. (2021), arXiv 2111.03794, for residual losses on grids.

    Example:
        >>> grid = Grid((32,), (1.0,), boundary=Periodic())
        >>> loss = ResidualLoss(Heat(0.01), grid, 0.1)
        >>> loss(torch.ones(2, 3, 1, 32))
        tensor(0.)
    """

    strength: ClassVar[Strength] = Strength.WEAK
    scale: Tensor

    def __init__(
        self,
        pde: PDE,
        grid: Grid,
        dt: float,
        *,
        scheme: Scheme = FiniteDifference(4),  # noqa: B008 (a frozen value)
        scale: float | Tensor = 1.0,
    ) -> None:
        super().__init__()
        check_parts(pde, grid, scheme)
        remedy = "give the interval at which the trajectory is stored [s]"
        check_positive(dt, "dt", remedy=remedy)
        remedy = "give the typical size of u_t of each channel"
        check_kind(scale, "scale", float | int | Tensor, remedy=remedy)
        size = torch.as_tensor(scale)
        if not bool(((size > 0) & torch.isfinite(size)).all()):
            raise ArgumentError(
                explain(
                    "scale",
                    found=f"{size.min().item():g}",
                    expected="positive sizes",
                    remedy="give the typical size of u_t of each channel",
                )
            )
        channels = pde.num_channels(grid.ndim)
        if size.numel() not in (1, channels):
            raise ShapeError(
                explain(
                    "scale",
                    found=f"shape {tuple(size.shape)}",
                    expected=f"one number, or one for each of {channels} channels",
                    remedy="give the typical size of u_t of each channel",
                )
            )
        self.pde = pde
        self.grid = grid
        self.dt = dt
        self.scheme = scheme
        self.register_buffer("scale", size)
        self._bound: dict[tuple[torch.dtype, torch.device], GridDerivatives] = {}

    def forward(
        self, u: Float[Tensor, "batch time channel *space"], *, start: float = 0.0
    ) -> Float[Tensor, ""]:
        """Return the mean square of the scaled residual.

        Args:
            u: trajectory.
            start: time of the first frame [s], for equations that know the time.
        """
        loss = self.residual(u, start=start).square().mean()
        for violation in self.violations(u):
            loss = loss + violation.square().mean()
        return loss

    def residual(
        self, u: Float[Tensor, "batch time channel *space"], *, start: float = 0.0
    ) -> Float[Tensor, "batch interval channel *space"]:
        """Return the residual between each pair of frames, divided by the scale.

        Args:
            u: trajectory.
            start: time of the first frame [s].
        """
        self._check(u)
        if u.shape[1] < 2:
            raise ShapeError(
                explain(
                    "u",
                    found="one frame",
                    expected="at least two, to see the change in time",
                    remedy="put the last known frame before the forecast",
                )
            )
        batch, frames = u.shape[:2]
        intervals = frames - 1
        folded = torch.cat([u[:, :-1].flatten(0, 1), u[:, 1:].flatten(0, 1)])
        steps = torch.arange(frames, dtype=u.dtype, device=u.device)
        times = (start + steps * self.dt).expand(batch, frames)
        time = torch.cat([times[:, :-1].flatten(), times[:, 1:].flatten()])
        d = self._derivatives(u).at(
            time.reshape(-1, *[1] * (self.grid.ndim + 1)),
            FramePairs(self.dt, intervals),
        )
        with naming_misfits(self.pde.known, (batch, *u.shape[2:])):
            earlier, later = self.pde.residual(folded, d).chunk(2)
        scale = self.scale.to(u).reshape(-1, *[1] * self.grid.ndim)
        return ((earlier + later) / 2 / scale).unflatten(0, (batch, intervals))

    def violations(
        self, u: Float[Tensor, "batch time channel *space"]
    ) -> list[Float[Tensor, "batch time 1 *space"]]:
        """Return what each constraint says should vanish, frame by frame."""
        self._check(u)
        d = self._derivatives(u)
        folded = u.flatten(0, 1)
        return [
            constraint.violation(self.pde, folded, d).unflatten(0, u.shape[:2])
            for constraint in self.pde.constraints
        ]

    @torch.no_grad()
    def floor(
        self, truth: Float[Tensor, "batch time channel *space"], *, start: float = 0.0
    ) -> Float[Tensor, ""]:
        """Return the loss of the truth, below which a loss says nothing.

        Args:
            truth: trajectories that obey the equation.
            start: time of the first frame [s].
        """
        return self(truth, start=start)

    def _derivatives(self, u: Tensor) -> GridDerivatives:
        key = (u.dtype, u.device)
        if key not in self._bound:
            bound = self.scheme.bind(self.grid, dtype=u.dtype, device=u.device)
            self._bound[key] = bound.bound_to(self.pde.fields)
        return self._bound[key]

    def _check(self, u: Tensor) -> None:
        check_float(u, "u")
        self.grid.check(u, "u", leading=3)
        self.pde.check_channels(u, self.grid.ndim, "u", axis=2)
