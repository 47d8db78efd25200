"""The queues of the GPUs: waiting for them, and marking where they stand."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from physbias.energy.sensors import cuda

_SECONDS_PER_MILLISECOND = 1e-3


@runtime_checkable
class Mark(Protocol):
    """A place in the queue of a GPU, which the GPU reaches sooner or later."""

    def done(self) -> bool:
        """Return whether the GPU has reached it; never wait."""
        ...

    def since(self, earlier: Any) -> float:  # noqa: ANN401 - a mark of the same queues
        """Return the time since the GPU reached another mark [s]; both are done."""
        ...


@runtime_checkable
class GpuQueues(Protocol):
    """The queues of work of the GPUs that this process uses."""

    def ready(self) -> bool:
        """Return whether marks can be put now, without starting anything."""
        ...

    def devices(self) -> Sequence[str]:
        """Return the UUIDs of the GPUs in use."""
        ...

    def synchronize(self) -> None:
        """Wait until the queues are empty."""
        ...

    def mark(self, uuid: str, *, apart: bool = False) -> Mark:
        """Put a mark behind the work queued so far, and do not wait.

        Args:
            uuid: the GPU.
            apart: whether to put it on an empty queue instead, where the GPU reaches
                it at once.
        """
        ...

    def release(self, mark: Mark) -> None:
        """Take back a mark that is no longer needed."""
        ...


class TorchQueues:
    """The queues that torch fills: its current streams, marked by CUDA events.

    It does nothing before torch has initialised CUDA, and nothing while the current
    stream captures a graph, so no CUDA context is ever created.
    """

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}
        self._idle: dict[str, Any] = {}
        self._spare: dict[str, list[_TorchMark]] = {}

    def ready(self) -> bool:
        """Return whether CUDA runs and no graph is being captured."""
        torch = cuda.live_torch()
        return torch is not None and not torch.cuda.is_current_stream_capturing()

    def devices(self) -> Sequence[str]:
        """Return the UUIDs of the GPUs on which torch holds memory."""
        torch = cuda.live_torch()
        if torch is None:
            return ()
        found = {
            f"GPU-{uuid}": index
            for index in cuda.used_indices(torch)
            if (uuid := getattr(torch.cuda.get_device_properties(index), "uuid", None))
        }
        self._indices = found
        return tuple(found)

    def synchronize(self) -> None:
        """Wait for the queues of the GPUs in use."""
        cuda.synchronize()

    def mark(self, uuid: str, *, apart: bool = False) -> Mark:
        """Record a CUDA event on the current stream, or on an idle one."""
        torch, index = cuda.live_torch(), self._indices[uuid]
        spare = self._spare.setdefault(uuid, [])
        mark = spare.pop() if spare else _TorchMark(torch, uuid)
        if not apart:
            stream = torch.cuda.current_stream(index)
        elif uuid in self._idle:
            stream = self._idle[uuid]
        else:
            stream = self._idle[uuid] = torch.cuda.Stream(device=index)
        mark.event.record(stream)
        return mark

    def release(self, mark: Mark) -> None:
        """Keep the event for another mark."""
        if isinstance(mark, _TorchMark):
            self._spare[mark.uuid].append(mark)


class _TorchMark:
    __slots__ = ("event", "uuid")

    def __init__(self, torch: Any, uuid: str) -> None:  # noqa: ANN401 - the module
        self.event = torch.cuda.Event(enable_timing=True)
        self.uuid = uuid

    def done(self) -> bool:
        return bool(self.event.query())

    def since(self, earlier: "_TorchMark") -> float:
        return earlier.event.elapsed_time(self.event) * _SECONDS_PER_MILLISECOND
