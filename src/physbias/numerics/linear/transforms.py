"""Direct Poisson and Helmholtz solves by Fourier, cosine and sine transforms."""

from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import AxisBoundary, Dirichlet, Grid, Neumann, Periodic
from physbias.numerics.linear.balance import remove_net
from physbias.shapes import AXIS_NAMES


@dataclass(frozen=True, slots=True)
class _Waves:
    """The waves between two walls: sines or cosines of (k + offset) pi (i + 1/2) / n.

    Args:
        sine: whether the lower wall is a node.
        offset: half-waves in the box at k = 0.
    """

    sine: bool
    offset: float

    def forward(self, u: Tensor, dim: int) -> Tensor:
        """Return the sums of ``u`` times each wave along a dimension."""
        count = u.shape[dim]
        if self.offset == 0.5:
            shift = _phase(-pi * self.offset / count, u, dim)
            modes = torch.fft.fft(u * shift, n=2 * count, dim=dim)
            modes = modes.narrow(dim, 0, count)
        else:
            modes = torch.fft.rfft(u, n=2 * count, dim=dim)
            modes = modes.narrow(dim, int(self.offset), count)
        turn = _phase(-pi / (2 * count), u, dim, first=self.offset)
        return self._part(modes * turn, sign=-1)

    def inverse(self, modes: Tensor, dim: int) -> Tensor:
        """Return the field whose sums :meth:`forward` gives."""
        count = modes.shape[dim]
        turned = modes * _phase(pi / (2 * count), modes, dim, first=self.offset)
        waves = 2 * count * torch.fft.ifft(turned, n=2 * count, dim=dim)
        waves = waves.narrow(dim, 0, count)
        field = self._part(waves * _phase(pi * self.offset / count, modes, dim), sign=1)
        return (2 / count) * (field - self._half(modes, dim))

    def wavenumbers(self, count: int) -> Tensor:
        """Return the phase per point of each wave."""
        return (torch.arange(count, dtype=torch.float64) + self.offset) * (pi / count)

    def _part(self, values: Tensor, *, sign: int) -> Tensor:
        return sign * values.imag if self.sine else values.real

    def _half(self, modes: Tensor, dim: int) -> Tensor:
        """Return half the wave whose square sums to n and not to n / 2."""
        count = modes.shape[dim]
        if self.offset == 0:
            return modes.narrow(dim, 0, 1) / 2
        if self.offset == 1:
            index = torch.arange(count, device=modes.device)
            alternating = (1 - 2 * (index % 2)).to(modes.dtype)
            return modes.narrow(dim, count - 1, 1) * _along(alternating, modes, dim) / 2
        return torch.zeros((), dtype=modes.dtype, device=modes.device)


WAVES = {
    (Dirichlet, Dirichlet): _Waves(sine=True, offset=1),
    (Neumann, Neumann): _Waves(sine=False, offset=0),
    (Dirichlet, Neumann): _Waves(sine=True, offset=0.5),
    (Neumann, Dirichlet): _Waves(sine=False, offset=0.5),
}


class HelmholtzTransforms:
    r"""Solve :math:`\nabla^2 u + \lambda u = f` on a grid, directly.

    The Laplacian is that of ``FiniteDifference(2, mirror=True)``: the solution obeys
    the scheme to round-off. Each axis is transformed by what its edges ask for:

    ==================== =======================================================
    periodic             Fourier
    Dirichlet, Dirichlet sines (DST-II)
    Neumann, Neumann     cosines (DCT-II)
    Dirichlet, Neumann   quarter-wave sines or cosines (DST-IV, DCT-IV)
    ==================== =======================================================

    Values that walls hold are moved to the right-hand side. Gradients pass through
    the transforms, to any order.

    Args:
        grid: where ``f`` and ``u`` live.
        dtype: real dtype of the states.
        device: device of the states.

    Raises:
        ArgumentError: a wall that is neither Dirichlet nor Neumann.

    Source:
        U. Schumann and R. A. Sweet (1988), J. Comput. Phys. 75, 123-137.

    Example:
        >>> grid = Grid((4,), (1.0,), boundary=Dirichlet(1.0))
        >>> HelmholtzTransforms(grid).solve(torch.zeros(1, 1, 4))
        tensor([[[1.0000, 1.0000, 1.0000, 1.0000]]])
    """

    def __init__(
        self,
        grid: Grid,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> None:
        self.grid = grid
        self._waves = {
            axis: _waves(pair, axis)
            for axis, pair in enumerate(grid.boundary)
            if not isinstance(pair[0], Periodic)
        }
        # from the end, so that they hold for any leading axes
        self._periodic = [
            a - grid.ndim for a in range(grid.ndim) if a not in self._waves
        ]
        with torch.inference_mode(False):  # made once, also used in training
            zeros = torch.zeros(1, 1, *grid.num_points, dtype=dtype, device=device)
            self._eigenvalues = self._symbol().to(zeros)

    def solve(
        self, f: Tensor, shift: Tensor | float = 0.0, *, net_source: float | None = None
    ) -> Tensor:
        r"""Return the solution.

        Where nothing fixes its mean (no Dirichlet wall and :math:`\lambda = 0`) it is
        the one of zero mean.

        Args:
            f: right-hand side.
            shift: :math:`\lambda` [1/m²]: a number, or a tensor ``(batch,)`` or
                ``(batch, 1, ...)``. Negative values screen, positive ones make waves.
            net_source: largest mean of ``f`` less what the walls let out, relative to
                the mean size of both, that is taken off evenly where nothing fixes the
                mean of ``u``; round-off if not given.

        Shape:
            ``f`` and the result: ``(batch, channel, *space)``.

        Raises:
            ShapeError: ``f`` does not live on the grid.
            ArgumentError: a net source where a solution needs none; a shift that is an
                eigenvalue, so that there is no solution or many.
        """
        self.grid.check(f, "f")
        shift = self._shaped(shift, f)
        still = (self._eigenvalues == 0) & (shift == 0)
        singular = still.flatten(1).any(1)
        walls = _laplacian(torch.zeros_like(f), self.grid)
        rhs = remove_net(f - walls, (f, walls), singular, largest=net_source)
        return self.solve_homogeneous(rhs, shift)

    def solve_homogeneous(self, f: Tensor, shift: Tensor | float = 0.0) -> Tensor:
        """Return the solution where all walls hold zeros.

        The mean of ``f`` is left out where nothing fixes that of the solution: this is
        the pseudo-inverse, a symmetric linear map.

        Args:
            f: right-hand side ``(batch, channel, *space)``.
            shift: as in :meth:`solve`.
        """
        unshifted = isinstance(shift, float) and shift == 0.0  # hits no eigenvalue
        shift = self._shaped(shift, f)
        eigenvalues = self._eigenvalues.to(f.device)
        symbol = eigenvalues + shift
        still = (eigenvalues == 0) & (shift == 0)
        if not unshifted:
            self._check_resonance(symbol, eigenvalues, shift, still)
        inverse = torch.where(still, 0.0, 1 / torch.where(still, 1.0, symbol))
        modes = f
        for axis, waves in self._waves.items():
            modes = waves.forward(modes, axis - self.grid.ndim)
        if self._periodic:
            modes = torch.fft.rfftn(modes, dim=self._periodic)
        modes = modes * inverse
        if self._periodic:
            counts = [self.grid.num_points[dim] for dim in self._periodic]
            modes = torch.fft.irfftn(modes, s=counts, dim=self._periodic)
        for axis, waves in self._waves.items():
            modes = waves.inverse(modes, axis - self.grid.ndim)
        return modes

    def _symbol(self) -> Tensor:
        """Return the eigenvalue of the Laplacian for every mode, ``(1, 1, *modes)``."""
        total = torch.zeros((), dtype=torch.float64)
        for axis, count in enumerate(self.grid.num_points):
            if axis in self._waves:
                phase = self._waves[axis].wavenumbers(count)
            elif axis - self.grid.ndim == self._periodic[-1]:
                phase = 2 * pi * torch.fft.rfftfreq(count, dtype=torch.float64)
            else:
                phase = 2 * pi * torch.fft.fftfreq(count, dtype=torch.float64)
            own = -((2 * torch.sin(phase / 2) / self.grid.spacing[axis]) ** 2)
            total = total + own.reshape(-1, *[1] * (self.grid.ndim - 1 - axis))
        return total[None, None]

    def _shaped(self, shift: Tensor | float, f: Tensor) -> Tensor:
        value = torch.as_tensor(shift, dtype=f.dtype, device=f.device)
        if value.ndim == 0:
            return value.reshape([1] * f.ndim)
        shape = (len(value), *[1] * (f.ndim - 1))
        if value.numel() != len(value) or len(value) not in (1, len(f)):
            raise ArgumentError(
                explain(
                    "shift",
                    found=f"shape {tuple(value.shape)}",
                    expected=f"a number, or one per sample ({len(f)},)",
                    remedy="use conjugate_gradient for a shift that varies in space",
                )
            )
        return value.reshape(shape)

    def _check_resonance(
        self, symbol: Tensor, eigenvalues: Tensor, shift: Tensor, still: Tensor
    ) -> None:
        noise = 64 * torch.finfo(symbol.dtype).eps
        size = eigenvalues.abs() + shift.abs()
        lost = (symbol.detach().abs() <= noise * size.detach()) & ~still
        if bool(lost.any()):
            sample = int(lost.nonzero()[0, 0])
            raise ArgumentError(
                explain(
                    "shift",
                    found=f"{shift[sample].item():.9g} for sample {sample}, which is "
                    "minus an eigenvalue of the Laplacian (a resonance of the box)",
                    expected="a shift between the eigenvalues",
                    remedy="change it, the lengths or the edges a little",
                )
            )


def _waves(pair: AxisBoundary, axis: int) -> _Waves:
    kinds = (type(pair[0]), type(pair[1]))
    if kinds not in WAVES:
        raise ArgumentError(
            explain(
                "grid",
                found=f"{pair[0]!r} and {pair[1]!r} along {AXIS_NAMES[axis]}",
                expected="Periodic, Dirichlet or Neumann edges for transforms",
                remedy="solve by conjugate_gradient instead",
            )
        )
    return WAVES[kinds]


def _laplacian(u: Tensor, grid: Grid) -> Tensor:
    """Return the second-order Laplacian, with what the walls hold."""
    total = torch.zeros((), dtype=u.dtype, device=u.device)
    for axis in range(grid.ndim):
        dim = u.ndim - grid.ndim + axis
        second = torch.diff(grid.pad(u, axis, 1), n=2, dim=dim)
        total = total + second / grid.spacing[axis] ** 2
    return total


def _phase(angle: float, like: Tensor, dim: int, *, first: float = 0.0) -> Tensor:
    """Return ``exp(i angle (k + first))`` along a dimension."""
    index = torch.arange(like.shape[dim], dtype=torch.float64, device=like.device)
    theta = angle * (index + first)
    kind = torch.complex64 if like.dtype == torch.float32 else torch.complex128
    return _along(torch.polar(torch.ones_like(theta), theta).to(kind), like, dim)


def _along(values: Tensor, like: Tensor, dim: int) -> Tensor:
    shape = [1] * like.ndim
    shape[dim] = len(values)
    return values.reshape(shape)
