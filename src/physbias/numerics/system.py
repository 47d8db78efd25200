"""An equation on a grid: an ordinary differential equation in time."""

import torch
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
        self.derivatives = derivatives.bound_to(pde.fields)

    def __call__(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of a state [1/s times its unit]."""
        return self.pde.tendency(u, self.derivatives.at(time))

    def admit(self, u: Tensor) -> Tensor:
        """Return the state nearest to ``u`` that the scheme and constraints allow."""
        u = self.derivatives.dealias_state(u)
        for constraint in self.pde.constraints:
            u = constraint.project(self.pde, u, self.derivatives)
        return u

    def linear(self, u: Tensor) -> Tensor:
        """Return what the stiff linear part gives."""
        return multiply(u, self.symbol(), self.derivatives.grid.num_points)

    def rest(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return self(u, time) - self.linear(u)

    def solve(self, u: Tensor, dt: Tensor | float) -> Tensor:
        """Return the solution ``w`` of ``w - dt * linear(w) = u``."""
        inverse = 1 / (1 - dt * self.symbol())
        return multiply(u, inverse, self.derivatives.grid.num_points)

    def symbol(self) -> Tensor:
        """Return the Fourier symbol of the stiff linear part [1/s].

        Raises:
            ArgumentError: the equation gives none.
        """
        symbol = self.pde.stiff_symbol(self.derivatives)
        if symbol is None:
            raise ArgumentError(
                explain(
                    "stepper",
                    found="an implicit or exponential stepper for "
                    f"{type(self.pde).__name__}",
                    expected="an equation that gives its stiff_symbol",
                    remedy="write stiff_symbol, or use an explicit stepper",
                )
            )
        return symbol

    def to_modes(self, u: Tensor) -> Tensor:
        """Return the Fourier coefficients on which the symbol acts."""
        return torch.fft.rfftn(u, dim=tuple(range(2, u.ndim)))

    def from_modes(self, modes: Tensor) -> Tensor:
        """Return the state that has the given Fourier coefficients."""
        points = self.derivatives.grid.num_points
        return torch.fft.irfftn(modes, s=points, dim=tuple(range(2, modes.ndim)))

    def kick(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of the momenta, zero in the positions."""
        return self(u, time) * self._momenta(u)

    def drift(self, u: Tensor, time: Tensor | float) -> Tensor:
        """Return the tendency of the positions, zero in the momenta."""
        return self(u, time) * (1 - self._momenta(u))

    def check_separable(self, u: Tensor, time: Tensor | float) -> None:
        """Raise unless positions drive only momenta, and momenta only positions.

        Args:
            u: state at which it is tried.
            time: time of the state [s].

        Raises:
            ArgumentError: a momentum's tendency depends on momenta, or a position's
                on positions.
        """
        momenta = self._momenta(u)
        whole = self(u, time)
        parts = self(u * (1 - momenta), time) * momenta
        parts = parts + self(u * momenta, time) * (1 - momenta)
        gap = (whole - parts).abs().max()
        if bool(gap > torch.finfo(u.dtype).eps ** 0.5 * whole.abs().max()):
            raise ArgumentError(
                explain(
                    "stepper",
                    found=f"a symplectic stepper for {type(self.pde).__name__}, whose "
                    "momenta drive momenta or whose positions drive positions",
                    expected="tendencies of momenta that depend on positions alone, "
                    "and of positions on momenta alone",
                    remedy="use RK4() for damped or driven motion",
                )
            )

    def _momenta(self, u: Tensor) -> Tensor:
        """Return ones at the channels that are momenta and zeros at the others."""
        names, ndim = self.pde.momenta, self.derivatives.ndim
        if not names or not set(names) < set(self.pde.fields):
            raise ArgumentError(
                explain(
                    "stepper",
                    found=f"a symplectic stepper for {type(self.pde).__name__}, whose "
                    f"momenta are {names!r}",
                    expected="an equation that names some of its fields "
                    f"{tuple(self.pde.fields)} as momenta",
                    remedy='write momenta = ("velocity",), say, in the class, or use '
                    "RK4()",
                )
            )
        mask = u.new_zeros(1, u.shape[1], *[1] * ndim)
        for name, where in self.pde.channels(ndim).items():
            if name in names:
                mask[:, where] = 1
        return mask
