from dataclasses import replace

import pytest

from physbias.energy import EnergyMeter, Host, merge
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def job():
    """Ranks 0 and 1 on one machine, 2 on another, at 100 W each for 10 s."""
    records = []
    for rank in range(3):
        machine = simulate(
            [SimulatedGpu(Constant(100.0), uuid=f"GPU-{rank}")],
            environ={"RANK": str(rank), "WORLD_SIZE": "4"},
        )
        machine = replace(machine, host=Host(f"host {rank // 2}"))
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(10.0)
        records.append(meter.result)
    return merge(records).job


def test_one_entry_per_rank(job):
    assert [one.rank for one in job.ranks] == [0, 1, 2]
    assert [one.host_id for one in job.ranks] == ["host 0", "host 0", "host 1"]
    assert all(
        one.counted_joules == pytest.approx(1000.0, rel=1e-3) for one in job.ranks
    )
    lengths = [one.end_seconds - one.start_seconds for one in job.ranks]
    assert lengths == pytest.approx([10.0] * 3)
    assert min(one.start_seconds for one in job.ranks) == 0.0


def test_one_entry_per_machine(job):
    assert [one.ranks for one in job.nodes] == [(0, 1), (2,)]
    assert [one.joules for one in job.nodes] == pytest.approx(
        [2000.0, 1000.0], rel=1e-3
    )
    assert job.nodes[0].interval.low < 2000.0 < job.nodes[0].interval.high


def test_who_is_missing(job):
    assert job.missing_ranks == (3,)
