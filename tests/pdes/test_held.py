"""Coefficients keep to their ranges, whoever moves them."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.pdes import PDE, Burgers, Darcy, GrayScott, Heat, Poisson, pde
from physbias.pdes.held import HoldsCoefficients
from physbias.strong import EllipticSolver, Hybrid, Solver

LINE = Grid((16,), (1.0,), boundary=Periodic())


class Exponential(nn.Module):
    def forward(self, logarithm):
        return logarithm.exp()

    def right_inverse(self, value):
        return value.log()


def rise(coords):
    return coords[:, :1]


def moved(start, end):
    """Return an equation whose learned coefficient an optimiser has moved."""
    equation = Heat(nn.Parameter(torch.tensor(start)))
    with torch.no_grad():
        equation.diffusivity.fill_(end)
    return equation


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-1.0, "viscosity: found -1, expected at least 0; correct its sign"),
        (torch.tensor([1.0, -2.0]), "viscosity: found -2, expected at least 0"),
        (nn.Parameter(torch.tensor(-1.0)), "found -1, .*; learn its logarithm"),
        (float("nan"), "viscosity: found NaN or infinity"),
        ("0.1", "viscosity: found str, expected a number, a tensor or"),
        (None, "viscosity: found NoneType"),
        (lambda coords: coords, "viscosity: found function"),
    ],
    ids=["number", "tensor", "parameter", "nan", "text", "none", "function"],
)
def test_what_is_set_later_is_checked(value, message):
    equation = Burgers(0.1)
    with pytest.raises(ArgumentError, match=message):
        equation.viscosity = value
    assert equation.viscosity == 0.1


def test_kinds_may_change():
    equation = Poisson(1.0)
    for value in (torch.ones(1, 1, 4), 2, torch.sin, nn.Identity(), torch.ones(2), 3.0):
        equation.source = value
        assert equation.source is value or equation.source == value
        equation.check_coefficients()
    assert isinstance(equation.source, float)
    assert not list(equation.buffers())
    assert not list(equation.children())
    equation.source = nn.Parameter(torch.ones(()))
    assert [name for name, _ in equation.named_parameters()] == ["source"]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (-0.05, "diffusivity: found -0.05, expected at least 0; learn its logarithm"),
        (float("nan"), "diffusivity: found NaN .*; learn it in smaller steps"),
    ],
)
def test_what_learning_moved_out_of_range_is_named(end, message):
    equation = moved(0.1, end)
    with pytest.raises(ArgumentError, match=message):
        equation.check_coefficients()
    moved(0.1, 0.2).check_coefficients()


def test_equations_inside_are_looked_at():
    class Both(PDE):
        fields = {"u": 1}  # noqa: RUF012

        def __init__(self, conduction):
            super().__init__()
            self.conduction = conduction
            self.rate = nn.Parameter(torch.tensor(1.0))

        def rhs(self, u, d):
            return self.conduction.rhs(u, d) - self.rate * u

    with pytest.raises(ArgumentError, match=r"conduction\.diffusivity: found -1"):
        Both(moved(0.1, -1.0)).check_coefficients()
    fine = Both(Heat())
    fine.check_coefficients()
    nn.init.constant_(fine.rate, torch.nan)
    with pytest.raises(ArgumentError, match="rate: found NaN, expected numbers"):
        fine.check_coefficients()


def test_a_hybrid_looks_at_the_equation_and_not_at_its_network():
    hybrid = Hybrid(Solver(moved(0.1, -1.0), LINE), nn.Identity())
    with pytest.raises(ArgumentError, match="diffusivity: found -1"):
        hybrid.solver.pde.known.check_coefficients()


def test_masks_and_indices_are_left_alone():
    equation = pde(lambda u, d: u, "u")
    equation.mask = torch.tensor([True, False])
    equation.weights = torch.tensor([torch.inf, 1.0])
    equation.name = "decay"
    equation.check_coefficients()


def test_an_elliptic_solve_looks_first():
    grid = Grid((8,), (1.0,), boundary=Periodic())
    equation = Darcy(nn.Parameter(torch.tensor(1.0)), 0.0)
    with torch.no_grad():
        equation.permeability.fill_(-1.0)
    with pytest.raises(ArgumentError, match="permeability: found -1, expected more th"):
        EllipticSolver(equation, grid)()


def test_parametrized_coefficients():
    """Learned by its logarithm, a coefficient is shown, set, copied and checked."""
    equation = Burgers(nn.Parameter(torch.tensor(0.5)))
    parametrize.register_parametrization(equation, "viscosity", Exponential())
    learned = equation.parametrizations.viscosity.original
    torch.testing.assert_close(learned.detach(), torch.tensor(0.5).log())
    equation.viscosity = torch.tensor(0.25)
    assert "viscosity=0.25" in str(equation)
    with pytest.raises(ArgumentError, match="viscosity: found -1"):
        equation.viscosity = torch.tensor(-1.0)
    with torch.no_grad():
        learned -= 100.0
    equation.check_coefficients()
    copied = deepcopy(equation)
    copied.viscosity = torch.tensor(2.0)
    assert float(equation.viscosity.detach()) < 1e-40
    torch.testing.assert_close(copied.viscosity.detach(), torch.tensor(2.0))
    d = Solver(copied, LINE).system(torch.ones(1, 1, 16)).derivatives
    copied.tendency(LINE.coords(), d).sum().backward()
    assert copied.parametrizations.viscosity.original.grad is not None


def test_all_coefficients_are_shown():
    assert str(GrayScott(0.5, torch.ones(2), 1, torch.ones(5))) == (
        "GrayScott(substrate_diffusivity=0.5, catalyst_diffusivity=[1.0, 1.0], "
        "feed=1.0, kill=tensor(5,))"
    )
    assert str(Poisson(rise)) == "Poisson(source=rise)"


def test_names_without_an_attribute_do_no_harm():
    class Holder(HoldsCoefficients):
        def __init__(self):
            super().__init__()
            self.kappa = self.checked(1.0, "k")

    Holder().check_coefficients()
    assert str(Holder()) == "Holder(kappa=1.0)"


def test_a_learned_coefficient_may_become_a_number_again():
    equation = Heat(nn.Parameter(torch.tensor(0.3)))
    for value in (0.2, torch.tensor(0.1), nn.Parameter(torch.tensor(0.4)), 0.5):
        equation.diffusivity = value
        assert equation.diffusivity is value or equation.diffusivity == value
    assert not list(equation.parameters())
    assert not list(equation.buffers())
