import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference, SemiDiscrete, Spectral
from physbias.pdes import Heat, TracerFlow, Wave, pde

F64 = torch.float64


def test_admitted_states_are_free_of_divergence_and_of_high_modes(box):
    system = SemiDiscrete(TracerFlow(0.1), Spectral().bind(box, dtype=F64))
    u = system.admit(torch.randn(2, 3, 12, 15, dtype=F64))
    d = system.derivatives
    assert float(d.div(u[:, :2]).abs().max()) < 1e-12
    torch.testing.assert_close(d.dealias(u), u)
    # so is every tendency
    f = system(u, 0.0)
    assert float(d.div(f[:, :2]).abs().max()) < 1e-11
    torch.testing.assert_close(d.dealias(f), f)


def test_the_equation_hears_the_time():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    equation = pde(lambda u, d: d.time * torch.ones_like(u), "u")
    system = SemiDiscrete(equation, FiniteDifference().bind(grid, dtype=F64))
    u = torch.zeros(2, 1, 4, dtype=F64)
    assert torch.equal(system(u, 0.5), torch.full_like(u, 0.5))


def test_both_parts_add_up_with_a_coefficient_per_sample(box):
    nu = torch.tensor([0.1, 0.2], dtype=F64)
    for equation in (TracerFlow(nu, 0.3), TracerFlow(0.3, nu), TracerFlow(nu)):
        system = SemiDiscrete(equation, FiniteDifference(4).bind(box, dtype=F64))
        u = system.admit(torch.randn(2, 3, 12, 15, dtype=F64))
        total = system.linear(u) + system.rest(u, 0.0)
        torch.testing.assert_close(total, system(u, 0.0))
        viscous = equation.viscosity if isinstance(equation.viscosity, float) else nu[1]
        expected = viscous * system.derivatives.laplacian(u)[1, 0]
        torch.testing.assert_close(system.linear(u)[1, 0], expected)


def test_modes_come_back_and_are_multiplied_by_the_symbol(box):
    nu = torch.tensor([0.1, 0.2], dtype=F64)
    system = SemiDiscrete(Heat(nu), FiniteDifference(4).bind(box, dtype=F64))
    u = torch.randn(2, 1, 12, 15, dtype=F64)
    torch.testing.assert_close(system.from_modes(system.to_modes(u)), u)
    found = system.from_modes(system.symbol() * system.to_modes(u))
    torch.testing.assert_close(found, system(u, 0.0))


def test_kick_and_drift_are_the_two_halves_of_a_wave(box):
    system = SemiDiscrete(Wave(2.0), FiniteDifference(4).bind(box, dtype=F64))
    u = torch.randn(2, 2, 12, 15, dtype=F64)
    kick, drift = system.kick(u, 0.0), system.drift(u, 0.0)
    torch.testing.assert_close(drift[:, :1], u[:, 1:])
    torch.testing.assert_close(kick[:, 1:], 4 * system.derivatives.laplacian(u[:, :1]))
    assert not bool(kick[:, 0].any())
    assert not bool(drift[:, 1].any())
    system.check_separable(u, 0.0)


def test_momenta_that_are_no_fields_are_refused(box):
    equation = Heat(1.0)
    d = FiniteDifference().bind(box, dtype=F64)
    for names in ((), ("v",), ("u",)):
        equation.__dict__["momenta"] = names
        with pytest.raises(ArgumentError, match=r"stepper: found a symplectic .*Heat"):
            SemiDiscrete(equation, d).kick(torch.zeros(1, 1, 12, 15, dtype=F64), 0.0)
