"""What a right-hand side must obey where nothing fixes the mean of the solution."""

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain


def remove_net(
    rhs: Tensor, parts: tuple[Tensor, ...], singular: Tensor, *, largest: float | None
) -> Tensor:
    r"""Return a right-hand side whose mean is zero in every singular problem.

    Between Neumann walls and on periodic axes :math:`\int\nabla^2 u` is what flows
    through the walls: a source that differs from it has no steady solution.

    Args:
        rhs: right-hand side with the walls' part, ``(batch, channel, *space)``.
        parts: what it was added up from, by whose mean size its mean is judged.
        singular: whether nothing fixes the mean, ``(batch,)`` or ``(1,)``.
        largest: relative mean that is taken off evenly; round-off if not given.

    Raises:
        ArgumentError: a larger mean.
    """
    if not bool(singular.any()):
        return rhs
    space = tuple(range(2, rhs.ndim))
    net = rhs.mean(space, keepdim=True)
    with torch.no_grad():
        sizes = [part.abs().mean(space, keepdim=True) for part in parts]
        size = torch.stack(torch.broadcast_tensors(*sizes)).sum(0)
        allowed = 1e3 * torch.finfo(rhs.dtype).eps if largest is None else largest
        affected = singular.reshape(-1, *[1] * (rhs.ndim - 1))
        wrong = affected & (net.abs() > allowed * size)
        if bool(wrong.any()):
            sample, channel = wrong.nonzero()[0, :2].tolist()
            found = net[sample, channel].item()
            scale = size.expand_as(net)[sample, channel].item()
            raise ArgumentError(
                explain(
                    "source",
                    found=f"a net source of {found:.6g} in sample {sample} "
                    f"({abs(found) / scale:.3g} of its mean size), which no flow "
                    "through the walls takes away",
                    expected="one of zero, as Neumann and periodic edges fix no mean "
                    f"(tolerance {allowed:.3g} of the mean size)",
                    remedy="correct it or the walls' slopes, subtract the mean, allow "
                    "net_source, or set a Dirichlet value on one wall",
                )
            )
    return torch.where(affected, rhs - net, rhs)
