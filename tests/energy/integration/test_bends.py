"""Witness: trains of constant power whose energy is a product."""

from itertools import accumulate, pairwise

import pytest

from physbias.energy.integration.bends import Bends

TIMES = [0.1 * k for k in range(21)]


def curve(watts):
    return list(accumulate((0.1 * w for w in watts), initial=0.0))


def test_even_power_grows_evenly():
    bends = Bends(TIMES, curve([200.0] * 20))
    assert bends.at(10, 1.03) == pytest.approx(6.0)
    assert bends.part(10, 1.03).joules == pytest.approx(6.0)


def test_change_of_power_inside_a_step_bends_it_towards_the_truth():
    """300 and 320 W in turn up to 1.05 s, then 100 and 120 W: the truth is 15.5 J.

    Half of what the step of 21 J holds, 10.5 J, would be the even share.
    """
    watts = [310.0 + 10.0 * (-1) ** k for k in range(10)]
    watts += [210.0, *(110.0 + 10.0 * (-1) ** k for k in range(9))]
    bends = Bends(TIMES, curve(watts))
    found = bends.part(10, 1.05)
    assert 13.0 < found.joules < 16.0
    assert abs(found.joules - 15.5) < 2 * found.error
    assert bends.at(10, 1.05) == pytest.approx(found.joules)


def test_energy_never_falls_and_meets_the_points():
    watts = [100.0, 60.0, 101.0, 60.0, 60.0, 60.0, 320.0, 301.0, 321.0, 320.0]
    watts += [320.0, 300.0, 61.0, 320.0, 101.0, 60.0, 100.0, 60.0, 60.0, 200.0]
    joules = curve(watts)
    bends = Bends(TIMES, joules)
    for step in range(20):
        fine = [TIMES[step] + 0.005 * k for k in range(21)]
        values = [bends.at(step, time) for time in fine]
        assert all(b >= a - 1e-12 for a, b in pairwise(values))
        assert values[0] == pytest.approx(0.0, abs=1e-9)
        assert values[-1] == pytest.approx(joules[step + 1] - joules[step])


def test_steps_next_to_the_border_of_a_late_sensor_do_not_count():
    """The step behind the border still shows 300 W."""
    watts = [300.0 + (-1) ** k for k in range(12)]
    watts += [100.0 + (-1) ** k for k in range(8)]
    near, apart = (Bends(TIMES, curve(watts), a) for a in ((0, 0), (0, 1)))
    assert apart.part(10, 1.05).joules != near.part(10, 1.05).joules


def test_first_and_last_step_have_one_side_only():
    bends = Bends(TIMES, curve([200.0, 300.0] * 10))
    assert bends.part(0, 0.025).joules == pytest.approx(5.0)
    assert bends.part(19, 1.975).joules == pytest.approx(22.5)


def test_other_energies_keep_what_is_left_out():
    bends = Bends(TIMES, curve([100.0] * 20), (0, 1))
    assert bends.moved(curve([50.0] * 20)).at(3, 0.35) == pytest.approx(2.5)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.25, 0.4, 0.5, 0.75, 0.93])
def test_error_is_that_of_the_parted_step(share):
    """Laid out over quarters; nothing at the ends, where the energy is known."""
    watts = [310.0 + 40.0 * (-1) ** k for k in range(12)]
    watts += [150.0 + 40.0 * (-1) ** k for k in range(8)]
    bends = Bends(TIMES, curve(watts), slack=1e-3)
    for step in (4, 11, 12):
        time = TIMES[step] + 0.1 * share
        assert bends.error(step, time) == pytest.approx(
            bends.part(step, time).error, rel=0.2
        )
        assert bends.error(step, TIMES[step]) == 0.0
        assert bends.error(step, TIMES[step + 1]) == 0.0
