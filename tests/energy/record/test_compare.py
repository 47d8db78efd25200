from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest

from physbias.energy import EnergyMeter
from physbias.energy.record.compare import Difference
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import Basis
from physbias.energy.sensors.probe import Source
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, simulate
from physbias.errors import ArgumentError


def test_the_gain_counts_in_the_difference_only(make_record):
    """By hand: 1 % of 3300 J and of 3000 J, and 2 × 4.975 % of 300 J, in quadrature."""
    found = make_record(3300.0).compare(make_record(3000.0))
    half = sqrt(33.0**2 + 30.0**2 + 29.85**2)
    assert found.joules == pytest.approx(300.0)
    assert found.interval == pytest.approx((300 - half, 300 + half), abs=0.01)
    exact = [
        make_record(joules, comparison=Interval(joules, joules))
        for joules in (3300.0, 3000.0)
    ]
    assert exact[0].compare(exact[1]).ratio_interval == pytest.approx((1.1, 1.1))
    assert found.ratio == pytest.approx(1.1)
    assert found.verdict is Difference.HIGHER
    assert "higher energy" in str(found)


def test_the_other_way_round_is_lower(make_record):
    found = make_record(3000.0).compare(make_record(3300.0))
    assert found.joules == pytest.approx(-300.0)
    assert found.verdict is Difference.LOWER


def test_no_difference_is_claimed_within_the_errors(make_record):
    found = make_record(3020.0).compare(make_record(3000.0))
    assert found.verdict is Difference.NOT_SHOWN
    assert str(found).startswith("No difference is shown")
    assert found.interval.low < 0 < found.interval.high


def test_ratio_interval_covers_the_true_ratio(make_record):
    """Normal errors whose two standard deviations are the half-widths: 95.45 %."""
    rng = np.random.default_rng(0)
    true_a, true_b, a_sd, b_sd = 2000.0, 1000.0, 100.0, 60.0
    hits = 0
    for a, b in rng.normal((true_a, true_b), (a_sd, b_sd), (2000, 2)):
        one = make_record(a, comparison=Interval(a - 2 * a_sd, a + 2 * a_sd))
        two = make_record(b, comparison=Interval(b - 2 * b_sd, b + 2 * b_sd))
        low, high = one.compare(two).ratio_interval
        hits += low <= true_a / true_b <= high
    assert 0.94 < hits / 2000 < 0.97


def sensed(make_record, make_device, true, seconds, rng, sensor, lag=0.0, **changes):
    """One run as a sensor of stated errors tells it: gain, offset, lag and noise."""
    gain, offset = sensor
    noise = 20.0
    joules = true * (1 + gain) + offset * seconds - rng.uniform(0, 1) * lag
    joules += rng.normal(0, noise)
    around = Interval(joules - 2 * noise, joules + 2 * noise)
    device = make_device(
        joules,
        seconds=seconds,
        comparison=around,
        gain_error=0.037,
        offset_error_watts=5.9,
        lag_joules=Interval(min(0.0, lag), max(0.0, lag)),
        **changes,
    )
    return make_record(joules, comparison=around, seconds=seconds, devices=(device,))


@pytest.mark.parametrize(
    ("one", "two", "lags", "most"),
    [
        ((300.0, 20.0), (60.0, 100.0), (0.0, 0.0), 0.97),
        ((300.0, 100.0), (300.0, 50.0), (0.0, 0.0), 0.97),
        ((300.0, 20.0), (290.0, 20.0), (0.0, 0.0), 0.97),
        ((300.0, 20.0), (300.0, 20.0), (40.0, -60.0), 1.0),
    ],
)
def test_difference_and_ratio_are_covered_for_the_stated_errors(
    make_record, make_device, one, two, lags, most
):
    """The sensor's gain and offset are drawn anew for each pair of runs: 95.45 %."""
    rng = np.random.default_rng(3)
    true = one[0] * one[1], two[0] * two[1]
    repeats, hits = 1500, np.zeros(2)
    for _ in range(repeats):
        sensor = rng.normal(0, 0.037), rng.normal(0, 5.9)
        runs = [
            sensed(make_record, make_device, joules, seconds, rng, sensor, lag)
            for joules, (_, seconds), lag in zip(true, (one, two), lags, strict=True)
        ]
        found = runs[0].compare(runs[1])
        low, high = found.interval
        hits[0] += low <= true[0] - true[1] <= high
        low, high = found.ratio_interval
        hits[1] += low <= true[0] / true[1] <= high
    assert (hits / repeats > 0.935).all()
    assert (hits / repeats <= most).all()


def test_calibrations_that_differ_share_no_error(make_record, make_device):
    """By hand: 10 % of 3000 J twice, in quadrature."""
    raw = make_record()
    corrected = make_record(devices=(make_device(calibration="riser"),))
    half = sqrt(2) * 300.0
    assert raw.compare(corrected).interval == pytest.approx((-half, half))


def test_records_that_do_not_tell_share_no_error(make_record, make_device):
    device = make_device(gain_error=None, offset_error_watts=None)
    half = sqrt(2) * 300.0
    found = make_record(devices=(device,)).compare(make_record(devices=(device,)))
    assert found.interval == pytest.approx((-half, half))


def test_an_offset_makes_no_verdict():
    """60 W for 100 s and 300 W for 20 s are 6000 J each; the sensor shows 10 W more."""
    found = metered(60.0, 100.0, offset=10.0).compare(metered(300.0, 20.0, offset=10.0))
    assert found.verdict is Difference.NOT_SHOWN
    assert found.interval.low < 0 < found.interval.high
    assert found.ratio_interval.low < 1 < found.ratio_interval.high


def test_a_gain_is_in_the_difference():
    """5 % too much of 30 kJ and of 15 kJ: 15.75 kJ, in truth 15 kJ."""
    found = metered(300.0, 100.0, gain=1.05).compare(metered(300.0, 50.0, gain=1.05))
    assert found.interval.low < 15_000.0 < found.interval.high
    assert found.ratio == pytest.approx(2.0, rel=1e-3)


def metered(watts, seconds, **sensor):
    machine = simulate([SimulatedGpu(Constant(watts), Sensor(**sensor))])
    machine.clock.sleep(5)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(seconds)
    return meter.result


def test_a_device_that_was_lost_is_refused(make_record, make_device):
    flag = Flag(FlagCode.DEVICE_LOST, "gone", "GPU 0")
    lost = make_record(devices=(make_device(flags=(flag,)),))
    with pytest.raises(ArgumentError, match="GPU 0 was lost before the end"):
        make_record().compare(lost)
    short = make_record(devices=(make_device(seconds=4.0),))
    with pytest.raises(ArgumentError, match="measured for 4 s of 10 s"):
        short.compare(make_record())


def test_a_ratio_to_what_may_be_zero_has_no_upper_end(make_record):
    small = make_record(100.0, comparison=Interval(0.0, 250.0))
    assert make_record(3000.0).compare(small).ratio_interval.high == inf


def test_a_ratio_to_zero_is_missing(make_record):
    zero = make_record(0.0, comparison=Interval(0.0, 10.0))
    found = make_record(3000.0).compare(zero)
    assert found.ratio is None
    assert found.ratio_interval is None
    assert found.verdict is Difference.HIGHER


def test_other_devices_are_refused(make_record, make_device):
    other = make_record(devices=(make_device(uuid="GPU-2"),))
    with pytest.raises(ArgumentError, match="GPU-1 by counter against GPU-2"):
        make_record().compare(other)


def test_another_source_is_refused(make_record, make_device):
    other = make_record(devices=(make_device(source=Source.POWER),))
    with pytest.raises(ArgumentError, match="the same devices"):
        make_record().compare(other)


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_record_without_a_figure_is_refused(make_record, which):
    pair = [make_record(), make_record(None)]
    if which == "first":
        pair.reverse()
    with pytest.raises(ArgumentError, match="no driver"):
        pair[0].compare(pair[1])


def test_an_estimate_is_refused(make_record):
    estimate = replace(make_record(), basis=Basis.ESTIMATE)
    with pytest.raises(ArgumentError, match="a model figure"):
        estimate.compare(make_record())
