"""Witness: integrals worked out by hand."""

import math

import pytest

from physbias.energy.simulated import (
    Burst,
    Constant,
    FromIntegral,
    Ramp,
    SquareWave,
    Trace,
)


@pytest.mark.parametrize(
    ("trace", "time", "joules"),
    [
        (Constant(300.0), 2.0, 600.0),
        (SquareWave(60.0, 300.0, 2.0), 1.0, 60.0),
        (SquareWave(60.0, 300.0, 2.0), 1.5, 210.0),
        (SquareWave(60.0, 300.0, 2.0), 5.0, 780.0),
        (Ramp(100.0, 10.0), 4.0, 480.0),
        (FromIntegral(math.exp), 1.0, math.e - 1.0),
        (Burst(inside=Constant(300.0), start=1.0, stop=3.0, idle=60.0), 2.0, 360.0),
        (Burst(inside=Constant(300.0), start=1.0, stop=3.0, idle=60.0), 5.0, 780.0),
    ],
)
def test_integral(trace, time, joules):
    assert isinstance(trace, Trace)
    assert trace.energy(time) == pytest.approx(joules, rel=1e-12)
