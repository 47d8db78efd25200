import json
from dataclasses import replace
from random import Random

import pytest

from physbias.energy.baseline import (
    Baseline,
    IdlePower,
    check_baseline,
    with_baseline,
)
from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.flags import FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import Basis, EnergyRecord, Status
from physbias.energy.sensors.probe import DeviceKind, Source
from physbias.errors import ArgumentError, DataError


def device(uuid, joules, seconds, half=0.0, *, source: Source | None = Source.COUNTER):
    around = None if joules is None else Interval(joules - half, joules + half)
    return DeviceEnergy(
        uuid=uuid,
        name="board",
        label=uuid,
        kind=DeviceKind.GPU,
        source=source,
        joules=joules,
        interval=around,
        comparison=around,
        seconds=seconds,
    )


def record(*devices, joules, half=0.0, seconds=10.0):
    around = None if joules is None else Interval(joules - half, joules + half)
    return EnergyRecord(
        joules=joules,
        interval=around,
        comparison=around,
        basis=Basis.MEASUREMENT,
        reason=None,
        seconds=seconds,
        status=Status.FINISHED,
        error=None,
        started="2026-01-01T00:00:00+00:00",
        devices=devices,
        regions=(),
        unattributed=None,
        flags=(),
    )


BLOCK = record(device("a", 3000.0, 10.0), joules=3000.0, half=30.0)


def idle(watts, error=0.0, uuid="a", **more):
    entry = IdlePower(uuid=uuid, watts=watts, error_watts=error, **more)
    return Baseline(devices=(entry,), seconds=5.0)


def flags(found):
    return [flag.code for flag in found.flags]


def test_net_and_idle_energy_add_up_to_the_whole():
    net = with_baseline(BLOCK, idle(60.0)).net
    assert net is not None
    assert net.joules == 3000.0 - 60.0 * 10.0
    assert net.joules + net.idle_watts * BLOCK.seconds == BLOCK.joules
    assert net.interval == Interval(2370.0, 2430.0)
    assert (net.stable, net.drift_watts) == (True, None)


def test_net_and_idle_energy_add_up_for_any_block():
    draw = Random(1)
    for _ in range(200):
        joules, seconds = draw.uniform(0, 1e6), draw.uniform(0.1, 1e4)
        first, last = draw.uniform(0, 500), draw.uniform(0, 500)
        block = record(device("a", joules, seconds), joules=joules, seconds=seconds)
        net = with_baseline(block, idle(first), idle(last)).net
        assert net is not None
        whole = net.joules + (first + last) / 2 * seconds
        assert whole == pytest.approx(joules, abs=1e-6)


def test_a_record_with_net_energy_can_be_stored():
    block = with_baseline(BLOCK, idle(60.0, 2.0), idle(90.0))
    assert EnergyRecord.from_json(block.to_json()) == block


def test_the_uncertainty_of_the_idle_power_counts_over_the_whole_block():
    """u = sqrt(15² + (10 s × 2 W)²) = 25 J, so the interval is ± 50 J."""
    net = with_baseline(BLOCK, idle(60.0, 2.0)).net
    assert net is not None
    assert net.interval.high - net.joules == pytest.approx(50.0)
    assert net.joules - net.interval.low == pytest.approx(50.0)


def test_two_idle_powers_are_interpolated():
    """u_idle = sqrt(3² + 4²)/2 W = 2.5 W over 10 s; sqrt(15² + 25²) = 29.15 J."""
    found = with_baseline(BLOCK, idle(60.0, 3.0), idle(70.0, 4.0))
    assert flags(found) == []
    assert found.net is not None
    assert found.net.idle_watts == pytest.approx(65.0)
    assert found.net.drift_watts == pytest.approx(10.0)
    assert found.net.idle_error_watts == pytest.approx(2.5)
    assert found.net.interval.high - found.net.joules == pytest.approx(58.31, abs=0.01)


@pytest.mark.parametrize(("after", "unstable"), [(62.9, False), (63.1, True)])
def test_a_change_beyond_three_uncertainties_is_flagged(after, unstable):
    """With 0.6 W and 0.8 W the uncertainty of the difference is 1 W."""
    found = with_baseline(BLOCK, idle(60.0, 0.6), idle(after, 0.8))
    assert flags(found) == [FlagCode.BASELINE_UNSTABLE] * unstable
    assert found.net is not None
    assert found.net.stable is not unstable


def test_the_interval_of_an_unstable_baseline_spans_both_ends():
    net = with_baseline(BLOCK, idle(60.0), idle(90.0)).net
    assert net is not None
    assert net.joules == pytest.approx(2250.0)
    assert net.interval == pytest.approx((2100.0 - 30.0, 2400.0 + 30.0))


def test_another_performance_state_is_flagged():
    same = with_baseline(
        BLOCK, idle(60, performance_state=8), idle(60, performance_state=8)
    )
    assert flags(same) == []
    other = with_baseline(
        BLOCK, idle(60, performance_state=8), idle(60, performance_state=0)
    )
    assert flags(other) == [FlagCode.BASELINE_UNSTABLE]
    assert "P8 before and P0 after" in other.flags[0].text


def test_several_devices_each_with_its_own_time():
    """Board b was lost after 4 s: 60 W × 10 s + 20 W × 4 s = 680 J are idle."""
    block = record(device("a", 3000.0, 10.0), device("b", 400.0, 4.0), joules=3400.0)
    both = Baseline(
        devices=idle(60.0).devices + idle(20.0, uuid="b").devices, seconds=5
    )
    net = with_baseline(block, both).net
    assert net is not None
    assert net.idle_joules == pytest.approx(680.0)


def test_a_power_in_watts_is_that_of_all_devices():
    net = with_baseline(BLOCK, 75.0).net
    assert net is not None
    assert (net.joules, net.source) == (2250.0, "given")


def test_a_device_without_idle_power_gives_a_flag_and_no_figure():
    block = record(device("a", 3000.0, 10.0), device("b", 400.0, 4.0), joules=3400.0)
    found = with_baseline(block, idle(60.0))
    assert found.net is None
    assert flags(found) == [FlagCode.BASELINE_MISSING]
    assert found.flags[0].text.endswith("of b")


def test_without_a_measurement_there_is_no_net_energy():
    nothing = record(device("a", None, 10.0, source=None), joules=None)
    assert with_baseline(nothing, idle(60.0)) == nothing
    estimated = record(device("a", 5.0, 1.0, source=Source.ESTIMATE), joules=5.0)
    assert with_baseline(estimated, 60.0) == estimated


def test_a_block_of_idling_is_a_baseline():
    block = record(device("a", 300.0, 5.0, half=4.0), joules=300.0, seconds=5.0)
    found = Baseline.from_record(block)
    assert found.of("a") == IdlePower(uuid="a", watts=60.0, error_watts=0.4)
    assert found.of("b") is None
    assert (found.watts, found.error_watts, found.seconds) == (60.0, 0.4, 5.0)


def test_a_file_gives_back_what_was_saved(tmp_path):
    path = tmp_path / "idle.json"
    saved = replace(idle(60.0, 0.5, temperature_celsius=31.0), started="now")
    saved.save(path)
    assert Baseline.load(path) == saved
    assert json.loads(path.read_text())["devices"][0]["error_power_W"] == 0.5


def test_a_bad_file_is_named(tmp_path):
    path = tmp_path / "idle.json"
    for text in ("{", "[]", '{"schema": "physbias.calibration/1"}'):
        path.write_text(text)
        with pytest.raises(DataError, match=r"idle\.json"):
            Baseline.load(path)
    idle(60.0).save(path)
    path.write_text(path.read_text().replace("60.0", "-60.0"))
    with pytest.raises(DataError, match="0 W or more"):
        Baseline.load(path)


def test_what_a_meter_may_be_given():
    for given in (None, "measure", 60.0, idle(60.0)):
        assert check_baseline(given) == given
    assert check_baseline(60) == 60.0
    for wrong in ("idle", -1.0, float("nan"), True, [60.0]):
        with pytest.raises(ArgumentError, match="baseline: found"):
            check_baseline(wrong)


def test_a_lost_device_is_idle_only_while_it_was_measured():
    """60 W idle, lost after 2 of 10 s: 120 J are idle, and nothing is left."""
    block = record(device("a", 120.0, 2.0), joules=120.0)
    net = with_baseline(block, 60.0).net
    assert net is not None
    assert (net.joules, net.idle_joules) == (0.0, 120.0)


@pytest.mark.parametrize("lost", [device("b", 60.0, 2.0), device("b", None, 0.0)])
def test_a_number_is_not_shared_out_where_a_device_was_lost(lost):
    block = record(device("a", 600.0, 10.0), lost, joules=660.0)
    found = with_baseline(block, 90.0)
    assert found.net is None
    assert flags(found) == [FlagCode.BASELINE_MISSING]


@pytest.mark.parametrize("baseline", [400.0, idle(400.0)])
def test_idle_power_above_that_of_the_block_is_flagged(baseline):
    found = with_baseline(BLOCK, baseline)
    assert found.net is not None
    assert found.net.joules == -1000.0
    assert flags(found) == [FlagCode.BASELINE_UNSTABLE]
    assert "400 W" in found.flags[0].text
