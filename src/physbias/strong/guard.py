"""When a stability limit has to be worked out again, and what must not change."""

from collections.abc import Callable, Iterator
from math import inf

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.pdes import PDE

# a limit serves until a size grows by this factor, and is lowered as much meanwhile
GROWTH = 1.1
# a state this much smaller may be limited by something else
SHRINKAGE = 0.5
# a coefficient of no more entries is watched entry by entry
ENTRIES = 64


class StepGuard:
    """Keeps a stability limit while the state and coefficients stay as large."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Work the limit out anew when it is next asked for."""
        self._known: tuple[list[float], list[float]] | None = None
        self._limit = 0.0
        self.time = 0.0

    def limit(
        self,
        pde: PDE,
        u: Tensor,
        *,
        time: float = 0.0,
        compute: Callable[[], float],
        wanted: float | None = None,
    ) -> float:
        """Return the limit, computed anew where it may have become smaller.

        Args:
            pde: the equation.
            u: state.
            time: time of the state, kept as ``time`` with a limit that it gave [s].
            compute: works the limit out.
            wanted: the step that is to be taken, if it is known.
        """
        sizes = _state_sizes(u), _coefficient_sizes(pde)
        if self._known is not None:
            growth = _growth(sizes, self._known)
            lowered = self._limit / growth
            if growth <= GROWTH and (wanted is None or wanted <= lowered):
                return lowered
        self._limit, self._known, self.time = compute(), sizes, time
        return self._limit


def _growth(
    new: tuple[list[float], list[float]], old: tuple[list[float], list[float]]
) -> float:
    """Return the factor by which the limit may have become smaller."""
    if [len(part) for part in new] != [len(part) for part in old]:
        return inf
    states = [_ratio(a, b) for a, b in zip(new[0], old[0], strict=True)]
    coefficients = [_ratio(a, b) for a, b in zip(new[1], old[1], strict=True)]
    # written so that NaN counts as a danger
    if not all(r >= SHRINKAGE for r in states) or not all(r > 0 for r in coefficients):
        return inf
    # a smaller coefficient is a danger too: diffusion steadies a central difference
    return max(1.0, *states, *(max(r, 1 / r) for r in coefficients))


def _ratio(new: float, old: float) -> float:
    if new == old:
        return 1.0
    return new / old if old != 0 else inf


@torch.no_grad()
def _state_sizes(u: Tensor) -> list[float]:
    """Return the largest value of each channel and its largest jump between points."""
    dims = (0, *range(2, u.ndim))
    sizes = [u.abs().amax(dims)]
    sizes += [u.diff(dim=d).abs().amax(dims) for d in dims[1:] if u.shape[d] > 1]
    return torch.cat(sizes).tolist()


@torch.no_grad()
def _coefficient_sizes(pde: PDE) -> list[float]:
    """Return the size of each coefficient, by its entries or channels."""
    found = []
    for value, _ in held_coefficients(pde):
        if isinstance(value, Tensor):
            found += _sizes(value.detach()) if value.numel() else []
        else:
            found.append(abs(float(value)))
    return found


def _sizes(c: Tensor) -> list[float]:
    """Return the sizes of a coefficient: of few entries each, of a field by channel."""
    if not c.is_floating_point():
        return [abs(float(c.sum()))]
    if c.numel() <= ENTRIES:
        return c.abs().flatten().tolist()
    if c.ndim < 3:
        return [float(c.abs().max())]
    return c.abs().transpose(0, 1).flatten(1).amax(1).tolist()


Held = list[tuple[Tensor | float, int]]


def held_coefficients(pde: PDE) -> Held:
    """Return every coefficient of an equation with its version."""
    plain = [
        value
        for module in pde.modules()
        for attribute in vars(module).values()
        for value in _coefficients(attribute)
    ]
    values = [*plain, *pde.parameters(), *pde.buffers()]
    return [(v, v._version if isinstance(v, Tensor) else 0) for v in values]


def _coefficients(value: object) -> Iterator[Tensor | float]:
    """Yield the numbers and tensors in an attribute, those in lists and tuples too."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _coefficients(item)
    elif isinstance(value, Tensor | int | float) and not isinstance(value, bool):
        yield value


def check_unchanged(held: Held, pde: PDE) -> None:
    """Raise if a coefficient was set between a step and its repetition."""
    now = held_coefficients(pde)
    same = len(now) == len(held) and all(
        (a is b or (not isinstance(a, Tensor) and a == b)) and v == w
        for (a, v), (b, w) in zip(held, now, strict=True)
    )
    if not same:
        raise ArgumentError(
            explain(
                "gradient",
                found="coefficients that were set between the forward and the backward",
                expected="the same ones, because the steps are repeated",
                remedy="call backward before the next forward, or use Autograd()",
            )
        )
