"""Witness: powers that were put in, and the genuine binding's own constants."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest

from physbias.energy.simulated import (
    Burst,
    Constant,
    FromIntegral,
    Ramp,
    Sensor,
    SimulatedGpu,
    load_pynvml,
    make_pynvml,
    write_pynvml,
)
from physbias.errors import ArgumentError

AVERAGE, INSTANT, TOTAL_ENERGY, MODULE, MEMORY = 185, 186, 83, 1, 2
READER = """
import json, sys, time
from physbias.energy import EnergyMeter
with EnergyMeter(cpu=False) as meter:
    time.sleep(1.0)
record = meter.result
print(json.dumps({
    "joules": meter.joules,
    "seconds": meter.seconds,
    "devices": [[d.uuid, d.name, d.joules] for d in record.devices],
    "torch": "torch" in sys.modules,
}))
"""


def long_ago() -> float:
    return time.monotonic() - 100.0


def field(module, handle, *what):
    (value,) = module.nvmlDeviceGetFieldValues(handle, list(what))
    return value


def run(code: str, environment: Mapping[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_readings_are_in_the_units_of_the_driver():
    load = Burst(inside=Constant(300.0), start=0.0, stop=1e6, idle=60.0)
    module = make_pynvml([SimulatedGpu(load)], start=long_ago())
    handle = module.nvmlDeviceGetHandleByIndex(0)
    assert module.nvmlDeviceGetPowerUsage(handle) == 300_000
    assert field(module, handle, INSTANT).value.uiVal == 300_000
    # the simulated counter begins 1000 s before the trace does, at 60 W
    millijoules = module.nvmlDeviceGetTotalEnergyConsumption(handle)
    assert millijoules == pytest.approx(60_000_000 + 300_000 * 100.0, rel=1e-2)
    assert field(module, handle, TOTAL_ENERGY).value.ullVal >= millijoules
    assert module.nvmlDeviceGetEnforcedPowerLimit(handle) == 700_000


def test_power_fields_have_a_scope():
    module = make_pynvml([SimulatedGpu(Constant(250.0))])
    handle = module.nvmlDeviceGetHandleByIndex(0)
    assert field(module, handle, (AVERAGE, 0)).value.uiVal == 250_000
    for scope in (MODULE, MEMORY):
        value = field(module, handle, (INSTANT, scope))
        assert value.nvmlReturn == pynvml.NVML_ERROR_NOT_SUPPORTED


def test_module_and_past_readings_are_those_of_the_board():
    sensor = Sensor(module_window=0.1, kept_seconds=1.0)
    module = make_pynvml([SimulatedGpu(Constant(250.0), sensor)], start=long_ago())
    handle = module.nvmlDeviceGetHandleByIndex(0)
    assert field(module, handle, (INSTANT, MODULE)).value.uiVal == 250_000
    _, samples = module.nvmlDeviceGetSamples(handle, pynvml.NVML_TOTAL_POWER_SAMPLES, 0)
    assert [s.sampleValue.uiVal for s in samples] == [250_000] * len(samples)
    ages = [time.time() - 1e-6 * s.timeStamp for s in samples]
    assert len(ages) >= 10
    assert ages == sorted(ages, reverse=True)
    assert max(ages) < 10.0
    with pytest.raises(module.NVMLError_NotSupported):
        module.nvmlDeviceGetSamples(handle, pynvml.NVML_GPU_UTILIZATION_SAMPLES, 0)


def test_constants_are_the_genuine_ones_and_other_calls_are_refused():
    module = make_pynvml([SimulatedGpu(Constant(1.0))])
    constants = {
        name: value
        for name, value in vars(pynvml).items()
        if name.startswith("NVML_") and isinstance(value, int)
    }
    assert {n: getattr(module, n) for n in constants} == constants
    with pytest.raises(module.NVMLError_NotSupported, match="Not Supported"):
        module.nvmlDeviceGetFanSpeed(module.nvmlDeviceGetHandleByIndex(0))


def test_boards_are_found_by_index_and_identity():
    boards = [
        SimulatedGpu(Constant(1.0), uuid=f"GPU-{i}", name=f"Model {i}")
        for i in range(8)
    ]
    module = make_pynvml(boards)
    module.nvmlInit()
    assert module.nvmlDeviceGetCount() == 8
    seventh = module.nvmlDeviceGetHandleByUUID(b"GPU-7")
    assert module.nvmlDeviceGetIndex(seventh) == 7
    assert module.nvmlDeviceGetUUID(seventh) == "GPU-7"
    assert module.nvmlDeviceGetName(seventh) == "Model 7"
    with pytest.raises(module.NVMLError_InvalidArgument):
        module.nvmlDeviceGetHandleByIndex(8)
    with pytest.raises(module.NVMLError_NotFound):
        module.nvmlDeviceGetHandleByUUID("GPU-8")


def test_no_boards_means_no_driver():
    module = make_pynvml([])
    with pytest.raises(module.NVMLError_DriverNotLoaded):
        module.nvmlInit()


@pytest.mark.parametrize(
    ("board", "error"),
    [
        (SimulatedGpu(Constant(1.0), lost_at=50.0), "NVMLError_GpuIsLost"),
        (
            SimulatedGpu(Constant(1.0), Sensor(counter_refresh=None)),
            "NVMLError_NotSupported",
        ),
    ],
)
def test_faults_are_the_errors_of_the_driver(board, error):
    module = make_pynvml([board], start=long_ago())
    handle = module.nvmlDeviceGetHandleByIndex(0)
    with pytest.raises(getattr(module, error)):
        module.nvmlDeviceGetTotalEnergyConsumption(handle)


@pytest.mark.parametrize(
    ("sensor", "architecture"),
    [
        (Sensor(), "AMPERE"),
        (Sensor(plain_window=0.1), "VOLTA"),
        (Sensor(plain_window=0.1, counter_refresh=None), "PASCAL"),
    ],
)
def test_architecture_is_one_with_such_a_sensor(sensor, architecture):
    module = make_pynvml([SimulatedGpu(Constant(1.0), sensor)])
    found = module.nvmlDeviceGetArchitecture(SimpleNamespace(index=0))
    assert found == getattr(pynvml, f"NVML_DEVICE_ARCH_{architecture}")


def test_traces_that_cannot_travel_are_refused(tmp_path: Path):
    board = SimulatedGpu(FromIntegral(lambda time: 5.0 * time))
    with pytest.raises(ArgumentError, match="write the trace as a class"):
        write_pynvml(tmp_path, [board])


def test_boards_are_loaded_at_the_first_call_only(tmp_path: Path):
    """PyTorch imports pynvml while a trace's own module may be half imported."""
    write_pynvml(tmp_path, [SimulatedGpu(Constant(1.0))])
    boards = (tmp_path / "boards.pickle").rename(tmp_path / "away")
    module = load_pynvml(tmp_path)
    boards.rename(tmp_path / "boards.pickle")
    assert module.nvmlDeviceGetCount() == 1


def test_command_that_some_programs_look_for_exists(tmp_path: Path):
    environment = write_pynvml(tmp_path, [SimulatedGpu(Constant(1.0))])
    command = environment["PATH"].split(os.pathsep)[0] + "/nvidia-smi"
    assert subprocess.run([command], capture_output=True, check=True).stdout


def test_meter_of_another_process_reads_the_boards_through_the_real_binding(
    tmp_path: Path,
):
    """Constant powers, so energy is power times the time that was measured."""
    boards = [SimulatedGpu(Constant(300.0), name="A"), SimulatedGpu(Constant(100.0))]
    found = json.loads(run(READER, write_pynvml(tmp_path, boards)))
    assert found["joules"] == pytest.approx(400.0 * found["seconds"], rel=5e-3)
    (_, name, first), (second_uuid, _, second) = found["devices"]
    assert name == "A"
    assert second_uuid.startswith("GPU-00000001")
    assert first / second == pytest.approx(3.0, rel=1e-2)


def test_both_processes_see_the_same_instant(tmp_path: Path):
    """A ramp of 1 W/s that began 100 s ago shows about 100 W everywhere."""
    board = SimulatedGpu(Ramp(0.0, 1.0))
    code = (
        "import pynvml; h = pynvml.nvmlDeviceGetHandleByIndex(0);"
        "print(pynvml.nvmlDeviceGetPowerUsage(h))"
    )
    there = int(run(code, write_pynvml(tmp_path, [board], start=long_ago())))
    assert 99_000 < there < 200_000
