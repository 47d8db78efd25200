"""The solver against trajectories of Dedalus, an independent spectral program."""

import importlib.util
from pathlib import Path

import pytest
import torch

import physbias as pb

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "witness.py"


@pytest.fixture(scope="module")
def errors():
    """The comparison that the benchmark prints."""
    spec = importlib.util.spec_from_file_location("witness", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.errors


def test_spectral_scheme_at_schmidt_1(errors, shear_flow_folder):
    """Both trajectories; the stored mantissas end at 5e-5."""
    found, _ = errors(shear_flow_folder, pb.Spectral(), (128, 256), [2.0], dt=1e-2)
    assert found.shape == (1, 2, 4)
    assert found.max() <= 2e-4


@pytest.mark.slow
def test_spectral_scheme_at_schmidt_1_over_ten_seconds(errors, shear_flow_folder):
    """The same trajectories five times as far, where errors have grown."""
    found, _ = errors(shear_flow_folder, pb.Spectral(), (128, 256), [10.0], dt=1e-2)
    assert found.max() <= 5e-3


def test_spectral_scheme_at_schmidt_one_fifth(errors, shear_flow_folder):
    """Layers thinner than the reference's grid likes."""
    found, _ = errors(
        shear_flow_folder, pb.Spectral(), (128, 256), [2.0], schmidt="2e-1", dt=1e-2
    )
    assert found.max() <= 2e-3


@pytest.mark.slow
@pytest.mark.parametrize("order", [4, 6, 8])
def test_finite_differences_on_a_fine_grid(errors, shear_flow_folder, order):
    scheme = pb.FiniteDifference(order)
    found, _ = errors(shear_flow_folder, scheme, (256, 512), [2.0])
    assert found.max() <= 1e-2


def test_a_wrong_viscosity_is_seen(errors, shear_flow_folder, monkeypatch):
    """The comparison is sharp enough to see a tenth of the viscosity missing."""
    true = pb.TracerFlow
    monkeypatch.setattr(pb, "TracerFlow", lambda v, s: true(0.9 * v, s))
    found, _ = errors(shear_flow_folder, pb.Spectral(), (128, 256), [2.0], dt=1e-2)
    assert found.max() > 1e-3
    assert torch.isfinite(found).all()
