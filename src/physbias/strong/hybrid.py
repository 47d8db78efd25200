"""A solver with a learned correction inside its right-hand side."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_kind
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes import PDE, Derivatives
from physbias.strength import Strength
from physbias.strong.solver import Solver


class _CorrectedPDE(PDE):
    """An equation plus what a network adds to its right-hand side."""

    def __init__(self, base: PDE, net: nn.Module, num_channels: int) -> None:
        super().__init__()
        self.fields = base.fields  # pyright: ignore[reportAttributeAccessIssue]
        self.constraints = base.constraints
        self.base = base
        self.net = net
        self.gain = nn.Parameter(torch.zeros(num_channels))

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the equation's right-hand side and the correction."""
        try:
            correction = self.net(u)
        except Exception as error:
            error.add_note(
                f"This was raised inside the net of a Hybrid, {type(self.net).__name__}"
                f", which is given the state: shape {tuple(u.shape)}, {u.dtype}. A net "
                "takes as many channels as the state has and is of its dtype."
            )
            raise
        if correction.shape != u.shape:
            raise ShapeError(
                explain(
                    "net",
                    found=f"an output of shape {tuple(correction.shape)}",
                    expected=f"that of the state, {tuple(u.shape)}",
                    remedy="give the network as many output channels as the state has",
                )
            )
        if torch.promote_types(correction.dtype, u.dtype) != u.dtype:
            raise ArgumentError(
                explain(
                    "net",
                    found=f"an output of {correction.dtype}",
                    expected=f"no wider than the state, {u.dtype}",
                    remedy="bring the network and the state to one dtype",
                )
            )
        gain = self.gain.reshape(-1, *[1] * d.ndim)
        return self.base.rhs(u, d) + gain * correction

    @property
    def known(self) -> PDE:
        """The equation without the correction."""
        return self.base.known

    def stiff_symbol(self, d: Derivatives) -> Tensor | None:
        """Return the symbol of the equation's stiff part."""
        return self.base.stiff_symbol(d)

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return what the equation diagnoses."""
        return self.base.diagnose(u, d)


class Hybrid(nn.Module):
    r"""A solver whose right-hand side a network corrects, :math:`u_t = F(u) + g N(u)`.

    The gain g, one number per channel, starts at zero: an untrained hybrid *is* the
    solver, bit for bit. The correction passes through the equation's constraints, so
    that a hybrid of an incompressible flow stays free of divergence.

    Args:
        solver: gives equation, grid, scheme, stepper and the way gradients come back.
        net: takes and returns states ``(batch, channel, *space)``.

    Shape:
        As for :class:`Solver`.

    Raises:
        ShapeError: the network changes the shape of the state.
        ArgumentError: the network widens the dtype of the state.

    Source:
        K. Um et al. (2020), arXiv 2007.00016, for the solver in the loop; arXiv
        2511.12764 for correcting the equation rather than the state.
    """

    strength: ClassVar[Strength] = Strength.STRONG

    def __init__(self, solver: Solver, net: nn.Module) -> None:
        super().__init__()
        check_kind(solver, "solver", Solver, remedy="make one: Solver(pde, grid)")
        check_kind(net, "net", nn.Module, remedy="hand over a network")
        channels = solver.pde.num_channels(solver.grid.ndim)
        corrected = _CorrectedPDE(solver.pde, net, channels)
        self.solver = solver.replace(pde=corrected)

        self._corrected = (corrected,)  # in a tuple: the solver already owns it

    @property
    def gain(self) -> nn.Parameter:
        """Size of the correction, one number per channel, zero at first."""
        return self._corrected[0].gain

    @property
    def equation(self) -> PDE:
        """The equation without the correction, whose coefficients may be set."""
        return self._corrected[0].base

    def forward(
        self,
        u0: Float[Tensor, "batch channel *space"],
        times: Sequence[float] | Float[Tensor, " time"],
    ) -> Float[Tensor, "batch time channel *space"]:
        """Return the states at the given times.

        Args:
            u0: state at ``times[0]``.
            times: increasing times [s].
        """
        return self.solver(u0, times)
