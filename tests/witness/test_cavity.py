"""The lid-driven cavity against published velocities on its centre lines."""

import importlib
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TABLES = ("Y", "U"), ("X", "V")


@pytest.fixture
def cavity(monkeypatch):
    """The comparison that the benchmark prints."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("cavity")


def worst(cavity, reynolds, count, *, still=1e-6):
    solve = cavity.cavity(reynolds, count)
    start = torch.zeros(1, 2, count, count, dtype=torch.float64)
    u = cavity.steady(solve, start, still=still)
    along, across = cavity.deviations(reynolds, u)
    left_out = cavity.ghia.MISPRINT.get(reynolds)
    return (
        cavity.largest(along, cavity.ghia.Y),
        cavity.largest(across, cavity.ghia.X, left_out),
    )


def test_tables_have_one_value_per_place(cavity):
    for places, values in TABLES:
        points = getattr(cavity.ghia, places)
        assert list(points) == sorted(points)
        for column in getattr(cavity.ghia, values).values():
            assert len(column) == len(points) == 17


def test_coarse_cavity_at_reynolds_100(cavity):
    """On 16 x 16 cells, while it still changes by 1e-2 per unit of time."""
    u, v = worst(cavity, 100, 16, still=1e-2)
    assert max(u, v) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize(("reynolds", "count"), [(100, 32), (400, 64), (1000, 96)])
def test_cavity_comes_to_rest_at_the_published_velocities(cavity, reynolds, count):
    u, v = worst(cavity, reynolds, count)
    print(f"Reynolds {reynolds}, {count} x {count} cells: u {u:.5f}, v {v:.5f}")
    assert max(u, v) < 0.01
