"""Coefficients whose shapes do not fit a state, named where a product fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from physbias.errors import PhysbiasError, ShapeError, explain
from physbias.pdes.pde import PDE


@contextmanager
def naming_misfits(pde: PDE, shape: tuple[int, ...]) -> Iterator[None]:
    """Name the coefficients that do not fit, where shapes fail to broadcast.

    An equation of one's own may hold tensors of any shape, so that nothing can be
    refused before it is used.

    Args:
        pde: the equation that is evaluated inside.
        shape: that of a state, ``(batch, channel, *space)``.

    Raises:
        ShapeError: an operation failed, and a coefficient has a shape that neither
            gives one value per sample nor broadcasts against states.
    """
    try:
        yield
    except RuntimeError as error:
        held = (
            *pde.named_parameters(recurse=False),
            *pde.named_buffers(recurse=False),
        )
        names = [f"{name} {tuple(c.shape)}" for name, c in held if not _fits(c, shape)]
        if isinstance(error, PhysbiasError) or not names:
            raise
        raise ShapeError(
            explain(
                "pde",
                found=f"{', '.join(names)} for states of shape {shape}",
                expected=f"numbers, shape ({shape[0]},) with one value per sample, or "
                "what broadcasts against states",
                remedy="give one value per sample of the batch",
            )
        ) from error


def _fits(value: Tensor, shape: tuple[int, ...]) -> bool:
    if value.ndim == 1:
        return len(value) in (1, shape[0])
    pairs = zip(reversed(value.shape), reversed(shape), strict=False)
    return value.ndim <= len(shape) and all(have in (1, want) for have, want in pairs)
