from dataclasses import replace
from math import inf, sqrt

import numpy as np
import pytest

from physbias.energy.record.compare import Difference
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import Basis
from physbias.energy.sensors.probe import Source
from physbias.errors import ArgumentError


def test_uses_the_interval_without_the_sensors_shared_errors(make_record):
    """By hand: 1 % of 3300 J and of 3000 J in quadrature."""
    found = make_record(3300.0).compare(make_record(3000.0))
    half = sqrt(33.0**2 + 30.0**2)
    assert found.joules == pytest.approx(300.0)
    assert found.interval == pytest.approx((300 - half, 300 + half))
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
