import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import (
    HLLC,
    MUSCL,
    Godunov,
    Scheme,
    minmod,
    monotonized_central,
    superbee,
    van_leer,
)
from physbias.pdes import Advection, CompressibleEuler, InviscidBurgers
from physbias.strong import Solver

F64 = torch.float64
LIMITERS = [minmod, van_leer, monotonized_central, superbee]
SCHEMES = [Godunov(), *map(MUSCL, LIMITERS)]


def variation(u):
    return (u - u.roll(1, -1)).abs().sum((1, 2))


def profiles(grid):
    """A step, a square of one cell's jump, and noise."""
    x = grid.coords(dtype=F64)
    step = torch.where(x < 0.5, 1.0, -0.3)
    square = ((x - 0.5).abs() < 0.2).to(F64)
    return torch.cat([step, square, torch.rand(1, 1, len(x[0, 0]), dtype=F64)])


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize(
    "law", [Advection((1.0,)), Advection((-1.0,)), InviscidBurgers()]
)
def test_total_variation_never_grows(scheme, law):
    grid = Grid((50,), (1.0,), boundary=Periodic())
    u = profiles(grid)
    solve = Solver(law, grid, scheme=scheme, dt=0.008, allow_unstable=True)
    before, low, high = variation(u), u.amin((1, 2)), u.amax((1, 2))
    for n in range(60):
        u = solve.step(u, time=0.008 * n)
        after = variation(u)
        assert bool((after <= before * (1 + 1e-12)).all())
        before = after
    assert bool((u.amin((1, 2)) >= low - 1e-12).all())
    assert bool((u.amax((1, 2)) <= high + 1e-12).all())


@pytest.mark.parametrize(
    ("scheme", "order", "place", "counts"),
    [
        (Godunov(), 1, 0.1, (800, 1600)),
        # minmod turns from one neighbour to the other where the profile has no bend
        (MUSCL(minmod), 2, 0.08, (400, 800)),
        (MUSCL(van_leer), 2, 0.0, (200, 400)),
        (MUSCL(monotonized_central), 2, 0.0, (200, 400)),
    ],
    ids=repr,
)
def test_order_away_from_extrema(scheme, order, place, counts, observed):
    """A front of tanh, which has none, judged where it is steep."""
    errors = []
    for count in counts:
        grid = Grid((count,), (2.0,), boundary=Neumann(), origin=(-1.0,))
        x = grid.coords(dtype=F64)
        solve = Solver(Advection((1.0,)), grid, scheme=scheme, dt=0.4 * 2 / count)
        u = solve(torch.tanh((x + 0.1) / 0.15), [0.0, 0.2])[:, -1]
        gap = (u - torch.tanh((x - 0.1) / 0.15)).abs()
        errors.append(float(gap[(x - 0.1 - place).abs() < 0.04].mean()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.1)


def test_sharper_limiters_lose_less_of_a_square():
    grid = Grid((100,), (1.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    u0 = ((x - 0.5).abs() < 0.2).to(F64)
    losses = []
    for scheme in (Godunov(), MUSCL(minmod), MUSCL(van_leer), MUSCL(superbee)):
        solve = Solver(
            Advection((1.0,)), grid, scheme=scheme, dt=0.004, allow_unstable=True
        )
        losses.append(float((solve(u0, [0.0, 1.0])[:, -1] - u0).abs().sum()))
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.3 * losses[0]


def test_a_limiter_of_ones_own():
    grid = Grid((20,), (1.0,), boundary=Periodic())
    u = torch.rand(1, 1, 20, dtype=F64)
    flat = MUSCL(lambda a, b: 0 * a).bind(grid, dtype=F64)
    godunov = Godunov().bind(grid, dtype=F64)
    law = InviscidBurgers()
    torch.testing.assert_close(
        flat.flux_divergence(u, law), godunov.flux_divergence(u, law)
    )


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
def test_a_plane_is_its_lines(scheme):
    """Nothing along y, and the other way round."""
    plane = Grid((12, 7), (1.0, 3.0), boundary=Periodic())
    turned = Grid((7, 12), (3.0, 1.0), boundary=Periodic())
    line = Grid((12,), (1.0,), boundary=Periodic())
    law, u = InviscidBurgers(), torch.rand(2, 1, 12, dtype=F64)
    flat = scheme.bind(line, dtype=F64).flux_divergence(u, law)
    wide = u[..., None].expand(2, 1, 12, 7)
    found = scheme.bind(plane, dtype=F64).flux_divergence(wide, law)
    torch.testing.assert_close(found[..., 3], flat)
    found = scheme.bind(turned, dtype=F64).flux_divergence(wide.transpose(2, 3), law)
    torch.testing.assert_close(found[:, :, 4], flat)


def test_gradients_and_names():
    grid = Grid((9,), (1.0,), boundary=Periodic())
    law = CompressibleEuler()
    w = torch.rand(2, 3, 9, dtype=F64) + 0.5
    for scheme in (*SCHEMES, MUSCL(van_leer, HLLC())):
        assert isinstance(scheme, Scheme)
        d = scheme.bind(grid, dtype=F64)
        u = law.conserved(w, d).requires_grad_()
        assert torch.autograd.gradcheck(lambda v, d=d: d.flux_divergence(v, law), u)
    assert repr(MUSCL(van_leer, HLLC())) == "MUSCL(limiter=van_leer, riemann=HLLC())"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: MUSCL("minmod"),
            "limiter: found 'minmod', expected Callable; use one",
        ),
        (lambda: MUSCL(riemann="hll"), "riemann: found 'hll', expected NumericalFlux"),
        (lambda: Godunov(HLLC), r"found the class HLLC, .*instance: HLLC\("),
    ],
)
def test_names_and_classes_are_no_parts(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
