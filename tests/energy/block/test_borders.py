"""Energy of queued work in the region that queued it, against closed forms."""

import pytest

from physbias.energy import EnergyMeter, FlagCode, VirtualClock
from physbias.energy.block.borders import GpuBorders
from physbias.energy.block.track import Track
from physbias.energy.simulated import (
    Sensor,
    SimulatedGpu,
    SimulatedQueues,
    SimulatedStream,
    simulate,
)


def machine_of(number=1, **sensor):
    clock = VirtualClock()
    streams = [SimulatedStream(clock, idle=60.0) for _ in range(number)]
    boards = [SimulatedGpu(stream, Sensor(**sensor)) for stream in streams]
    return simulate(boards, clock), streams


def queue_and_leave(sync):
    """Queue 200 kernels of 20 ms at 300 W in 0.1 s, leave, and wait outside."""
    machine, (stream,) = machine_of(counter_refresh=0.02, phase=0.003)
    clock = machine.clock
    clock.sleep(1.0)
    with EnergyMeter(cpu=False, sync=sync, machine=machine) as meter:
        clock.sleep(1.0)
        with meter.region("train"):
            for _ in range(200):
                stream.launch(0.020, 300.0)
                clock.sleep(0.0005)
        stream.synchronize()
        clock.sleep(1.0)
    return meter.result


TRAINING = 200 * 0.020 * 300.0
SEEN = 0.1 * 300.0


@pytest.mark.parametrize("sync", ["auto", "events"])
def test_queued_work_counts_where_it_was_queued(sync):
    record = queue_and_leave(sync)
    train = record.region("train")
    assert train.joules == pytest.approx(TRAINING, rel=0.01)
    assert train.joules >= 0.99 * TRAINING
    assert train.interval.low <= TRAINING <= train.interval.high
    assert train.seconds == pytest.approx(0.1)
    assert train.joules + record.unattributed == pytest.approx(record.joules)
    assert record.unattributed == pytest.approx(2 * 60.0, rel=0.1)
    (device,) = record.devices
    assert device.unattributed == pytest.approx(record.unattributed)


@pytest.mark.parametrize("sync", ["none", "border"])
def test_without_marks_it_counts_where_the_program_stood(sync):
    """The known loss: only the first 0.1 s of 4 s is inside."""
    record = queue_and_leave(sync)
    train = record.region("train")
    assert train.joules == pytest.approx(SEEN, rel=0.35)
    assert record.unattributed == pytest.approx(TRAINING - SEEN + 120.0, rel=0.02)


def test_parts_of_a_deep_queue_are_told_apart():
    """Forward 1 s at 300 W, backward 2 s at 200 W, all queued at once, three times."""
    machine, (stream,) = machine_of(counter_refresh=0.02)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(3):
            with meter.region("step"):
                with meter.region("forward"):
                    stream.launch(1.0, 300.0)
                with meter.region("backward"):
                    stream.launch(2.0, 200.0)
    record = meter.result
    truth = {"step": 2100.0, "forward": 900.0, "backward": 1200.0}
    for name, joules in truth.items():
        assert record.region(name).joules == pytest.approx(joules, rel=0.01)
    assert record.region("step").own_joules == pytest.approx(0.0, abs=1.0)
    own = sum(region.own_joules for region in record.regions)
    assert own + record.unattributed == pytest.approx(record.joules, rel=1e-12)


def test_each_device_has_a_border_of_its_own():
    """GPU 0 works for 2 s at 300 W, GPU 1 for 5 s at 100 W, queued together."""
    machine, (one, two) = machine_of(2, counter_refresh=0.02)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        with meter.region("train"):
            one.launch(2.0, 300.0)
            two.launch(5.0, 100.0)
        two.synchronize()
    record = meter.result
    parts = list(record.region("train").device_joules.values())
    assert parts == pytest.approx([600.0, 500.0], rel=0.01)
    outside = [device.unattributed for device in record.devices]
    assert outside == pytest.approx([3 * 60.0, 0.0], abs=6.0)
    totals = [device.joules for device in record.devices]
    assert [p + o for p, o in zip(parts, outside, strict=True)] == pytest.approx(totals)


def test_work_still_queued_at_the_end_is_told():
    machine, (stream,) = machine_of()
    with (
        EnergyMeter(cpu=False, sync="events", machine=machine) as meter,
        meter.region("train"),
    ):
        stream.launch(50.0, 300.0)
        machine.clock.sleep(2.0)
    assert meter.seconds == 2.0
    assert FlagCode.QUEUED_WORK in [flag.code for flag in meter.result.flags]
    train = meter.result.region("train")
    assert train.joules == pytest.approx(meter.joules)


def test_an_hour_on_a_clock_that_drifts():
    """Without new anchors, 100 ppm of an hour would misplace the border by 0.36 s."""
    machine, (stream,) = machine_of()
    machine.queues.__init__(machine.queues.streams, machine.clock, drift=1e-4)
    clock = machine.clock
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(60):
            with meter.region("wait"):
                clock.sleep(59.5)
            with meter.region("work"):
                stream.launch(0.5, 300.0)
                stream.synchronize()
    work = meter.result.region("work")
    assert work.seconds == pytest.approx(30.0)
    assert work.joules == pytest.approx(60 * 150.0, rel=0.03)


def borders_of(machine):
    borders, track = GpuBorders(machine.queues, machine.clock), Track()

    def border():
        borders.mark(track)
        track.codes.append(0)
        track.times.append(machine.clock.now())

    return borders, track, border


def times(track):
    return list(track.gpu_times("GPU-00000000-0000-4000-8000-000000000000", 0.0, 1e9))


def test_marks_are_reused_once_they_are_reached():
    machine, (stream,) = machine_of()
    _, track, border = borders_of(machine)
    for _ in range(1000):
        border()
        stream.launch(0.01, 300.0)
        stream.synchronize()
    assert len(track.times) == 1000
    assert machine.queues.live < 10


def test_a_queue_that_never_ends_stops_the_marking(monkeypatch):
    monkeypatch.setattr("physbias.energy.block.borders._MOST_PENDING", 5)
    machine, (stream,) = machine_of()
    borders, _, border = borders_of(machine)
    border()
    stream.launch(1e6, 300.0)
    for _ in range(10):
        border()
    (remark,) = borders.remarks()
    assert remark.startswith("5 borders of regions lie where the program stood")
    assert machine.queues.live == 6


def test_no_mark_while_a_graph_is_captured():
    machine, (stream,) = machine_of()
    _, track, border = borders_of(machine)
    border()
    machine.queues.capturing = True
    marks = machine.queues.marks
    stream.launch(3.0, 300.0)
    border()
    assert machine.queues.marks == marks
    machine.queues.capturing = False
    border()
    machine.clock.sleep(10.0)
    border()
    assert times(track) == pytest.approx([0.0, 0.0, 3.0, 10.0])


def test_a_border_is_never_before_the_program_reached_it():
    machine, _ = machine_of()
    machine.queues.__init__(machine.queues.streams, machine.clock, drift=-0.5)
    borders, track, border = borders_of(machine)
    border()
    machine.clock.sleep(4.0)
    border()
    borders.collect()
    assert times(track) == [0.0, 4.0]


def test_an_anchor_that_is_not_reached_leaves_the_border_with_the_program():
    class Stuck(SimulatedQueues):
        def mark(self, uuid, *, apart=False):
            return super().mark(uuid, apart=False)

    machine, (stream,) = machine_of()
    queues = Stuck(machine.queues.streams, machine.clock)
    borders, track = GpuBorders(queues, machine.clock), Track()
    stream.launch(5.0, 300.0)
    borders.mark(track)
    track.codes.append(0)
    track.times.append(machine.clock.now())
    assert not borders.waiting
    assert times(track) == [0.0]


def test_a_fault_ends_the_marking_and_not_the_block(monkeypatch):
    machine, (stream,) = machine_of()

    def broken(uuid, *, apart=False):
        raise RuntimeError("CUDA error: device-side assert")

    with EnergyMeter(cpu=False, machine=machine) as meter:
        with meter.region("first"):
            machine.clock.sleep(1.0)
        monkeypatch.setattr(machine.queues, "mark", broken)
        for _ in range(3):
            with meter.region("second"):
                stream.launch(1.0, 300.0)
                stream.synchronize()
    (flag,) = [f for f in meter.result.flags if f.code is FlagCode.METER_FAULT]
    assert "device-side assert" in flag.text
    assert meter.result.region("second").joules == pytest.approx(900.0, rel=0.1)


def test_blocks_without_queues_put_no_mark():
    assert SimulatedQueues({}, VirtualClock()).ready() is False
