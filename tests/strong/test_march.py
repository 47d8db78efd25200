import pytest
import torch

from physbias.errors import DivergenceError
from physbias.strong.march import Interval, march, report_blow_up


def grow(u, time, dt):
    return u * (1 + dt) + time


def test_steps_know_their_times():
    """u = 1 doubles and gains the times 3 and 4: 2 + 3 = 5, then 10 + 4."""
    interval = Interval(start=3.0, dt=1.0, count=2)
    assert interval.time(2) == 5.0
    assert float(march(grow, torch.ones(1), interval)) == 14.0


def test_the_step_that_blew_up_is_named():
    interval = Interval(start=0.0, dt=1.0, count=5, first=7)
    message = r"after step 9 \(t = 2, dt = 1\), the largest value before it 2e\+38"
    u = torch.full((1,), 1e38)
    with pytest.raises(DivergenceError, match=message + ".*; ask"):
        report_blow_up(lambda u, t, dt: 2 * u, u, interval, remedy="ask")


def test_a_rollout_that_stays_finite_is_not_reported():
    report_blow_up(grow, torch.ones(1), Interval(0.0, 1.0, 3), remedy="")
