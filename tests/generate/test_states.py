"""Initial states are what their equations ask for."""

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.generate import (
    NearRest,
    OwnState,
    RandomGas,
    RandomLight,
    RandomPatches,
    RandomWater,
    RandomWaves,
)
from physbias.grid import Grid, Periodic
from physbias.pdes import (
    Brusselator,
    CompressibleEuler,
    GrayScott,
    Maxwell,
    NavierStokes,
    ShallowWater,
    TracerFlow,
)

BOX = Grid((24, 30), (1.0, 1.5), boundary=Periodic())


def draw(state, pde, seed=0):
    return state(pde, BOX, torch.Generator().manual_seed(seed))


def test_waves_of_each_field_have_their_amplitude_and_level():
    u = draw(RandomWaves(4, amplitude={"velocity": 2.0}, level=0.5), TracerFlow())
    assert u.shape == (1, 3, *BOX.num_points)
    assert torch.equal(u[:, 2:], torch.full_like(u[:, 2:], 0.5))
    plain = draw(RandomWaves(4), NavierStokes())
    torch.testing.assert_close(u[:, 0], 0.5 + 2 * plain[:, 0])
    assert not torch.equal(plain[:, 0], plain[:, 1])


def test_patches_lie_between_their_two_values():
    state = RandomPatches(
        3, {"substrate": 1.0, "catalyst": 0.0}, {"substrate": 0.5, "catalyst": 0.25}
    )
    u = torch.cat([draw(state, GrayScott(), seed) for seed in range(20)])
    substrate, catalyst = u[:, 0], u[:, 1]
    torch.testing.assert_close(1 - substrate, 2 * catalyst)
    assert 0 < float(catalyst.min()) < float(catalyst.max()) < 0.25
    share = float((catalyst > 0.125).double().mean())
    assert 0.1 < share < 0.22  # a normal number exceeds one with probability 0.159


def test_the_brusselator_starts_near_its_own_rest():
    u = draw(NearRest(4, amplitude=0.1), Brusselator(feed=2.0, control=5.0))
    np.testing.assert_allclose(u.mean((0, 2, 3)).numpy(), [2.0, 2.5], rtol=1e-12)
    spread = (u / torch.tensor([2.0, 2.5]).double()[:, None, None]).std((2, 3))
    assert 0.05 < float(spread.min()) < float(spread.max()) < 0.2


@pytest.mark.parametrize("gamma", [1.4, 5 / 3])
def test_a_gas_is_positive_and_its_energy_is_that_of_its_pressure(gamma):
    state = RandomGas(3, contrast=0.3, speed=0.4)
    density, mx, my, energy = draw(state, CompressibleEuler(gamma))[0].numpy()
    pressure = (gamma - 1) * (energy - (mx**2 + my**2) / density / 2)
    assert density.min() > 0
    assert pressure.min() > 0
    assert abs(np.log(pressure).mean()) < 1e-12  # a random field has mean zero
    assert abs((mx / density).mean()) < 1e-12
    assert 0.2 < (mx / density).std() < 0.8


def test_water_is_at_rest_and_deep():
    depth, *discharge = draw(RandomWater(3, depth=2.0, contrast=0.1), ShallowWater())[
        0
    ].numpy()
    assert 1.2 < depth.min() < depth.max() < 3
    assert not np.any(discharge)


def test_light_has_no_charges():
    """The divergence of both fields, by Fourier series in numpy."""
    u = draw(RandomLight(3), Maxwell(2.0, 0.5))[0].numpy()
    k = 2 * np.pi * np.fft.fftfreq(24, 1 / 24)[:, None]
    m = 2 * np.pi * np.fft.fftfreq(30, 1 / 30)[None] / 1.5
    for x, y in ((u[0], u[1]), (u[3], u[4])):
        charge = np.fft.ifft2(k * np.fft.fft2(x) + m * np.fft.fft2(y))
        assert np.abs(charge).max() < 1e-11
    assert abs((u**2).mean() - 1) < 1e-12


def test_an_equation_may_give_its_own_state():
    class Mine(NavierStokes):
        def initial_state(self, grid, generator):
            return torch.rand(1, 2, *grid.num_points, generator=generator)

    assert draw(OwnState(), Mine()).shape == (1, 2, *BOX.num_points)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: RandomWaves(4, amplitude="a"),
            "amplitude: found 'a', expected finite",
        ),
        (lambda: RandomWaves(4, level=np.nan), "level: found nan, expected finite"),
        (lambda: NearRest(4, amplitude=None), "amplitude: found None, expected finite"),
        (lambda: RandomGas(4, "a", 0.1), "contrast: found 'a', expected finite"),
        (
            lambda: RandomGas(4, 0.1, None),
            "speed: found None, expected finite",
        ),
        (lambda: RandomWater(4, 0.0, 0.1), r"depth: found 0\.0, expected a positive"),
        (lambda: RandomWater(4, 1.0, "b"), "contrast: found 'b', expected finite"),
        (lambda: RandomPatches(4, 1.0, {}), r"outside: found 1\.0, expected Mapping"),
        (
            lambda: RandomPatches(4, {"u": 0.0}, {}),
            "outside: found a value for 'u', expected fields out of none",
        ),
        (
            lambda: RandomPatches(4, {"u": 0.0}, {"u": 1.0, "v": 1.0}),
            "inside: found a value for 'v', expected fields out of u; correct the name",
        ),
        (
            lambda: RandomPatches(4, {"u": 0.0}, {"u": "a"}),
            "inside: found 'a', expected finite",
        ),
        (
            lambda: RandomPatches(4, {}, {}, threshold=None),
            "threshold: found None, expected finite",
        ),
        (
            lambda: RandomPatches(4, {}, {}, sharpness=np.inf),
            "sharpness: found inf, expected finite",
        ),
        (
            lambda: draw(RandomWaves(4, amplitude={"speed": 1.0}), NavierStokes()),
            "amplitude: found a value for 'speed', expected fields out of velocity",
        ),
        (lambda: draw(NearRest(4, 0.1), NavierStokes()), "pde: found .*Brusselator"),
        (
            lambda: draw(RandomGas(4, 0.1, 0.1), NavierStokes()),
            "pde: found .*, expected CompressibleEuler; use RandomWaves for others",
        ),
        (
            lambda: draw(OwnState(), NavierStokes()),
            "pde: found no initial_state in NavierStokes, expected a method of this",
        ),
    ],
)
def test_states_without_sense_are_refused(make, message):
    with pytest.raises(ArgumentError, match=f"(?s){message}"):
        make()
