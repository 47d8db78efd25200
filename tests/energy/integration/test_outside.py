from physbias.energy.integration.knots import Knots
from physbias.energy.integration.outside import (
    Quiet,
    confirmed,
    quiet_after,
    quiet_before,
    quiet_cells,
    undecided,
)
from physbias.energy.integration.timeline import Staircase


def register(*values, start=0.0):
    """Each value stands for 0.1 s and is read every 10 ms."""
    series = Staircase()
    series.period = 0.1
    for i in range(10 * len(values)):
        series.append(start + 0.01 * i, values[i // 10])
    return series


def test_steady_readings_after_the_end_are_quiet():
    found = quiet_after(register(300.0, 180.0, 60.0, 60.3, 60.0), 0.1)
    assert abs(found.watts - 60.1) < 0.2
    assert found.error < 1.0


def test_a_fast_sensor_must_be_steady_for_a_quarter_of_a_second():
    """Steps of 80 ms look steady for a few refreshes of 20 ms."""
    series = Staircase()
    series.period = 0.02
    for i in range(80):
        series.append(0.005 * i, (330.0, 180.0, 90.0)[i // 16 % 3])
        if i == 31:
            assert quiet_after(series, 0.08) is None
    assert quiet_after(series, 0.08) is None


HIGH, LOW = [300.0] * 4, [60.0] * 4


def test_a_lull_as_long_as_those_of_the_load_is_not_quiet():
    """A square wave of 0.4 s each: only a fifth and sixth low reading end it."""
    wave = [*HIGH, *LOW, *HIGH, *LOW, *HIGH]
    end = 0.1 * len(wave)
    short, long = register(*wave, *LOW), register(*wave, *LOW, 60.1, 59.9)
    assert quiet_after(short, end) is None
    assert undecided(short, end)
    assert abs(quiet_after(long, end).watts - 60.0) < 0.1
    assert not undecided(long, end)


def test_a_lull_at_another_power_does_not_count():
    wave = [*HIGH, *LOW, *HIGH, *LOW, *HIGH]
    idle = register(*wave, 100.0, 100.2, 100.1, 100.0)
    assert abs(quiet_after(idle, 0.1 * len(wave)).watts - 100.1) < 0.2
    assert not undecided(idle, 0.1 * len(wave))


def test_long_lulls_are_not_waited_for():
    """Pauses of 1.2 s: after as short a time nobody can tell, and nobody waits."""
    wave = [*HIGH, *LOW, *LOW, *LOW, *HIGH]
    series = register(*wave, *LOW)
    assert quiet_after(series, 0.1 * len(wave)) is None
    assert not undecided(series, 0.1 * len(wave))


def test_power_that_stood_all_the_time_has_no_lulls():
    series = register(*[300.0] * 80)
    assert quiet_after(series, 7.5).watts == 300.0
    assert not undecided(series, 7.5)


def test_a_lull_at_the_start_is_not_quiet_either():
    """0.2 s of low power are history, and lulls of 0.4 s come later."""
    wave = [60.0] * 2 + [*HIGH, *LOW] * 3
    assert quiet_before(register(*wave), 0.19, None, []) is None
    longer = register(*[60.0] * 6, *wave)
    assert quiet_before(longer, 0.79, None, []).watts == 60.0


def test_changing_or_missing_readings_after_the_end_are_not():
    assert quiet_after(register(300.0, 180.0, 60.0, 90.0, 60.0), 0.1) is None
    assert quiet_after(register(300.0, 60.0), 0.1) is None


def test_history_before_the_start_decides():
    assert quiet_before(register(60.0, 60.2, 60.1), 0.29, None, []).watts < 60.3
    assert quiet_before(register(60.0, 300.0, 90.0), 0.29, None, []) is None


def test_single_reading_needs_another_sign():
    single = register(60.0, start=1.0)
    lower = quiet_before(single, 1.0, Quiet(90.0, 0.5), [150.0, 300.0])
    assert lower.watts == 60.0
    assert quiet_before(single, 1.0, None, [150.0, 300.0]) is None
    assert quiet_before(single, 1.0, Quiet(61.0, 0.5), [60.0, 300.0]).watts == 60.0
    assert quiet_before(single, 1.0, None, [60.0, 300.0]) is None
    busy = register(300.0, start=1.0)
    assert quiet_before(busy, 1.0, None, [120.0, 120.0]) is None


def test_cells_alike_are_quiet():
    assert quiet_cells([60.0, 60.5]).watts == 60.25
    assert quiet_cells([60.0]) is None
    assert quiet_cells([60.0, 90.0]) is None


def burst(start, end):
    """Knots of 300 W between two instants over 60 W."""

    def energy(time):
        return 60.0 * time + 240.0 * (min(max(time, start), end) - start)

    times = [0.1 * k for k in range(31)]
    return Knots(times, [energy(t) for t in times], [0.0] * 31, [0.0] * 31)


def test_quiet_power_that_the_cut_cells_bear_out_is_confirmed():
    quiet = Quiet(60.0, 0.5), Quiet(60.0, 0.5)
    assert confirmed(burst(0.53, 2.06), 0.53, 2.06, quiet, 0.0) == quiet


def test_power_that_changes_just_behind_a_border_is_not_quiet():
    """The cut cells hold 300 W throughout, readings before and after show 60 W."""
    quiet = Quiet(60.0, 0.5), Quiet(60.0, 0.5)
    assert confirmed(burst(0.5, 2.1), 0.55, 2.05, quiet, 0.0) == (None, None)


def test_late_counter_may_explain_the_cut_cells():
    """Shown 0.04 s late, a block from 0.53 to 2.03 s looks like 0.57 to 2.07 s."""
    quiet = Quiet(60.0, 0.5), Quiet(60.0, 0.5)
    assert confirmed(burst(0.57, 2.07), 0.53, 2.03, quiet, 0.0) == (None, None)
    assert confirmed(burst(0.57, 2.07), 0.53, 2.03, quiet, 0.1) == quiet


def test_cells_after_the_end_must_bear_out_the_readings():
    quiet, knots = Quiet(60.0, 0.5), burst(0.5, 2.1)
    assert quiet.shown(knots, 2.1)
    assert not quiet.shown(knots, 1.9)
    assert quiet.shown(knots, 9.0)


def test_cells_between_edges_that_were_read_late_bear_out_what_they_may():
    """At 60 W, the edge of 2.5 s taken for one at 2.55 s: cells of 90 and 30 W."""
    knots = burst(0.5, 2.1)
    knots.times[25] = 2.55
    assert not Quiet(60.0, 0.5).shown(knots, 2.1)
    knots.slacks[25] = 0.05
    assert Quiet(60.0, 0.5).shown(knots, 2.1)


def test_a_value_counts_from_the_reading_that_showed_it():
    """Nobody reads from 0.06 to 0.31 s after the end: 60 W may stand since 0.1 s."""
    series = register(300.0, 180.0)
    for k in range(5):
        series.append(0.46 + 0.02 * k, 60.0)
    assert quiet_after(series, 0.15) is None, "60 W were seen for 0.08 s only"
    for k in range(5, 12):
        series.append(0.46 + 0.02 * k, 60.0)
    assert abs(quiet_after(series, 0.15).watts - 60.0) < 1e-9


def test_a_value_that_was_read_long_after_the_end_tells_nothing_of_it():
    assert quiet_after(late_reading(), 0.15) is None


def late_reading():
    """Nobody reads from 0.2 to 1.2 s."""
    series = register(300.0, 180.0)
    for k in range(50):
        series.append(1.2 + 0.02 * k, 60.0)
    return series


def test_the_counter_bears_out_a_late_reading_or_does_not():
    """Busy until 0.15 s, or until 0.55 s; nobody reads the power from 0.2 to 1.2 s."""
    found = quiet_after(late_reading(), 0.15, burst(0.05, 0.15))
    assert abs(found.watts - 60.0) < 1e-9
    assert quiet_after(late_reading(), 0.15, burst(0.05, 0.55)) is None


def test_one_cell_of_the_counter_is_not_enough_for_a_late_reading():
    knots = burst(0.05, 0.15)
    short = Knots(knots.times[:4], knots.joules[:4], [0.0] * 4, [0.0] * 4)
    assert quiet_after(late_reading(), 0.15, short) is None
