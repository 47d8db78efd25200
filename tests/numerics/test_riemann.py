import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.numerics import HLL, HLLC, FiniteDifference, NumericalFlux, Rusanov
from physbias.pdes import (
    Advection,
    CompressibleEuler,
    GasState,
    InviscidBurgers,
    ShallowWater,
    exact_riemann,
)

F64 = torch.float64
PLANE = Grid((8, 9), (1.0, 2.0), boundary=Periodic())
D = FiniteDifference(2).bind(PLANE, dtype=F64)
FLUXES = [Rusanov(), HLL(), HLLC()]


def gas(density, velocity, pressure) -> torch.Tensor:
    w = torch.tensor([density, *velocity, pressure], dtype=F64)
    w = w.reshape(1, -1, *[1] * len(velocity))
    return CompressibleEuler().conserved(w, D)


@pytest.mark.parametrize("flux", FLUXES, ids=repr)
@pytest.mark.parametrize("axis", [0, 1])
def test_equal_states_give_their_own_flux(flux, axis):
    assert isinstance(flux, NumericalFlux)
    law, u = CompressibleEuler(), gas(1.3, (0.4, -0.7), 2.0)
    torch.testing.assert_close(flux(law, u, u, axis, D), law.flux(u, axis, D))
    if flux != HLLC():
        water, w = ShallowWater(), torch.rand(2, 3, 4, 4, dtype=F64) + 0.1
        torch.testing.assert_close(flux(water, w, w, axis, D), water.flux(w, axis, D))


@pytest.mark.parametrize("flux", FLUXES, ids=repr)
def test_supersonic_flow_takes_the_upwind_state(flux):
    law = CompressibleEuler()
    left, right = gas(1.0, (5.0, 0.2), 1.0), gas(0.8, (4.8, 0.1), 0.9)
    found = flux(law, left, right, 0, D)
    if flux != Rusanov():
        torch.testing.assert_close(found, law.flux(left, 0, D))
    mirror = torch.tensor([1.0, -1.0, 1.0, 1.0], dtype=F64).reshape(1, 4, 1, 1)
    back = flux(law, mirror * right, mirror * left, 0, D)
    torch.testing.assert_close(back, -mirror * found)


def test_hllc_keeps_a_contact_and_a_shear_layer_that_the_others_smear():
    law = CompressibleEuler()
    left, right = gas(1.0, (0.0, 1.0), 1.0), gas(0.1, (0.0, -2.0), 1.0)
    still = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=F64).reshape(1, 4, 1, 1)
    torch.testing.assert_close(HLLC()(law, left, right, 0, D), still)
    assert float((HLL()(law, left, right, 0, D) - still).abs().max()) > 0.1
    assert float((Rusanov()(law, left, right, 0, D) - still).abs().max()) > 0.1


def test_hllc_comes_near_the_exact_flux_of_a_shock_tube():
    """The flux of the exact state on the ray x = 0, for a weak jump: second order."""
    law = CompressibleEuler()
    for jump in (0.1, 0.01):
        sides = GasState(1.0, 0.1, 1.0), GasState(1 - jump, 0.1, 1 - jump)
        ray = exact_riemann(*sides, torch.zeros(1, dtype=F64))[None]
        line = FiniteDifference(2).bind(Grid((8,), (1.0,), boundary=Neumann()))
        exact = law.flux(law.conserved(ray, line), 0, line)
        ends = [
            law.conserved(
                torch.tensor([[s.density, s.velocity, s.pressure]], dtype=F64)[
                    ..., None
                ],
                line,
            )
            for s in sides
        ]
        gap = float((HLLC()(law, *ends, 0, line) - exact).abs().max())
        assert gap < 0.2 * jump**2


@pytest.mark.parametrize("flux", [Rusanov(), HLL()], ids=repr)
def test_linear_advection_is_upwind(flux):
    left, right = torch.rand(2, 3, 1, 5, 5, dtype=F64)
    for speed, side in ((2.0, left), (-2.0, right), (0.0, 0 * left)):
        found = flux(Advection((speed, 1.0)), left, right, 0, D)
        torch.testing.assert_close(found, speed * side)


@pytest.mark.parametrize("flux", [Rusanov(), HLL()], ids=repr)
def test_a_burgers_fan_opens_through_zero(flux):
    """-1 | 1 spreads: an entropy-violating flux would leave it in balance (f = 1/2)."""
    u = torch.ones(1, 1, 1, 1, dtype=F64)
    assert float(flux(InviscidBurgers(), -u, u, 0, D)) < 0.5
    assert float(flux(InviscidBurgers(), u, -u, 0, D)) >= 0.5


def test_a_middle_wave_is_asked_of_laws_that_have_one():
    u = torch.ones(1, 1, 4, 4, dtype=F64)
    with pytest.raises(ArgumentError, match=r"riemann: found HLLC\(\) for Advection"):
        HLLC()(Advection((1.0, 1.0)), u, u, 0, D)


@pytest.mark.parametrize("flux", FLUXES, ids=repr)
def test_gradients(flux):
    law = CompressibleEuler()
    left = (gas(1.0, (0.1, 0.2), 1.0)).requires_grad_()
    right = (gas(0.7, (0.3, -0.2), 0.5)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: flux(law, a, b, 0, D), (left, right))
