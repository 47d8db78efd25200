from dataclasses import dataclass

import pytest

from physbias.energy import DeviceKind, FlagCode, ProbeInfo, SensorError, Source
from physbias.energy.integration.estimator import measure
from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.pricing import price
from physbias.energy.journal.stays import Batch, Stay, Stays
from physbias.energy.simulated import Burst, Constant, SimulatedGpu

START = 50.0


def follow(trace, **facts):
    """What a counter that refreshes every 0.1 s shows of 60 s."""
    info = ProbeInfo(
        uuid="GPU-1",
        name="board",
        label="GPU 0",
        kind=DeviceKind.GPU,
        counter=Source.COUNTER,
        **facts,
    )
    board, timeline = SimulatedGpu(trace), Timeline()
    for i in range(1300):
        time = START - 1.0 + 0.05 * i
        timeline.add_energy(time, board.counter(time, 0.1))
    return measure(info, timeline, START, START + 60.0)


@pytest.fixture
def measurement():
    """100 W for 60 s."""
    return follow(Constant(100.0))


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


def many(name, start, seconds, count=100, every=0.1):
    return [
        span(name, start + every * i, start + every * i + seconds) for i in range(count)
    ]


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


def test_without_a_figure_time_is_kept():
    (step,), rest = price([line(span("step", 0.0, 2.0))], [])
    assert step.joules is None
    assert step.interval is None
    assert step.seconds == 2.0
    assert rest == {}


def test_what_a_late_counter_hides_is_in_the_interval():
    """From 100 W to 300 W a lag of up to 0.1 s moves up to 20 J into the stay."""
    rise = Burst(inside=Constant(300.0), start=START + 20.0, stop=1e3, idle=100.0)
    one = follow(rise, error=SensorError(0.0, 0.0))
    (step,), _ = price([line(span("step", 10.0, 30.0))], [one])
    _, above = step.interval.sides(step.joules)
    _, random = step.comparison.sides(step.joules)
    half = (random**2 + (2 * 20.0) ** 2 / 12) ** 0.5
    assert above == pytest.approx(20.0 / 2 + half, rel=0.02)
