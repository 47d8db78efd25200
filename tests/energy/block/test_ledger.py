import pytest

from physbias.energy import Basis, CpuModel, EnergyMeter, FlagCode, Interval, Source
from physbias.energy.block.ledger import Block, settle
from physbias.energy.sensors.probe import Missing
from physbias.energy.simulated import Constant, SimulatedGpu, simulate

CPU = Missing("CPU", "no RAPL", "read it elsewhere")
GPU = Missing("GPU", "no driver", "install it", present=False)


def measured(*watts):
    """One measurement of 10 s per board, and the interval of each alone."""
    machine = simulate([SimulatedGpu(Constant(w)) for w in watts])
    meter = EnergyMeter(cpu=False, machine=machine)
    with meter:
        machine.clock.sleep(10.0)
    return meter.result


def test_boards_are_added_not_averaged():
    record = measured(300.0, 100.0)
    assert [d.label for d in record.devices] == ["GPU 0", "GPU 1"]
    assert [d.joules for d in record.devices] == pytest.approx([3000, 1000], rel=1e-3)
    assert record.joules == pytest.approx(4000.0, rel=1e-3)


def test_errors_of_boards_add_in_quadrature():
    record = measured(300.0, 100.0)
    halves = [d.interval.high - d.joules for d in record.devices]
    expected = (halves[0] ** 2 + halves[1] ** 2) ** 0.5
    assert record.interval.high - record.joules == pytest.approx(expected)


def test_nothing_measured_is_none_with_every_reason():
    record = settle(Block(start=0.0, end=4.0), [], [GPU, CPU], None)
    assert (record.joules, record.interval, record.basis) == (None, None, Basis.NONE)
    assert record.reason == "no driver; no RAPL"
    assert record.unattributed is None
    assert record.seconds == 4.0
    flags = [(f.code, f.device) for f in record.flags]
    assert flags == [(FlagCode.UNMEASURED, "CPU")]  # a GPU is not known to be there


def test_estimate_stands_in_where_nothing_was_measured():
    block = Block(start=0.0, end=4.0, cpu_seconds=8.0)
    record = settle(block, [], [GPU, CPU], CpuModel(watts_per_core=10.0))
    assert record.joules == 80.0
    assert record.interval == Interval(40.0, 120.0)
    assert record.basis is Basis.ESTIMATE
    assert [d.source for d in record.devices] == [Source.ESTIMATE]
    assert FlagCode.MODELLED in [f.code for f in record.flags]
    assert "estimate" in str(record)
    assert record.devices[0].name == "processor time of this process"


def test_no_estimate_for_what_was_not_asked_for():
    record = settle(Block(start=0.0, end=4.0), [], [GPU], CpuModel())
    assert record.joules is None


def test_estimate_is_never_added_to_a_measurement():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    machine.clock.busy_cores = 4.0
    with EnergyMeter(estimate=True, machine=machine) as meter:
        machine.clock.sleep(10.0)
    record = meter.result
    assert record.joules == pytest.approx(3000.0, rel=1e-3)
    assert record.basis is Basis.MEASUREMENT
    sources = {d.label: (d.source, d.joules) for d in record.devices}
    assert sources["CPU"] == (Source.ESTIMATE, pytest.approx(8.0 * 40.0))
    assert "CPU 320 J estimate not in the sum" in str(record)


def test_faults_and_stray_regions_are_told():
    block = Block(start=0.0, end=1.0, stray=3, faults=["OSError()"])
    codes = [f.code for f in settle(block, [], [], None).flags]
    assert codes == [FlagCode.REGIONS_OUTSIDE, FlagCode.METER_FAULT]


def test_meter_asked_to_read_nothing_says_so():
    record = settle(Block(start=0.0, end=1.0), [], [], None)
    assert record.reason == "the meter was asked to read nothing"
