from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import (
    HLL,
    MUSCL,
    RK4,
    WENO5,
    FiniteDifference,
    Godunov,
    Rusanov,
    Spectral,
    Upwind,
    minmod,
    superbee,
    van_leer,
)
from physbias.pdes import ShallowWater, ritter, stoker
from physbias.strong import Solver

F64 = torch.float64
G = 9.81
BALANCED = [
    Godunov(Rusanov()),
    Godunov(HLL()),
    MUSCL(minmod, HLL()),
    MUSCL(van_leer, HLL()),
    MUSCL(superbee, Rusanov()),
]


def test_rhs_by_hand_over_a_bed():
    """h = 1, v = sin y along x over b = 0.1 sin x: q_t = -g b_x, by every scheme."""
    grid = Grid((48, 40), (2 * pi, 2 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, 1)
    law, one = ShallowWater(G, 0.1 * torch.sin(x)), torch.ones_like(x)
    u = torch.cat([one, torch.sin(y), 0 * one], 1)
    exact = torch.cat([0 * one, -0.1 * G * torch.cos(x), 0 * one], 1)
    found = law.rhs(u, Spectral(None).bind(grid, dtype=F64))
    torch.testing.assert_close(found, exact)
    for scheme in (*BALANCED, WENO5(), Upwind(5), FiniteDifference(4)):
        found = law.rhs(u, scheme.bind(grid, dtype=F64))
        first = isinstance(scheme, Godunov)
        assert float((found - exact).abs().mean()) < (0.3 if first else 0.03)
    turned = Grid((40, 48), (2 * pi, 2 * pi), boundary=Periodic())
    other = ShallowWater(G, 0.1 * torch.sin(x).transpose(2, 3))
    swap = u[:, [0, 2, 1]].transpose(2, 3)
    for scheme in BALANCED:
        found = law.rhs(u, scheme.bind(grid, dtype=F64))
        back = other.rhs(swap, scheme.bind(turned, dtype=F64))
        torch.testing.assert_close(back[:, [0, 2, 1]].transpose(2, 3), found)


@pytest.mark.parametrize("scheme", BALANCED, ids=repr)
@pytest.mark.parametrize("boundary", [Periodic(), Neumann()], ids=repr)
@pytest.mark.parametrize("level", [3.0, 0.6], ids=["wet", "islands"])
def test_a_lake_at_rest_stays_at_rest(scheme, boundary, level):
    """Over a rough bed, two samples, one of them dry in places."""
    grid = Grid((20, 16), (10.0, 5.0), boundary=boundary)
    bed = torch.rand(2, 1, 20, 16, dtype=F64)
    law = ShallowWater(G, bed)
    depth = (level - bed).clamp_min(0)
    assert bool((depth == 0).any()) == (level < 1)
    u0 = torch.cat([depth, torch.zeros(2, 2, 20, 16, dtype=F64)], 1)
    solve = Solver(law, grid, scheme=scheme, dt=0.01, allow_unstable=True)
    u = solve(u0, [0.0, 0.3])[:, -1]
    assert float((u - u0).abs().max()) < 1e-13


def test_without_the_bed_in_its_faces_the_lake_moves():
    """What the balance is for: central or split schemes only come near."""
    grid = Grid((64,), (10.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    bed = 0.5 * torch.exp(-((x - 5) ** 2))
    law = ShallowWater(G, bed)
    u = torch.cat([1 - bed, 0 * bed], 1)
    rate = law.rhs(u, Upwind(1).bind(grid, dtype=F64))
    assert float(rate.abs().max()) > 1e-2


def test_the_front_on_a_dry_bed_runs_at_twice_the_wave_speed():
    d = FiniteDifference(2).bind(Grid((8,), (1.0,), boundary=Periodic()), dtype=F64)
    wet = torch.tensor([2.0, 3.0], dtype=F64).reshape(1, 2, 1)
    dry, c = torch.zeros_like(wet), (2 * G) ** 0.5
    low, high = ShallowWater(G).bounds(wet, dry, 0, d)
    assert float(high) == pytest.approx(1.5 + 2 * c)
    assert float(low) == pytest.approx(1.5 - c)
    low, high = ShallowWater(G).bounds(dry, wet, 0, d)
    assert float(low) == pytest.approx(1.5 - 2 * c)
    assert float(high) == pytest.approx(1.5 + c)


@pytest.mark.parametrize(
    ("scheme", "bound"),
    [(Godunov(HLL()), 0.02), (MUSCL(minmod, HLL()), 0.004)],
    ids=repr,
)
def test_the_dam_of_ritter_runs_over_a_dry_bed(scheme, bound):
    grid = Grid((200,), (20.0,), boundary=Neumann(), origin=(-10.0,))
    x, t = grid.coords(dtype=F64), 1.0
    u0 = torch.cat([(x < 0).to(F64), 0 * x], 1)
    solve = Solver(ShallowWater(G), grid, scheme=scheme, dt=0.0125, allow_unstable=True)
    u = solve(u0, [0.0, t / 2, t])[0]
    assert float(u[:, 0].min()) >= 0
    exact = ritter(x[0, 0], t, depth=1.0)
    error = (u[-1] - exact).abs().mean(1)
    print(scheme, error.tolist())
    assert float(error[0]) < bound
    assert float(error[1]) < 2 * bound
    front = float(x[0, 0][u[-1, 0] > 1e-3].max())
    assert front == pytest.approx(2 * G**0.5, rel=0.2)
    assert float(u[-1, 0].sum()) == pytest.approx(float(u0[0, 0].sum()), rel=1e-12)


@pytest.mark.parametrize(
    ("scheme", "bound"),
    [
        (Godunov(HLL()), 0.02),
        (MUSCL(van_leer, HLL()), 0.004),
        (MUSCL(van_leer, Rusanov()), 0.005),
        (WENO5(), 0.005),
    ],
    ids=repr,
)
def test_the_dam_of_stoker_runs_over_water(scheme, bound):
    grid = Grid((200,), (20.0,), boundary=Neumann(), origin=(-10.0,))
    x, t = grid.coords(dtype=F64), 1.0
    u0 = torch.cat([torch.where(x < 0, 1.0, 0.1).to(F64), 0 * x], 1)
    solve = Solver(ShallowWater(G), grid, scheme=scheme, dt=0.0125, allow_unstable=True)
    u = solve(u0, [0.0, t])[0, -1]
    error = (u - stoker(x[0, 0], t, depths=(1.0, 0.1))).abs().mean(1)
    print(scheme, error.tolist())
    assert float(error[0]) < bound
    assert float(error[1]) < 3 * bound


def test_small_waves_travel_at_the_root_of_g_h():
    grid = Grid((64, 4), (1.0, 3.0), boundary=Periodic())
    x = grid.coords(dtype=F64)[:, :1]
    c, eps, t = (G * 2.0) ** 0.5, 1e-6, 0.05
    rise = torch.sin(2 * pi * x)
    u0 = torch.cat([2 + eps * rise, eps * c * rise, 0 * x], 1)
    exact = torch.sin(2 * pi * (x - c * t))
    for scheme, bound in ((Upwind(5), 1e-4), (WENO5(), 1e-3), (MUSCL(), 0.05)):
        solve = Solver(
            ShallowWater(G),
            grid,
            scheme=scheme,
            stepper=RK4(),
            dt=0.002,
            allow_unstable=True,
        )
        u = solve(u0, [0.0, t])[:, -1]
        assert float(((u[:, :1] - 2) / eps - exact).abs().mean()) < bound


@pytest.mark.parametrize("scheme", BALANCED[1:4], ids=repr)
def test_water_runs_up_a_beach_and_none_is_lost_or_negative(scheme):
    """A heap of water above an island in a periodic plane."""
    grid = Grid((24, 20), (10.0, 8.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, 1)
    bed = 1.5 * torch.exp(-((x - 5) ** 2 + (y - 4) ** 2))
    depth = (0.6 + 0.6 * torch.exp(-((x - 2) ** 2)) - bed).clamp_min(0)
    law = ShallowWater(G, bed)
    u0 = torch.cat([depth, 0 * depth, 0 * depth], 1)
    solve = Solver(law, grid, scheme=scheme, dt=0.02, allow_unstable=True)
    u = solve(u0, [0.0, 0.5, 1.0])[0]
    assert float(u[:, 0].min()) >= 0
    d = scheme.bind(grid, dtype=F64)
    volumes = law.invariants(u, d)["volume"]
    assert float((volumes / volumes[0] - 1).abs().max()) < 1e-13
    assert float(u[-1, 1].abs().max()) > 0.05


def test_second_order_over_a_smooth_bed(observed):
    """A moving state over a bed: the tendency against that of exact derivatives."""
    errors, counts = [], (40, 80)
    for count in counts:
        grid = Grid((count,), (1.0,), boundary=Periodic())
        x = 2 * pi * grid.coords(dtype=F64)
        law = ShallowWater(G, 0.2 * torch.sin(x))
        u = torch.cat([1 + 0.1 * torch.cos(x), 0.3 + 0.2 * torch.sin(x)], 1)
        exact = law.rhs(u, Spectral(None).bind(grid, dtype=F64))
        found = law.rhs(u, MUSCL(van_leer, HLL()).bind(grid, dtype=F64))
        errors.append(float((found - exact).abs().mean()))
    assert -observed(counts, errors)[0] > 1.5


def test_samples_with_beds_and_gravities_of_their_own():
    grid = Grid((9,), (1.0,), boundary=Neumann())
    gravity, bed = torch.tensor([1.0, 9.81], dtype=F64), torch.rand(2, 1, 9, dtype=F64)
    u = torch.rand(2, 2, 9, dtype=F64)
    for scheme in BALANCED:
        d = scheme.bind(grid, dtype=F64)
        together = ShallowWater(gravity, bed).rhs(u, d)
        for n in range(2):
            alone = ShallowWater(float(gravity[n]), bed[n : n + 1]).rhs(u[n : n + 1], d)
            torch.testing.assert_close(together[n : n + 1], alone)
        narrow = ShallowWater(gravity, bed).rhs(u.float(), scheme.bind(grid))
        assert narrow.dtype == torch.float32
        torch.testing.assert_close(narrow.double(), together, atol=1e-3, rtol=1e-4)


def test_gradients_also_where_it_is_dry():
    grid = Grid((8,), (1.0,), boundary=Neumann())
    bed = torch.rand(1, 1, 8, dtype=F64, requires_grad=True)
    u = (torch.rand(1, 2, 8, dtype=F64) + 0.5).requires_grad_()
    d = MUSCL(van_leer, HLL()).bind(grid, dtype=F64)

    def rate(v, b):
        law = ShallowWater(G)
        law.bathymetry = b
        return law.rhs(v, d)

    assert torch.autograd.gradcheck(rate, (u, bed))
    dry = torch.tensor([1.0, 1, 1, 0, 0, 0, 1, 1], dtype=F64)
    dry = torch.stack([dry, 0 * dry])[None].requires_grad_()
    rate(dry, bed).square().sum().backward()
    assert bool(torch.isfinite(dry.grad).all())
    assert bool(torch.isfinite(bed.grad).all())


def test_refusals():
    with pytest.raises(ArgumentError, match="gravity: found -1, expected at least 0"):
        ShallowWater(-1.0)
    with pytest.raises(ArgumentError, match="dry_depth: found 0, expected more than 0"):
        ShallowWater(dry_depth=0.0)
    grid = Grid((8,), (1.0,), boundary=Neumann())
    law = ShallowWater(G, torch.rand(1, 1, 8))
    u = torch.ones(1, 2, 8)
    for scheme in (FiniteDifference(2), WENO5()):
        with pytest.raises(ArgumentError, match="bathymetry: found a varying bed"):
            law.rhs(u, scheme.bind(grid))
    solve = Solver(law, grid, scheme=Godunov(), dt=1e-3)
    with pytest.raises(ArgumentError, match=r"u0's depth: found -1, expected no neg"):
        solve(-u, [0.0, 0.1])
