import copy
import pickle
from inspect import isclass, signature
from math import nan
from typing import ClassVar

import pytest
import torch
from torch import nn

import physbias.pdes
from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference
from physbias.pdes import PDE, Burgers, DivergenceFree, GrayScott, TracerFlow, pde

LINE = Grid((8,), (1.0,), boundary=Periodic())


class Pair(PDE):
    fields: ClassVar = {"height": 1, "flow": "vector", "dyes": 2}

    def rhs(self, u, d):
        return -u


def test_fields_travel_as_channels():
    equation = Pair()
    assert equation.num_channels(2) == 5
    assert equation.channels(2)["dyes"] == slice(3, 5)
    u = torch.randn(2, 5, 4, 4)
    height, flow, dyes = equation.split(u)
    assert torch.equal(flow, u[:, 1:3])
    assert torch.equal(equation.join(dyes=dyes, flow=flow, height=height), u)
    points = torch.randn(7, 6)  # three space axes
    assert [p.shape[1] for p in equation.split(points)] == [1, 3, 2]


def test_missing_fields_are_named():
    with pytest.raises(
        ArgumentError,
        match=r"join: found fields \['height'\], expected \['dyes', .*once",
    ):
        Pair().join(height=torch.ones(1, 1, 4))
    with pytest.raises(
        ArgumentError, match=r"fields: found none in Bare.*write fields"
    ):
        type("Bare", (PDE,), {})().num_channels(1)
    with pytest.raises(
        NotImplementedError, match="Mute gives neither rhs nor residual"
    ):
        type("Mute", (PDE,), {"fields": {"u": 1}})().rhs(torch.ones(1, 1, 4), None)
    with pytest.raises(
        ShapeError,
        match=r"u: found 2 channels, expected 5 \(height: 1, flow: 2, dyes: 2",
    ):
        Pair().check_channels(torch.ones(1, 2, 4, 4), 2, "u")


@pytest.mark.parametrize(
    ("rhs", "found"),
    [
        (lambda u, d: None, "NoneType"),
        (lambda u, d: 0.0, "float"),
        (lambda u, d: u.numpy(), "ndarray"),
        (lambda u, d: 1j * u, "dtype torch.complex64"),
    ],
)
def test_a_tendency_that_is_no_real_tensor_is_refused(rhs, found):
    d = FiniteDifference().bind(LINE)
    with pytest.raises(ArgumentError, match=f"rhs: found {found}, expected a real"):
        pde(rhs, "u").tendency(torch.ones(1, 1, *LINE.num_points), d)


def test_a_tendency_that_would_broadcast_is_refused():
    d = FiniteDifference().bind(LINE)
    short = pde(lambda u, d: d.laplacian(u[:, :1]), {"a": 1, "b": 1})
    with pytest.raises(
        ShapeError, match=r"rhs: found .*\(2, 1, 8\).*\(2, 2, 8\); join"
    ):
        short.tendency(torch.ones(2, 2, 8), d)
    three = Burgers(torch.full((3,), 0.1))
    with pytest.raises(ShapeError, match=r"pde: found viscosity \(3,\)"):
        three.tendency(torch.ones(1, 1, 8), d)


def test_tensors_are_buffers_numbers_may_become_tensors_and_parameters():
    equation = Burgers(0.1)
    assert not list(equation.buffers())
    equation.viscosity = torch.tensor([0.1, 0.2])
    assert [name for name, _ in equation.named_buffers()] == ["viscosity"]
    assert equation.double().viscosity.dtype == torch.float64
    equation.viscosity = nn.Parameter(torch.tensor(0.3))
    assert [name for name, _ in equation.named_parameters()] == ["viscosity"]
    assert not list(equation.buffers())
    again = pickle.loads(pickle.dumps(copy.deepcopy(equation)))
    assert torch.equal(again.viscosity, equation.viscosity)


@pytest.mark.parametrize(
    "before",
    [0.1, torch.tensor(0.1), nn.Parameter(torch.tensor(0.1))],
    ids=["number", "buffer", "parameter"],
)
@pytest.mark.parametrize("value", ["0.2", [0.2], nn.Linear(1, 1)], ids=str)
def test_a_coefficient_stays_a_coefficient(before, value):
    equation = Burgers(before)
    name = type(value).__name__
    with pytest.raises(ArgumentError, match=f"viscosity: found {name}, expected a num"):
        equation.viscosity = value
    assert equation.viscosity is before or equation.viscosity == before
    changed = 0.3
    if isinstance(before, torch.Tensor):
        changed = torch.full_like(before, 0.3)
    if isinstance(before, nn.Parameter):
        changed = nn.Parameter(changed)
    equation.viscosity = changed
    assert equation.viscosity is changed


def test_one_parameter_under_two_names_stays_one():
    nu = nn.Parameter(torch.tensor(0.1))
    assert len(list(TracerFlow(nu).parameters())) == 1


def test_tendency_projects_or_takes_the_multipliers():
    grid = Grid((6, 8), (1.0, 1.0), boundary=Periodic())
    d = FiniteDifference().bind(grid)
    equation = pde(lambda u, d: u, {"v": "vector"}, constraints=(DivergenceFree("v"),))
    assert equation.num_multipliers == 1
    u = torch.randn(2, 2, 6, 8)
    torch.testing.assert_close(equation.tendency(u, d), d.leray(u))
    p = torch.randn(2, 1, 6, 8)
    torch.testing.assert_close(equation.tendency(u, d, p), u - d.grad(p))


def test_one_coefficient_per_field_multiplies_whole_states():
    d = FiniteDifference().bind(Grid((4, 5), (1.0, 1.0), boundary=Periodic()))
    rates = torch.tensor([1.0, 2.0])
    learned = nn.Parameter(torch.tensor(3.0))
    found = Pair().per_channel(d, height=rates, flow=learned, dyes=0.5)
    expected = torch.tensor([[1.0, 3, 3, 0.5, 0.5], [2.0, 3, 3, 0.5, 0.5]])
    assert torch.equal(found, expected[..., None, None])
    found.sum().backward()
    assert float(learned.grad) == 4
    field = torch.rand(1, 1, 4, 5)
    found = Pair().per_channel(d, height=field, flow=1.0, dyes=rates)
    assert torch.equal(found[:, :1], field.expand(2, 1, 4, 5))
    with pytest.raises(ArgumentError, match="per_channel: found fields"):
        Pair().per_channel(d, height=1.0)


def test_an_equation_promises_nothing_that_it_does_not_say():
    equation, d = Pair(), FiniteDifference().bind(LINE)
    u = torch.ones(1, 4, 8)
    assert equation.invariants(u, d) == {} == equation.dissipated(u, d)
    assert equation.exact == {}


EQUATIONS = [
    kind
    for kind in vars(physbias.pdes).values()
    if isclass(kind) and issubclass(kind, PDE) and "__init__" in vars(kind)
]
COEFFICIENTS = [(e, name) for e in EQUATIONS for name in signature(e).parameters]
# what physics allows to be negative
SIGNED = {
    "bathymetry",
    "cubic",
    "current",
    "focusing",
    "forcing",
    "growth",
    "nonlinearity",
    "offset",
    "potential",
    "quadratic",
    "shift",
    "source",
    "stiffness",
    "stratification",
    "threshold",
}
SIGNED_IN_ONE = {("KortewegDeVries", "dispersion")}


@pytest.mark.parametrize(("equation", "name"), COEFFICIENTS)
def test_every_coefficient_of_every_equation_is_checked(equation, name):
    for value in ("fast", ("fast",), True, nan, float):
        with pytest.raises(ArgumentError, match=rf"{name}: found .*, expected "):
            equation(**{name: value})
    signed = name in SIGNED or (equation.__name__, name) in SIGNED_IN_ONE
    if signed or name in ("velocity", "wind"):
        equation(**{name: (-1.0,) if name in ("velocity", "wind") else -1.0})
    else:
        with pytest.raises(ArgumentError, match=rf"{name}: found -1.*, expected "):
            equation(**{name: -1.0})


@pytest.mark.parametrize("value", [1.0, nn.Parameter(torch.tensor(1.0))])
def test_attributes_before_the_call_of_the_base_are_refused(value):
    class Early(PDE):
        def __init__(self):
            self.speed = value

    message = r"Early: found self.speed set before super\(\).__init__\(\), expected a"
    with pytest.raises(ArgumentError, match=message):
        Early()


def test_a_state_of_other_channels_is_not_split():
    message = r"u: found 1 channels, expected 2 \(substrate: 1, catalyst: 1\)"
    with pytest.raises(ShapeError, match=message):
        GrayScott().split(torch.ones(1, 1, 8))


@pytest.mark.parametrize("second", [torch.ones(1, 8), torch.tensor(1.0), 1.0])
def test_fields_of_other_axes_are_not_joined(second):
    message = r"join: found fields of shapes .*, expected the same axes.*unsqueeze\(1\)"
    with pytest.raises(ShapeError, match=message):
        GrayScott().join(substrate=torch.ones(1, 1, 8), catalyst=second)
