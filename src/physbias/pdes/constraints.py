"""What states obey besides their evolution."""

from dataclasses import dataclass

from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.pde import PDE


@dataclass(frozen=True, slots=True)
class DivergenceFree:
    r"""A vector field without divergence, :math:`\nabla\cdot v = 0`.

    Its multiplier is a pressure divided by the density [m²/s²], and its force is
    :math:`-\nabla p`.

    Args:
        field: name of the vector field.

    Raises:
        ArgumentError: the equation has no such field.

    Source:
        A. J. Chorin (1968), Mathematics of Computation 22, 745-762.
    """

    field: str
    num_multipliers: int = 1

    def project(self, pde: PDE, u: Tensor, d: Derivatives) -> Tensor:
        """Return ``u`` with its vector field projected onto divergence zero."""
        self._check(pde)
        parts = dict(zip(pde.fields, pde.split(u), strict=True))
        parts[self.field] = d.leray(parts[self.field])
        return pde.join(**parts)

    def violation(self, pde: PDE, u: Tensor, d: Derivatives) -> Tensor:
        """Return the divergence [1/s]."""
        self._check(pde)
        return d.of(self.field).div(u[:, pde.channels(d.ndim)[self.field]])

    def force(self, pde: PDE, multipliers: Tensor, d: Derivatives) -> Tensor:
        """Return minus the pressure gradient, zero in the other fields."""
        self._check(pde)
        push = -d.grad(multipliers)
        shape = push.shape
        parts = {
            name: push
            if name == self.field
            else push.new_zeros(shape[0], where.stop - where.start, *shape[2:])
            for name, where in pde.channels(d.ndim).items()
        }
        return pde.join(**parts)

    def pressure(self, pde: PDE, u: Tensor, d: Derivatives) -> Tensor:
        """Return the multiplier that ``project`` implies, of zero mean.

        The whole right-hand side counts: a force, or friction that varies in space,
        has a divergence too.

        Args:
            pde: the equation.
            u: state.
            d: derivatives that can solve a Poisson equation.
        """
        self._check(pde)
        push = pde.rhs(u, d)[:, pde.channels(d.ndim)[self.field]]
        return d.inverse_laplacian(d.derived.div(push))

    def _check(self, pde: PDE) -> None:
        if self.field not in pde.fields:
            raise ArgumentError(
                explain(
                    "field",
                    found=repr(self.field),
                    expected=f"one of the equation's fields ({', '.join(pde.fields)})",
                    remedy="name the vector field that has no divergence",
                )
            )
