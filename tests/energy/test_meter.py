import asyncio
import subprocess
import sys
import threading
import time
import warnings

import pytest

from physbias.energy import (
    Basis,
    CpuModel,
    EnergyMeter,
    EnergyRecord,
    FlagCode,
    Interval,
    MeterNotRunningWarning,
    MeterStateError,
    MonotonicClock,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Snapshot,
    Source,
    Status,
)
from physbias.energy.machine import Machine
from physbias.energy.simulated import (
    Burst,
    Constant,
    Sensor,
    SimulatedGpu,
    SquareWave,
    simulate,
)
from physbias.errors import ArgumentError


def board(watts=300.0, **options):
    return simulate([SimulatedGpu(Constant(watts))], **options)


def codes(meter):
    return [flag.code for flag in meter.result.flags]


def test_face_of_the_meter():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(3000.0, rel=1e-3)
    assert isinstance(meter.interval, Interval)
    assert meter.interval.low < 3000.0 < meter.interval.high
    assert meter.seconds == pytest.approx(10.0)
    assert meter.reason is None
    assert str(meter).endswith("(GPU 0 3.00 kJ counter)  10.0 s")
    assert meter.result.status is Status.FINISHED
    assert meter.result.to_dict()["devices"][0]["uuid"].startswith("GPU-")
    assert meter.result is meter.result


def test_regions_nest_and_parts_add_up_to_the_whole():
    """300 W in forward, 200 W in backward, 60 W between; each a few seconds."""
    steps = [(60.0, 1.0), (300.0, 3.0), (200.0, 4.0), (60.0, 2.0)]
    load, start = Constant(60.0), 0.5
    for watts, seconds in steps:
        inside = Constant(watts - 60.0)
        extra = Burst(inside=inside, start=start, stop=start + seconds, idle=0.0)
        load = Sum(load, extra)
        start += seconds
    machine = simulate([SimulatedGpu(load, Sensor(phase=0.03))])
    clock = machine.clock
    clock.sleep(0.5)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        clock.sleep(1.0)
        with meter.region("step"):
            with meter.region("forward"):
                clock.sleep(3.0)
            with meter.region("backward"):
                clock.sleep(4.0)
        clock.sleep(2.0)
    record = meter.result
    truth = {"step": 1700.0, "forward": 900.0, "backward": 800.0}
    for name, joules in truth.items():
        region = record.region(name)
        assert region.joules == pytest.approx(joules, rel=0.01)
        assert region.interval.low <= joules <= region.interval.high
        assert not region.flags
    assert record.region("step").own_joules == pytest.approx(0.0, abs=1e-6)
    assert record.unattributed == pytest.approx(180.0, rel=0.03)
    own = sum(region.own_joules for region in record.regions)
    assert own + record.unattributed == pytest.approx(record.joules, rel=1e-12)


class Sum:
    def __init__(self, *traces):
        self.traces = traces

    def energy(self, time):
        return sum(trace.energy(time) for trace in self.traces)


def test_region_border_reads_no_sensor():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        reads = machine.nvml.reads
        for _ in range(1000):
            with meter.region("r"):
                pass
        assert machine.nvml.reads == reads
        machine.clock.sleep(1.0)
    assert meter.result.region("r").count == 1000


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, Status.FAILED), (KeyboardInterrupt, Status.INTERRUPTED)],
)
def test_exception_passes_unchanged_and_the_record_is_kept(error, status):
    machine, raised = board(), error("mine")
    meter = EnergyMeter(cpu=False, machine=machine)

    def train():
        with meter, meter.region("forward"):
            machine.clock.sleep(5.0)
            raise raised

    with pytest.raises(error) as caught:
        train()
    assert caught.value is raised
    assert caught.value.__context__ is None
    assert meter.joules == pytest.approx(1500.0, rel=1e-3)
    assert meter.result.region("forward").joules == pytest.approx(1500.0, rel=1e-3)
    assert (meter.result.status, meter.result.error) == (status, error.__name__)
    assert error.__name__ in str(meter)


@pytest.mark.parametrize(
    ("environ", "watts"),
    [
        (None, [300.0, 100.0, 50.0]),
        ("1", [100.0]),
        ("2,0", [50.0, 300.0]),
        ("GPU-bb", [100.0]),
    ],
)
def test_only_visible_devices_are_measured(environ, watts):
    boards = [
        SimulatedGpu(Constant(w), uuid=f"GPU-{u}")
        for w, u in ((300.0, "aa-1"), (100.0, "bb-2"), (50.0, "cc-3"))
    ]
    variables = {} if environ is None else {"CUDA_VISIBLE_DEVICES": environ}
    machine = simulate(boards, environ=variables)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    found = [d.joules for d in meter.result.devices]
    assert found == pytest.approx([10 * w for w in watts], rel=2e-3)
    assert meter.joules == pytest.approx(10 * sum(watts), rel=2e-3)


@pytest.mark.parametrize("environ", ["", "-1"])
def test_no_visible_device_is_none_and_not_zero(environ):
    machine = board(environ={"CUDA_VISIBLE_DEVICES": environ})
    with (
        pytest.warns(SensorUnavailableWarning, match="no GPU is visible"),
        EnergyMeter(cpu=False, machine=machine) as meter,
    ):
        machine.clock.sleep(1.0)
    assert meter.joules is None
    assert "no GPU is visible" in meter.reason


def test_nothing_readable_warns_once_and_gives_the_reason():
    machine = simulate([])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with EnergyMeter(machine=machine) as meter, meter.region("forward"):
            machine.clock.sleep(3.0)
        assert meter.joules is None
        assert str(meter)
    (warning,) = caught
    assert warning.category is SensorUnavailableWarning
    assert warning.filename == __file__
    assert meter.interval is None
    assert "no driver" in meter.reason
    assert "no RAPL zone" in meter.reason
    assert meter.seconds == 3.0
    region = meter.result.region("forward")
    assert (region.joules, region.seconds) == (None, 3.0)
    assert str(meter).startswith("no energy figure")


def test_unreadable_part_is_told_beside_what_is_there():
    machine = board()
    with EnergyMeter(machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(3000.0, rel=1e-3)
    assert codes(meter) == [FlagCode.UNMEASURED]
    assert "CPU not measured" in str(meter)


def test_estimate_is_labelled_and_needs_no_warning():
    machine = simulate([])
    machine.clock.busy_cores = 2.0
    model = CpuModel(watts_per_core=10.0)
    with EnergyMeter(estimate=True, model=model, machine=machine) as meter:
        with meter.region("forward"):
            machine.clock.sleep(3.0)
        machine.clock.sleep(1.0)
    assert meter.joules == pytest.approx(80.0)
    assert meter.interval == pytest.approx((40.0, 120.0))
    assert meter.result.basis is Basis.ESTIMATE
    assert meter.result.devices[0].source is Source.ESTIMATE
    assert str(meter).startswith("estimate 80 J ± 50 %")
    region = meter.result.region("forward")
    assert region.joules == pytest.approx(60.0)
    assert region.interval == pytest.approx((30.0, 90.0))
    assert meter.result.unattributed == pytest.approx(20.0)


def test_estimate_without_a_model_still_warns():
    machine = simulate([])
    with (
        pytest.warns(SensorUnavailableWarning),
        EnergyMeter(cpu=False, estimate=True, machine=machine) as meter,
    ):
        machine.clock.sleep(1.0)
    assert meter.joules is None


def test_strict_meter_names_reason_and_remedy():
    meter = EnergyMeter(strict=True, machine=board())
    with pytest.raises(
        SensorUnavailableError,
        match=r"strict: found no RAPL zone .*expected a readable sensor .*cpu=False",
    ):
        meter.start()
    assert not meter.running
    with pytest.raises(SensorUnavailableError, match=r"no driver.*install the NVIDIA"):
        EnergyMeter(cpu=False, strict=True, machine=simulate([])).start()


def test_strict_meter_starts_where_all_can_be_read():
    machine = board()
    with EnergyMeter(cpu=False, strict=True, machine=machine) as meter:
        machine.clock.sleep(1.0)
    assert meter.joules is not None


@pytest.mark.parametrize("period", [0.0, 2.0, -1.0, float("nan"), "fast"])
def test_sampling_period_is_checked(period):
    with pytest.raises(ArgumentError, match=r"sampling_period: found .*0\.001 to 1 s"):
        EnergyMeter(sampling_period=period)


def test_start_and_stop():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    assert (meter.joules, meter.seconds) == (None, 0.0)
    assert meter.reason == "the meter has not run"
    with pytest.raises(MeterStateError, match="found an unused meter"):
        _ = meter.result
    assert meter.start() is meter
    machine.clock.sleep(4.0)
    assert meter.start() is meter
    assert meter.running
    assert (meter.joules, meter.seconds) == (None, 4.0)
    assert "has not ended" in str(meter)
    with pytest.raises(MeterStateError, match="found a running meter"):
        _ = meter.result
    meter.stop()
    machine.clock.sleep(4.0)
    meter.stop()
    assert meter.seconds == 4.0
    assert meter.joules == pytest.approx(1200.0, rel=2e-3)


def test_meter_can_be_used_again():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    for seconds in (2.0, 5.0):
        with meter:
            machine.clock.sleep(seconds)
        assert meter.joules == pytest.approx(300.0 * seconds, rel=2e-3)


def test_entering_a_running_meter_opens_a_region():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(1.0)
        with meter:
            machine.clock.sleep(1.0)
        assert meter.running
        machine.clock.sleep(1.0)
    assert meter.seconds == 3.0
    region = meter.result.region("re-entry")
    assert (region.seconds, region.count) == (1.0, 1)
    assert region.joules == pytest.approx(300.0, rel=0.02)


def test_entering_from_another_thread_opens_a_region_there():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    def work():
        with meter:
            machine.clock.sleep(1.0)

    with meter:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert meter.running
    assert meter.result.region("re-entry").seconds == 1.0


def test_leaving_an_older_block_does_not_end_a_newer_one():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(1.0)
        meter.stop()
        meter.start()
    assert meter.running
    meter.stop()


def test_entering_a_meter_that_was_started_does_not_stop_it():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine).start()
    with meter:
        machine.clock.sleep(1.0)
    assert meter.running
    machine.clock.sleep(1.0)
    meter.stop()
    assert meter.seconds == 2.0


def test_stop_inside_the_block_ends_it_there():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(1.0)
        meter.stop()
        machine.clock.sleep(1.0)
    assert meter.seconds == 1.0


def test_decorated_function_is_measured():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def train(seconds):
        """Train."""
        machine.clock.sleep(seconds)
        return "model"

    assert train(3.0) == "model"
    assert train.__doc__ == "Train."
    assert meter.joules == pytest.approx(900.0, rel=2e-3)


def test_decorated_function_inside_the_block_is_a_region():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def validate(depth):
        machine.clock.sleep(1.0)
        if depth:
            validate(depth - 1)

    with meter:
        machine.clock.sleep(1.0)
        validate(1)
    (region,) = meter.result.regions
    assert region.name.endswith("validate")
    assert (region.seconds, region.count) == (2.0, 2)
    validate(2)
    assert meter.seconds == 3.0


def test_awaited_function_is_measured_while_it_is_awaited():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train(seconds):
        await asyncio.sleep(0)
        machine.clock.sleep(seconds)
        return "model"

    assert asyncio.run(train(3.0)) == "model"
    assert meter.seconds == 3.0
    assert meter.joules == pytest.approx(900.0, rel=2e-3)


def test_awaited_functions_at_the_same_time():
    """The block lasts until both have ended; the second one is a region in it."""
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train(seconds):
        machine.clock.sleep(seconds)
        await asyncio.sleep(0)
        machine.clock.sleep(seconds)

    async def both():
        await asyncio.gather(train(1.0), train(2.0))

    asyncio.run(both())
    assert not meter.running
    assert meter.result.status is Status.FINISHED
    assert meter.seconds == 6.0
    (region,) = meter.result.regions
    assert (region.count, region.seconds) == (1, 5.0)


def test_regions_of_tasks_at_the_same_time():
    """Task a: 0 to 2 s; task b: 1 to 8 s, whichever is left first."""
    machine = board()

    async def stay(meter, name, turns, seconds):
        with meter.region(name):
            for _ in range(turns):
                machine.clock.sleep(seconds)
                await asyncio.sleep(0)

    async def both(meter):
        await asyncio.gather(stay(meter, "a", 1, 1.0), stay(meter, "b", 7, 1.0))

    with EnergyMeter(cpu=False, machine=machine) as meter:
        asyncio.run(both(meter))
    record = meter.result
    assert (record.region("a").seconds, record.region("b").seconds) == (2.0, 7.0)
    assert record.region("b").joules == pytest.approx(2100.0, rel=0.01)
    assert FlagCode.REGIONS_OVERLAP in {flag.code for flag in record.flags}


def test_statements_of_tasks_at_the_same_time():
    """The first task to enter leaves first: at 2 s; the other one at 4 s."""
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    async def stay(turns):
        with meter:
            for _ in range(turns):
                machine.clock.sleep(1.0)
                await asyncio.sleep(0)
        return meter.running

    async def both():
        return await asyncio.gather(stay(1), stay(3))

    assert asyncio.run(both()) == [True, False]
    assert meter.seconds == 4.0
    assert meter.result.region("re-entry").seconds == 3.0


def test_threads_that_start_together_share_one_run(monkeypatch):
    """A second run would leave its thread behind."""
    before, finds, discover = set(threading.enumerate()), [], Machine.discover

    def slow(self, *args, **options):
        finds.append(threading.get_ident())
        time.sleep(0.01)
        return discover(self, *args, **options)

    monkeypatch.setattr(Machine, "discover", slow)
    machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
    meter = EnergyMeter(cpu=False, machine=machine)
    together = threading.Barrier(8)

    def begin():
        together.wait()
        meter.start()

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meter.stop()
    assert meter.result.status is Status.FINISHED
    assert len(finds) == 1
    assert set(threading.enumerate()) <= before


def test_generator_that_its_consumer_leaves_has_finished():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def batches():
        while True:
            machine.clock.sleep(1.0)
            yield

    stream = batches()
    for number, _ in enumerate(stream):
        if number == 2:
            break
    stream.close()
    assert meter.seconds == 3.0
    assert (meter.result.status, meter.result.error) == (Status.FINISHED, None)


def test_cancelled_function_is_interrupted():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    async def train():
        machine.clock.sleep(1.0)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(train())
    assert meter.result.status is Status.INTERRUPTED


def test_generator_is_measured_while_it_is_iterated():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)

    @meter
    def batches():
        for i in range(3):
            machine.clock.sleep(1.0)
            yield i
        return "end"

    stream = batches()
    assert not meter.running
    for _ in stream:
        machine.clock.sleep(0.5)
    assert meter.seconds == 4.5


def test_what_cannot_be_measured_is_refused():
    async def stream():
        yield 1

    for wrong in (stream, 3):
        with pytest.raises(ArgumentError, match=r"function: found .*with meter:"):
            EnergyMeter()(wrong)


def test_regions_and_steps_outside_the_block_warn_once_and_do_no_harm():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with (
        pytest.warns(MeterNotRunningWarning, match="region 'before' is not") as told,
        meter.region("before"),
    ):
        meter.step()
    assert [warning.filename for warning in told] == [__file__]
    with meter:
        machine.clock.sleep(1.0)
    assert codes(meter) == [FlagCode.REGIONS_OUTSIDE]
    assert "2 regions or steps" in meter.result.flags[0].text
    assert meter.result.regions == meter.result.units == ()
    with pytest.warns(MeterNotRunningWarning, match="step of 'token' is not counted"):
        meter.step(7, "token")


def test_units_share_the_energy_and_its_interval():
    """10 s at 300 W: 3000 J in 5 steps and 150 samples."""
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(5):
            machine.clock.sleep(2.0)
            meter.step()
            meter.step(30, "sample")
    step, sample = meter.result.units
    assert (step.unit, step.count, sample.unit, sample.count) == (
        "step",
        5,
        "sample",
        150,
    )
    assert step.joules_per_unit == pytest.approx(600.0, rel=1e-3)
    assert sample.joules_per_unit == pytest.approx(20.0, rel=1e-3)
    low, high = meter.interval
    assert step.interval_per_unit == pytest.approx((low / 5, high / 5))


def test_units_without_energy_are_none_and_not_zero():
    with (
        pytest.warns(SensorUnavailableWarning),
        EnergyMeter(machine=simulate([])) as meter,
    ):
        meter.step(2)
    (unit,) = meter.result.units
    assert (unit.count, unit.joules_per_unit, unit.interval_per_unit) == (2, None, None)


def test_steps_of_several_threads_are_all_counted():
    machine = board()

    def work():
        for _ in range(2000):
            meter.step()

    with EnergyMeter(cpu=False, machine=machine) as meter:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        machine.clock.sleep(1.0)
    assert meter.result.units[0].count == 16_000


@pytest.mark.parametrize("n", [-1, float("nan"), float("inf"), "3", None])
def test_steps_are_checked(n):
    with (
        EnergyMeter(cpu=False, machine=board()) as meter,
        pytest.raises(ArgumentError, match=r"n: found .* expected how many units"),
    ):
        meter.step(n)


def test_label_tags_and_annotations_are_in_the_record():
    machine = board()
    meter = EnergyMeter(
        cpu=False, label="baseline", tags={"dataset": "shear flow"}, machine=machine
    )
    with pytest.raises(MeterStateError, match="annotate: found an unused meter"):
        meter.annotate("loss", 1.0)
    with meter:
        machine.clock.sleep(1.0)
        meter.annotate("batch", 32)
        meter.annotate("loss", 0.5)
        meter.annotate("loss", 0.25)
    assert meter.result.label == "baseline"
    assert meter.result.tags == {"dataset": "shear flow"}
    assert meter.result.annotations == {"batch": 32, "loss": 0.25}
    meter.annotate("accuracy", 0.9)
    assert meter.result.annotations["accuracy"] == 0.9
    assert EnergyRecord.from_json(meter.result.to_json()) == meter.result
    with meter:
        machine.clock.sleep(1.0)
    assert meter.result.annotations == {}


@pytest.mark.parametrize("value", [object(), [1], float("nan"), 1j])
def test_annotations_are_checked(value):
    with (
        EnergyMeter(cpu=False, machine=board()) as meter,
        pytest.raises(ArgumentError, match=r"annotate: found 'x'.*a finite number"),
    ):
        meter.annotate("x", value)


@pytest.mark.parametrize("tags", [{"a": 1}, {1: "a"}])
def test_tags_are_checked(tags):
    with pytest.raises(ArgumentError, match=r"tags: found .*expected texts by name"):
        EnergyMeter(tags=tags)


@pytest.mark.parametrize("sync", ["all", None, 1])
def test_sync_is_checked(sync):
    with pytest.raises(ArgumentError, match=r"sync: found .*'auto', 'border'"):
        EnergyMeter(sync=sync)


def test_snapshot_follows_the_block_and_does_not_disturb_it():
    """300 W: after 5 s 1500 J, as far as the readings go."""
    machine, watched = board(), board()
    meter = EnergyMeter(cpu=False, machine=watched)
    assert meter.snapshot() == Snapshot(None, None, 0.0, "the meter has not run")
    for at, clock in ((machine, machine.clock), (watched, watched.clock)):
        one = meter if at is watched else EnergyMeter(cpu=False, machine=machine)
        with one:
            for _ in range(10):
                clock.sleep(0.5)
                if at is watched:
                    shot = meter.snapshot()
        if at is machine:
            alone = one.result
    assert shot.seconds == pytest.approx(5.0, abs=0.2)
    assert shot.joules == pytest.approx(300.0 * shot.seconds, rel=0.02)
    assert shot.interval.low < 300.0 * shot.seconds < shot.interval.high
    assert meter.result.joules == alone.joules
    assert watched.nvml.reads == machine.nvml.reads
    assert meter.snapshot().joules == meter.joules


def test_snapshot_before_there_are_readings_is_none_with_a_reason():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        shot = meter.snapshot()
        assert (shot.joules, shot.interval) == (None, None)
        assert shot.reason
        assert meter.snapshot() is shot
        machine.clock.sleep(1.0)
        assert meter.snapshot().joules is not None


def test_snapshot_where_nothing_can_be_read():
    machine = simulate([])
    meter = EnergyMeter(cpu=False, machine=machine)
    with pytest.warns(SensorUnavailableWarning):
        meter.start()
    machine.clock.sleep(1.0)
    shot = meter.snapshot()
    meter.stop()
    assert shot.joules is None
    assert "no driver" in shot.reason


def test_snapshot_of_an_estimate():
    """2 cores at 8 W for 3 s."""
    machine = simulate([])
    machine.clock.busy_cores = 2.0
    with EnergyMeter(estimate=True, machine=machine) as meter:
        machine.clock.sleep(3.0)
        assert meter.snapshot().joules == pytest.approx(48.0)


@pytest.mark.parametrize("method", ["gpus", "energy", "instant_power", "plain_power"])
def test_driver_that_raises_anything_never_breaks_the_block(method):
    machine = board()

    def explode(*_):
        raise RuntimeError("the driver went mad")

    setattr(machine.nvml, method, explode)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SensorUnavailableWarning)
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(3.0)
    assert meter.seconds == 3.0
    if meter.joules is None:
        assert "went mad" in meter.reason


def test_driver_that_goes_mad_later_is_told():
    machine = board()
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(3.0)
        machine.nvml.energy = None
        machine.clock.sleep(3.0)
    assert FlagCode.READ_ERRORS in codes(meter)


def test_real_time_smoke():
    """Half a second on the real clock and thread; loose, for busy machines."""
    before = set(threading.enumerate())
    clock = MonotonicClock()
    machine = simulate([SimulatedGpu(SquareWave(60.0, 300.0, 0.05))], clock)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        assert set(threading.enumerate()) != before
        clock.sleep(0.5)
    assert meter.joules == pytest.approx(180.0 * meter.seconds, rel=0.25)
    assert set(threading.enumerate()) == before


def test_no_thread_is_left_behind_by_an_unread_result():
    before = set(threading.enumerate())
    machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
    with EnergyMeter(cpu=False, machine=machine):
        pass
    for thread in set(threading.enumerate()) - before:
        assert thread.daemon
        thread.join(10.0)
    assert set(threading.enumerate()) == before


def test_on_this_machine_whatever_it_is():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SensorUnavailableWarning)
        with EnergyMeter() as meter:
            sum(range(10_000))
    assert meter.seconds > 0
    assert (meter.joules is None) == (meter.reason is not None)
    assert meter.joules is None or meter.interval.low <= meter.joules


def test_import_and_construction_do_nothing():
    code = """
import sys, threading
import physbias.energy, physbias.energy.simulated
physbias.energy.EnergyMeter()
assert threading.active_count() == 1
assert "pynvml" not in sys.modules or "torch" in sys.modules  # torch imports it
assert physbias.energy.sensors.nvml._opened.cache_info().currsize == 0
heavy = {"ctypes", "numpy", "subprocess", "socket", "multiprocessing"}
if "torch" not in sys.modules:
    print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() in ("", "[]")


@pytest.mark.parametrize("name", [None, "", 3])
def test_region_and_unit_need_a_name(name):
    meter = EnergyMeter(cpu=False, machine=simulate([SimulatedGpu(Constant(1.0))]))
    with pytest.raises(ArgumentError, match="name: found"):
        meter.region(name)
    with pytest.raises(ArgumentError, match="unit: found"):
        meter.step(1, name)


@pytest.mark.parametrize("journal", [5, ""])
def test_journal_has_to_be_a_path(journal):
    with pytest.raises(ArgumentError, match="journal: found"):
        EnergyMeter(journal=journal)


def test_board_keeps_its_number_where_only_some_are_measured():
    boards = [SimulatedGpu(Constant(300.0)), SimulatedGpu(Constant(100.0))]
    machine = simulate(boards)
    with EnergyMeter(["cuda:1"], cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
    assert meter.joules == pytest.approx(1000.0, rel=1e-2)
    assert [device.label for device in meter.result.devices] == ["GPU 1"]


def test_device_that_is_not_here_is_told_at_the_start():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    meter = EnergyMeter(["cuda:0", "cuda:7"], cpu=False, machine=machine)
    with pytest.warns(SensorUnavailableWarning, match=r"cuda:7 names no GPU.*0 = "):
        meter.start()
    machine.clock.sleep(1.0)
    meter.stop()
    assert FlagCode.UNMEASURED in [flag.code for flag in meter.result.flags]
