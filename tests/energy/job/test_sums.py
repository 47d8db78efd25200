from dataclasses import replace
from math import hypot

import pytest

from physbias.energy import Basis, Interval, RegionEnergy
from physbias.energy.job.sums import agreed, common, net_sum, region_sum, unit_sums
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.units import UnitEnergy

WHOLE = 6000.0, Interval(5400.0, 6600.0)


def units(**counts):
    each = Interval(1.0, 2.0)
    return tuple(UnitEnergy(unit, n, 1.5, each) for unit, n in counts.items())


@pytest.fixture
def above_idle(make_record):
    """3000 J ± 300 J in 10 s, of which ``watts`` ± ``error`` are idle."""

    def make(watts, error=0.0, **changes):
        joules, half = 3000.0 - 10.0 * watts, hypot(300.0, 2 * 10.0 * error)
        net = NetEnergy(
            joules=joules,
            interval=Interval(joules - half, joules + half),
            idle_joules=10.0 * watts,
            idle_watts=watts,
            idle_error_watts=error,
            source="measured",
        )
        return make_record(net=replace(net, **changes))

    return make


def test_counts_add_up_by_name(make_record):
    parts = [make_record(units=units(step=3)), make_record(units=units(step=5, img=8))]
    step, image = unit_sums(parts, Basis.MEASUREMENT, *WHOLE)
    assert step == UnitEnergy("step", 8, 750.0, Interval(675.0, 825.0))
    assert (image.unit, image.count, image.joules_per_unit) == ("img", 8, 750.0)


def test_no_energy_per_unit_where_that_of_some_units_is_not_known(make_record):
    known, unknown = make_record(units=units(step=3)), make_record(None)
    unknown = replace(unknown, units=(UnitEnergy("step", 5, None, None),))
    modelled = make_record(basis=Basis.ESTIMATE, units=units(step=5))
    idle = replace(unknown, units=(UnitEnergy("step", 0, None, None),))
    for other in (unknown, modelled):
        (step,) = unit_sums([known, other], Basis.MEASUREMENT, *WHOLE)
        assert (step.count, step.joules_per_unit) == (8, None)
        assert "no energy was measured" in step.reason
    cut = make_record(units=(UnitEnergy("step", 5, None, None, "cut short"),))
    (step,) = unit_sums([known, cut], Basis.MEASUREMENT, *WHOLE)
    assert (step.joules_per_unit, step.reason) == (None, "cut short")
    (step,) = unit_sums([known, idle], Basis.MEASUREMENT, *WHOLE)
    assert step.joules_per_unit == 2000.0


def test_net_energies_add_up(above_idle):
    """6000 J less 10 s at 60 W and 10 s at 40 W; 4 W and 1 W of error add linearly."""
    parts = [(above_idle(60.0, 4.0), [1.0]), (above_idle(40.0, 1.0), [1.0, 1.0])]
    net = net_sum(parts, *WHOLE, 10.0)
    assert (net.joules, net.idle_joules, net.idle_watts) == (5000.0, 1000.0, 100.0)
    assert net.idle_error_watts == pytest.approx(5.0)
    assert net.joules - net.interval.low == pytest.approx(hypot(600.0, 100.0))
    assert net.interval.high - net.joules == pytest.approx(hypot(600.0, 100.0))
    assert (net.drift_watts, net.stable, net.source) == (None, True, "measured")
    unstable = [*parts, (above_idle(1.0, stable=False), [1.0])]
    assert not net_sum(unstable, *WHOLE, 10.0).stable


def test_idle_energy_counts_for_the_time_that_counts(above_idle):
    """Of 600 J, a quarter; with one device in full and one not at all, 0 to 600."""
    net = net_sum([(above_idle(60.0), [0.25, 0.25])], *WHOLE, 10.0)
    assert net.joules == 5850.0
    assert net.interval == pytest.approx((5250.0, 6450.0))
    net = net_sum([(above_idle(60.0), [1.0, 0.0])], *WHOLE, 10.0)
    assert net.joules == 5700.0
    assert net.interval.low <= 5400.0
    assert net.interval.high >= 6000.0


def test_no_net_energy_where_one_part_has_none(above_idle, make_record):
    first = above_idle(60.0), [1.0]
    assert net_sum([first, (make_record(), [1.0])], *WHOLE, 10.0) is None
    assert net_sum([], *WHOLE, 10.0) is None
    assert net_sum([first], None, None, 10.0) is None


def test_one_part_keeps_its_net_energy(above_idle):
    record = above_idle(60.0, 2.0, drift_watts=3.0, stable=False)
    net = net_sum([(record, [1.0])], record.joules, record.interval, record.seconds)
    assert net.interval == pytest.approx(record.net.interval)
    assert replace(net, interval=record.net.interval) == record.net


def test_regions_add_up():
    one = RegionEnergy("step", 4.0, 3.0, Interval(3.0, 5.0), 1.0, 2)
    both = region_sum([one, replace(one, joules=6.0, interval=Interval(4.0, 8.0))])
    assert (both.joules, both.own_joules, both.count) == (10.0, 6.0, 4)
    assert both.interval == Interval(7.0, 13.0)
    unknown = region_sum([one, replace(one, joules=None, interval=None)])
    assert (unknown.joules, unknown.interval, unknown.seconds) == (None, None, 2.0)


def test_common_annotations():
    assert common([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}]) == {"a": 1}
    assert common([{"a": None}, {}]) == {}
    assert common([{"a": 1}]) == {"a": 1}


def test_what_all_say_stands_and_what_they_differ_in_is_missing():
    assert agreed([3]) == agreed(iter([3, 3])) == 3
    assert agreed(["a", "b", "a"]) is None
    assert agreed([None, 3]) is None
