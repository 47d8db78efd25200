"""Importing the library costs little and does nothing."""

import subprocess
import sys

import pytest

import physbias

SCRIPT = """
import sys, threading
import torch
before = set(sys.modules)
import physbias
new = {name.partition(".")[0] for name in set(sys.modules) - before}
heavy = {"scipy", "torchdiffeq", "pynvml", "h5py", "matplotlib", "rich", "typer"}
assert not new & heavy, new & heavy
assert threading.active_count() == 1, threading.enumerate()
assert not torch.cuda.is_initialized()
assert physbias.EnergyMeter.__name__ == "EnergyMeter"
assert physbias.weak.ResidualLoss and physbias.__version__
for name in physbias.__all__:
    getattr(physbias, name)
assert set(physbias.__all__) <= set(dir(physbias))
"""


def test_import_starts_nothing_and_brings_no_extra():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_unknown_names_are_named():
    with pytest.raises(AttributeError, match="'physbias' has no attribute 'solvers'"):
        _ = physbias.solvers
    with pytest.raises(AttributeError, match=r"'MUSCL'; it is physbias.numerics.MUSCL"):
        _ = physbias.MUSCL
