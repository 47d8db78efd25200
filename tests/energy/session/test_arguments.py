"""What a meter is asked to do is checked, and refused with a remedy."""

import math

import pytest

from physbias.energy.sensors.probe import Missing
from physbias.energy.session.arguments import (
    check_period,
    check_sync,
    check_timeout,
    refusal,
)
from physbias.errors import ArgumentError


def test_what_can_be_used_is_returned():
    assert [check_period(one) for one in (None, 0.001, 1)] == [None, 0.001, 1.0]
    assert check_sync("border").waits
    assert not check_sync("events").waits
    assert check_timeout(2.0) == 2.0


@pytest.mark.parametrize("seconds", [0.0009, 1.1, -1.0, math.nan, "1"])
def test_period_is_refused(seconds):
    with pytest.raises(ArgumentError, match="sampling_period: found"):
        check_period(seconds)


def test_sync_is_refused():
    with pytest.raises(ArgumentError, match=r"sync: found 'never'.*'auto', 'border'"):
        check_sync("never")


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_timeout_is_refused(seconds):
    with pytest.raises(ArgumentError, match="timeout: found"):
        check_timeout(seconds)


def test_refusal_names_reasons_and_remedies():
    found = refusal([Missing("GPU 0", "no driver", "install it", present=True)])
    assert "no driver" in found
    assert "install it" in found
    assert "nothing to read" in refusal([])
