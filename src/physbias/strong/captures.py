"""What a step depends on besides the state: parameters, buffers, closures."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from physbias.errors import ArgumentError, explain


@dataclass(frozen=True, slots=True)
class Captures:
    """Tensors that require gradients and that a step reads.

    Args:
        tensors: the tensors, each once.
    """

    tensors: tuple[Tensor, ...]

    @property
    def need_stand_ins(self) -> bool:
        """Whether gradients might pass beyond these tensors, or meet a hook there.

        A parameter ends its graph, and so it is where a gradient stops. Another tensor
        was computed from something, which may be captured too.
        """
        return any(not t.is_leaf or t._backward_hooks for t in self.tensors)


def find_captures(
    step: Callable[[Tensor], Tensor], u: Tensor, module: nn.Module
) -> Captures:
    """Return what a step reads, after taking it once.

    Args:
        step: takes a state and returns the next.
        u: a state.
        module: its parameters and buffers count also where this step reads none.

    Raises:
        ArgumentError: the step draws random numbers, so that it cannot be repeated.
    """
    reader = _Reader()
    before = _random_state(u)
    state = u.detach()  # before anyone looks: the state itself is not captured
    with torch.no_grad(), reader:
        step(state)
    if not all(map(torch.equal, before, _random_state(u))):
        raise ArgumentError(
            explain(
                "gradient",
                found="a step that draws random numbers",
                expected="a step that gives the same when it is repeated",
                remedy="call eval() on networks with dropout, or use Autograd()",
            )
        )
    owned = [t for t in (*module.parameters(), *module.buffers()) if t.requires_grad]
    unique = {id(t): t for t in (*owned, *reader.found)}
    return Captures(tuple(unique.values()))


class StandIns(AbstractContextManager[tuple[Tensor, ...]]):
    """Let steps read views of what they capture, so that gradients stop there.

    It may be entered again and again.

    Args:
        captures: what the steps read.

    Attributes:
        tensors: what gradients are to be taken by.
    """

    def __init__(self, captures: Captures) -> None:
        originals = self.tensors = captures.tensors
        self._mode: _Exchange | None = None
        if captures.need_stand_ins:
            self.tensors = tuple(t.view_as(t) for t in originals)
            pairs = zip(originals, self.tensors, strict=True)
            self._mode = _Exchange({id(t): view for t, view in pairs})

    def __enter__(self) -> tuple[Tensor, ...]:
        """Return what gradients are to be taken by."""
        if self._mode is not None:
            self._mode.__enter__()
        return self.tensors

    def __exit__(self, *error: object) -> None:
        """Let steps read the tensors themselves again."""
        if self._mode is not None:
            self._mode.__exit__(None, None, None)


class _Reader(TorchFunctionMode):
    """Notes tensors that require gradients and were not made while it looked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tensor] = []
        self._made: dict[int, weakref.ref[Tensor]] = {}

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        options = kwargs or {}
        for tensor in _tensors((args, tuple(options.values()))):
            if tensor.requires_grad and not self._was_made(tensor):
                self.found.append(tensor)
        result = func(*args, **options)
        for tensor in _tensors(result):
            self._made[id(tensor)] = weakref.ref(tensor)
        return result

    def _was_made(self, tensor: Tensor) -> bool:
        known = self._made.get(id(tensor))
        return known is not None and known() is tensor


class _Exchange(TorchFunctionMode):
    """Gives functions other tensors than they were called with."""

    def __init__(self, table: Mapping[int, Tensor]) -> None:
        super().__init__()
        self._table = table

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Iterable[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        options = {k: self._swap(v) for k, v in (kwargs or {}).items()}
        return func(*map(self._swap, args), **options)

    def _swap(self, value: object) -> object:
        if isinstance(value, Tensor):
            return self._table.get(id(value), value)
        if type(value) is list:
            return [self._swap(entry) for entry in value]
        if type(value) is tuple:
            return tuple(self._swap(entry) for entry in value)
        return value


def _tensors(value: object) -> Iterator[Tensor]:
    """Yield the tensors in nested lists and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _tensors(entry)


def _random_state(u: Tensor) -> list[Tensor]:
    """Return the state of the generators that a step may draw from."""
    states = [torch.get_rng_state()]
    if u.is_cuda:
        states.append(torch.cuda.get_rng_state(u.device))
    return states
