"""Residual of an equation at points, through a network of the coordinates."""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.numerics import Autodiff
from physbias.pdes import PDE
from physbias.shapes import check_float
from physbias.strength import Strength


class CollocationLoss(nn.Module):
    r"""Mean square residual of an equation at points: the loss of a PINN.

    The network maps coordinates ``(points, axis)``, space first and time last, to
    states ``(points, channel)``. Where the equation has constraints the network gives
    their multipliers as further channels (a pressure, for an incompressible flow),
    and what the constraints forbid is added with weight one.

    Args:
        pde: the equation.
        steady: the points have no time column.

    Shape:
        ``points``: ``(points, axis)`` [m, s]; result: a scalar.

    Raises:
        ShapeError: ``points`` is not a list of points, or the network gives another
            number of channels.
        ArgumentError: the network's output carries no gradient.

    Source:
        M. Raissi, P. Perdikaris, G. E. Karniadakis (2019), J. Comput. Phys. 378,
        686-707.
    """

    strength: ClassVar[Strength] = Strength.WEAK

    def __init__(self, pde: PDE, *, steady: bool = False) -> None:
        super().__init__()
        check_kind(pde, "pde", PDE, remedy="use one of physbias.pdes, or pde(...)")
        self.pde = pde
        self.steady = steady

    def forward(
        self, net: nn.Module, points: Float[Tensor, "points axis"]
    ) -> Float[Tensor, ""]:
        """Return the mean square residual.

        Args:
            net: maps points to states.
            points: collocation points.
        """
        residual, violations = self.residual(net, points)
        loss = residual.square().mean()
        for violation in violations:
            loss = loss + violation.square().mean()
        return loss

    def residual(
        self, net: nn.Module, points: Float[Tensor, "points axis"]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the residual ``(points, channel)`` and what constraints forbid.

        Args:
            net: maps points to states.
            points: collocation points.
        """
        check_float(points, "points")
        num_space = self._check_points(points)
        points = points.detach().requires_grad_()
        output = net(points)
        channels = self.pde.num_channels(num_space)
        self._check_output(output, channels, len(points))
        u, multipliers = output[:, :channels], output[:, channels:]
        d = Autodiff(points, num_space)
        known = multipliers if self.pde.constraints else None
        violations = [c.violation(self.pde, u, d) for c in self.pde.constraints]
        return self.pde.residual(u, d, known), violations

    def _check_points(self, points: Tensor) -> int:
        """Return the number of space axes of the points."""
        least = 1 if self.steady else 2
        if points.ndim != 2 or not least <= points.shape[1] <= least + 2:
            raise ShapeError(
                explain(
                    "points",
                    found=f"shape {tuple(points.shape)}",
                    expected=f"(points, axis) with {least} to {least + 2} columns, "
                    + ("space only" if self.steady else "space first and time last"),
                    remedy="stack the coordinates as columns",
                )
            )
        return points.shape[1] - (0 if self.steady else 1)

    def _check_output(self, output: Tensor, channels: int, points: int) -> None:
        wanted = channels + self.pde.num_multipliers
        if tuple(output.shape) != (points, wanted):
            raise ShapeError(
                explain(
                    "net",
                    found=f"an output of shape {tuple(output.shape)}",
                    expected=f"({points}, {wanted}): {channels} channels of the state "
                    f"and {self.pde.num_multipliers} of constraints",
                    remedy="widen the last layer of the network",
                )
            )
        if not output.requires_grad:
            raise ArgumentError(
                explain(
                    "net",
                    found="an output that carries no gradient",
                    expected="a differentiable function of the points",
                    remedy="call it outside torch.no_grad() and without detach()",
                )
            )
