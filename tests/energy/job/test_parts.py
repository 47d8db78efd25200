from dataclasses import replace

import pytest

from physbias.energy.host import Host
from physbias.energy.job.parts import origin_of, unique_parts
from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.job import Origin
from physbias.errors import ArgumentError

RECOVERED = Flag(FlagCode.RECOVERED, "from a journal")


@pytest.fixture
def run(make_record):
    def make(name, rank=None, seconds=30.0, **changes):
        origin = Origin(
            run_id=name,
            host=Host("h"),
            pid=1,
            start_seconds=0.0,
            end_seconds=seconds,
            unix_seconds=1e9,
            rank=rank,
        )
        return make_record(origin=origin, seconds=seconds, **changes)

    return make


def names(parts):
    return [origin_of(record).run_id for record in parts]


def test_the_lowest_rank_comes_first_then_the_longest(run):
    parts = [run("c"), run("b", 1), run("e", seconds=40.0), run("a", 0), run("d", 1)]
    assert names(unique_parts(parts)) == ["a", "b", "d", "e", "c"]


def test_a_whole_record_stands_before_a_recovered_one_of_the_same_length(run):
    whole = run("same")
    for changes in ({"label": "a"}, {"label": "z"}):
        recovered = replace(whole, flags=(RECOVERED,), **changes)
        assert unique_parts([recovered, whole]) == [whole]


def test_of_two_recovered_ones_the_longer_stands(run):
    short = run("same", seconds=10.0, flags=(RECOVERED,))
    long = run("same", seconds=20.0, flags=(RECOVERED,))
    assert unique_parts([short, long]) == unique_parts([long, short]) == [long]


def test_a_merged_record_counts_as_its_members(run):
    members = (run("a", 0), run("b", 1))
    whole = run("whole", members=members)
    assert unique_parts([whole, members[1]]) == list(members)
    assert unique_parts(whole) == list(members)


def test_what_cannot_be_merged(run):
    with pytest.raises(ArgumentError, match="parts: found nothing"):
        unique_parts([])
    with pytest.raises(ArgumentError, match="without an origin"):
        unique_parts([replace(run("a"), origin=None)])
    with pytest.raises(ArgumentError, match="expected an EnergyRecord"):
        unique_parts([3])
