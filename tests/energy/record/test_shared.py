import pytest

from physbias.energy.record.interval import Interval
from physbias.energy.record.shared import systematic_sides, twins


def test_gain_cancels_in_the_ratio_and_offset_in_runs_of_one_length(make_device):
    changes = {"gain_error": 0.04, "offset_error_watts": 5.0, "delay_error_joules": 2.0}
    one, two = make_device(6000.0, **changes), make_device(3000.0, **changes)
    (pair,) = twins([one], [two])
    assert pair.left(2.0) == pytest.approx((0.0, -50.0, -2.0))
    assert pair.left(1.0) == pytest.approx((120.0, 0.0, 0.0))


def test_devices_are_paired_by_identity(make_device):
    a, b = make_device(1000.0), make_device(2000.0, uuid="GPU-2")
    assert all(p.left(1.0) == (0.0, 0.0, 0.0) for p in twins([a, b], [b, a]))


@pytest.mark.parametrize(("lag", "ends"), [(7.0, (0.0, 7.0)), (-7.0, (-7.0, 0.0))])
def test_a_lag_counts_on_its_side_of_each_run(make_device, lag, ends):
    (pair,) = twins([make_device(lag_joules=lag)], [make_device()])
    assert pair.lags == (ends, (0.0, 0.0))


def test_sides_without_their_random_part():
    """5² - 3² below and 13² - 5² above."""
    sides = systematic_sides(100.0, Interval(95.0, 113.0), Interval(97.0, 105.0))
    assert sides == pytest.approx((4.0, 12.0))
