"""A differentiable solver of equations of rest."""

from collections.abc import Callable
from functools import reduce
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from physbias.arguments import check_kind, check_positive
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.numerics import FiniteDifference
from physbias.numerics.linear import (
    HelmholtzTransforms,
    Multigrid,
    conjugate_gradient,
    diffuse,
    face_coefficients,
)
from physbias.numerics.linear.balance import remove_net
from physbias.numerics.linear.conjugate_gradient import check_limits
from physbias.numerics.linear.multigrid import halves_far_enough
from physbias.numerics.linear.walls import (
    homogeneous,
    keeps_constants,
    nearly,
    of_field,
    transformable,
)
from physbias.pdes import PDE, Coefficient, Elliptic
from physbias.pdes.elliptic import is_uniform
from physbias.shapes import check_finite, check_float
from physbias.strength import Strength

SCHEME = FiniteDifference(2, mirror=True)


class EllipticSolver(nn.Module):
    r"""Solve an equation of rest, :math:`\nabla\cdot(a\nabla u) + \lambda u = f`.

    The scheme is compact and of second order: that of ``FiniteDifference(2,
    mirror=True)``, by whose residual the solution is zero. Where :math:`a` and
    :math:`\lambda` do not vary within a sample and no wall is of the Robin kind it is
    solved directly by transforms; else by conjugate gradients, preconditioned by a
    multigrid V-cycle, or by transforms where the numbers of points do not halve far
    enough. Gradients go to :math:`a`, :math:`\lambda` and :math:`f`; those of
    iterative solves cost one more solve and keep nothing of the iterations.

    Where nothing fixes the mean of the solution (no Dirichlet wall,
    :math:`\lambda = 0`) it is zero.

    Args:
        pde: an equation with a :class:`~physbias.pdes.EllipticForm`, such as
            ``Poisson``, ``Helmholtz`` or ``Darcy``.
        grid: where states live.
        tolerance: relative residual of iterative solves; 1e-10 in float64 and 1e-5
            in float32 if not given.
        max_iterations: most iterations of an iterative solve.
        net_source: largest mean of the source less what the walls let out, relative
            to the mean size of both, that is taken off evenly where nothing fixes the
            mean; round-off if not given.

    Shape:
        result: ``(batch, 1, *space)``, the batch being that of the coefficients.

    Raises:
        ArgumentError: an equation that has no such form; at the solve, a net source
            where the walls fix no mean, a resonance, or a shift that varies in space
            and is positive.
        ConvergenceError: the iteration did not converge.

    Example:
        >>> grid = Grid((8, 8), (1.0, 1.0), boundary=Dirichlet(2.0))
        >>> EllipticSolver(Darcy(permeability=3.0, source=0.0), grid)().mean()
        tensor(2.0000)
    """

    strength: ClassVar[Strength] = Strength.STRONG

    def __init__(
        self,
        pde: PDE,
        grid: Grid,
        *,
        tolerance: float | None = None,
        max_iterations: int = 500,
        net_source: float | None = None,
    ) -> None:
        super().__init__()
        check_kind(pde, "pde", PDE, remedy="use Poisson, Helmholtz or Darcy")
        if not isinstance(pde, Elliptic):
            raise ArgumentError(
                explain(
                    "pde",
                    found=f"{type(pde).__name__}, which has no form",
                    expected="an equation of rest such as Poisson, Helmholtz or Darcy",
                    remedy="use Solver for equations in time, or write form(d)",
                )
            )
        check_kind(grid, "grid", Grid, remedy="describe the points by a Grid")
        check_limits(tolerance, max_iterations, torch.float32)
        if net_source is not None:
            remedy = "leave it out for round-off"
            check_positive(net_source, "net_source", remedy=remedy)
        self.pde = pde
        self.grid = of_field(grid, next(iter(pde.fields)))
        homogeneous(self.grid)  # refuse walls that cannot be solved with, now
        self.tolerance = tolerance
        self.max_iterations = max_iterations
        self.net_source = net_source

    def forward(
        self, source: Float[Tensor, "batch 1 *space"] | None = None
    ) -> Float[Tensor, "batch 1 *space"]:
        """Return the solution.

        Args:
            source: :math:`f` of the form; that of the equation if not given.
        """
        if source is not None:
            check_float(source, "source")
            check_finite(source, "source")
        tensors = [*self.pde.parameters(), *self.pde.buffers()]
        tensors += [] if source is None else [source]
        dtype = reduce(
            torch.promote_types,
            [t.dtype for t in tensors if t.is_floating_point()]
            or [torch.get_default_dtype()],
        )
        device = tensors[0].device if tensors else None
        assert isinstance(self.pde, Elliptic)  # refused by the constructor
        d = SCHEME.bind(self.grid, dtype=dtype, device=device)
        self.pde.check_coefficients()
        form = self.pde.form(d)
        a, shift = form.conductivity, form.shift
        _check_positive(a, form.names[0])
        _check_batches(a, shift, form.source if source is None else source)
        f = self._spread(form.source if source is None else source, d.coords, "source")
        direct = is_uniform(a, d) and is_uniform(shift, d) and transformable(self.grid)
        if direct:
            a, shift = _per_sample(a, d.coords), _per_sample(shift, d.coords)
            batch = max(len(a), len(shift), len(f))
            f = (f / a).expand(batch, *f.shape[1:])
            transforms = HelmholtzTransforms(self.grid, dtype=dtype, device=device)
            return transforms.solve(f, shift / a, net_source=self.net_source)
        a = self._spread(a, d.coords, form.names[0])
        shift = self._spread(shift, d.coords, form.names[1])
        batch = max(len(a), len(shift), len(f))
        return self._iterate(a, -shift, f.expand(batch, *f.shape[1:]))

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"num_points={self.grid.num_points}, tolerance={self.tolerance}"

    def _iterate(self, a: Tensor, c: Tensor, f: Tensor) -> Tensor:
        """Return the solution of ``-div(a grad u) + c u = -f``."""
        if bool((c < 0).any()):
            raise ArgumentError(
                explain(
                    "shift",
                    found=f"{-c.min().item():g} beside coefficients that vary in space",
                    expected="values that are not positive, for a definite operator",
                    remedy="make all coefficients uniform, which is solved directly",
                )
            )
        faces = face_coefficients(self.grid, a)
        walls = diffuse(torch.zeros_like(f), faces, self.grid)
        free = (c == 0).flatten(1).all(1) & keeps_constants(self.grid)
        rhs = remove_net(walls - f, (walls, f), free, largest=self.net_source)
        grid, singular = homogeneous(self.grid), free.reshape(-1, *[1] * (f.ndim - 1))

        def operator(u: Tensor, c: Tensor, *faces: Tensor) -> Tensor:
            return c * u - diffuse(u, faces, grid)

        def project(r: Tensor) -> Tensor:
            mean = r.mean(tuple(range(2, r.ndim)), keepdim=True)
            return torch.where(singular, r - mean, r)

        return conjugate_gradient(
            operator,
            rhs,
            (c, *faces),
            preconditioner=self._preconditioner(a.detach(), c.detach()),
            project=project if bool(free.any()) else None,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )

    def _preconditioner(self, a: Tensor, c: Tensor) -> Callable[[Tensor], Tensor]:
        if halves_far_enough(self.grid):
            return Multigrid(self.grid, a, c).cycle
        transforms = HelmholtzTransforms(
            nearly(self.grid), dtype=a.dtype, device=a.device
        )
        space = tuple(range(1, a.ndim))
        typical = a.log().mean(space, keepdim=True).exp()
        shift = -(c.mean(space, keepdim=True) / typical)
        return lambda r: -transforms.solve_homogeneous(r / typical, shift)

    def _spread(self, value: Coefficient, coords: Tensor, name: str) -> Tensor:
        """Return a coefficient at every point, ``(batch, 1, *space)``."""
        field = _per_sample(value, coords)
        wanted = (1, *self.grid.num_points)
        fits = field.ndim == coords.ndim and all(
            n in (1, m) for n, m in zip(field.shape[1:], wanted, strict=True)
        )
        if not fits:
            raise ShapeError(
                explain(
                    name,
                    found=f"shape {tuple(field.shape)}",
                    expected=f"(batch, 1, *{self.grid.num_points})",
                    remedy="give a number, one per sample, or one field per sample",
                )
            )
        return field.expand(len(field), *wanted)


def _per_sample(value: Coefficient, coords: Tensor) -> Tensor:
    """Return a sampled coefficient with the axes of a state."""
    tensor = torch.as_tensor(value, dtype=coords.dtype, device=coords.device)
    return tensor.reshape([1] * coords.ndim) if tensor.ndim == 0 else tensor


def _check_positive(a: Coefficient, name: str) -> None:
    """Raise unless a sampled conductivity is positive everywhere."""
    values = torch.as_tensor(a).detach()
    if not bool((values > 0).all()):  # NaN is not either
        raise ArgumentError(
            explain(
                name,
                found=f"{values.min().item():g} at a point of the grid",
                expected="values above zero everywhere",
                remedy="correct its sign, or the function that gives it",
            )
        )


def _check_batches(*values: Coefficient) -> None:
    """Raise unless all coefficients with a batch have the same, or one sample."""
    sizes = {len(v) for v in values if isinstance(v, Tensor) and v.ndim} - {1}
    if len(sizes) > 1:
        raise ShapeError(
            explain(
                "pde",
                found=f"coefficients and sources for {sorted(sizes)} samples",
                expected="one number of samples for all of them",
                remedy="give one value per sample, or one for all",
            )
        )
