"""A simulated queue against times and energies worked out by hand."""

import pytest

from physbias.energy import GpuQueues, Mark, VirtualClock
from physbias.energy.simulated import SimulatedQueues, SimulatedStream


def test_kernels_run_one_after_the_other():
    """60 W idle, 300 W from 1 to 3 s, 160 W from 3 to 4 s, 20 W from 9 to 10 s."""
    clock = VirtualClock()
    stream = SimulatedStream(clock, idle=60.0)
    clock.sleep(1.0)
    stream.launch(2.0, 300.0)
    stream.launch(1.0, 160.0)
    assert (clock.now(), stream.end) == (1.0, 4.0)
    clock.sleep(8.0)
    assert stream.end == 9.0
    stream.launch(1.0, 20.0)
    known = {0.5: 30.0, 1.0: 60.0, 2.0: 360.0, 3.5: 740.0, 4.0: 820.0, 9.0: 1120.0}
    known |= {9.5: 1130.0, 10.0: 1140.0, 11.0: 1200.0}
    for time, joules in known.items():
        assert stream.energy(time) == pytest.approx(joules)


def test_waiting_for_the_queue_takes_until_its_end():
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    queues = SimulatedQueues({"GPU-a": stream}, clock)
    stream.launch(2.0, 300.0)
    queues.synchronize()
    assert clock.now() == 2.0
    queues.synchronize()
    assert clock.now() == 2.0


def test_marks_are_reached_after_the_work_before_them():
    clock = VirtualClock()
    stream = SimulatedStream(clock)
    queues = SimulatedQueues({"GPU-a": stream}, clock)
    assert isinstance(queues, GpuQueues)
    stream.launch(2.0, 300.0)
    mark, anchor = queues.mark("GPU-a"), queues.mark("GPU-a", apart=True)
    assert isinstance(mark, Mark)
    assert anchor.done()
    assert not mark.done()
    assert mark.since(anchor) == 2.0
    clock.sleep(2.0)
    assert mark.done()


def test_marks_are_as_coarse_as_those_of_cuda():
    """24 bits of 36 000 s in milliseconds leave 4 ms between neighbours."""
    clock = VirtualClock()
    queues = SimulatedQueues({"GPU-a": SimulatedStream(clock)}, clock)
    first = queues.mark("GPU-a")
    clock.sleep(36000.0015)
    assert queues.mark("GPU-a").since(first) == 36000.0
