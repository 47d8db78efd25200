"""What only a real GPU can show; skipped where there is none."""

import subprocess
import sys

import pytest
import torch

from physbias.energy import EnergyMeter, Verdict, probe
from physbias.energy.calibration.load import TorchLoad
from physbias.energy.clock import MonotonicClock

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

WITHOUT_CONTEXT = """
import os, time
import pynvml
from physbias.energy import EnergyMeter

with EnergyMeter(cpu=False) as meter:
    with meter.region("part"):
        time.sleep(1.0)
assert meter.joules is not None, meter.reason
import torch
assert not torch.cuda.is_initialized()
pynvml.nvmlInit()
for index in range(pynvml.nvmlDeviceGetCount()):
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    pids = [p.pid for p in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)]
    assert os.getpid() not in pids
"""


@pytest.fixture(scope="module")
def load():
    return TorchLoad("cuda:0", MonotonicClock())


def keep_busy(load, seconds):
    clock = MonotonicClock()
    end = clock.now() + seconds
    while clock.now() < end:
        load.begin(0.25, "heavy")
        load.spans()


def test_counter_and_integrated_power_agree_within_two_per_cent(load):
    keep_busy(load, 2.0)
    with EnergyMeter([0], cpu=False) as meter:
        keep_busy(load, 10.0)
    check = meter.result.devices[0].cross_check
    assert check is not None
    assert abs(check.difference) < 0.02
    assert check.verdict is Verdict.CONSISTENT


def test_work_queued_in_a_region_counts_there(load):
    with EnergyMeter([0], cpu=False) as meter:
        with meter.region("queued"):
            load.begin(2.0, "heavy")
        load.spans()
    region, whole = meter.result.region("queued").joules, meter.joules
    assert region is not None
    assert whole is not None
    assert region > 0.99 * whole


def test_the_work_of_the_load_is_timed_by_the_gpu(load):
    clock = MonotonicClock()
    load.spans()
    began = clock.now()
    load.begin(0.5, "heavy")
    span = load.spans()[-1]
    assert began - 1e-3 < span.start < span.end < clock.now() + 1e-3
    assert span.end - span.start == pytest.approx(0.5, rel=0.3)


def test_the_probe_finds_the_gpu_of_this_process():
    gpus = [device for device in probe().devices if device.kind == "gpu"]
    assert [gpu for gpu in gpus if gpu.used and gpu.figure]


def test_measuring_creates_no_cuda_context():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CONTEXT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
