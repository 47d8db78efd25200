"""What an equation may ask of a derivative scheme."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from torch import Tensor

if TYPE_CHECKING:
    from physbias.pdes.conservation import ConservationLaw


@runtime_checkable
class Derivatives(Protocol):
    """Derivatives of states, on a grid or at points, at one time.

    A right-hand side is written against this and runs on every scheme. All methods
    act on ``(batch, channel, *space)``, or ``(points, channel)`` at points, and keep
    the batch apart.

    Attributes:
        coords: coordinates [m], one channel per space axis.
        time: time [s] at which the right-hand side is asked; it broadcasts against
            states.
    """

    coords: Tensor
    time: Tensor

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        ...

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis."""
        ...

    @property
    def derived(self) -> "Derivatives":
        """The same derivatives for what is made from the state and is no field."""
        ...

    def of(self, field: str) -> "Derivatives":
        """Return the same derivatives for one field, with its own conditions."""
        ...

    def x(self, u: Tensor) -> Tensor:
        """Return the derivative along x."""
        ...

    def y(self, u: Tensor) -> Tensor:
        """Return the derivative along y."""
        ...

    def z(self, u: Tensor) -> Tensor:
        """Return the derivative along z."""
        ...

    def t(self, u: Tensor) -> Tensor:
        """Return the derivative in time, where states of several times are known."""
        ...

    def grad(self, u: Tensor) -> Tensor:
        """Return the gradient of a single channel, one channel per space axis."""
        ...

    def div(self, v: Tensor) -> Tensor:
        """Return the divergence of a vector, as one channel."""
        ...

    def curl(self, v: Tensor) -> Tensor:
        """Return the curl: one channel in two dimensions, three in three."""
        ...

    def laplacian(self, u: Tensor) -> Tensor:
        """Return the sum of second derivatives of every channel."""
        ...

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel, for an ``a`` that varies."""
        ...

    def advect(self, v: Tensor, u: Tensor) -> Tensor:
        """Return ``(v . grad) u`` for every channel of ``u``."""
        ...

    def leray(self, v: Tensor) -> Tensor:
        """Return the part of a vector that has no divergence in this scheme."""
        ...

    def inverse_laplacian(self, f: Tensor) -> Tensor:
        """Return the field of zero mean whose ``div(grad)`` is ``f`` less its mean."""
        ...

    def integral(self, u: Tensor) -> Tensor:
        """Return the integral over the domain, ``(batch, channel)``."""
        ...

    def flux_divergence(self, u: Tensor, law: "ConservationLaw") -> Tensor:
        """Return the divergence of a law's flux, and its other products."""
        ...

    def dealias(self, u: Tensor) -> Tensor:
        """Return a tendency without the modes that products would alias into."""
        ...

    def dealias_state(self, u: Tensor) -> Tensor:
        """Return a state without those modes, as it meets the data of its walls."""
        ...

    def symbol(self, axis: int, order: int = 1) -> Tensor:
        """Return the multiplier of a derivative on Fourier modes."""
        ...

    def laplacian_symbol(self) -> Tensor:
        """Return the multiplier of the Laplacian on Fourier modes [1/m²]."""
        ...

    def coefficient(self, value: Tensor | float) -> Tensor | float:
        """Return a coefficient in a shape that multiplies states."""
        ...
