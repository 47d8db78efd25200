from dataclasses import dataclass

import pytest

from physbias.energy.journal.stays import Batch, Stay, Stays

START = 50.0


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
    """What a journal line gives back of stays."""
    stays = Stays()
    for one in spans:
        stays.add(one)
    return [Stay(*fields) for fields in stays.take(START)["regions"]]


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
