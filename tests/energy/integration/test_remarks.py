import math
from dataclasses import replace
from itertools import accumulate

import pytest

from physbias.energy import (
    CrossCheck,
    DeviceKind,
    FlagCode,
    ProbeInfo,
    Source,
    Verdict,
)
from physbias.energy.integration.curve import EnergyCurve
from physbias.energy.integration.measurement import Measurement, Unseen
from physbias.energy.integration.remarks import (
    aliasing_remarks,
    counter_remarks,
    power_remarks,
    reading_remarks,
)
from physbias.energy.integration.timeline import Timeline

INFO = ProbeInfo(
    uuid="u",
    name="n",
    label="GPU 0",
    kind=DeviceKind.GPU,
    counter=Source.COUNTER,
    power=True,
)


def codes(flags):
    return [flag.code for flag in flags]


def test_nothing_wrong_says_nothing():
    timeline = Timeline()
    timeline.add_energy(0.0, 1.0)
    timeline.add_energy(0.1, 2.0)
    assert reading_remarks(INFO, timeline) == counter_remarks(INFO, timeline, 0) == []


def test_each_fault_has_its_flag_with_a_number():
    timeline = Timeline(resets=2, leaps=1, glitches=3, errors=4, dropped=5)
    timeline.add_break(1.0, 60.0)
    readings = reading_remarks(replace(INFO, whole=False, proven=False), timeline)
    assert codes(readings) == [
        FlagCode.MAPPING_UNPROVEN,
        FlagCode.PART_OF_DEVICE,
        FlagCode.READ_ERRORS,
        FlagCode.READ_ERRORS,
        FlagCode.SUSPENDED,
    ]
    assert "60.0 s" in readings[-1].text
    counter = counter_remarks(replace(INFO, counter=None), timeline, 6)
    assert codes(counter) == [
        FlagCode.COUNTER_MISSING,
        FlagCode.COUNTER_RESET,
        FlagCode.COUNTER_GLITCH,
        FlagCode.COUNTER_FROZEN,
    ]
    for flag, number in zip(counter[1:], "246", strict=True):
        assert number in flag.text


def test_holes_are_told_with_number_sum_and_longest():
    timeline = Timeline()
    for time in (0.0, 1.0, 1.1, 3.1):
        timeline.add_power(time, 100.0)
    (gap,) = power_remarks(INFO, timeline, Measurement(INFO, 0.0, 3.1))
    assert gap.code is FlagCode.GAP
    assert gap.text.startswith("2 holes between readings, 3.0 s in all, the longest 2")


@pytest.mark.parametrize("source", [Source.POWER, Source.COUNTER])
def test_beat_of_a_part_time_sensor_is_told_whatever_the_figure_is(source):
    info = replace(INFO, sensor_window=0.025)
    power = Measurement(
        info, 0.0, 3.1, refresh=0.1, unseen=Unseen(0.75, 0.0, 1.0), source=Source.POWER
    )
    (flag,) = aliasing_remarks(power, replace(power, source=source))
    assert flag.code is FlagCode.ALIASING_SUSPECTED
    assert "25%" in flag.text
    assert ("counter" in flag.text) is (source is Source.COUNTER)


@pytest.mark.parametrize(("window", "told"), [(0.025, 1), (0.1, 0), (None, 0)])
def test_steady_readings_that_disagree_with_the_counter_are_told(window, told):
    """A load exactly in step looks steady; only a part-time sensor misses it."""
    info = replace(INFO, sensor_window=window)
    power = Measurement(info, 0.0, 3.1, refresh=0.1, source=Source.POWER)
    check = CrossCheck(1500.0, 0.67, Verdict.INCONSISTENT)
    chosen = replace(power, source=Source.COUNTER, cross_check=check)
    assert len(aliasing_remarks(power, chosen)) == told
    assert aliasing_remarks(power, power) == []


def curve_of(power, refreshes=40):
    """Energy of a power [W] that depends on the time [s]."""
    times = [0.1 * k for k in range(refreshes + 1)]
    used = [0.1 * power(t) for t in times[:-1]]
    joules = list(accumulate(used, initial=0.0))
    return EnergyCurve(times, joules, 0.0, 0.0, [0.0] * len(times))


@pytest.mark.parametrize(("counter", "flagged"), [("drifts", False), ("even", True)])
def test_a_drift_that_the_counter_shows_is_no_beat(counter, flagged):
    """A register that drifts from 200 to 300 W and back, seeing a quarter."""

    def drift(t):
        return 250.0 + 50.0 * math.sin(2 * math.pi * t / 4.0)

    info = replace(INFO, sensor_window=0.025)
    shown = curve_of(drift)
    told = (
        curve_of(lambda t: 1.02 * drift(t))
        if counter == "drifts"
        else curve_of(lambda t: 250.0)
    )
    power = Measurement(
        info, 0.0, 4.0, shown, Source.POWER, 0.1, unseen=Unseen(0.75, 0.0, 400.0)
    )
    chosen = Measurement(info, 0.0, 4.0, told, Source.COUNTER, 0.1)
    found = codes(aliasing_remarks(power, chosen))
    assert (FlagCode.ALIASING_SUSPECTED in found) is flagged
    assert codes(aliasing_remarks(power, power)) == [FlagCode.ALIASING_SUSPECTED]
