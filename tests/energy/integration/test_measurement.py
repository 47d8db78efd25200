import pytest

from physbias.energy import Condition, DeviceKind, ProbeInfo, SensorError, Source
from physbias.energy.integration.curve import reconstruct
from physbias.energy.integration.knots import Knots
from physbias.energy.integration.measurement import Measurement, Unseen, power_trace


def curve(count, watts=200.0):
    times = [0.1 * k for k in range(count + 1)]
    joules = [watts * t for t in times]
    nothing = [0.0] * (count + 1)
    return reconstruct(Knots(times, joules, nothing, nothing), 0.05, 0.1 * count - 0.05)


def measurement(**fields):
    info = ProbeInfo(
        uuid="u",
        name="n",
        label="GPU 0",
        kind=DeviceKind.GPU,
        counter=Source.COUNTER,
        error=SensorError(0.0, 0.0),
    )
    return Measurement(info, 0.05, 9.95, curve(100), Source.COUNTER, 0.1, **fields)


def test_power_trace_holds_the_energy_in_at_most_a_thousand_cells():
    for count in (100, 12345):
        one = curve(count)
        trace = power_trace(one)
        assert len(trace.watts) <= 1000
        assert trace.times[0] == 0.0
        total = sum((q - p) * w for p, q, w in trace.cells())
        assert total == pytest.approx(one.total, rel=1e-9)


def test_entry_tells_mean_and_highest_power():
    entry = measurement(coverage=1.0, samples=990).entry()
    assert entry.mean_watts == pytest.approx(200.0)
    assert entry.max_watts == pytest.approx(200.0)
    assert (entry.coverage, entry.samples) == (1.0, 990)


def test_entry_tells_the_conditions_at_both_borders():
    cold, warm = Condition(40.0), Condition(70.0)
    entry = measurement(conditions=(cold, warm)).entry()
    assert (entry.condition_start, entry.condition_end) == (cold, warm)
    entry = measurement(conditions=(cold,)).entry()
    assert (entry.condition_start, entry.condition_end) == (cold, None)
    entry = measurement().entry()
    assert (entry.condition_start, entry.condition_end) == (None, None)


def test_what_a_part_time_sensor_missed_widens_each_side_by_its_bound():
    """Three quarters unseen, between 100 and 400 W, at 200 W for 9.9 s."""
    plain = measurement().entry()
    wide = measurement(unseen=Unseen(0.75, 100.0, 400.0)).entry()
    assert plain.comparison.low - wide.comparison.low == pytest.approx(0.75 * 990)
    assert wide.comparison.high - plain.comparison.high == pytest.approx(0.75 * 1980)
    assert wide.interval.low <= wide.comparison.low
    assert wide.interval.high >= wide.comparison.high


def test_no_curve_is_none_and_never_zero():
    info = measurement().info
    entry = Measurement(info, 0.0, 1.0, reason="no reading").entry()
    assert (entry.joules, entry.interval, entry.mean_watts) == (None, None, None)
    assert entry.flags[0].text == "no reading"
