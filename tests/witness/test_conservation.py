"""What schemes promise to keep, as the benchmark measures it."""

from dataclasses import replace
from math import pi

import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import SSPRK3, Godunov, Leapfrog, Yoshida4
from physbias.pdes import Burgers, InviscidBurgers


@pytest.fixture(scope="module")
def kept(benchmark_script):
    return benchmark_script("conservation")


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.no_grad():
        yield


def test_a_few_steps_keep_what_is_promised(kept):
    for trial in kept.promised():
        _, largest = kept.departures(trial, 6)
        assert largest < 1e-14, str(trial)


def test_a_leak_is_seen(kept):
    """Looking upwind for u u_x loses what the flux u²/2 keeps where waves break."""
    line = Grid((48,), (2 * pi,), boundary=Periodic())

    def departure(equation, name):
        def wave(x):
            return 1.5 + torch.sin(x)

        trial = kept.Trial(equation, line, Godunov(), SSPRK3(), 0.02, wave, (name,))
        return kept.departures(trial, 60)[1]

    assert departure(InviscidBurgers(), "u") < 1e-14
    assert departure(Burgers(0.0), "momentum") > 1e-3


def test_water_that_moves_is_seen(kept):
    """The lake's own measure, on water that is not level."""
    trial = next(t for t in kept.promised() if not t.keeps)
    moving = replace(trial, start=kept.splash)
    assert kept.departures(trial, 5)[1] < 1e-14
    assert kept.departures(moving, 5)[1] > 1e-2


@pytest.mark.slow
def test_ten_thousand_steps_keep_what_is_promised(kept):
    for trial in kept.promised():
        _, largest = kept.departures(trial)
        print(f"{trial}: {largest:.1e}")
        assert largest < 2e-12, str(trial)


@pytest.mark.slow
def test_symplectic_energies_stay_within_bounds_that_do_not_grow(kept):
    for trial in kept.near():
        early, largest = kept.departures(trial)
        print(f"{trial}: {early:.1e} {largest:.1e}")
        if isinstance(trial.stepper, Leapfrog | Yoshida4):
            assert largest < 1.5 * early, str(trial)
