import subprocess
import sys
import threading
import warnings

import pytest

from physbias.energy import (
    Basis,
    CpuModel,
    EnergyMeter,
    FlagCode,
    Interval,
    MeterStateError,
    MonotonicClock,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Source,
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
    assert str(meter).startswith("estimate 80.00 J ± 50 %")
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


def test_entering_a_running_meter_changes_nothing():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(1.0)
        with meter:
            machine.clock.sleep(1.0)
        assert meter.running
        machine.clock.sleep(1.0)
    assert meter.seconds == 3.0


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


def test_regions_outside_the_block_do_no_harm():
    machine = board()
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter.region("before"):
        pass
    with meter:
        machine.clock.sleep(1.0)
    assert codes(meter) == [FlagCode.REGIONS_OUTSIDE]
    assert meter.result.regions == ()


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
