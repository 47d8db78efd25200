"""torch's queues: against a stand-in of its documented interface, and on a GPU."""

import sys
from types import SimpleNamespace

import pytest

from physbias.energy import GpuQueues, Mark
from physbias.energy.sensors.queues import TorchQueues


class FakeCuda:
    """torch.cuda of two boards, of which the second one holds memory."""

    def __init__(self):
        self.now = 0.0
        self.initialized, self.capturing = True, False
        self.calls = []
        cuda = self

        class Event:
            def __init__(self, *, enable_timing=False):
                assert enable_timing
                cuda.calls.append("event")
                self.time = None

            def record(self, stream):
                cuda.calls.append(("record", stream))
                self.time = cuda.now

            def query(self):
                return self.time is not None

            def elapsed_time(self, end_event):
                return 1e3 * (end_event.time - self.time)

        self.Event = Event

    def Stream(self, device):  # noqa: N802 - as torch names it
        return f"idle {device}"

    def current_stream(self, device):
        return f"current {device}"

    def is_initialized(self):
        return self.initialized

    def is_current_stream_capturing(self):
        return self.capturing

    def current_device(self):
        return 0

    def device_count(self):
        return 3

    def memory_reserved(self, index):
        return {0: 0, 1: 4096, 2: 0}[index]

    def get_device_properties(self, index):
        return SimpleNamespace(uuid=f"0{index}")

    def synchronize(self, index):
        self.calls.append(("synchronize", index))


@pytest.fixture
def cuda(monkeypatch):
    fake = FakeCuda()
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=fake))
    return fake


def test_only_devices_in_use_have_a_queue(cuda):
    queues = TorchQueues()
    assert isinstance(queues, GpuQueues)
    assert queues.ready()
    assert queues.devices() == ("GPU-00", "GPU-01")
    queues.synchronize()
    assert cuda.calls == [("synchronize", 0), ("synchronize", 1)]


def test_marks_go_on_the_current_stream_and_are_used_again(cuda):
    queues = TorchQueues()
    queues.devices()
    anchor = queues.mark("GPU-01", apart=True)
    cuda.now = 2.5
    mark = queues.mark("GPU-01")
    assert isinstance(mark, Mark)
    assert mark.done()
    assert mark.since(anchor) == pytest.approx(2.5)
    queues.release(mark)
    assert queues.mark("GPU-01") is mark
    queues.mark("GPU-01", apart=True)
    assert cuda.calls == [
        "event",
        ("record", "idle 1"),
        "event",
        ("record", "current 1"),
        ("record", "current 1"),
        "event",
        ("record", "idle 1"),
    ]


@pytest.mark.parametrize("state", ["initialized", "capturing"])
def test_nothing_is_done_without_cuda_or_during_capture(cuda, state):
    setattr(cuda, state, state == "capturing")
    queues = TorchQueues()
    assert not queues.ready()
    queues.synchronize()
    assert cuda.calls == []


def test_without_torch_there_are_no_queues(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    queues = TorchQueues()
    assert not queues.ready()
    assert queues.devices() == ()


def test_torch_on_this_machine_is_not_made_to_start_cuda():
    import torch

    before = torch.cuda.is_initialized()
    queues = TorchQueues()
    if not before:
        assert not queues.ready()
        assert queues.devices() == ()
        queues.synchronize()
    assert torch.cuda.is_initialized() == before


@pytest.mark.gpu
def test_queued_kernels_count_where_they_were_queued():
    """200 matrix products are queued in a region that is left at once."""
    import torch

    from physbias.energy import EnergyMeter

    a = torch.randn(8192, 8192, device="cuda")
    torch.mm(a, a)
    torch.cuda.synchronize()
    shares = {}
    for sync in ("auto", "border"):
        with EnergyMeter(cpu=False, sync=sync) as meter:
            with meter.region("train"):
                for _ in range(200):
                    torch.mm(a, a)
            torch.cuda.synchronize()
        shares[sync] = meter.result.region("train").joules / meter.joules
    assert shares["auto"] >= 0.99
    assert shares["border"] < 0.9
