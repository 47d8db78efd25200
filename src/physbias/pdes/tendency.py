"""What a right-hand side must be: a new tensor, shaped like the state."""

import torch
from torch import Tensor, nn

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.pdes.misfits import misfits


def version_of(u: Tensor) -> int:
    """Return how often a tensor was changed in place, where that is counted.

    Args:
        u: state.
    """
    if torch.compiler.is_compiling() or u.is_inference():
        return 0
    return u._version


def check_tendency(pde: nn.Module, f: object, u: Tensor, version: int) -> None:
    """Raise unless ``f`` can be the time derivative of ``u``.

    Args:
        pde: the equation.
        f: what its right-hand side returned.
        u: state.
        version: that of the state before.

    Raises:
        ArgumentError: no real tensor, or the state was changed in place.
        ShapeError: another shape than that of the state.
    """
    if version_of(u) != version:
        raise _changed_in_place()
    if not isinstance(f, Tensor) or f.is_complex():
        found = f"dtype {f.dtype}" if isinstance(f, Tensor) else type(f).__name__
        raise ArgumentError(
            explain(
                "rhs",
                found=found,
                expected="a real tensor, the time derivative of the state",
                remedy="return one tendency per field, joined",
            )
        )
    if f.shape != u.shape:  # it would broadcast, silently
        misfit = misfits(pde, tuple(u.shape), batch=f.shape[0] if f.ndim else None)
        raise misfit or ShapeError(
            explain(
                "rhs",
                found=f"a result of shape {tuple(f.shape)}",
                expected=f"that of the state, {tuple(u.shape)}",
                remedy="join one tendency per field, and wrap coefficients "
                "(batch,) in d.coefficient",
            )
        )


def _changed_in_place() -> ArgumentError:
    return ArgumentError(
        explain(
            "rhs",
            found="an in-place change of the state",
            expected="a new tensor, as the stepper still needs the state",
            remedy="write -u for u.neg_(), u * a for u.mul_(a), torch.cat or "
            "torch.where for u[...] = b, or begin with u.clone()",
        )
    )
