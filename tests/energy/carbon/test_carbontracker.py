import pytest

from physbias.energy.record.trace import PowerTrace
from physbias.errors import ArgumentError


def test_constant_power_is_power_times_time_times_pue(make_record):
    """300 W for 10 s: 3000 J, times 1.58 by default."""
    figure = make_record().carbontracker_figure()
    assert figure.joules == pytest.approx(4740.0)
    assert figure.samples == 10
    assert figure.measured_joules == 3000.0
    assert figure.kilowatt_hours == pytest.approx(4740.0 / 3.6e6)
    assert make_record().carbontracker_figure(pue=1.0).joules == pytest.approx(3000.0)


def test_mean_over_gpus_halves_two(make_record, make_device):
    """The reported fault: 300 W and 100 W for 6 s are 2400 J, and 1200 J as a mean."""
    gpus = tuple(
        make_device(
            6 * watts, uuid=f"GPU-{watts}", trace=PowerTrace((0.0, 6.0), (watts,))
        )
        for watts in (300.0, 100.0)
    )
    record = make_record(2400.0, devices=gpus, seconds=6.0)
    assert record.carbontracker_figure(1.0, "mean").joules == pytest.approx(1200.0)
    assert record.carbontracker_figure(1.0, "sum").joules == pytest.approx(2400.0)


def test_readings_lag_by_half_a_second_behind_a_ramp(make_record, make_device):
    """P = 100 t for 10 s in fine cells: the reading at k is 100 (k - 1/2) for k > 0."""
    times = tuple(i / 100 for i in range(1001))
    watts = tuple(100 * (i + 0.5) / 100 for i in range(1000))
    device = make_device(5000.0, trace=PowerTrace(times, watts))
    record = make_record(5000.0, devices=(device,))
    mean = sum(100 * (k - 0.5) for k in range(1, 10)) / 10
    figure = record.carbontracker_figure(1.0, before=0.0)
    assert figure.joules == pytest.approx(10 * mean)


def test_a_burst_after_idle_is_underestimated(make_record, make_device):
    """300 W for 2.3 s over 60 W: readings 60, 300, 300."""
    device = make_device(690.0, trace=PowerTrace((0.0, 2.3), (300.0,)))
    record = make_record(690.0, devices=(device,), seconds=2.3)
    figure = record.carbontracker_figure(1.0, before=60.0)
    assert figure.samples == 3
    assert figure.joules == pytest.approx(220 * 2.3)


def test_it_says_that_it_is_no_measurement(make_record):
    text = str(make_record().carbontracker_figure())
    assert text.startswith("CarbonTracker-compatible figure (not a measurement)")
    assert "PUE 1.58" in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pue": 0.5}, "pue: found 0.5, expected at least 1"),
        ({"devices": "median"}, 'devices: found \'median\', expected "sum" or "mean"'),
        ({"before": -1.0}, "before: found -1.0, expected a power"),
    ],
)
def test_wrong_arguments_are_refused(make_record, wrong, message):
    with pytest.raises(ArgumentError, match=message):
        make_record().carbontracker_figure(**wrong)


def test_it_needs_a_power_trace(make_record):
    with pytest.raises(ArgumentError, match="no GPU with a power trace"):
        make_record(None).carbontracker_figure()
