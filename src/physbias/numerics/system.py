"""An equation on a grid: an ordinary differential equation in time."""

from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.numerics.derivatives import GridDerivatives
from physbias.numerics.fourier import multiply
from physbias.pdes import PDE


class SemiDiscrete:
    """An equation after its space derivatives have been replaced by a scheme's.

    Args:
        pde: the equation.
        derivatives: the scheme, bound to a grid.
    """

    def __init__(self, pde: PDE, derivatives: GridDerivatives) -> None:
        self.pde = pde
        self.derivatives = derivatives

    def __call__(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of a state [1/s times its unit]."""
        return self.pde.tendency(u, self.derivatives.at(time))

    def admit(self, u: Tensor) -> Tensor:
        """Return the state nearest to ``u`` that the scheme and constraints allow."""
        u = self.derivatives.dealias(u)
        for constraint in self.pde.constraints:
            u = constraint.project(self.pde, u, self.derivatives)
        return u

    def linear(self, u: Tensor) -> Tensor:
        """Return what the stiff linear part gives."""
        return multiply(u, self._stiff_symbol(), self.derivatives.grid.num_points)

    def rest(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return self(u, time) - self.linear(u)

    def solve(self, u: Tensor, dt: Tensor | float) -> Tensor:
        """Return the solution ``w`` of ``w - dt * linear(w) = u``."""
        inverse = 1 / (1 - dt * self._stiff_symbol())
        return multiply(u, inverse, self.derivatives.grid.num_points)

    def _stiff_symbol(self) -> Tensor:
        symbol = self.pde.stiff_symbol(self.derivatives)
        if symbol is None:
            raise ArgumentError(
                explain(
                    "stepper",
                    found=f"an implicit stepper for {type(self.pde).__name__}",
                    expected="an equation that gives its stiff_symbol",
                    remedy="write stiff_symbol, or use an explicit stepper",
                )
            )
        return symbol
