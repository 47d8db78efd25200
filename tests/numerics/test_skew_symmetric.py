"""Energy under advection: no more than round-off, and where not, why."""

from math import pi

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import (
    RK4,
    Compact,
    FiniteDifference,
    SkewSymmetric,
    Spectral,
    Upwind,
)
from physbias.pdes import AdvectionDiffusion, TracerFlow, pde
from physbias.strong import Solver
from physbias.verify import verify

F64 = torch.float64
CENTRAL = [
    *(FiniteDifference(order) for order in (2, 4, 6, 8)),
    Compact(4),
    Compact(6),
    Spectral(dealias=None),
]
CLOSED = {
    "no slip": {"velocity": Dirichlet(0.0), "tracer": Neumann(0.0)},
    "value": {"velocity": Dirichlet(0.0), "tracer": Dirichlet(0.0)},
    "slip": Symmetry(),
}
FIELDS = {"velocity": "vector", "tracer": 1}


def work(u: Tensor, f: Tensor) -> float:
    """Return the sum of u f, by the size of its terms."""
    return float(((u * f).sum() / (u * f).abs().sum()).abs())


@pytest.mark.parametrize("scheme", CENTRAL, ids=repr)
@pytest.mark.parametrize("shape", [(15,), (12, 9), (8, 7, 6)])
def test_no_flow_changes_the_energy_of_anything_it_carries(scheme, shape):
    """Random fields, whose products alias as they may."""
    grid = Grid(shape, tuple(1.0 + n for n in range(len(shape))), boundary=Periodic())
    skew = SkewSymmetric(scheme).bind(grid, dtype=F64)
    u = torch.randn(2, 3, *shape, dtype=F64)
    v = skew.leray(torch.randn(2, len(shape), *shape, dtype=F64))
    if len(shape) > 1:
        assert work(u, skew.advect(v, u)) < 1e-14
        assert work(v, skew.advect(v, v)) < 1e-14
        assert work(u, skew.inner.advect(v, u)) > 1e-4
    w = torch.randn(2, len(shape), *shape, dtype=F64)
    half = skew.advect(w, u) + u * skew.div(w) / 2
    assert work(u, half) < 1e-14  # with a divergence: without the third term
    total = skew.advect(v, u).sum()
    assert abs(float(total)) < 1e-12 * float(skew.advect(v, u).abs().sum())


@pytest.mark.parametrize("walls", CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize("pair", ["x", "both"])
@pytest.mark.parametrize(
    "scheme",
    [
        FiniteDifference(2, mirror=True),
        FiniteDifference(4, mirror=True),
        FiniteDifference(8, mirror=True),
        FiniteDifference(6),
        Spectral(dealias=None),
    ],
    ids=repr,
)
def test_walls_that_let_nothing_through_keep_it_too(scheme, pair, walls):
    """A velocity from a stream function that is zero on the walls."""
    if scheme == FiniteDifference(6) and not isinstance(walls, Symmetry):
        return  # without mirrors only planes of symmetry are exact
    boundary = [walls, Periodic() if pair == "x" else walls]
    grid = Grid((14, 11), (1.0, 2.5), boundary=boundary)
    d = SkewSymmetric(scheme).bind(grid, dtype=F64)
    stream = d.with_edges(d.across)
    psi = torch.randn(2, 1, 14, 11, dtype=F64)
    v = torch.cat([stream.y(psi), -stream.x(psi)], 1)
    state = torch.cat([v, torch.randn(2, 1, 14, 11, dtype=F64)], 1)
    bound = d.bound_to(FIELDS)
    assert work(state[:, 2:], bound.advect(v, state)[:, 2:]) < 1e-13
    assert work(v, bound.of("velocity").advect(v, v)) < 1e-13
    inner = bound.inner.advect(v, state)[:, 2:]
    assert work(state[:, 2:], inner) > 1e-4


@pytest.mark.parametrize("scheme", CENTRAL, ids=repr)
def test_it_is_the_advection_of_any_smooth_flow(scheme):
    """v = (sin y + cos x, sin 2x), with a divergence, and u = sin (x + y), by hand."""
    grid = Grid((48, 56), (2 * pi, 2 * pi), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    v = torch.cat([torch.sin(y) + torch.cos(x), torch.sin(2 * x) + 0 * y], 1)
    u = torch.sin(x + y)
    exact = (v[:, :1] + v[:, 1:]) * torch.cos(x + y)
    found = SkewSymmetric(scheme).bind(grid, dtype=F64).advect(v, u)
    bound = {2: 3e-2, 4: 4e-4, 6: 1e-5, 8: 2e-7}.get(getattr(scheme, "order", 0), 1e-12)
    assert float((found - exact).abs().max()) < bound


@pytest.mark.parametrize("scheme", [FiniteDifference(4), Compact(4), Compact(6)])
def test_order_up_to_walls_without_slip(scheme, observed):
    """v = sin² x e^x and u = cos 2x + x, with values at the walls, by hand."""
    errors, counts = [], (32, 64)
    for count in counts:
        sides = [(Dirichlet(1.0), Dirichlet(1 + pi))]
        grid = Grid((count,), (pi,), boundary=sides)
        x = grid.coords(dtype=F64)
        v, u = torch.sin(x) ** 2 * torch.exp(x / 4), torch.cos(2 * x) + x
        exact = v * (1 - 2 * torch.sin(2 * x))
        found = SkewSymmetric(scheme).bind(grid, dtype=F64).advect(v, u)
        errors.append(float((found - exact).abs().max()))
    assert -observed(counts, errors)[0] > scheme.order - 0.3


def test_what_remains_over_time_is_the_error_of_the_stepper(observed):
    """Under-resolved flow without friction: the energy drifts with dt^5 of RK4."""
    grid = Grid((16, 12), (2 * pi, 2 * pi), boundary=Periodic())
    flow = TracerFlow(0.0, 0.0)
    u = torch.randn(1, 3, 16, 12, dtype=F64)

    def drift(scheme: object, dt: float) -> float:
        solver = Solver(flow, grid, scheme=scheme, stepper=RK4(), dt=dt).double()
        start = solver.system(u).admit(u)
        end = solver(start, torch.tensor([0.0, 0.4], dtype=F64))[:, -1]
        return float((end.square().sum() / start.square().sum() - 1).abs())

    scheme = SkewSymmetric(FiniteDifference(4))
    drifts = [drift(scheme, dt) for dt in (0.04, 0.02)]
    assert drifts[1] < 1e-6
    assert observed((0.04, 0.02), drifts)[0] > 4.5
    assert drift(FiniteDifference(4), 0.02) > 100 * drifts[1]


def test_dealiasing_and_projection_keep_the_energy():
    grid = Grid((16, 15), (2 * pi, 1.0), boundary=Periodic())
    flow = TracerFlow(0.0, 0.0)
    solver = Solver(flow, grid, scheme=SkewSymmetric(Spectral()), dt=1.0).double()
    system = solver.system(torch.zeros(1, 3, 16, 15, dtype=F64))
    u = system.admit(torch.randn(2, 3, 16, 15, dtype=F64))
    f = system(u, 0.0)
    assert work(u[:, :2], f[:, :2]) < 1e-14
    assert work(u[:, 2:], f[:, 2:]) < 1e-14


def test_the_rest_is_the_scheme_inside():
    grid = Grid((9, 8), (1.0, 2.0), boundary=[(Dirichlet(1.0), Neumann()), Periodic()])
    u, a = torch.randn(2, 1, 9, 8, dtype=F64), torch.rand(1, 1, 9, 8, dtype=F64) + 1
    for inner in (FiniteDifference(4), Spectral()):
        skew = SkewSymmetric(inner).bind(grid, dtype=F64).at(0.3)
        plain = inner.bind(grid, dtype=F64).at(0.3)
        for name in ("laplacian", "x", "grad", "dealias", "dealias_state"):
            found, wanted = (getattr(d, name)(u) for d in (skew, plain))
            torch.testing.assert_close(found, wanted, rtol=0, atol=0)
        torch.testing.assert_close(skew.diffuse(u, a), plain.diffuse(u, a))


def test_gradients_and_batch():
    grid = Grid((5, 4), (1.0, 2.0), boundary=[Dirichlet(0.0), Periodic()])
    d = SkewSymmetric(FiniteDifference(2, mirror=True)).bind(grid, dtype=F64)
    v = torch.randn(2, 2, 5, 4, dtype=F64, requires_grad=True)
    u = torch.randn(2, 1, 5, 4, dtype=F64, requires_grad=True)
    assert gradcheck(d.advect, (v[:1].detach().requires_grad_(), u[:1].detach()))
    assert gradcheck(
        lambda u: d.advect(v[:1].detach(), u), u[:1].detach().requires_grad_()
    )
    torch.testing.assert_close(d.advect(v, u)[1:], d.advect(v[1:], u[1:]))
    with pytest.raises(ShapeError, match="v: found 1 channels"):
        d.advect(u, u)


def test_verify_accepts_it():
    grid = Grid((24, 18), (1.0, 2.0), boundary=Periodic())
    for inner in (FiniteDifference(4), Spectral()):
        report = verify(
            AdvectionDiffusion(0.1, (1.0, 0.5)),
            grid,
            scheme=SkewSymmetric(inner),
            probes=("order in space", "agreement of uses", "batch independence"),
        )
        assert report.ok, str(report)


def test_upwind_schemes_and_open_walls_are_refused():
    ring = Grid((8,), (1.0,), boundary=Periodic())
    for own in (Upwind(), SkewSymmetric(FiniteDifference(2))):
        with pytest.raises(
            ArgumentError, match=r"scheme: found .*its own.*or Spectral"
        ):
            SkewSymmetric(own).bind(ring)
    for side in (Inflow(1.0), {"u": Outflow(1)}):
        pipe = Grid((8,), (1.0,), boundary=[(Neumann(), side)])
        with pytest.raises(
            ArgumentError, match=r"grid: found .*flow.*upper side of x, expected walls"
        ):
            SkewSymmetric(FiniteDifference(2)).bind(pipe)


def test_what_is_no_scheme_is_refused():
    with pytest.raises(ArgumentError, match="scheme: found None, expected Scheme; use"):
        SkewSymmetric(None)
    with pytest.raises(ArgumentError, match="scheme: found the class Spectral"):
        SkewSymmetric(Spectral)


EDGE = torch.tensor([0.0, 0.0, 1e-3, 0.0], dtype=F64)


@pytest.mark.parametrize(
    ("side", "name"),
    [
        (Dirichlet(1.0), "Dirichlet"),
        (Dirichlet((1.0, 0.0)), "Dirichlet"),
        (Dirichlet(EDGE), "Dirichlet"),
        (Dirichlet(EDGE.expand(3, 2, 4).flatten(1).reshape(3, 2, 4)), "Dirichlet"),
        (Dirichlet(lambda x, t: t * x[:, 1:]), "Dirichlet"),
        (Neumann(0.0), "Neumann"),
        (Robin(1.0, 1.0), "Robin"),
        ({"v": Neumann(0.0), "s": Dirichlet(0.0)}, "Neumann"),
    ],
    ids=[
        "number",
        "component",
        "edge",
        "batch",
        "function",
        "slope",
        "mix",
        "by name",
    ],
)
def test_walls_that_the_velocity_may_cross_are_refused(side, name):
    """With u = 1 + sin(pi x) / 10 and values of 1, u u_x is wrong by 0.2 for ever."""
    grid = Grid((6, 4), (1.0, 2.0), boundary=[(Symmetry(), side), Periodic()])
    d = SkewSymmetric(FiniteDifference(2)).bind(grid)
    fields = {"v": "vector", "s": 1} if isinstance(side, dict) else {"v": "vector"}
    message = f"grid: found {name} for v_x on the upper side of x, which lets the flow"
    with pytest.raises(ArgumentError, match=message):
        d.bound_to(fields)
    d.bound_to({"v": 1, "s": 1})  # carried by a wind that the equation does not know
    flow = pde(lambda u, d: -d.advect(u[:, :2], u), fields)
    with pytest.raises(ArgumentError, match=message):
        Solver(flow, grid, scheme=SkewSymmetric(FiniteDifference(2)))


@pytest.mark.parametrize(
    "side",
    [
        Symmetry(),
        Dirichlet(0.0),
        Dirichlet((0.0, 1.0)),
        Dirichlet(torch.stack([0 * EDGE, EDGE])),
        Dirichlet(lambda x, t: torch.cat([0 * x[:, :1], t * x[:, 1:]], 1)),
        {"v": Dirichlet(0.0), "s": Neumann(1.0)},
    ],
    ids=["symmetry", "zero", "component", "edge", "function", "by name"],
)
def test_walls_that_move_along_themselves_are_not(side):
    grid = Grid((6, 4), (1.0, 2.0), boundary=[side, Periodic()])
    fields = {"v": "vector", "s": 1} if isinstance(side, dict) else {"v": "vector"}
    SkewSymmetric(FiniteDifference(2)).bind(grid).bound_to(fields)


def test_each_axis_asks_its_own_component():
    """Along y the second channel counts, the third of a state behind a scalar."""
    scheme = SkewSymmetric(FiniteDifference(2))
    along, across = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    varying = torch.tensor(across).reshape(3, 1).expand(3, 4)
    for side in (
        Dirichlet(across),
        Dirichlet(varying),
        Dirichlet(lambda x, t: varying),
    ):
        grid = Grid((4, 6), (1.0, 2.0), boundary=[Periodic(), (side, Symmetry())])
        with pytest.raises(ArgumentError, match="for v_y on the lower side of y"):
            scheme.bind(grid).bound_to({"s": 1, "v": "vector"})
    grid = Grid((4, 6), (1.0, 2.0), boundary=[Periodic(), Dirichlet(along)])
    scheme.bind(grid).bound_to({"s": 1, "v": "vector"})
    with pytest.raises(ArgumentError, match="for v_y on the lower side of y"):
        scheme.bind(grid).bound_to({"v": "vector", "s": 1})
