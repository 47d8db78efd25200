import pytest
import torch

from physbias.errors import ArgumentError
from physbias.pdes import GasState, exact_riemann

F64 = torch.float64

# E. F. Toro (2009), table 4.2 and 4.3: sides, and pressure, velocity and the densities
# on both sides of the contact
TORO = [
    ((1.0, 0.0, 1.0), (0.125, 0.0, 0.1), (0.30313, 0.92745, 0.42632, 0.26557)),
    ((1.0, -2.0, 0.4), (1.0, 2.0, 0.4), (0.00189, 0.0, 0.02185, 0.02185)),
    ((1.0, 0.0, 1000.0), (1.0, 0.0, 0.01), (460.894, 19.5975, 0.57506, 5.99924)),
    ((1.0, 0.0, 0.01), (1.0, 0.0, 100.0), (46.0950, -6.19633, 5.99242, 0.57511)),
    (
        (5.99924, 19.5975, 460.894),
        (5.99242, -6.19633, 46.0950),
        (1691.64, 8.68975, 14.2823, 31.0426),
    ),
]


@pytest.mark.parametrize(("left", "right", "star"), TORO)
def test_the_five_tubes_of_toro(left, right, star):
    p, v, below, above = star
    rays = torch.tensor([v - 1e-4, v + 1e-4], dtype=F64)
    found = exact_riemann(GasState(*left), GasState(*right), rays)
    for n, density in enumerate((below, above)):
        expected = torch.tensor([density, v, p], dtype=F64)
        torch.testing.assert_close(found[:, n], expected, rtol=3e-4, atol=1e-4)


def test_far_away_nothing_has_happened():
    left, right = GasState(1.0, 0.3, 1.0), GasState(0.2, -0.1, 0.4)
    found = exact_riemann(left, right, torch.tensor([-50.0, 50.0], dtype=F64))
    assert found[:, 0].tolist() == [1.0, 0.3, 1.0]
    assert found[:, 1].tolist() == pytest.approx([0.2, -0.1, 0.4])


def test_a_mirrored_tube_has_a_mirrored_solution():
    left, right = GasState(1.0, 0.3, 1.0), GasState(0.2, -0.1, 0.4)
    s = torch.linspace(-3, 3, 41, dtype=F64) + 1e-3
    found = exact_riemann(left, right, s, gamma=5 / 3)
    mirror = exact_riemann(
        GasState(0.2, 0.1, 0.4), GasState(1.0, -0.3, 1.0), -s, gamma=5 / 3
    )
    sign = torch.tensor([[1.0], [-1.0], [1.0]], dtype=F64)
    torch.testing.assert_close(found, sign * mirror)


def test_a_fan_keeps_entropy_and_the_riemann_invariant():
    left, right = GasState(1.0, 0.0, 1.0), GasState(0.125, 0.0, 0.1)
    density, v, p = exact_riemann(left, right, torch.linspace(-1.1, -0.1, 9, dtype=F64))
    torch.testing.assert_close(p / density**1.4, torch.ones(9, dtype=F64))
    total = v + 2 / 0.4 * (1.4 * p / density).sqrt()
    torch.testing.assert_close(total, torch.full((9,), 5 * 1.4**0.5, dtype=F64))


def test_refusals():
    with pytest.raises(ArgumentError, match="state: found density 0 and pressure 1"):
        GasState(0.0, 1.0, 1.0)
    apart = GasState(1.0, -20.0, 1.0), GasState(1.0, 20.0, 1.0)
    with pytest.raises(ArgumentError, match="velocity: found sides that part at 40"):
        exact_riemann(*apart, torch.zeros(1))
