"""Trajectories made with the library's own solver."""

import pytest
import torch

from physbias.data import ShearFlowState, shear_flow_initial_state
from physbias.data.generate import generate_shear_flow, shear_flow_grid
from physbias.errors import ArgumentError
from physbias.metrics import relative_divergence

STATES = (ShearFlowState(2, 2, 1.0), ShearFlowState(4, 4, 2.0))
TIMES = (0.0, 0.1, 0.2)


@pytest.fixture(scope="module")
def made():
    seen = []
    trajectories = generate_shear_flow(
        STATES,
        TIMES,
        reynolds=500.0,
        schmidt=0.5,
        num_points=(32, 64),
        store_points=(16, 32),
        dtype=torch.float64,
        progress=seen.append,
    )
    return trajectories, seen


def test_layout_parameters_and_progress(made):
    trajectories, seen = made
    assert trajectories.fields.shape == (2, 3, 4, 16, 32)
    assert trajectories.names == ("velocity_x", "velocity_y", "tracer", "pressure")
    assert trajectories.times.tolist() == list(TIMES)
    assert trajectories.parameters["Reynolds"].tolist() == [500.0, 500.0]
    assert trajectories.parameters["Schmidt"].tolist() == [0.5, 0.5]
    assert seen == [1, 2]


def test_the_physics_holds_in_every_frame(made):
    """No divergence, the means of velocity and tracer kept, pressure of mean zero."""
    fields = made[0].fields
    velocity = fields[:, :, :2].flatten(0, 1)
    assert relative_divergence(velocity, shear_flow_grid((16, 32))).max() < 1e-12
    means = fields.mean(dim=(-1, -2))
    drift = (means[:, :, :3] - means[:, :1, :3]).abs().max()
    assert drift < 1e-14
    assert means[:, :, 3].abs().max() < 1e-14


def test_energy_decays_at_the_rate_of_its_dissipation(made):
    """d/dt of |v|²/2 is -nu |grad v|², by the trapezoidal rule over 0.1 s.

    Integrated by parts in Fourier space, with a viscosity of 1/500.
    """
    v = made[0].fields[:, :, :2]
    k = torch.fft.fftfreq(16, 1 / 16, dtype=torch.float64)[:, None] * 2 * torch.pi
    m = torch.fft.rfftfreq(32, 1 / 32, dtype=torch.float64) * torch.pi
    weight = torch.full((17,), 2.0, dtype=torch.float64)
    weight[0] = weight[-1] = 1.0
    power = torch.fft.rfft2(v, norm="forward").abs().square().sum(dim=2) * weight
    energy = power.sum(dim=(-1, -2)) / 2
    dissipation = (power * (k**2 + m**2)).sum(dim=(-1, -2)) / 500
    lost = energy[:, 0] - energy[:, 2]
    gone = 0.05 * (dissipation[:, 0] + 2 * dissipation[:, 1] + dissipation[:, 2])
    torch.testing.assert_close(lost, gone, rtol=2e-2, atol=0)


def test_a_trajectory_does_not_depend_on_its_neighbours(made):
    alone = generate_shear_flow(
        STATES[1:],
        TIMES,
        reynolds=500.0,
        schmidt=0.5,
        num_points=(32, 64),
        store_points=(16, 32),
        dtype=torch.float64,
    )
    assert torch.equal(alone.fields[0], made[0].fields[1])


def test_the_tracer_starts_as_the_formula_says(made):
    """Schmidt and projection do not touch it; only the grid's shortest waves go."""
    start = shear_flow_initial_state(
        *STATES[0], num_points=(16, 32), dtype=torch.float64
    )
    found = made[0].fields[0, 0, 2]
    assert (found - start[0, 2]).abs().max() < 2e-2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reynolds": -1.0}, "reynolds: found -1.0, expected a positive number"),
        ({"reynolds": 1.0, "schmidt": 0.0}, "schmidt: found 0.0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(change, message):
    with pytest.raises(ArgumentError, match=message):
        generate_shear_flow(STATES, TIMES, **change)


def test_no_states_are_refused():
    with pytest.raises(ArgumentError, match="states: found none"):
        generate_shear_flow([], TIMES, reynolds=1.0)
