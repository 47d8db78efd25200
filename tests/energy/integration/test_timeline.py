import pytest

from physbias.energy.integration.timeline import Staircase, Timeline


def staircase(*readings):
    series = Staircase()
    for time, value in readings:
        series.append(time, value)
    return series


def test_only_changes_are_kept():
    series = staircase((0.0, 1.0), (0.1, 1.0), (0.2, 1.0), (0.3, 2.0), (0.4, 2.0))
    assert list(series.values) == [1.0, 2.0]
    assert (series.before[1], series.after[1]) == (0.2, 0.3)
    assert (series.count, series.edges, series.last) == (5, 1, 0.4)
    assert (series.edges_since(0.25), series.edges_since(0.3)) == (1, 0)


def test_holes_between_readings_are_noted():
    assert staircase((0.0, 1.0), (0.4, 1.0), (2.0, 1.0)).gaps == [(0.4, 2.0)]


def test_refresh_is_found_in_the_edges_and_bridges_a_missed_one():
    edges = [0.0, 0.08, 0.16, 0.24, 0.40, 0.48, 0.56, 0.64]
    series = staircase(*((t, float(i)) for i, t in enumerate(edges)))
    assert series.refresh() == pytest.approx(0.04 + 0.04, rel=0.6)
    fine = staircase(*((0.01 * i, float(i // 8)) for i in range(200)))
    assert fine.refresh() == pytest.approx(0.08, rel=1e-6)
    assert staircase((0.0, 1.0), (9.0, 2.0)).refresh() == 0.1


def test_late_readings_do_not_change_the_refresh():
    """Every fourth refresh of 0.1 s is read 80 ms late, the others within 10 ms."""
    readings = []
    for i in range(20):
        late = 0.08 if i % 4 == 3 else 0.0
        readings += [(0.1 * i + late, float(i)), (0.1 * i + 0.09, float(i))]
    assert staircase(*readings).refresh() == pytest.approx(0.1, rel=1e-6)


def test_edges_all_seen_late_tell_no_slow_refresh():
    """A device of 0.1 s, read every 0.23 s."""
    late = staircase(*((0.23 * i, float(int(2.3 * i))) for i in range(20)))
    assert late.refresh() == 0.1
    quick = staircase(*((0.02 * i, float(i)) for i in range(20)))
    assert quick.refresh() == pytest.approx(0.02)


@pytest.mark.parametrize("watts", [0.0, -3.0, 451.0, float("nan"), float("inf")])
def test_impossible_power_is_left_out(watts):
    timeline = Timeline(power_limit=300.0)
    timeline.add_power(0.0, watts)
    timeline.add_power(0.1, 449.0)
    assert (timeline.power.count, timeline.dropped) == (1, 1)


def counted(*values, limit=None):
    timeline = Timeline(power_limit=limit)
    for i, value in enumerate(values):
        timeline.add_energy(0.1 * i, value)
    return timeline


def test_counter_that_goes_back_for_good_began_anew():
    back = counted(5.0, 6.0, 1.0, 2.0)
    assert (back.resets, back.glitches, back.restarts) == (1, 0, [0.2])
    assert list(back.energy.values) == [5.0, 6.0, 1.0, 2.0]


def test_single_impossible_reading_of_the_counter_is_left_out_and_counted():
    for odd in (1.0, 9000.0):
        glitch = counted(5.0, 6.0, odd, 7.0, limit=300.0)
        assert (glitch.resets, glitch.leaps, glitch.glitches) == (0, 0, 1)
        assert list(glitch.energy.values) == [5.0, 6.0, 7.0]


def test_counter_that_leaps_for_good_goes_on_from_there():
    leap = counted(5.0, 6.0, 9000.0, 9001.0, limit=300.0)
    assert (leap.resets, leap.leaps, leap.restarts) == (0, 1, [0.2])


def test_window_is_settled_four_edges_after_its_end():
    timeline = counted(*map(float, range(7)))
    assert timeline.settled(0.25)
    assert not timeline.settled(0.35)
    timeline.add_failure(0.7, "gone", lost=True)
    assert timeline.settled(0.35)


def test_a_window_is_vague_while_its_edges_were_read_late():
    timeline = Timeline()
    for i in range(101):
        timeline.add_energy(0.01 * i, float(i // 10))
    assert not timeline.vague(1.0), "no edge was missed"
    timeline.add_energy(1.5, 15.0)
    assert timeline.vague(1.0)
    for i in range(151, 175):
        timeline.add_energy(0.01 * i, float(i // 10))
    assert not timeline.vague(1.0), "edges at 1.6 and 1.7 s are sharp"


def test_sleep_of_the_machine_is_kept():
    timeline = Timeline()
    timeline.add_break(3.0, 60.0)
    assert timeline.breaks == [(3.0, 60.0)]


def test_thinned_power_keeps_its_integral_and_a_counter_its_last_value():
    timeline = Timeline()
    for i in range(1000):
        timeline.add_energy(0.02 * i, float(i))
        timeline.add_power(0.02 * i, 100.0 + i % 5)
    timeline.thin(10.0, 0.09)
    power, energy = timeline.power, timeline.energy
    ends = [*power.after[1:], power.last]
    total = sum(
        v * (q - p) for v, p, q in zip(power.values, power.after, ends, strict=True)
    )
    assert total == pytest.approx(102.0 * 0.02 * 999, rel=1e-3)
    assert len(power.values) < 700
    assert energy.values[-1] == 999.0
    assert all(
        v == round(50 * t) for v, t in zip(energy.values, energy.after, strict=True)
    )


def test_thinning_leaves_alone_what_is_not_old_enough():
    series = Staircase()
    for i in range(10):
        series.append(0.1 * i, float(i))
    series.thin(-30.0, 0.09, mean=False)
    assert list(series.values) == [float(i) for i in range(10)]


def test_impossible_readings_are_left_out_though_no_limit_is_known():
    """No board uses 1 MW, or 1 GJ in a tenth of a second."""
    timeline = counted(0.0, 20.0, 1e9, 60.0, 80.0)
    assert (timeline.glitches, timeline.energy.values[-1]) == (1, 80.0)
    timeline.add_power(0.0, 1e6)
    assert (timeline.power.count, timeline.dropped) == (0, 1)
