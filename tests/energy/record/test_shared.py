from dataclasses import replace

import pytest

from physbias.energy.record.interval import Interval
from physbias.energy.record.shared import twins


def test_gain_cancels_in_the_ratio_and_offset_in_runs_of_one_length(make_device):
    changes = {"gain_error": 0.04, "offset_error_watts": 5.0, "delay_error_joules": 2.0}
    one, two = make_device(6000.0, **changes), make_device(3000.0, **changes)
    (pair,) = twins([one], [two])
    assert pair.left(2.0) == pytest.approx((0.0, -50.0, -2.0))
    assert pair.left(1.0) == pytest.approx((120.0, 0.0, 0.0))


def test_devices_are_paired_by_identity(make_device):
    a, b = make_device(1000.0), make_device(2000.0, uuid="GPU-2")
    assert all(p.left(1.0) == (0.0, 0.0, 0.0) for p in twins([a, b], [b, a]))


@pytest.mark.parametrize("ends", [(0.0, 7.0), (-7.0, 0.0), (-2.0, 5.0)])
def test_a_lag_counts_on_its_side_of_each_run(make_device, ends):
    late, unknown = make_device(lag_joules=Interval(*ends)), make_device()
    (pair,) = twins([late], [replace(unknown, lag_joules=None)])
    assert pair.lags == (ends, (0.0, 0.0))
