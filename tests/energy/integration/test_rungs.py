from dataclasses import replace

import pytest

from physbias.energy import DeviceKind, ProbeInfo, Source
from physbias.energy.integration.rungs import covered, from_counter, from_power
from physbias.energy.integration.timeline import Timeline

INFO = ProbeInfo(
    uuid="u",
    name="n",
    label="GPU 0",
    kind=DeviceKind.GPU,
    counter=Source.COUNTER,
    power=True,
)


def readings(counter, seconds=12.0, watts=200.0):
    timeline = Timeline(power_limit=500.0)
    for i in range(int(200 * seconds)):
        time = 0.005 * i
        timeline.add_energy(time, counter(0.1 * (i // 20)))
        timeline.add_power(time, watts)
    return timeline


def test_counter_and_power_agree_on_a_steady_load():
    timeline = readings(lambda edge: 200.0 * edge)
    counter, freezes = from_counter(INFO, timeline, 1.03, 9.58)
    power = from_power(INFO, timeline, 1.03, 9.58)
    assert freezes == 0
    assert counter.curve.total == pytest.approx(200.0 * 8.55, rel=1e-3)
    assert power.curve.total == pytest.approx(200.0 * 8.55, rel=1e-3)


def test_counter_that_stood_still_in_between_is_bridged():
    """From 3 s to 6 s it does not count, and what was used then is lost to it."""

    def counter(edge):
        return 200.0 * (min(edge, 3.0) + max(0.0, edge - 6.0))

    found, freezes = from_counter(INFO, readings(counter), 1.03, 9.58)
    assert freezes == 1
    assert found.curve.total == pytest.approx(200.0 * 8.55, rel=5e-3)


def test_calibration_takes_out_gain_and_offset():
    timeline = readings(lambda edge: 200.0 * edge)
    info = replace(INFO, gain=0.95, offset=10.0)
    found, _ = from_counter(info, timeline, 1.03, 9.58)
    assert found.curve.total == pytest.approx(190.0 / 0.95 * 8.55, rel=1e-3)


def test_known_delay_moves_the_knots_and_leaves_no_lag():
    timeline = readings(lambda edge: 200.0 * edge)
    found, _ = from_counter(replace(INFO, delay=0.05), timeline, 1.03, 9.58)
    assert found.latest == 0.0
    unknown, _ = from_counter(INFO, timeline, 1.03, 9.58)
    assert unknown.latest == pytest.approx(0.1, rel=0.05)


def test_step_across_a_sleep_of_the_machine_is_not_believed():
    """The counter gained 5000 J while the machine slept; the block did not."""
    timeline = readings(lambda edge: 200.0 * edge + 60.0 * (edge > 5.0))
    timeline.add_break(5.05, 600.0)
    found, _ = from_counter(INFO, timeline, 1.03, 9.58)
    assert found.curve.total == pytest.approx(200.0 * 8.55, rel=5e-3)


def test_coverage_is_what_readings_cover():
    timeline = Timeline()
    for time in (1.0, 1.2, 4.2, 4.4):
        timeline.add_power(time, 100.0)
    assert covered(timeline.power, 0.4, 4.4) == pytest.approx((0.2 + 0.2) / 4.0)
