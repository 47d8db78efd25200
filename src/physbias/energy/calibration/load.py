"""Work of known times for a board, so that its sensor can be watched meanwhile."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from physbias.energy.clock import Clock
from physbias.errors import ArgumentError, explain

_PIECE = 1.5e-3
_WARM_UP = 20
_SIDE = 2048
_LENGTH = 1 << 26


class Busy(NamedTuple):
    """A stretch of work.

    Attributes:
        start: when it began on the machine's clock [s].
        end: when it ended [s].
        level: ``light`` or ``heavy``.
    """

    start: float
    end: float
    level: str


@runtime_checkable
class Load(Protocol):
    """Something that keeps one board busy for times that it knows."""

    def begin(self, seconds: float, level: str) -> None:
        """Work for about ``seconds`` [s]; return at once.

        ``level`` is ``light`` or ``heavy``: two powers that differ, both above idle.
        """
        ...

    def spans(self) -> Sequence[Busy]:
        """Return when the board really worked; wait for work that still runs."""
        ...


class TorchLoad:
    """Matrix products (heavy) and copies (light) on a CUDA device.

    When the work began and ended is taken from CUDA events, which are set against
    the clock by an event whose end was waited for.

    Args:
        device: the CUDA device, such as ``cuda:0``.
        clock: the machine's clock.

    Raises:
        ArgumentError: PyTorch sees no such device.
    """

    def __init__(self, device: str, clock: Clock) -> None:
        import torch

        if not torch.cuda.is_available():
            remedy = "run this on a machine with a GPU that PyTorch can use"
            found, expected = "no CUDA device", "a CUDA device"
            text = explain("device", found=found, expected=expected, remedy=remedy)
            raise ArgumentError(text)
        self._torch: Any = torch
        self._device = torch.device(device)
        self._clock = clock
        self._pending: list[tuple[Any, Any, str]] = []
        self._spans: list[Busy] = []
        with torch.cuda.device(self._device):
            self._make(_SIDE)
            # pieces long enough to be few in the queue, short enough to time well
            ratio = (_PIECE / self._time("heavy")) ** (1 / 3)
            self._make(min(8192, max(512, 256 * round(_SIDE * ratio / 256))))
            self._c = torch.empty(_LENGTH, device=self._device)
            self._d = torch.empty_like(self._c)
            self._cost = {level: self._time(level) for level in ("heavy", "light")}

    def begin(self, seconds: float, level: str) -> None:
        """Queue about ``seconds`` [s] of work; return at once."""
        with self._torch.cuda.device(self._device):
            start, end = self._event(), self._event()
            start.record()
            for _ in range(max(1, round(seconds / self._cost[level]))):
                self._work(level)
            end.record()
        self._pending.append((start, end, level))

    def spans(self) -> Sequence[Busy]:
        """Return when the device worked, after waiting for it."""
        with self._torch.cuda.device(self._device):
            anchor = self._event()
            self._torch.cuda.synchronize(self._device)
            anchor.record()
            anchor.synchronize()
            now = self._clock.now()
        for start, end, level in self._pending:
            began = now - start.elapsed_time(anchor) * 1e-3
            ended = now - end.elapsed_time(anchor) * 1e-3
            self._spans.append(Busy(began, ended, level))
        self._pending.clear()
        return tuple(self._spans)

    def _make(self, side: int) -> None:
        self._a = self._torch.randn(
            (side, side), device=self._device, dtype=self._torch.bfloat16
        )
        self._b = self._torch.empty_like(self._a)

    def _event(self) -> Any:  # noqa: ANN401 - torch.cuda.Event
        return self._torch.cuda.Event(enable_timing=True)

    def _work(self, level: str) -> None:
        if level == "heavy":
            self._torch.mm(self._a, self._a, out=self._b)
        else:
            self._d.copy_(self._c)

    def _time(self, level: str) -> float:
        """Return how long one piece of work takes [s]."""
        for _ in range(_WARM_UP):
            self._work(level)
        start, end = self._event(), self._event()
        start.record()
        for _ in range(_WARM_UP):
            self._work(level)
        end.record()
        end.synchronize()
        return start.elapsed_time(end) * 1e-3 / _WARM_UP
