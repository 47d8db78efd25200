import random
from dataclasses import replace
from math import hypot

import pytest

from physbias.energy import (
    Basis,
    DeviceEnergy,
    DeviceKind,
    EnergyMeter,
    EnergyRecord,
    Flag,
    FlagCode,
    Interval,
    RegionEnergy,
    Source,
    Status,
)
from physbias.energy.baseline import with_baseline
from physbias.energy.host import Host
from physbias.energy.job.merge import merge
from physbias.energy.record.job import Origin
from physbias.energy.record.trace import PowerTrace
from physbias.energy.record.units import UnitEnergy
from physbias.energy.sensors.probe import Scope
from physbias.energy.simulated import Constant, SimulatedGpu, simulate

BUSY, IDLE = 300.0, 100.0


def watts(time):
    """300 W from second 10 to second 20, 100 W else."""
    return BUSY if 10.0 <= time < 20.0 else IDLE


def energy(start, end):
    busy = max(0.0, min(end, 20.0) - max(start, 10.0))
    return IDLE * (end - start) + (BUSY - IDLE) * busy


def device(start, end, uuid="GPU-a", kind=DeviceKind.GPU, cells=300, **changes):
    joules = energy(start, end)
    step = (end - start) / cells
    borders = tuple(i * step for i in range(cells + 1))
    means = tuple(energy(start + a, start + a + step) / step for a in borders[:-1])
    entry = DeviceEnergy(
        uuid=uuid,
        name="board",
        label=f"{kind.upper()} 0",
        kind=kind,
        source=Source.COUNTER,
        joules=joules,
        interval=Interval(0.95 * joules, 1.05 * joules),
        comparison=Interval(0.97 * joules, 1.03 * joules),
        seconds=end - start,
        trace=PowerTrace(borders, means),
    )
    return replace(entry, **changes)


def record(start, end, *devices, rank=None, host="h0", run=None, **changes):
    devices = devices or (device(start, end),)
    known = [d.joules for d in devices if d.joules is not None]
    joules = sum(known) if known else None
    interval = None if joules is None else Interval(0.9 * joules, 1.1 * joules)
    whole = EnergyRecord(
        joules=joules,
        interval=interval,
        comparison=interval,
        basis=Basis.MEASUREMENT if known else Basis.NONE,
        reason=None if known else "nothing",
        seconds=end - start,
        status=Status.FINISHED,
        error=None,
        started="2026-01-01T00:00:00+00:00",
        devices=tuple(devices),
        regions=(),
        unattributed=joules,
        flags=(),
        origin=Origin(
            run_id=run or f"{host}-{rank}-{start}-{end}",
            host=Host(host),
            pid=1000 + (rank or 0),
            start_seconds=start,
            end_seconds=end,
            unix_seconds=1e9 + start,
            rank=rank,
        ),
    )
    return replace(whole, **changes)


def codes(merged):
    return [flag.code for flag in merged.flags]


def test_ranks_that_share_a_gpu_count_it_once():
    merged = merge([record(0.0, 30.0, rank=rank) for rank in range(4)])
    assert merged.joules == pytest.approx(energy(0.0, 30.0))
    assert codes(merged).count(FlagCode.COUNTED_ONCE) == 1
    assert [r.counted_joules for r in merged.job.ranks] == [5000.0, 0.0, 0.0, 0.0]
    assert [r.measured_joules for r in merged.job.ranks] == [5000.0] * 4


def test_devices_and_hosts_add_up():
    """Two hosts with GPUs of the same UUID are two GPUs."""
    parts = [
        record(0.0, 30.0, device(0.0, 30.0), device(0.0, 30.0, "GPU-b"), rank=0),
        record(0.0, 30.0, rank=1, host="h1"),
    ]
    merged = merge(parts)
    assert merged.joules == pytest.approx(15000.0)
    assert FlagCode.COUNTED_ONCE not in codes(merged)
    assert [(n.joules, n.devices, n.ranks) for n in merged.job.nodes] == [
        (10000.0, 2, (0,)),
        (5000.0, 1, (1,)),
    ]
    assert [d.label for d in merged.devices] == [
        "GPU 0 (GPU-a)@0",
        "GPU 0 (GPU-b)@0",
        "GPU 0@1",
    ]


def test_partial_overlap_is_cut_out_of_the_trace():
    """0 to 15 s and 12 to 25 s cover 25 s with all of the busy time."""
    merged = merge([record(0.0, 15.0, rank=0), record(12.0, 25.0, rank=1)])
    assert merged.joules == pytest.approx(energy(0.0, 25.0), rel=1e-6)
    assert merged.joules == pytest.approx(4500.0, rel=1e-6)
    assert merged.job.ranks[1].counted_joules == pytest.approx(2000.0, rel=1e-6)
    assert merged.seconds == pytest.approx(25.0)
    assert merged.devices[0].seconds == pytest.approx(25.0)
    assert FlagCode.OVERLAP_SHARED_OUT not in codes(merged)


def test_overlap_without_a_trace_is_bounded():
    """3 of 13 s are shared out by time; the true energy lies in the interval."""
    late = record(12.0, 25.0, device(12.0, 25.0, trace=None), rank=1)
    merged = merge([record(0.0, 15.0, rank=0), late])
    assert FlagCode.OVERLAP_SHARED_OUT in codes(merged)
    assert merged.joules == pytest.approx(2500.0 + energy(12.0, 25.0) * 10 / 13)
    assert merged.interval.low < 4500.0 < merged.interval.high
    assert merged.interval.high >= 2500.0 + energy(12.0, 25.0)


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_a_cut_in_a_coarse_cell_widens_the_interval(cells):
    """What lies on either side of a cut through seconds is not known."""
    coarse = record(12.0, 25.0, device(12.0, 25.0, cells=cells), rank=1)
    merged = merge([record(0.0, 15.0, rank=0), coarse])
    assert merged.comparison.low < 4500.0 < merged.comparison.high
    half = (merged.comparison.high - merged.comparison.low) / 2
    assert half > 150.0


def test_merging_is_idempotent_and_order_free():
    rng = random.Random(0)
    parts = [
        record(a, a + length, rank=rank, host=host, run=f"{rank}{host}{a}")
        for rank in range(3)
        for host in ("h0", "h1")
        for a, length in [(rng.uniform(0, 20), rng.uniform(1, 30)) for _ in range(2)]
    ]
    merged = merge(parts)
    for _ in range(5):
        rng.shuffle(parts)
        assert merge(parts) == merged
    assert merge(parts + parts) == merged
    assert merge([merged]) == merged
    assert merge([merge(parts[:5]), merge(parts[3:]), parts[4]]) == merged
    truth = sum(
        energy(*cover)
        for host in ("h0", "h1")
        for cover in union([r for r in parts if r.origin.host.id == host])
    )
    assert merged.joules == pytest.approx(truth, rel=0.01)
    assert merged.comparison.low <= truth <= merged.comparison.high


def union(records):
    """Cover of the windows, by marking a line."""
    spans = sorted((r.origin.start_seconds, r.origin.end_seconds) for r in records)
    covers = [list(spans[0])]
    for start, end in spans[1:]:
        if start <= covers[-1][1]:
            covers[-1][1] = max(covers[-1][1], end)
        else:
            covers.append([start, end])
    return covers


def test_errors_of_one_sensor_add_linearly_and_of_two_in_quadrature():
    """Half-widths: 5 % in all, 3 % of it random, so 4 % from the sensor."""
    first = record(0.0, 5.0)
    again = record(5.0, 10.0)
    one = merge([first, again])
    half = 1000.0 - one.interval.low
    assert half == pytest.approx(hypot(2**0.5 * 15.0, 2 * 20.0))
    assert 1000.0 - one.comparison.low == pytest.approx(2**0.5 * 15.0)
    other = record(0.0, 5.0, device(0.0, 5.0, "GPU-b"), run="b")
    two = merge([first, other])
    assert 1000.0 - two.interval.low == pytest.approx(2**0.5 * 25.0)


def test_one_sensor_after_a_reboot():
    parts = [record(0.0, 5.0, host="boot1"), record(0.0, 5.0, host="boot2")]
    parts = [
        replace(p, origin=replace(p.origin, host=replace(p.origin.host, machine="m")))
        for p in parts
    ]
    merged = merge(parts)
    assert merged.joules == pytest.approx(1000.0)
    half = 1000.0 - merged.interval.low
    assert half == pytest.approx(hypot(2**0.5 * 15.0, 2 * 20.0))


def test_a_recovered_record_gives_way_to_the_whole_one():
    flag = Flag(FlagCode.RECOVERED, "from a journal")
    partial = record(0.0, 12.0, run="same", status=Status.KILLED, flags=(flag,))
    whole = record(0.0, 30.0, run="same")
    for parts in ([partial, whole], [whole, partial]):
        merged = merge(parts)
        assert merged.joules == pytest.approx(5000.0)
        assert merged.status is Status.FINISHED
        assert FlagCode.RECOVERED not in codes(merged)


def test_worst_status_stands():
    failed = record(0.0, 5.0, rank=1, status=Status.FAILED, error="ValueError")
    merged = merge([record(0.0, 5.0, rank=0), failed])
    assert (merged.status, merged.error) == (Status.FAILED, "ValueError")


def test_processor_is_counted_once_per_host():
    cpu = [device(0.0, 10.0, "package-0", DeviceKind.CPU)]
    parts = [
        record(0.0, 10.0, *cpu, rank=rank, host=f"h{rank // 2}") for rank in range(4)
    ]
    assert merge(parts).joules == pytest.approx(2000.0)


def test_missing_energy_never_becomes_zero():
    lost = device(
        0.0, 10.0, joules=None, interval=None, comparison=None, source=None, trace=None
    )
    merged = merge([record(0.0, 10.0, lost, rank=0)])
    assert merged.joules is None
    assert merged.reason == "nothing"
    assert merged.devices[0].joules is None
    both = merge([record(0.0, 10.0, lost, rank=0), record(0.0, 10.0, rank=1)])
    assert both.joules == pytest.approx(1000.0)
    assert len(both.devices) == 1


def test_estimates_stay_out_of_a_measured_sum():
    estimate = device(
        0.0, 10.0, "", DeviceKind.CPU, source=Source.ESTIMATE, trace=None, joules=70.0
    )
    alone = [record(0.0, 10.0, estimate, rank=r, basis=Basis.ESTIMATE) for r in (0, 1)]
    merged = merge(alone)
    assert merged.basis is Basis.ESTIMATE
    assert merged.joules == pytest.approx(140.0)
    with_gpu = merge([*alone, record(0.0, 10.0, rank=2)])
    assert with_gpu.basis is Basis.MEASUREMENT
    assert with_gpu.joules == pytest.approx(1000.0)
    assert [d.source for d in with_gpu.devices].count(Source.ESTIMATE) == 2


def test_regions_add_up_to_the_whole():
    """Rank 1 measures what rank 0 measures, so its regions do not count."""
    region = RegionEnergy("step", 400.0, 400.0, Interval(350.0, 450.0), 4.0, 10)
    parts = [
        record(0.0, 10.0, rank=0, regions=(region,), unattributed=600.0),
        record(0.0, 11.0, rank=1, regions=(region,), unattributed=700.0),
        record(
            0.0,
            10.0,
            device(0.0, 10.0, "GPU-b"),
            rank=2,
            regions=(region,),
            unattributed=600.0,
        ),
    ]
    merged = merge(parts)
    assert merged.region("step").joules == 800.0
    assert merged.region("step").count == 20
    assert merged.region("step").interval == Interval(700.0, 900.0)
    assert merged.unattributed + 800.0 == pytest.approx(merged.joules)
    assert FlagCode.REGIONS_OVERLAP in codes(merged)


def test_regions_of_an_estimate_stay_out_of_a_measured_sum():
    region = RegionEnergy("step", 400.0, 400.0, Interval(350.0, 450.0), 4.0, 10)
    estimate = device(
        0.0, 10.0, "", DeviceKind.CPU, source=Source.ESTIMATE, trace=None, joules=70.0
    )
    modelled = record(
        0.0,
        10.0,
        estimate,
        rank=1,
        basis=Basis.ESTIMATE,
        regions=(replace(region, joules=30.0),),
        unattributed=40.0,
    )
    measured = record(0.0, 10.0, rank=0, regions=(region,), unattributed=600.0)
    merged = merge([measured, modelled])
    assert merged.region("step").joules == 400.0
    assert merged.unattributed == pytest.approx(600.0)


def test_units_annotations_and_net_energy_come_along():
    """5000 J on one GPU for 30 s; two ranks of which only one counts, a third alone.

    Idle power is 50 W: 5000 J and 1000 J less 50 W for 30 s and for 10 s.
    """

    def part(end, board, rank, steps, **notes):
        one = record(0.0, end, device(0.0, end, board), rank=rank, annotations=notes)
        each = UnitEnergy.share("step", steps, one.joules, one.interval)
        return with_baseline(replace(one, units=(each,)), 50.0)

    parts = [
        part(30.0, "GPU-a", 0, 10, lr=0.1, seed=0),
        part(30.0, "GPU-a", 1, 10, lr=0.1, seed=1),
        part(10.0, "GPU-b", 2, 20, lr=0.1, seed=2),
    ]
    merged = merge(parts)
    assert merged.joules == pytest.approx(6000.0)
    (step,) = merged.units
    assert (step.unit, step.count) == ("step", 40)
    assert step.joules_per_unit == pytest.approx(150.0)
    assert step.interval_per_unit.low == pytest.approx(merged.interval.low / 40)
    assert merged.annotations == {"lr": 0.1}
    assert [member.annotations["seed"] for member in merged.members] == [0, 1, 2]
    assert merged.net.idle_joules == pytest.approx(2000.0)
    assert merged.net.joules == pytest.approx(4000.0)
    assert merge([*parts[:2], replace(parts[2], net=None)]).net is None
    assert merge([merged]) == merged
    assert EnergyRecord.from_json(merged.to_json()) == merged


def suspended(machine):
    """10 s of which the last 4 s are measured twice; between them 100 s of sleep."""
    clock = machine.clock
    clock.sleep(5.0)
    first, second = (EnergyMeter(cpu=False, machine=machine) for _ in range(2))
    with first:
        clock.sleep(5.0)
        clock.suspend(100.0)
        clock.sleep(1.0)
        with second:
            clock.sleep(4.0)
    return first.result, second.result


@pytest.mark.parametrize("slept_before", [0.0, 1000.0])
def test_a_machine_that_slept_counts_once(slept_before):
    """100 W for the 10 s that the machine was awake."""
    machine = simulate([SimulatedGpu(Constant(100.0))])
    machine.clock.suspend(slept_before)
    merged = merge(suspended(machine))
    assert merged.joules == pytest.approx(1000.0, rel=1e-3)
    assert merged.job.ranks[1].counted_joules == pytest.approx(0.0, abs=1.0)
    assert merged.seconds == pytest.approx(10.0, abs=1e-3)


def test_a_device_lost_early_leaves_its_time_to_others():
    """Rank 0 lost the GPU after 12 of 30 s; rank 1 measured 0 to 25 s."""
    early = record(0.0, 30.0, device(0.0, 12.0), rank=0)
    merged = merge([early, record(0.0, 25.0, rank=1)])
    assert merged.joules == pytest.approx(4500.0, rel=1e-3)
    counted = [rank.counted_joules for rank in merged.job.ranks]
    assert counted == pytest.approx([1600.0, 2900.0], rel=1e-3)
    assert merged.devices[0].seconds == pytest.approx(25.0)


def test_skew_and_missing_ranks():
    parts = [record(0.0, 10.0, rank=0), record(0.5, 12.0, rank=3)]
    parts = [replace(p, origin=replace(p.origin, world_size=4)) for p in parts]
    job = merge(parts).job
    assert job.start_skew_seconds == pytest.approx(0.5)
    assert job.end_skew_seconds == pytest.approx(2.0)
    assert job.missing_ranks == (1, 2)
    flag = merge(parts).flags[-1]
    assert flag.code is FlagCode.NODE_INCOMPLETE
    assert flag.text == "there is no record of rank 1, 2"


def test_a_merged_record_is_stored_and_read_again():
    merged = merge([record(0.0, 15.0, rank=0), record(12.0, 25.0, rank=1)])
    assert EnergyRecord.from_json(merged.to_json()) == merged


def test_path_of_a_journal_may_stand_alone(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0))])
    path = tmp_path / "run.jsonl"
    with EnergyMeter(cpu=False, machine=machine, journal=path) as meter:
        machine.clock.sleep(5.0)
    joules = meter.joules
    assert merge(path).joules == merge(str(path)).joules == joules


def test_a_device_of_two_parts_keeps_what_both_say_of_it():
    board = {"scope": Scope.GPU, "power_limit_watts": 450.0}
    first = device(0.0, 10.0, calibration="riser", **board)
    merged = merge([record(0.0, 10.0, first), record(12.0, 20.0, replace(first))])
    (one,) = merged.devices
    assert (one.scope, one.power_limit_watts) == (Scope.GPU, 450.0)
    assert one.calibration == "riser"
    other = replace(first, calibration=None, power_limit_watts=400.0)
    (one,) = merge([record(0.0, 10.0, first), record(12.0, 20.0, other)]).devices
    assert (one.scope, one.power_limit_watts, one.calibration) == (
        *(Scope.GPU, None),
        None,
    )
