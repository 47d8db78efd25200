from dataclasses import dataclass

import pytest

from physbias.energy import DeviceKind, FlagCode, ProbeInfo, Source
from physbias.energy.integration.estimator import measure
from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.stays import Batch, Stay, Stays, price
from physbias.energy.simulated import Constant, SimulatedGpu

START = 50.0


@pytest.fixture
def measurement():
    """100 W for 60 s."""
    info = ProbeInfo(
        uuid="GPU-1",
        name="board",
        label="GPU 0",
        kind=DeviceKind.GPU,
        counter=Source.COUNTER,
    )
    board, timeline = SimulatedGpu(Constant(100.0)), Timeline()
    for i in range(1300):
        time = START - 1.0 + 0.05 * i
        timeline.add_energy(time, board.counter(time, 0.1))
    return measure(info, timeline, START, START + 60.0)


@dataclass
class Span:
    name: str
    start: float
    seconds: float
    parent: "Span | None" = None
    repeated: bool = False


def span(name, start, end, parent=None):
    return Span(name, START + start, end - start, parent)


def line(*spans):
    """What a journal line gives back of stays."""
    stays = Stays()
    for one in spans:
        stays.add(one)
    taken = stays.take(START)
    listed = [Stay(*fields) for fields in taken["regions"]]
    return Batch(listed, taken.get("overlap", 0.0))


def taken(*spans):
    return line(*spans).stays


def many(name, start, seconds, count=100, every=0.1):
    return [
        span(name, start + every * i, start + every * i + seconds) for i in range(count)
    ]


def test_few_stays_are_told_one_by_one():
    outer = span("epoch", 0.0, 30.0)
    stays = taken(span("step", 1.0, 2.0, outer), span("step", 3.0, 5.5, outer), outer)
    assert [(s.name, s.parent, s.count, s.start, s.seconds) for s in stays] == [
        ("step", "epoch", 1, 1.0, 1.0),
        ("step", "epoch", 1, 3.0, 2.5),
        ("epoch", None, 1, 0.0, 30.0),
    ]


def test_many_stays_are_told_as_one():
    stays = taken(*(span("step", 0.01 * i, 0.01 * i + 0.005) for i in range(1000)))
    assert len(stays) == 1
    assert stays[0].count == 1000
    assert stays[0].seconds == pytest.approx(5.0)
    assert stays[0].share == pytest.approx(5.0 / 9.995)


def test_a_stay_is_taken_once():
    stays = Stays()
    stays.add(span("step", 0.0, 1.0))
    assert stays.outermost
    assert len(stays.take(START)["regions"]) == 1
    assert not stays.outermost
    assert stays.take(START) == {"regions": []}


def test_prices_by_hand(measurement):
    outer = span("epoch", 10.0, 40.0)
    stays = line(
        span("step", 10.0, 15.0, outer), span("step", 20.0, 30.0, outer), outer
    )
    (step, epoch), rest = price([stays], [measurement])
    assert (step.name, step.count, step.seconds) == ("step", 2, 15.0)
    assert step.joules == pytest.approx(1500.0, rel=1e-3)
    assert epoch.joules == pytest.approx(3000.0, rel=1e-3)
    assert epoch.own_joules == pytest.approx(1500.0, rel=1e-3)
    assert rest == {"GPU-1": pytest.approx(3000.0, rel=1e-3)}
    assert step.device_joules == {"GPU-1": step.joules}
    assert step.interval.low < 1500.0 < step.interval.high
    assert not step.flags
    assert rest["GPU-1"] + step.own_joules + epoch.own_joules == pytest.approx(
        measurement.curve.total
    )


def test_stays_told_as_one_take_their_share_of_the_time(measurement):
    stays = line(*(span("step", 0.1 * i, 0.1 * i + 0.05) for i in range(100)))
    (step,), rest = price([stays], [measurement])
    assert step.joules == pytest.approx(500.0, rel=0.01)
    assert step.flags[0].code is FlagCode.BELOW_RESOLUTION
    assert rest["GPU-1"] == pytest.approx(5500.0, rel=0.01)


def test_stays_of_two_threads_leave_no_negative_rest(measurement):
    stays = line(span("a", 0.0, 40.0), span("b", 30.0, 60.0), span("b", 5.0, 6.0))
    _, rest = price([stays], [measurement])
    assert rest["GPU-1"] == pytest.approx(0.0, abs=1e-6)


def test_interleaved_stays_and_the_rest_make_up_the_whole(measurement):
    """Of 60 s, 100 times 20 ms forward and 20 ms backward: 200 J, 200 J, 5600 J."""
    pairs = zip(many("fwd", 0.0, 0.02), many("bwd", 0.02, 0.02), strict=True)
    (fwd, bwd), rest = price([line(*(s for p in pairs for s in p))], [measurement])
    assert fwd.joules == pytest.approx(200.0, rel=1e-2)
    assert bwd.joules == pytest.approx(200.0, rel=1e-2)
    assert rest["GPU-1"] == pytest.approx(5600.0, rel=1e-3)
    parts = fwd.joules + bwd.joules + rest["GPU-1"]
    assert parts == pytest.approx(measurement.curve.total, rel=1e-9)


def test_one_long_stay_among_many_short_ones_of_its_thread(measurement):
    """100 steps of 50 ms, and between two of them 5 s of evaluation."""
    steps = [*many("step", 0.0, 0.05, 50), *many("step", 10.0, 0.05, 50)]
    batch = line(*steps, span("eval", 5.0, 10.0))
    assert batch.overlap == 0.0
    (step, evaluation), rest = price([batch], [measurement])
    assert evaluation.joules == pytest.approx(500.0, rel=1e-3)
    parts = step.joules + evaluation.joules + rest["GPU-1"]
    assert parts == pytest.approx(measurement.curve.total, rel=1e-9)
    assert rest["GPU-1"] == pytest.approx(5000.0, rel=1e-2)


@pytest.mark.parametrize("together", [True, False])
def test_time_that_threads_share_is_subtracted_once(measurement, together):
    """Loading from 0 to 40 s, beside 100 steps of 50 ms in 10 s: 20 s are outside."""
    steps, load = many("step", 0.0, 0.05), span("load", 0.0, 40.0)
    batches = [line(*steps, load)] if together else [line(*steps), line(load)]
    _, rest = price(batches, [measurement])
    assert rest["GPU-1"] == pytest.approx(2000.0, rel=1e-2)


def test_a_stay_is_cut_at_the_end():
    stay = Stay("step", None, False, 10, 2.0, 6.0, 2.0)
    half = stay.until(4.0)
    assert (half.count, half.end, half.seconds, half.share) == (5, 4.0, 1.0, 0.5)
    assert stay.until(9.0) == stay
    assert stay.until(2.0) is None
    assert Stay("step", None, False, 1, 5.0, 4.0, 0.0).until(9.0) is None
    instant = Stay("step", None, False, 7, 3.0, 3.0, 0.0)
    assert instant.until(9.0) == instant
    both = Batch([stay, Stay("late", None, False, 1, 5.0, 6.0, 1.0)], 1.0).until(4.0)
    assert both == Batch([half], 0.5)


def test_without_a_figure_time_is_kept():
    (step,), rest = price([line(span("step", 0.0, 2.0))], [])
    assert step.joules is None
    assert step.interval is None
    assert step.seconds == 2.0
    assert rest == {}
