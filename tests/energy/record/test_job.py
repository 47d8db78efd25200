from dataclasses import FrozenInstanceError, replace

import pytest

from physbias.energy import Host, Origin
from physbias.energy.record.parse import from_plain
from physbias.energy.record.schema import plain


@pytest.fixture
def origin():
    return Origin(
        run_id="r",
        host=Host("h", "m"),
        pid=1,
        start_seconds=2.0,
        end_seconds=3.0,
        unix_seconds=4.0,
        rank=0,
    )


def test_units_are_in_the_stored_names(origin):
    stored = plain(origin)
    assert stored["start_s"] == 2.0
    assert stored["unix_s"] == 4.0
    assert from_plain(Origin, stored) == origin


def test_sleep_before_the_start_is_left_out(origin):
    assert origin.awake_seconds == 2.0
    assert replace(origin, slept_seconds=0.5).awake_seconds == 1.5
    assert plain(replace(origin, slept_seconds=0.5))["slept_s"] == 0.5


def test_an_origin_is_frozen(origin):
    with pytest.raises(FrozenInstanceError):
        origin.rank = 1
