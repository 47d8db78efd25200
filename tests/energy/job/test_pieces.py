from types import SimpleNamespace

import pytest

from physbias.energy import DeviceEnergy, DeviceKind, Interval, Source
from physbias.energy.job.pieces import (
    Counted,
    Error,
    combine,
    device_error,
    shifted,
    subtract,
)
from physbias.energy.record.trace import PowerTrace


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ([], [(0.0, 10.0)]),
        ([(0.0, 10.0)], []),
        ([(-5.0, 15.0)], []),
        ([(2.0, 4.0)], [(0.0, 2.0), (4.0, 10.0)]),
        ([(-1.0, 1.0), (9.0, 12.0)], [(1.0, 9.0)]),
        ([(10.0, 12.0)], [(0.0, 10.0)]),
        ([(1e-9, 10.0)], []),
    ],
)
def test_windows_are_subtracted(taken, free):
    assert subtract((0.0, 10.0), taken) == free


def test_errors_of_one_sensor():
    """Random 3 and 4 give 5; systematic 1 and 2 give 3."""
    both = Error((3.0, 3.0), (1.0, 1.0)) + Error((4.0, 4.0), (2.0, 2.0))
    assert both == Error((5.0, 5.0), (3.0, 3.0))
    assert both.comparison(100.0) == Interval(95.0, 105.0)
    half = 34.0**0.5
    assert both.interval(100.0) == pytest.approx((100.0 - half, 100.0 + half))
    assert both.interval(1.0).low == 0.0


def test_a_figure_has_two_parts_of_error():
    """A half-width of 5 of which 3 are random leaves 4 for the sensor."""
    device = DeviceEnergy(
        uuid="u",
        name="",
        label="GPU 0",
        kind=DeviceKind.GPU,
        source=Source.COUNTER,
        joules=100.0,
        interval=Interval(95.0, 105.0),
        comparison=Interval(97.0, 103.0),
        seconds=1.0,
    )
    error = device_error(device)
    assert error.random == (3.0, 3.0)
    assert error.systematic == pytest.approx((4.0, 4.0))


def test_a_trace_is_moved():
    trace = PowerTrace((0.0, 1.0), (5.0,))
    assert shifted(trace, 2.0) == PowerTrace((2.0, 3.0), (5.0,))
    assert shifted(None, 2.0) is None


@pytest.mark.parametrize(
    ("source", "half"), [(Source.ESTIMATE, 20.0), (Source.COUNTER, 200.0**0.5)]
)
def test_estimates_of_all_ranks_are_wrong_together(source, half):
    """They rest on one assumed power per core; counters err on their own."""
    ranks = [
        Counted(
            ("host", "cpu", f"process {pid}"),
            DeviceEnergy(
                uuid="",
                name="",
                label="CPU",
                kind=DeviceKind.CPU,
                source=source,
                joules=20.0,
                interval=Interval(10.0, 30.0),
                comparison=Interval(10.0, 30.0),
                seconds=1.0,
            ),
            SimpleNamespace(host=SimpleNamespace(machine="m")),
            error=Error((0.0, 0.0), (10.0, 10.0)),
        )
        for pid in (1, 2)
    ]
    assert combine(ranks).systematic == pytest.approx((half, half))
