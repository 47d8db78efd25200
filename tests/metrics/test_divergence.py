"""Relative divergence against fields whose divergence is known."""

import math

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.metrics import relative_divergence


@pytest.fixture
def grid():
    return Grid((16, 24), (2 * math.pi, 4 * math.pi), boundary=Periodic())


def test_a_curl_has_none_and_a_gradient_has_all_it_can(grid):
    x, y = grid.coords(dtype=torch.float64).unbind(1)
    curl = torch.stack([torch.cos(x) * torch.sin(y), -torch.sin(x) * torch.cos(y)], 1)
    # (sin x, 0): the divergence is the only derivative
    compression = torch.stack([torch.sin(x), 0 * x], 1)
    # (sin x, sin x): half of the squared derivatives
    slanted = torch.stack([torch.sin(x), torch.sin(x)], 1)
    found = relative_divergence(torch.cat([curl, compression, slanted]), grid)
    wanted = torch.tensor([0.0, 1.0, math.sqrt(0.5)], dtype=torch.float64)
    torch.testing.assert_close(found, wanted, atol=1e-13, rtol=0)


def test_a_field_of_another_grid_is_refused(grid):
    with pytest.raises(ShapeError, match=r"v: found spatial shape \(16, 16\)"):
        relative_divergence(torch.zeros(1, 2, 16, 16), grid)


def test_parts_that_are_none_are_refused():
    grid = Grid((4, 4), (1.0, 1.0), boundary=Periodic())
    v = torch.ones(1, 2, 4, 4)
    with pytest.raises(ArgumentError, match="v: found list, expected a real"):
        relative_divergence([1.0], grid)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        relative_divergence(v, None)
    with pytest.raises(ArgumentError, match="scheme: found 'fd', expected Scheme"):
        relative_divergence(v, grid, scheme="fd")
