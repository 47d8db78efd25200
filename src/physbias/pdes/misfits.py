"""Coefficients whose shapes do not fit a state, named where a product fails."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from physbias.errors import PhysbiasError, ShapeError, explain


@contextmanager
def naming_misfits(pde: nn.Module, shape: tuple[int, ...]) -> Iterator[None]:
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
        found = None if isinstance(error, PhysbiasError) else misfits(pde, shape)
        if found is None:
            raise
        raise found from error


def misfits(
    pde: nn.Module, shape: tuple[int, ...], *, batch: int | None = None
) -> ShapeError | None:
    """Return the refusal of the coefficients that do not fit a state, if there are any.

    Args:
        pde: the equation.
        shape: that of a state, ``(batch, channel, *space)``.
        batch: name only those with one value for each of so many samples.
    """
    held = (*pde.named_parameters(recurse=False), *pde.named_buffers(recurse=False))
    names = [
        f"{name} {tuple(value.shape)}"
        for name, value in held
        if not _fits(value, shape) and (batch is None or batch == _samples(value))
    ]
    if not names:
        return None
    field = (1, 1, *shape[2:])
    return ShapeError(
        explain(
            "pde",
            found=f"{', '.join(names)} for states of shape {shape}",
            expected=f"numbers, shape ({shape[0]},) with one value per sample, or "
            "what broadcasts against states",
            remedy="a tensor of one axis is one value per sample of the batch; a field "
            f"on the points has the axes of a state, {field}",
        )
    )


def _samples(value: Tensor) -> int | None:
    """Return for how many samples a tensor has one value each; None if it has not."""
    return len(value) if value.ndim == 1 else None


def _fits(value: Tensor, shape: tuple[int, ...]) -> bool:
    if value.ndim == 1:
        return len(value) in (1, shape[0])
    pairs = zip(reversed(value.shape), reversed(shape), strict=False)
    return value.ndim <= len(shape) and all(have in (1, want) for have, want in pairs)
