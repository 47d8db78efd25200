from dataclasses import dataclass

import pytest

from physbias.energy import DeviceKind, FlagCode, ProbeInfo, Source
from physbias.energy.integration.estimator import measure
from physbias.energy.integration.timeline import Timeline
from physbias.energy.journal.stays import Stay, Stays, price
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


def taken(*spans):
    stays = Stays()
    for one in spans:
        stays.add(one)
    return [Stay(*fields) for fields in stays.take(START)]


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
    assert len(stays.take(START)) == 1
    assert not stays.outermost
    assert stays.take(START) == []


def test_prices_by_hand(measurement):
    outer = span("epoch", 10.0, 40.0)
    stays = taken(
        span("step", 10.0, 15.0, outer), span("step", 20.0, 30.0, outer), outer
    )
    (step, epoch), rest = price(stays, [measurement])
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
    stays = taken(*(span("step", 0.1 * i, 0.1 * i + 0.05) for i in range(100)))
    (step,), rest = price(stays, [measurement])
    assert step.joules == pytest.approx(500.0, rel=0.01)
    assert step.flags[0].code is FlagCode.BELOW_RESOLUTION
    assert rest["GPU-1"] == pytest.approx(5500.0, rel=0.01)


def test_stays_of_two_threads_leave_no_negative_rest(measurement):
    stays = taken(span("a", 0.0, 40.0), span("b", 30.0, 60.0), span("b", 5.0, 6.0))
    _, rest = price(stays, [measurement])
    assert rest["GPU-1"] == pytest.approx(0.0, abs=1e-6)


def test_without_a_figure_time_is_kept():
    (step,), rest = price(taken(span("step", 0.0, 2.0)), [])
    assert step.joules is None
    assert step.interval is None
    assert step.seconds == 2.0
    assert rest == {}
