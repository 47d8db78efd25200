from math import log, pi, sqrt

import pytest
import torch

from physbias.errors import ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import ETDRK4, RK4, FiniteDifference, Spectral
from physbias.pdes import KortewegDeVries
from physbias.strong import Solver

F64 = torch.float64
LINE = Grid((160,), (50.0,), boundary=Periodic(), origin=(-25.0,))


def test_rhs_by_hand():
    """u = sin x: u_t = -a sin x cos x + b cos x."""
    grid = Grid((16,), (2 * pi,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    d = Spectral(None).bind(grid, dtype=F64)
    found = KortewegDeVries(3.0, 0.5).rhs(torch.sin(x), d)
    expected = -3 * torch.sin(x) * torch.cos(x) + 0.5 * torch.cos(x)
    torch.testing.assert_close(found, expected)
    symbol = KortewegDeVries(3.0, 0.5).stiff_symbol(d)
    assert complex(symbol[0, 0, 3]) == pytest.approx(13.5j)  # -b (3i)^3


@pytest.mark.parametrize("stepper", [RK4(), ETDRK4()], ids=repr)
def test_solitons_of_three_media_keep_their_shape(stepper):
    """Speed c, height 3c/a, and both signs of a; each sample has its own medium."""
    equation = KortewegDeVries(
        torch.tensor([6.0, 1.0, -2.0]), torch.tensor([1.0, 0.5, 1.5])
    )
    coords = LINE.coords(dtype=F64)
    u0 = equation.soliton(coords, 0.0, start=-2.0)
    heights = u0[:, 0].abs().max(1).values
    torch.testing.assert_close(
        heights, torch.tensor([0.5, 3, 1.5], dtype=F64), rtol=2e-2, atol=0
    )
    solve = Solver(equation, LINE, scheme=Spectral(), stepper=stepper, dt=4e-3)
    u = solve(u0, [0.0, 2.0])[:, -1]
    expected = equation.soliton(coords, 2.0, start=-2.0)
    torch.testing.assert_close(u, expected, atol=3e-5, rtol=0)


@pytest.mark.parametrize("order", [2, 4])
def test_soliton_on_differences(order, observed):
    errors, counts = [], (140, 240)
    for count in counts:
        grid = Grid((count,), (30.0,), boundary=Periodic(), origin=(-15.0,))
        coords, equation = grid.coords(dtype=F64), KortewegDeVries()
        solve = Solver(
            equation, grid, scheme=FiniteDifference(order), stepper=RK4(), dt=5e-4
        )
        u = solve(equation.soliton(coords, 0.0), [0.0, 0.1])[:, -1]
        errors.append(float((u - equation.soliton(coords, 0.1)).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.15)


def test_two_solitons_pass_through_each_other():
    """They are apart, on top of each other, and apart again."""
    equation, coords = KortewegDeVries(), LINE.coords(dtype=F64)
    options = {"speeds": (3.0, 1.0), "starts": (0.0, 0.0)}
    solve = Solver(equation, LINE, scheme=Spectral(), stepper=ETDRK4(), dt=0.01)
    u = solve(equation.two_solitons(coords, -4.0, **options), [-4.0, 0.0, 4.0])
    for n, t in ((1, 0.0), (2, 4.0)):
        expected = equation.two_solitons(coords, t, **options)
        torch.testing.assert_close(u[:, n], expected, atol=2e-3, rtol=0)
    d = Spectral().bind(LINE, dtype=F64)
    first, last = (equation.invariants(u[:, n], d) for n in (0, 2))
    for key, error in {"mass": 1e-12, "momentum": 2e-5, "energy": 1e-4}.items():
        torch.testing.assert_close(last[key], first[key], rtol=error, atol=0)


def test_the_faster_one_leaps_ahead_by_the_known_distance():
    """Far from the collision, two single solitons shifted by (2/k) ln((k+l)/(k-l))."""
    equation = KortewegDeVries(2.0, 0.5)
    x = torch.linspace(-80, 80, 801, dtype=F64)[None, None]
    k, l = sqrt(2.0), sqrt(0.5)  # noqa: E741
    leap = 2 * log((k + l) / (k - l)) * sqrt(0.5)  # lengths scale with the root of b

    def pair(t: float, fast: float, slow: float) -> torch.Tensor:
        one = equation.soliton(x, t, speed=2.0, start=fast)
        return one + equation.soliton(x, t, speed=0.5, start=slow)

    found = equation.two_solitons(x, -30.0)
    torch.testing.assert_close(found, pair(-30.0, 0.0, leap / l), atol=1e-9, rtol=0)
    found = equation.two_solitons(x, 30.0)
    torch.testing.assert_close(found, pair(30.0, leap / k, 0.0), atol=1e-9, rtol=0)


def test_invariants_of_a_soliton():
    r"""For a = 6, b = 1: 2 sqrt(c), 2/3 c^(3/2), -1/5 c^(5/2)."""
    equation, c = KortewegDeVries(), 1.7
    u = equation.soliton(LINE.coords(dtype=F64), 0.0, speed=c)
    found = equation.invariants(u, Spectral().bind(LINE, dtype=F64))
    assert float(found["mass"]) == pytest.approx(2 * c**0.5, rel=1e-7)
    assert float(found["momentum"]) == pytest.approx(2 / 3 * c**1.5, rel=1e-7)
    assert float(found["energy"]) == pytest.approx(-(c**2.5) / 5, rel=1e-6)


def test_a_plane_is_refused():
    grid = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    d = Spectral().bind(grid)
    with pytest.raises(ShapeError, match="found 2 space axes, expected 1"):
        KortewegDeVries().rhs(torch.ones(1, 1, 8, 8), d)
