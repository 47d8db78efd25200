"""The one convention for tensors, in words that annotations and checks share.

A state is ``(batch, channel, *space)`` with one to three space axes in the order
x, y, z; at points it is ``(points, channel)``, the same layout with no space axes.
A trajectory is ``(batch, time, channel, *space)``; an ensemble puts ``member`` first.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.errors import ArgumentError, NonFiniteError, explain

State = Float[Tensor, "batch channel *space"]
Trajectory = Float[Tensor, "batch time channel *space"]
Ensemble = Float[Tensor, "member batch time channel *space"]

AXIS_NAMES = ("x", "y", "z")


def check_float(u: Tensor, name: str) -> None:
    """Raise :class:`ArgumentError` unless ``u`` is a dense real floating-point one."""
    if not isinstance(u, Tensor) or not u.is_floating_point():
        kind, remedy = type(u).__name__, "convert it with torch.as_tensor"
        if isinstance(u, Tensor):
            kind, remedy = f"dtype {u.dtype}", "convert it with .float() or .double()"
        raise ArgumentError(
            explain(
                name,
                found=kind,
                expected="a real floating-point tensor",
                remedy=remedy,
            )
        )
    if u.layout is not torch.strided:
        raise ArgumentError(
            explain(
                name,
                found=f"layout {u.layout}",
                expected="a dense tensor",
                remedy="convert it with .to_dense()",
            )
        )


def check_finite(u: Tensor, name: str) -> None:
    """Raise :class:`NonFiniteError` if ``u`` holds NaN or infinity."""
    finite = torch.isfinite(u)
    if bool(finite.all()):
        return
    bad = (~finite).nonzero()
    raise NonFiniteError(
        explain(
            name,
            found=f"{len(bad)} NaN or infinite values, the first at index "
            f"{tuple(bad[0].tolist())}",
            expected="finite values",
            remedy="look upstream for a division by zero or an earlier blow-up",
        )
    )
