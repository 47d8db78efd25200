"""What a meter finds when it starts; the witness is the machine as it was made."""

import warnings

import pytest

from physbias.energy import (
    Basis,
    Calibration,
    CpuModel,
    EnergyMeter,
    FlagCode,
    SensorUnavailableError,
    SensorUnavailableWarning,
    Source,
    VirtualClock,
)
from physbias.energy.simulated import Constant, SimulatedGpu, SimulatedStream, simulate


def board(watts=300.0, **options):
    return simulate([SimulatedGpu(Constant(watts))], **options)


def codes(meter):
    return [flag.code for flag in meter.result.flags]


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


def by_start(meter):
    meter.start()


def by_statement(meter):
    with meter:
        pass


def by_call(meter):
    meter(len)([])


@pytest.mark.parametrize("begin", [by_start, by_statement, by_call])
@pytest.mark.parametrize(
    ("boards", "options"),
    [
        ([], {}),
        ([SimulatedGpu(Constant(100.0))], {"devices": ["cuda:7"]}),
        ([SimulatedGpu(Constant(100.0))], {"calibration": Calibration(uuid="GPU-x")}),
    ],
)
def test_warnings_point_at_the_line_that_starts_the_meter(begin, boards, options):
    meter = EnergyMeter(cpu=False, machine=simulate(boards), **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        begin(meter)
    meter.stop()
    (warning,) = caught
    assert warning.filename == __file__


def test_idle_power_is_measured_around_the_block_only_if_asked_for():
    """2 s at 300 W, of which 60 W are idle power: 600 J, and 480 J net."""

    def burst(**options):
        clock = VirtualClock()
        stream = SimulatedStream(clock)
        machine = simulate([SimulatedGpu(stream)], clock)
        clock.sleep(3.0)
        with EnergyMeter(cpu=False, machine=machine, **options) as meter:
            stream.launch(2.0, watts=300.0)
            clock.sleep(2.0)
        assert meter.joules == pytest.approx(600.0, rel=0.01)
        return meter.result.net

    assert burst(baseline="measure").joules == pytest.approx(480.0, rel=0.01)
    assert burst(baseline=60.0).joules == pytest.approx(480.0, rel=0.01)
    assert burst(baseline=50.0).joules == pytest.approx(500.0, rel=0.01)
    assert burst() is None
