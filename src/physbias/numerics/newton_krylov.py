"""The nonlinear systems of implicit steps: Newton's method over Krylov spaces."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physbias.arguments import check_count, check_positive
from physbias.errors import (
    ArgumentError,
    ConvergenceError,
    DivergenceError,
    explain,
)
from physbias.grid.edge_data import naming_walls

Operator = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class NewtonKrylov:
    r"""Solve :math:`w - s\,F(w) = r` for every sample, without forming a matrix.

    Newton's corrections come from restarted GMRES on products with the Jacobian of F.
    Every sample is iterated until its own residual or last correction is small, and
    then left alone: none depends on what else is in the batch. Gradients do not pass
    through the iterations: a transposed linear solve at the solution gives them, once
    per backward.

    Args:
        rtol: largest residual or last correction, relative to the state [1]; if not
            given 1e-10 in float64 and 1e-5 in float32.
        max_corrections: Newton corrections before giving up.
        krylov_size: vectors between restarts of GMRES.
        max_restarts: restarts before giving up.

    Raises:
        ArgumentError: a setting that is not positive, or a second derivative.
        ConvergenceError: corrections that do not become small.
        DivergenceError: NaN or infinity on the way.

    Source:
        D. A. Knoll and D. E. Keyes (2004), J. Comput. Phys. 193, 357-397; Y. Saad and
        M. H. Schultz (1986), SIAM Journal on Scientific and Statistical Computing 7,
        856-869.
    """

    rtol: float | None = None
    max_corrections: int = 20
    krylov_size: int = 60
    max_restarts: int = 20

    def __post_init__(self) -> None:
        if self.rtol is not None:
            check_positive(self.rtol, "rtol", remedy="leave it out for the usual one")
        for name in ("max_corrections", "krylov_size", "max_restarts"):
            check_count(getattr(self, name), name)

    def solve(
        self, tendency: Operator, known: Tensor, scale: float, guess: Tensor
    ) -> Tensor:
        """Return the solution, differentiable in ``known`` and in coefficients.

        Args:
            tendency: F.
            known: r, ``(batch, channel, *space)``.
            scale: s.
            guess: where the iteration starts.
        """
        with torch.inference_mode(False):
            root = self._root(
                tendency, known.detach().clone(), scale, guess.detach().clone()
            )
        if not torch.is_grad_enabled():
            return root
        image = known + scale * tendency(root)
        if not image.requires_grad:
            return root
        return _Implicit.apply(image, root, tendency, scale, self)

    def transposed(
        self, tendency: Operator, root: Tensor, scale: float, right: Tensor
    ) -> Tensor:
        """Return the solution of the transposed Newton system at a state."""
        _, _, vjp = linearise(tendency, root)
        target = 1e-10 if right.dtype == torch.float64 else 1e-5
        found, good = self._gmres(
            lambda v: v - scale * vjp(v), right, target * norm(right)
        )
        if not bool(good.all()):
            raise ConvergenceError(_unsolved("the transposed system of a gradient"))
        return found

    def _root(
        self, tendency: Operator, known: Tensor, scale: float, w: Tensor
    ) -> Tensor:
        double = known.dtype == torch.float64
        rtol = self.rtol or (1e-10 if double else 1e-5)
        inner = 1e-6 if double else 1e-3
        active = torch.ones(len(known), dtype=torch.bool, device=known.device)
        for _ in range(self.max_corrections):
            image, jvp, _ = linearise(tendency, w)
            gap = known + scale * image - w
            if not bool(torch.isfinite(gap).all()):
                with naming_walls():
                    tendency(w)
                raise DivergenceError(
                    explain(
                        "solution",
                        found="NaN or infinity in an implicit step",
                        expected="finite values",
                        remedy="use a smaller dt, or check the equation's sign",
                    )
                )
            size = torch.maximum(norm(w), norm(known))
            active = active & (norm(gap) > rtol * size)
            if not bool(active.any()):
                return w
            gap = gap * spread(active, gap)
            target = torch.maximum(inner * norm(gap), rtol / 2 * size)
            change, good = self._gmres(
                lambda v, jvp=jvp: v - scale * jvp(v), gap, target
            )
            w = w + change
            active = active & ~(good & (norm(change) <= rtol * size))
        raise ConvergenceError(_unsolved(f"{int(active.sum())} of {len(w)} samples"))

    def _gmres(
        self, apply: Operator, right: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return solutions, and which samples' residuals met their targets."""
        x, residual = torch.zeros_like(right), right
        good = norm(right) <= target
        for _ in range(self.max_restarts):
            x = x + self._cycle(apply, residual * spread(~good, right), target)
            residual = right - apply(x)
            # the recursion's residual may be better than the true one by rounding
            good = good | (norm(residual) <= 2 * target)
            if bool(good.all()):
                break
        return x, good

    def _cycle(self, apply: Operator, residual: Tensor, target: Tensor) -> Tensor:
        """Return the correction of one cycle of GMRES, zero for finished samples."""
        size, start = self.krylov_size, norm(residual)
        shape, batch = residual.shape, len(residual)
        wide = {"dtype": torch.float64, "device": residual.device}
        basis = residual.new_zeros(batch, size + 1, residual[0].numel())
        basis[:, 0] = (residual / spread(start.clamp_min(TINY), residual)).flatten(1)
        rotation = torch.eye(size + 1, **wide).repeat(batch, 1, 1)
        # columns that a sample does not use are unit vectors: its own stay apart
        triangle = torch.eye(size, **wide).repeat(batch, 1, 1)
        goal = torch.zeros(batch, size, **wide)
        rest, working = start.double(), start > target
        used = 0
        while used < size and bool(working.any()):
            k, used = used, used + 1
            w = apply(basis[:, k].reshape(shape)).flatten(1)
            column = torch.zeros(batch, size + 1, **wide)
            for _ in range(2):  # twice is enough
                weight = (basis * w[:, None]).sum(2)
                w = w - (weight[..., None] * basis).sum(1)
                column = column + weight
            length = w.square().sum(1).sqrt()
            column[:, k + 1] = length.double()
            basis[:, k + 1] = w / length.clamp_min(TINY)[:, None]
            column = (rotation * column[:, None]).sum(2)
            radius = torch.hypot(column[:, k], column[:, k + 1]).clamp_min(TINY)
            cos, sin = column[:, k] / radius, column[:, k + 1] / radius
            upper, lower = rotation[:, k].clone(), rotation[:, k + 1].clone()
            rotation[:, k] = cos[:, None] * upper + sin[:, None] * lower
            rotation[:, k + 1] = cos[:, None] * lower - sin[:, None] * upper
            column[:, k] = radius
            triangle[:, : k + 1, k] = torch.where(
                working[:, None], column[:, : k + 1], triangle[:, : k + 1, k]
            )
            goal[:, k] = cos * rest * working
            rest = -sin * rest
            working = working & (rest.abs() > target)
        factors = torch.zeros(batch, size, **wide)
        for k in reversed(range(used)):
            known = (triangle[:, k] * factors).sum(1)
            factors[:, k] = (goal[:, k] - known) / triangle[:, k, k]
        weights = factors.to(residual.dtype)[..., None]
        return (weights * basis[:, :size]).sum(1).reshape(shape)


TINY = 1e-30


class _Implicit(torch.autograd.Function):
    """The solution, as a function of its image under the fixed-point map."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's)
        image: Tensor,
        root: Tensor,
        tendency: Operator,
        scale: float,
        newton: NewtonKrylov,
    ) -> Tensor:
        """Return the solution."""
        ctx.save_for_backward(root)
        ctx.newton, ctx.tendency, ctx.scale = newton, tendency, scale
        return root.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:  # noqa: ANN401
        """Return the gradient with respect to the image."""
        if torch.is_grad_enabled():
            raise ArgumentError(
                explain(
                    "gradient",
                    found="a second derivative through an implicit step",
                    expected="first derivatives",
                    remedy="leave create_graph out, or use an explicit stepper",
                )
            )
        (root,), (grad,) = ctx.saved_tensors, grads
        found = ctx.newton.transposed(ctx.tendency, root, ctx.scale, grad)
        return found, None, None, None, None


def linearise(function: Operator, u: Tensor) -> tuple[Tensor, Operator, Operator]:
    """Return a function's value and its products with the Jacobian and its transpose.

    Args:
        function: keeps the shape and may be differentiated twice.
        u: where it is linearised.
    """
    with torch.enable_grad():
        point = u.detach().requires_grad_()
        value = function(point) + 0 * point  # also where it does not depend on it
        weights = torch.zeros_like(value, requires_grad=True)
        (back,) = torch.autograd.grad(value, point, weights, create_graph=True)

    def jvp(v: Tensor) -> Tensor:
        return torch.autograd.grad(back, weights, v, retain_graph=True)[0]

    def vjp(v: Tensor) -> Tensor:
        return torch.autograd.grad(value, point, v, retain_graph=True)[0]

    return value.detach(), jvp, vjp


def norm(u: Tensor) -> Tensor:
    """Return the Euclidean norm of every sample."""
    return u.flatten(1).square().sum(1).sqrt()


def spread(value: Tensor, u: Tensor) -> Tensor:
    """Return one value per sample in a shape that multiplies states."""
    return value.reshape(-1, *[1] * (u.ndim - 1))


def _unsolved(what: str) -> str:
    return explain(
        "stepper",
        found=f"no convergence of an implicit step: {what}",
        expected="Newton's corrections to shrink",
        remedy="use a smaller dt, or a larger rtol, krylov_size or max_corrections "
        "in NewtonKrylov",
    )
