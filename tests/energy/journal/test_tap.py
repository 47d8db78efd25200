import json

import pytest

from physbias.energy import Condition, DeviceKind, ProbeInfo, Source
from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.tap import TimelineTap, restore
from physbias.energy.simulated import Sensor, SimulatedGpu, SquareWave

START = 1000.0


def gpu(**options):
    return ProbeInfo(
        uuid="GPU-1",
        name="board",
        label="GPU 0",
        kind=DeviceKind.GPU,
        counter=Source.COUNTER,
        power=True,
        **options,
    )


def read(board, times, takes=(), info=None, poll=None):
    """Read a board at all ``times``, and take what is new at some of them."""
    timeline, tap, lines = Timeline(power_limit=700.0), None, []
    tap = TimelineTap(info or gpu(), START)
    for time in times:
        timeline.add_energy(time, board.counter(time, poll or 0.1))
        timeline.add_power(time, board.register(time, 0.1))
        if time in takes:
            lines.append(json.loads(json.dumps(tap.take(timeline))))
    return timeline, lines


def every(step, seconds, before=0.5):
    count = int((seconds + before) / step)
    return [START - before + i * step for i in range(count + 1)]


def assert_same(series, original):
    assert series.count == original.count
    assert series.last == pytest.approx(original.last, abs=1e-5)
    assert list(series.values) == pytest.approx(list(original.values), abs=1e-5)
    assert list(series.after) == pytest.approx(list(original.after), abs=2e-5)
    assert list(series.before)[1:] == pytest.approx(list(original.before)[1:], abs=2e-5)
    assert [list(g) for g in series.gaps] == [
        pytest.approx(list(g), abs=2e-5) for g in original.gaps
    ]


def test_readings_come_back_from_many_lines():
    board = SimulatedGpu(SquareWave(60.0, 300.0, 0.7), Sensor(phase=0.03))
    times = every(0.017, 20.0)
    timeline, lines = read(board, times, takes=set(times[::100]) | {times[-1]})
    restored = restore(lines, START)
    assert len(lines) > 10
    assert restored.power_limit == 700.0
    assert_same(restored.energy, timeline.energy)
    assert_same(restored.power, timeline.power)


def test_steady_stretches_and_holes_come_back_as_such():
    """A constant reading is no hole; 2 s without any reading are one."""
    timeline, tap = Timeline(), TimelineTap(gpu(), START)
    times = [t for t in every(0.1, 30.0) if not START + 7.0 < t < START + 9.0]
    for time in times:
        timeline.add_power(time, 60.0 if time < START + 20.0 else 300.0)
    restored = restore([tap.take(timeline)], START).power
    assert len(restored.gaps) == 1
    assert restored.gaps[0] == pytest.approx((START + 7.0, START + 9.0), abs=1e-3)
    assert_same(restored, timeline.power)


def test_an_edge_takes_few_bytes():
    """Two quantities that change ten times a second, 1.4 MB an hour at the most."""
    board = SimulatedGpu(SquareWave(60.0, 300.0, 0.73), Sensor(phase=0.03))
    times = every(0.017, 60.0)
    _, lines = read(board, times, takes=set(times[::300]) | {times[-1]})
    size = sum(len(json.dumps(line, separators=(",", ":"))) for line in lines)
    assert size / 60 * 3600 < 1.4e6


@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_counter_that_refreshes_all_the_time_is_thinned(more):
    """Energy is kept up to the last reading; 60 W for 20 s are 1200 J."""
    board = SimulatedGpu(SquareWave(60.0, 60.0, 1.0))
    times = every(0.017, 20.0 + 0.017 * more, before=0.0)
    info = gpu(counter_refresh=0.001)
    timeline, lines = read(board, times, set(times[::200]) | {times[-1]}, info, 0.001)
    restored = restore(lines, START).energy
    assert restored.edges < timeline.energy.edges / 2.5
    used = restored.values[-1] - restored.values[0]
    assert used == pytest.approx(60.0 * (times[-1] - times[0]), abs=0.1)


def test_readings_long_before_the_block_are_left_out():
    board = SimulatedGpu(SquareWave(60.0, 300.0, 0.7))
    times = every(0.05, 5.0, before=60.0)
    _, lines = read(board, times, {times[-1]})
    restored = restore(lines, START)
    assert START - 1.6 < restored.energy.first < START - 1.0


def test_what_went_wrong_comes_back():
    timeline, tap = Timeline(), TimelineTap(gpu(), START)
    timeline.add_energy(START, 5.0)
    first = tap.take(timeline)
    timeline.add_failure(START + 1.0, "gone", lost=True)
    timeline.add_break(START + 1.5, 60.0)
    timeline.add_energy(START + 2.0, 1.0)
    restored = restore([first, json.loads(json.dumps(tap.take(timeline)))], START)
    assert restored.lost_at == START + 1.0
    assert restored.errors == 1
    assert restored.last_error == "gone"
    assert restored.breaks == [(START + 1.5, 60.0)]


def test_a_reset_stays_at_its_reading():
    """A restart is known by the very time of its reading."""
    timeline, tap = Timeline(), TimelineTap(gpu(), START)
    for i, joules in enumerate([5.0, 6.0, 1.0, 2.0, 3.0]):
        timeline.add_energy(START + i / 3, joules)
    restored = restore([json.loads(json.dumps(tap.take(timeline)))], START)
    assert restored.resets == timeline.resets == 1
    (restart,) = restored.restarts
    assert list(restored.energy.after).index(restart) == 2


def test_conditions_come_back():
    timeline = Timeline()
    tap = TimelineTap(gpu(), START)
    lines = [tap.take(timeline)]
    for look in (Condition(40.0, 0, False, None), Condition(None, None, True, 2)):
        timeline.conditions.append(look)
        lines.append(json.loads(json.dumps(tap.take(timeline))))
    assert lines[1]["facts"]["conditions"][0]["temperature_C"] == 40.0
    assert restore(lines[:2], START).conditions == timeline.conditions[:1]
    assert restore(lines, START).conditions == timeline.conditions
    assert "facts" not in tap.take(timeline)
