"""Samples hold what physics says, and nothing of their neighbours."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError, NonFiniteError
from physbias.generate import (
    Range,
    Recipe,
    SampleError,
    find_recipe,
    make_sample,
    make_samples,
)
from physbias.generate.simulate import simulate
from physbias.numerics import RK4, Spectral
from physbias.pdes import PDE

ROUNDING = 3e-7  # of float32, in which samples are stored, a few times over


def values(trajectories):
    return trajectories.fields.double().numpy()


def test_heat_decays_mode_by_mode():
    recipe = replace(
        find_recipe("heat"), num_frames=3, parameters={"diffusivity": Range(0.01, 0.02)}
    )
    made = make_samples(recipe, [3, 4])
    rates = np.fft.rfftfreq(128, 1 / 128) * 2 * np.pi
    for row, diffusivity in enumerate(made.parameters["diffusivity"].tolist()):
        u = values(made)[row, :, 0]
        expected = np.exp(-diffusivity * rates**2) * np.fft.rfft(u[0])
        np.testing.assert_allclose(
            u[2], np.fft.irfft(expected), atol=ROUNDING * np.abs(u).max()
        )


def test_advection_carries_the_first_frame_along():
    recipe = replace(
        find_recipe("advection"),
        num_frames=2,
        duration=0.3,
        parameters={"velocity": (Range(-1.0, 1.0),)},
    )
    made = make_sample(recipe, 5)
    u, speed = values(made)[0, :, 0], float(made.parameters["velocity_x"])
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(128, 1 / 128) * speed * 0.3)
    moved = np.fft.irfft(turn * np.fft.rfft(u[0]))
    assert np.abs(moved - u[0]).max() > 0.1
    np.testing.assert_allclose(u[1], moved, atol=2e-5)  # of RK4, 150 steps


def test_burgers_is_the_solution_of_cole_and_hopf():
    """The potential, whose logarithm has the slope -u/2ν, obeys the heat equation."""
    viscosity = 0.03
    recipe = replace(
        find_recipe("burgers"),
        num_points=(128,),
        num_frames=2,
        duration=0.2,
        parameters={"viscosity": viscosity},
    )
    u = values(make_sample(recipe, 2))[0, :, 0]
    k = 2j * np.pi * np.fft.rfftfreq(128, 1 / 128)
    inverse = np.divide(1, k, out=np.zeros_like(k), where=k != 0)
    total = np.fft.irfft(inverse * np.fft.rfft(u[0]))
    phi = np.fft.rfft(np.exp(-total / (2 * viscosity)))
    phi = phi * np.exp(viscosity * k**2 * 0.2)
    expected = -2 * viscosity * np.fft.irfft(k * phi) / np.fft.irfft(phi)
    assert np.abs(u[1] - u[0]).max() > 0.3
    np.testing.assert_allclose(u[1], expected, atol=1e-5)


def test_shallow_water_keeps_its_water_and_its_momentum():
    recipe = replace(
        find_recipe("shallow-water"), num_points=(32, 27), num_frames=3, duration=0.5
    )
    u = values(make_sample(recipe, 1))[0]
    total = u.mean((2, 3))
    assert np.abs(u[2] - u[0]).max() > 0.05
    np.testing.assert_allclose(total[1:, 0], total[0, 0], rtol=ROUNDING)
    assert np.abs(total[:, 1:]).max() < ROUNDING * np.abs(u[2, 1:]).max()
    assert u[:, 0].min() > 0.5


def test_a_gas_keeps_mass_momentum_and_energy(small):
    u = values(make_sample(small("compressible-euler"), 1))[0]
    total = u.mean((2, 3))
    np.testing.assert_allclose(total[1:], total[:1].repeat(2, 0), atol=1e-6)


def test_waves_keep_their_energy():
    recipe = replace(find_recipe("wave"), num_points=(32, 27), num_frames=3)
    q, p = values(make_sample(recipe, 1))[0].swapaxes(0, 1)
    kx, ky = np.fft.fftfreq(32, 1 / 32)[:, None], np.fft.fftfreq(27, 1 / 27)
    square = (2 * np.pi) ** 2 * (kx**2 + ky**2) / (32 * 27) ** 2
    strain = (square * np.abs(np.fft.fft2(q)) ** 2).sum((1, 2))
    energy = strain + (p**2).mean((1, 2))
    assert np.abs(p[1]).max() > 1
    np.testing.assert_allclose(energy[1:], energy[0], rtol=1e-4)  # bounded in time


def test_flows_are_free_of_divergence(small):
    v = values(make_sample(small("tracer-flow"), 0))[0, :, :2]
    kx, ky = np.fft.fftfreq(32, 1 / 32)[:, None], np.fft.fftfreq(27, 1 / 27)
    modes = np.fft.fft2(v)
    divergence = np.abs(kx * modes[:, 0] + ky * modes[:, 1])
    assert divergence.max() < 1e-5 * np.abs(modes).max()


@pytest.mark.parametrize("name", ["burgers", "gray-scott", "advection-diffusion"])
def test_batches_agree_with_samples_alone_up_to_rounding(small, name):
    recipe = small(name)
    key, old = next(iter(recipe.all_parameters.items()))
    recipe = replace(recipe, parameters={key: Range(0.5 * old, old)})
    together = make_samples(recipe, [2, 9, 4])
    for row, index in enumerate([2, 9, 4]):
        alone = make_sample(recipe, index)
        np.testing.assert_allclose(
            values(together)[row], values(alone)[0], atol=1e-6, rtol=1e-6
        )
        assert together.parameters[key][row] == alone.parameters[key][0]


def test_seed_and_number_decide(small):
    recipe = small("burgers")
    first = make_sample(recipe, 17, seed=3).fields
    torch.manual_seed(99)
    assert torch.equal(make_sample(recipe, 17, seed=3).fields, first)
    assert not torch.equal(make_sample(recipe, 18, seed=3).fields, first)
    assert not torch.equal(make_sample(recipe, 17, seed=4).fields, first)


def test_finer_grids_start_from_the_same_function(small):
    recipe = small("burgers")
    coarse = make_sample(recipe, 0).fields[0, 0, 0]
    fine = make_sample(replace(recipe, num_points=(64,)), 0).fields[0, 0, 0]
    torch.testing.assert_close(fine[::2], coarse, atol=1e-6, rtol=0)


def test_names_of_vectors_triples_and_followers(small):
    light = make_sample(small("maxwell"), 0)
    assert light.names[:3] == ("electric_x", "electric_y", "electric_z")
    flow = make_sample(
        replace(small("tracer-flow"), parameters={"viscosity": Range(1e-3, 2e-3)}), 0
    )
    assert flow.names == ("velocity_x", "velocity_y", "tracer")
    # the diffusivity follows the viscosity where nobody gives it
    assert flow.parameters["diffusivity"] == flow.parameters["viscosity"]


def test_a_sample_alone_takes_shorter_steps_where_it_must(small):
    recipe = replace(small("wave"), parameters={"speed": 20.0}, duration=0.02, dt=0.02)
    fine = make_sample(replace(recipe, dt=5e-4), 0)
    u = make_sample(recipe, 0)
    size = float(fine.fields.abs().max())
    assert float((u.fields - fine.fields).abs().max()) < 0.05 * size
    with pytest.raises(
        SampleError,
        match=r"samples 0, 1 of Wave, from t = 0 to 0.01: dt: found 0.02, expected at "
        r"most .* For the data set: give a smaller dt or a batch of 1, more points",
    ):
        make_samples(recipe, [0, 1])


def test_shortened_steps_are_kept_and_told(small):
    recipe = replace(small("wave"), parameters={"speed": 20.0}, duration=0.02, dt=0.02)
    _, shortest = simulate(recipe, [0], seed=0)
    # 0.01 s from frame to frame, in whole steps, stable as a wave of k = 2 pi 10 is
    assert 0.01 / shortest == pytest.approx(round(0.01 / shortest))
    assert 1e-4 < shortest < 3e-3
    _, steady = simulate(replace(recipe, dt=5e-4), [0], seed=0)
    assert steady == replace(recipe, dt=5e-4).step(5e-4) == pytest.approx(5e-4)


class Explosive(PDE):
    """Grows to infinity in a time of one over its size."""

    fields: ClassVar = {"u": 1}

    def rhs(self, u, d):
        return u * u * u.abs()

    def initial_state(self, grid, generator):
        return torch.full((1, 1, *grid.num_points), 3.0, dtype=torch.float64)


def explosive(**changes):
    settings = {
        "equation": Explosive,
        "initial_state": lambda pde, grid, generator: pde.initial_state(
            grid, generator
        ),
        "num_points": (8,),
        "lengths": (1.0,),
        "duration": 4.0,
        "num_frames": 3,
        "dt": 0.5,
        "scheme": Spectral(None),
        "stepper": RK4(),
    }
    return Recipe(**{**settings, **changes})


def test_a_sample_that_blows_up_is_named():
    with pytest.raises(
        SampleError,
        match=r"sample 7 of Explosive, from t = 0 to 2: .*give a smaller dt,",
    ):
        make_sample(explosive(), 7)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        (
            torch.zeros(1, 2, 8).double(),
            ArgumentError,
            r"\(1, 2, 8\), expected a float",
        ),
        (torch.zeros(1, 1, 8), ArgumentError, "found torch.float32"),
        ([0.0], ArgumentError, "initial_state of Explosive: found list"),
        (
            torch.full((1, 1, 8), float("nan")).double(),
            NonFiniteError,
            "initial_state of sample 3 of Explosive: found 8 NaN",
        ),
    ],
)
def test_states_without_sense_are_refused(state, error, message):
    recipe = explosive(initial_state=lambda pde, grid, generator: state)
    with pytest.raises(error, match=message):
        make_sample(recipe, 3)


def test_states_that_the_equation_refuses():
    def dry(pde, grid, generator):
        return -torch.ones(1, 3, *grid.num_points, dtype=torch.float64)

    recipe = replace(find_recipe("shallow-water"), num_points=(8, 8), initial_state=dry)
    with pytest.raises(
        ArgumentError, match="initial_state of sample 0 of ShallowWater"
    ):
        make_sample(recipe, 0)


def test_samples_that_cannot_be_asked_for(small):
    recipe = small("heat")
    with pytest.raises(ArgumentError, match="recipe: found 'heat', expected Recipe"):
        make_sample("heat", 0)
    for index in (-1, 0.5, "a", None):
        with pytest.raises(ArgumentError, match=f"index: found {index!r}, expected a"):
            make_sample(recipe, index)
        with pytest.raises(
            ArgumentError, match=f"indices: found {index!r}, expected a"
        ):
            make_samples(recipe, [index])
    with pytest.raises(
        ArgumentError, match="indices: found 3, expected Sequence; list"
    ):
        make_samples(recipe, 3)
    with pytest.raises(
        ArgumentError, match="number of indices: found 0, expected a wh"
    ):
        make_samples(recipe, [])
    with pytest.raises(ArgumentError, match="seed: found -1, expected a whole number"):
        make_sample(recipe, 0, seed=-1)


@pytest.mark.parametrize("lengths", [(5.0, 5.0), (3.0, 7.0)])
def test_the_force_of_a_vorticity_flow_fits_its_box(lengths, small):
    """Else the mean vorticity, an invariant, drifts: by 0.3 / s in a box of 5 m."""
    recipe = replace(small("VorticityFlow"), lengths=lengths)
    made = make_sample(recipe, 0)
    start, *later = made.fields[0, :, 0].mean((1, 2)).tolist()
    assert later == pytest.approx([start] * len(later), abs=1e-6)
    given = {**recipe.parameters, "wavenumber": 4.0}
    with pytest.raises(ArgumentError, match="wavenumber: found 4 rad/m"):
        make_sample(replace(recipe, parameters=given), 0)
