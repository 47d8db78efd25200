"""Equations of rest, in one form that residuals and solvers share."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes.coefficients import Coefficient, CoefficientField
from physbias.pdes.derivatives import Derivatives


@dataclass(frozen=True, slots=True)
class EllipticForm:
    r"""The balance :math:`\nabla\cdot(a\nabla u) + \lambda u = f`, as sampled.

    Args:
        conductivity: :math:`a`, positive.
        shift: :math:`\lambda`.
        source: :math:`f`.
        names: what the equation calls the three, for messages.
    """

    conductivity: Coefficient
    shift: Coefficient
    source: Coefficient
    names: tuple[str, str, str] = ("conductivity", "shift", "source")

    def residual(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the left side less the right.

        Args:
            u: state ``(batch, 1, *space)`` or ``(points, 1)``.
            d: takes derivatives.

        Raises:
            ShapeError: a coefficient of another batch than the state.
        """
        a = self.conductivity
        if isinstance(a, Tensor) and not is_uniform(a, d):
            spread = d.diffuse(u, a)
        else:
            spread = a * d.laplacian(u)
        result = spread + self.shift * u - self.source
        if result.shape != u.shape:
            raise ShapeError(
                explain(
                    "u",
                    found=f"shape {tuple(u.shape)}",
                    expected=f"that of the equation's coefficients, "
                    f"{tuple(result.shape)}",
                    remedy="give one state per sample of the coefficients",
                )
            )
        return result


@runtime_checkable
class Elliptic(Protocol):
    """An equation of rest that has an :class:`EllipticForm`."""

    def form(self, d: Derivatives) -> EllipticForm:
        """Return the balance, its coefficients on the scheme's grid or points."""
        ...


def sample_field(value: CoefficientField, d: Derivatives, name: str) -> Coefficient:
    """Return a coefficient where a scheme has its points.

    Args:
        value: a number, a tensor, or a function of the coordinates ``(1, axis,
            *space)`` or ``(points, axis)`` that returns one channel.
        d: knows the points.
        name: the coefficient's name, for messages.

    Raises:
        ShapeError: a field on a grid is asked for at points.
        ArgumentError: a function that returns no numbers.
    """
    if not isinstance(value, float | int | Tensor):
        sampled = value(d.coords)
        if not isinstance(sampled, float | int | Tensor):
            raise ArgumentError(
                explain(
                    name,
                    found=f"a function that returns {type(sampled).__name__}",
                    expected="one channel on the coordinates",
                    remedy="return a tensor, such as x[:, :1]",
                )
            )
        return sampled
    if isinstance(value, Tensor) and value.ndim > 2 and d.coords.ndim == 2:
        raise ShapeError(
            explain(
                name,
                found=f"a field on a grid, of shape {tuple(value.shape)}",
                expected="a number or a function of the coordinates, at points",
                remedy="give a function, or use ResidualLoss on the grid",
            )
        )
    return d.coefficient(value)


def is_uniform(value: Coefficient, d: Derivatives) -> bool:
    """Return whether a sampled coefficient is the same at every point of a sample."""
    if not isinstance(value, Tensor) or value.ndim == 0:
        return True
    return d.coords.ndim > 2 and all(n == 1 for n in value.shape[2:])
