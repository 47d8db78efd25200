import asyncio
import subprocess
import sys
import threading
import warnings

import pytest

from physbias.energy import (
    EnergyMeter,
    EnergyRecord,
    FlagCode,
    Interval,
    MeterStateError,
    MonotonicClock,
    SensorUnavailableWarning,
    Snapshot,
    Status,
)
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
    assert repr(meter) == f"<EnergyMeter {meter}>"
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
assert physbias.energy.sensors.library._opened.cache_info().currsize == 0
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


@pytest.mark.parametrize(
    ("name", "value"),
    [("model", 8.0), ("machine", 3), ("label", 3), ("cpu", "x"), ("strict", None)],
)
def test_arguments_of_another_kind_are_refused_before_the_block(name, value):
    with pytest.raises(ArgumentError, match=f"{name}: found"):
        EnergyMeter(**{name: value})
