"""Noise that belongs to a member: the same bits whoever else is drawn with it."""

import hashlib
import operator
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import check_count
from physbias.errors import ArgumentError, ShapeError, explain

ItemId = int | str


def ensemble_noise(
    shape: Sequence[int],
    members: int,
    *,
    seed: int = 0,
    item_ids: Sequence[ItemId] | None = None,
    lead_step: int = 0,
    first_member: int = 0,
) -> Float[Tensor, "member batch channel *space"]:
    """Draw standard normal noise for every member of every item.

    The noise of member ``k`` of item ``i`` depends on ``(seed, i, k, lead_step)``
    and the shape of one state alone. More members or another order of the batch
    leave it as it is. It is drawn on the CPU in float32, so that a run in float64
    or on a GPU sees the same members; the global generators are not touched.

    The generator is NumPy's counter-based Philox with a 128-bit key. PyTorch's CPU
    generator keeps 32 bits of its seed, and two of 80 000 members would share their
    noise more often than not.

    Args:
        shape: Shape of the batch of states, ``(batch, channel, *space)``.
        members: Number of members.
        seed: Any integer.
        item_ids: A name for each item of the batch, integers or strings; the
            position in the batch if left out. Equal names get equal noise.
        lead_step: Number of forecast steps already made.
        first_member: Number of the first member; lets several processes share an
            ensemble.

    Shape:
        Result: ``(member, batch, channel, *space)``.

    Returns:
        A float32 tensor on the CPU.

    Raises:
        ArgumentError: ``item_ids`` does not name every item, or ``members`` is
            below 1.

    Source:
        Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3.

    Example:
        >>> two, three = ensemble_noise((1, 1, 4), 2), ensemble_noise((1, 1, 4), 3)
        >>> bool((two == three[:2]).all())
        True
    """
    check_count(members, "members")
    batch, *item_shape = shape
    names = _checked_ids(item_ids, batch)
    noise = np.empty((members, *shape), dtype=np.float32)
    for k in range(members):
        for i, name in enumerate(names):
            generator = _generator(seed, name, first_member + k, lead_step)
            generator.standard_normal(item_shape, dtype=np.float32, out=noise[k, i])
    return torch.from_numpy(noise)


def _generator(
    seed: int, item: ItemId, member: int, lead_step: int
) -> np.random.Generator:
    """Return a generator whose key is a hash of all that names the draw."""
    label = repr((operator.index(seed), item, member, lead_step)).encode()
    key = int.from_bytes(hashlib.blake2b(label, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def _checked_ids(item_ids: Sequence[ItemId] | None, batch: int) -> list[ItemId]:
    """Return one plain name per item."""
    if item_ids is None:
        return list(range(batch))
    if len(item_ids) != batch:
        raise ShapeError(
            explain(
                "item_ids",
                found=f"{len(item_ids)} names",
                expected=f"{batch}, one for each item of the batch",
                remedy="pass one name per item, or none for the position",
            )
        )
    return [i if isinstance(i, str) else _plain_integer(i) for i in item_ids]


def _plain_integer(name: object) -> int:
    """Return an integer of any library as Python's own, whose text is hashed."""
    try:
        return operator.index(name)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise ArgumentError(
            explain(
                "item_ids",
                found=f"a {type(name).__name__}",
                expected="integers or strings",
                remedy="name each item by an integer or a string",
            )
        ) from None
