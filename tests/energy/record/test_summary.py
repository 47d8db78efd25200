from math import inf, sqrt
from random import Random

import pytest
from scipy.stats import t

from physbias.energy.record.interval import Interval
from physbias.energy.record.summary import summarise
from physbias.errors import ArgumentError


def test_mean_and_spread_by_hand(make_record):
    """2900, 3000 and 3100 J: mean 3000, standard deviation 100."""
    found = summarise([make_record(joules) for joules in (2900.0, 3000.0, 3100.0)])
    assert found.runs == 3
    assert found.joules == pytest.approx(3000.0)
    assert found.between_joules == pytest.approx(100.0)
    half = t.ppf(0.975, 2) * 100.0 / sqrt(3)
    assert found.comparison == pytest.approx((3000 - half, 3000 + half))
    within = sqrt((29**2 + 30**2 + 31**2) / 3) / 2
    assert found.within_joules == pytest.approx(within)


def test_repetition_does_not_reduce_the_sensors_errors(make_record):
    """A hundred equal runs: 10 % without the random 1 %, and a tenth of the latter."""
    found = summarise([make_record(3000.0)] * 100)
    half = sqrt(300.0**2 - 30.0**2)
    assert found.between_joules == 0.0
    half = sqrt(half**2 + 3.0**2)
    assert found.interval == pytest.approx((3000 - half, 3000 + half))
    assert found.comparison == pytest.approx((2997.0, 3003.0))


def test_what_the_sensors_may_hide_on_one_side_stays_on_it(make_record):
    """700 to 1001 J about 1000 J, ± 1 J of it at random: 300 J below, 0 J above."""
    around = {
        "interval": Interval(700.0, 1001.0),
        "comparison": Interval(999.0, 1001.0),
    }
    low, high = summarise([make_record(1000.0, **around)] * 4).interval
    assert low == pytest.approx(1000 - sqrt(300**2 - 1 + 0.5**2))
    assert high == pytest.approx(1000.5)


def test_runs_that_are_alike_by_chance_are_covered(make_record):
    """The mean of 3 runs of ± 50 J at random is covered, however alike they look."""
    rng, hits, narrowest = Random(4), 0, inf
    for _ in range(1000):
        energies = [rng.gauss(1000, 25) for _ in range(3)]
        runs = [make_record(e, comparison=Interval(e - 50, e + 50)) for e in energies]
        low, high = summarise(runs).comparison
        hits += low <= 1000 <= high
        narrowest = min(narrowest, high - low)
    assert hits / 1000 > 0.95
    assert narrowest == pytest.approx(100 / sqrt(3))


def test_a_run_whose_device_was_lost_is_refused(make_record, make_device):
    short = make_record(devices=(make_device(seconds=4.0),))
    with pytest.raises(ArgumentError, match="measured for 4 s of 10 s"):
        summarise([make_record(), short])


def test_one_run_has_no_spread(make_record):
    found = summarise([make_record()])
    assert found.between_joules is None
    assert found.comparison == make_record().comparison
    assert found.interval == pytest.approx(make_record().interval)
    assert "1 run" in str(found)


def test_interval_does_not_go_below_zero(make_record):
    wild = [make_record(1.0), make_record(1000.0)]
    assert summarise(wild).interval.low == 0.0


def test_line_for_people(make_record):
    runs = [make_record(joules) for joules in (2900.0, 3000.0, 3100.0)]
    line = str(summarise(runs))
    assert line.startswith("3.000 kJ ±")
    assert "3 runs, standard deviation between runs 100 J, within a run 15.0 J" in line


def test_refuses_nothing_and_other_devices(make_record, make_device):
    with pytest.raises(ArgumentError, match="at least one record"):
        summarise([])
    other = make_record(devices=(make_device(uuid="GPU-2"),))
    with pytest.raises(ArgumentError, match="the same devices"):
        summarise([make_record(), other])


def test_a_run_without_a_figure_is_no_zero(make_record, make_device):
    lost = make_record(joules=None, devices=make_record().devices)
    with pytest.raises(ArgumentError, match="no measured energy"):
        summarise([make_record(), lost])


def test_comparison_interval_is_needed(make_record):
    with pytest.raises(ArgumentError, match="no measured energy"):
        summarise([make_record(comparison=None, interval=Interval(1.0, 2.0))])
