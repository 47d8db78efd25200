import sys
from types import SimpleNamespace

import pytest
import torch

from physbias.energy.calibration.load import Load, TorchLoad
from physbias.energy.clock import MonotonicClock, VirtualClock
from physbias.errors import ArgumentError


class Stream:
    """A GPU's queue on a virtual clock: launches return, work follows later."""

    def __init__(self, clock):
        self.clock, self.free_at, self.launches = clock, 0.0, 0

    def launch(self, seconds):
        self.launches += 1
        self.free_at = max(self.free_at, self.clock.now()) + seconds

    def wait(self, instant):
        self.clock.sleep(instant - self.clock.now())


class Event:
    def __init__(self, stream):
        self.stream, self.time = stream, None

    def record(self):
        self.time = max(self.stream.free_at, self.stream.clock.now())

    def synchronize(self):
        self.stream.wait(self.time)

    def elapsed_time(self, end):
        return 1e3 * (end.time - self.time)


class Tensor:
    def __init__(self, shape, stream):
        self.shape, self.stream = shape, stream

    def copy_(self, other):
        self.stream.launch(0.5e-3)


class OnDevice:
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None


@pytest.fixture
def stream(monkeypatch):
    stream = Stream(VirtualClock(100.0))
    cuda = SimpleNamespace(
        is_available=lambda: True,
        device=lambda device: OnDevice(),
        Event=lambda enable_timing: Event(stream),
        synchronize=lambda device: stream.wait(stream.free_at),
    )
    fake = SimpleNamespace(
        cuda=cuda,
        device=lambda name: name,
        bfloat16="bfloat16",
        randn=lambda shape, **kind: Tensor(shape, stream),
        empty=lambda size, **kind: Tensor((size,), stream),
        empty_like=lambda tensor: Tensor(tensor.shape, stream),
        mm=lambda a, b, out: stream.launch(4e-3 * (a.shape[0] / 4096) ** 3),
    )
    monkeypatch.setitem(sys.modules, "torch", fake)
    return stream


def test_work_lasts_as_asked_and_its_times_are_those_of_the_queue(stream):
    load = TorchLoad("cuda:0", stream.clock)
    assert isinstance(load, Load)
    began = stream.clock.now()
    load.begin(0.3, "heavy")
    load.begin(0.1, "light")
    assert stream.clock.now() == began
    stream.clock.sleep(1.0)
    load.begin(0.2, "heavy")
    first, second, third = load.spans()
    assert first.start == pytest.approx(began)
    assert first.end == pytest.approx(began + 0.3, abs=2e-3)
    assert (second.start, second.level) == (first.end, "light")
    assert second.end - second.start == pytest.approx(0.1, abs=1e-3)
    assert third.start == pytest.approx(began + 1.0)
    assert load.spans() == (first, second, third)


def test_pieces_are_few_enough_for_the_queue_of_launches(stream):
    load = TorchLoad("cuda:0", stream.clock)
    before = stream.launches
    load.begin(1.0, "heavy")
    assert 300 < stream.launches - before < 1000


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_gpu_it_says_so():
    with pytest.raises(ArgumentError, match="no CUDA device"):
        TorchLoad("cuda:0", MonotonicClock())
