from physbias.energy import EnergyMeter
from physbias.energy.record.device import CrossCheck, Verdict
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.record import Basis
from physbias.energy.record.software import Software
from physbias.energy.sensors.probe import DeviceKind, Source
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, simulate

SOFTWARE = Software(
    physbias="0.1.0",
    python="3.11.2",
    torch="2.13.0",
    nvml_binding="13.6",
    driver="550.54",
)


def test_sentence_names_sensor_rule_interval_software_and_devices(
    make_record, make_device
):
    gpus = (make_device(), make_device(uuid="GPU-2"))
    cpu = make_device(
        5.0, uuid="rapl:0", kind=DeviceKind.CPU, source=Source.RAPL, name="package-0"
    )
    record = make_record(devices=(*gpus, cpu), software=SOFTWARE)
    text = record.methods_sentence()
    for part in (
        "physbias 0.1.0",
        "Python 3.11.2",
        "PyTorch 2.13.0",
        "nvidia-ml-py 13.6",
        "NVIDIA driver 550.54",
        "2 × a board (GPU-1, GPU-2) by the board's energy counter",
        "package-0 by the processor's RAPL counters",
        "3.000 kJ over 10.0 s, 95 % interval 2.700 kJ to 3.300 kJ",
        "2.970 kJ to 3.030 kJ",
        "idle power included",
    ):
        assert part in text


def test_sentence_tells_what_is_missing(make_record, make_device):
    devices = (make_device(), make_device(None, label="CPU", reason="only root may"))
    flags = (Flag(FlagCode.GAP, "a hole"), Flag(FlagCode.GAP, "another"))
    text = make_record(devices=devices, flags=flags).methods_sentence()
    assert "Not measured: CPU (only root may)." in text
    assert text.endswith("Remarks of the meter: gap.")


def test_sentence_without_a_figure(make_record):
    text = make_record(None).methods_sentence()
    assert text == "Energy was not measured (no driver); the block took 10.0 s."


def test_sentence_calls_an_estimate_one(make_record, make_device):
    device = make_device(source=Source.ESTIMATE)
    text = make_record(basis=Basis.ESTIMATE, devices=(device,)).methods_sentence()
    assert text.startswith("Energy was estimated")
    assert "a model of processor time, not a sensor" in text


def test_mlperf_block_counts_readings(make_record, make_device):
    flags = (Flag(FlagCode.GAP, "a hole"),)
    enough = make_record(devices=(make_device(samples=600),)).mlperf_block()
    assert "readings: 600" in enough
    assert "readings_per_s: 60" in enough
    assert "at_least_60_and_1_per_s: yes" in enough
    assert "evenly_spread: yes" in enough
    assert "not the power of the node" in enough
    few = make_device(samples=59, flags=flags)
    block = make_record(devices=(few,)).mlperf_block()
    assert "at_least_60_and_1_per_s: no" in block
    assert "evenly_spread: no" in block


def test_mlperf_block_wants_one_reading_a_second(make_record, make_device):
    slow = make_device(samples=100, seconds=200.0)
    assert "at_least_60_and_1_per_s: no" in make_record(devices=(slow,)).mlperf_block()


def test_power_readings_are_named_only_where_there_were_some(make_record, make_device):
    check = CrossCheck(2990.0, -0.003, Verdict.CONSISTENT)
    alone, checked = make_device(), make_device(uuid="GPU-2", cross_check=check)
    for text in (
        make_record(devices=(alone,)).methods_sentence(),
        make_record(devices=(alone,)).mlperf_block(),
    ):
        assert "reconstructed from its own steps" in text
        assert "power readings" not in text
    both = make_record(devices=(alone, checked)).methods_sentence()
    assert both.count("from power readings") == 1
    assert "2 ×" not in both


def test_a_board_without_power_readings_says_so():
    machine = simulate(
        [SimulatedGpu(Constant(100.0), Sensor(instant_window=None, plain_window=None))]
    )
    machine.clock.sleep(5)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(5)
    assert "power readings" not in meter.result.methods_sentence()
