"""Trajectories of an independent solver, and the benchmarks' scripts.

Benchmarks are no modules of the package: tests load them by path.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
SHEAR_FLOW = Path(__file__).parents[2].parent / "shared" / "data" / "shear_flow"


@pytest.fixture(scope="session")
def shear_flow_folder():
    """Root of the Dedalus trajectories in The Well's layout."""
    if not SHEAR_FLOW.is_dir():
        pytest.skip("the Dedalus trajectories (../shared/data/shear_flow) are absent")
    return SHEAR_FLOW


@pytest.fixture(scope="session")
def benchmark_script():
    """Load a script of the benchmarks by its name."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    return load
