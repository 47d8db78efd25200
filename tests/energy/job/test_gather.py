import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import torch.distributed as dist

from physbias.energy import (
    Basis,
    DeviceEnergy,
    DeviceKind,
    EnergyRecord,
    FlagCode,
    Interval,
    Source,
    Status,
)
from physbias.energy.host import Host
from physbias.energy.job.gather import Exchange, gather
from physbias.energy.record.job import Origin


def record(rank, *, size=4, joules=100.0, unix=1e9, run=None):
    """One GPU of its own per rank, for ten seconds."""
    interval = Interval(0.9 * joules, 1.1 * joules)
    board = DeviceEnergy(
        uuid=f"GPU-{rank}",
        name="board",
        label=f"GPU {rank}",
        kind=DeviceKind.GPU,
        source=Source.COUNTER,
        joules=joules,
        interval=interval,
        comparison=interval,
        seconds=10.0,
    )
    return EnergyRecord(
        joules=joules,
        interval=interval,
        comparison=interval,
        basis=Basis.MEASUREMENT,
        reason=None,
        seconds=10.0,
        status=Status.FINISHED,
        error=None,
        started="2026-01-01T00:00:00+00:00",
        devices=(board,),
        regions=(),
        unattributed=joules,
        flags=(),
        origin=Origin(
            run_id=run or f"run {rank} {unix}",
            host=Host("h"),
            pid=rank,
            start_seconds=unix,
            end_seconds=unix + 10.0,
            unix_seconds=unix,
            rank=rank,
            world_size=size,
        ),
    )


def together(exchanges, records, timeout=5.0):
    """Let each exchange gather in its own thread."""
    results = {}

    def one(exchange):
        rank = exchange.rank
        results[rank] = exchange.gather(records[rank], timeout)

    threads = [threading.Thread(target=one, args=(e,)) for e in exchanges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def make(store, ranks=range(4), size=4):
    return [Exchange(store, rank, size) for rank in ranks]


def missing_flags(merged):
    return [f.text for f in merged.flags if f.code is FlagCode.NODE_INCOMPLETE]


def test_all_ranks_get_the_same_record():
    exchanges = make(dist.HashStore())
    results = together(exchanges, [record(rank) for rank in range(4)])
    assert results[0].joules == 400.0
    assert all(result == results[0] for result in results.values())
    assert [r.rank for r in results[0].job.ranks] == [0, 1, 2, 3]
    assert missing_flags(results[0]) == []


def test_rounds_do_not_mix_and_leave_little_behind():
    store = dist.HashStore()
    exchanges = make(store)
    for turn in range(1, 6):
        records = [record(rank, joules=10.0 * turn) for rank in range(4)]
        results = together(exchanges, records)
        assert {result.joules for result in results.values()} == {40.0 * turn}
    assert store.num_keys() <= 2 * 5


@pytest.mark.parametrize("dead", [0, 2])
def test_a_dead_rank_is_named(dead):
    ranks = [rank for rank in range(4) if rank != dead]
    exchanges = make(dist.HashStore(), ranks)
    begin = time.monotonic()
    results = together(exchanges, [record(rank) for rank in range(4)], timeout=1.0)
    assert time.monotonic() - begin < 20.0
    for result in results.values():
        assert result.joules == 300.0
        assert result.job.missing_ranks == (dead,)
        assert f"no record of rank {dead}" in missing_flags(result)[0]


def test_a_lone_rank_does_not_hang():
    exchange = Exchange(dist.HashStore(), 0, 2)
    result = exchange.gather(record(0, size=2), 0.2)
    assert result.joules == 100.0
    assert result.job.missing_ranks == (1,)


def test_blocks_of_other_rounds_are_noticed():
    """Rank 0 has gathered once alone, a hundred seconds ago."""
    store = dist.HashStore()
    early, late = Exchange(store, 0, 2), Exchange(store, 1, 2)
    early.gather(record(0, size=2), 0.1)
    result = late.gather(record(1, size=2, unix=1e9 + 100.0), 0.1)
    assert "did not run at the same time" in "".join(missing_flags(result))


def test_without_a_group_the_record_stands_alone():
    alone = gather(record(1), 60.0)
    assert alone.joules == 100.0
    assert alone.job.missing_ranks == (0, 2, 3)
    whole = replace(record(0), origin=replace(record(0).origin, world_size=1))
    assert missing_flags(gather(whole, 60.0)) == []


@pytest.mark.parametrize("size", [None, 1])
def test_a_lone_process_gets_its_own_record(size):
    own = record(0, size=size)
    assert gather(own, 60.0) is own


def test_a_group_of_one_gets_its_own_record(monkeypatch):
    lone = Exchange(dist.HashStore(), 0, 1)
    monkeypatch.setattr("physbias.energy.job.gather._default_exchange", lambda: lone)
    own = record(0, size=1)
    assert gather(own, 60.0) is own


def test_a_store_that_fails_costs_only_the_others(monkeypatch):
    class Broken:
        def set(self, key, value):
            raise RuntimeError("connection reset")

    broken = Exchange(Broken(), 0, 2)
    monkeypatch.setattr("physbias.energy.job.gather._default_exchange", lambda: broken)
    result = gather(record(0, size=2), 60.0)
    assert result.joules == 100.0
    assert "connection reset" in "".join(missing_flags(result))


WORKER = """
import os, signal, sys, time
from dataclasses import replace
import torch.distributed as dist
from physbias.energy import EnergyMeter, MonotonicClock
from physbias.energy.host import Host
from physbias.energy.simulated import Constant, SimulatedGpu, simulate

rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
case = sys.argv[1]
dist.init_process_group("gloo")
boards = [SimulatedGpu(Constant(100.0)), SimulatedGpu(Constant(300.0))]
machine = simulate(boards, MonotonicClock())
if case == "hosts":
    machine = replace(machine, host=Host(f"host {rank // 2}"))
gpus = [rank % 2] if case == "shared" else "node"
meter = EnergyMeter(gpus, cpu=False, machine=machine)
with meter:
    time.sleep(2.0 + 0.1 * rank)
    dist.barrier()
if case == "killed":
    if rank == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    job = meter.gather(timeout=5.0)
elif case == "unequal" and rank > 0:
    job = None
elif case == "unequal":
    job = meter.gather(timeout=2.0)
else:
    job = meter.gather(timeout=60.0)
if job is not None:
    with open(sys.argv[2] + f"/{rank}.json", "w") as file:
        file.write(job.to_json())
time.sleep(2.0 if case == "killed" else 0.0)
if case != "killed":
    dist.barrier()
    dist.destroy_process_group()
os._exit(0)
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def torchrun(case, folder, size=4):
    """Run the worker as ``torchrun`` would; return the records and exit codes."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, case, str(folder)],
            env={
                **os.environ,
                **place,
                "RANK": str(rank),
                "LOCAL_RANK": str(rank % 2),
                "WORLD_SIZE": str(size),
                "OMP_NUM_THREADS": "1",
            },
        )
        for rank in range(size)
    ]
    exits = [worker.wait(120) for worker in workers]
    records = {
        int(path.stem): EnergyRecord.from_json(path.read_text())
        for path in sorted(folder.glob("*.json"))
    }
    return records, exits


def assert_watts(job, watts, hosts=1):
    """Each host drew ``watts`` from the start of its first to its last block."""
    assert len(job.job.nodes) == hosts
    for node in job.job.nodes:
        windows = [
            (m.origin.start_seconds, m.origin.end_seconds)
            for m in job.members
            if m.origin.host.id == node.host_id
        ]
        seconds = max(end for _, end in windows) - min(start for start, _ in windows)
        assert node.joules == pytest.approx(watts * seconds, rel=0.02)
    assert job.joules == pytest.approx(sum(node.joules for node in job.job.nodes))
    assert job.comparison.low < job.joules < job.comparison.high


def test_four_ranks_share_two_gpus(tmp_path):
    """Two ranks per GPU, of 100 W and of 300 W: 400 W while they ran."""
    records, exits = torchrun("shared", tmp_path)
    assert exits == [0] * 4
    assert len(records) == 4
    assert all(record == records[0] for record in records.values())
    job = records[0]
    assert len(job.devices) == 2
    assert_watts(job, 400.0)
    assert [flag.code for flag in job.flags].count(FlagCode.COUNTED_ONCE) == 2
    assert missing_flags(job) == []
    assert sum(one.measured_joules for one in job.job.ranks) > 1.9 * job.joules


def test_two_hosts_with_a_meter_per_rank_on_the_whole_node(tmp_path):
    records, exits = torchrun("hosts", tmp_path)
    assert exits == [0] * 4
    job = records[3]
    assert len(job.devices) == 4
    assert [node.ranks for node in job.job.nodes] == [(0, 1), (2, 3)]
    assert_watts(job, 400.0, hosts=2)


def test_a_killed_rank_leaves_the_survivors_their_result(tmp_path):
    records, exits = torchrun("killed", tmp_path)
    assert exits == [0, 0, -signal.SIGKILL, 0]
    assert sorted(records) == [0, 1, 3]
    for job in records.values():
        assert job.job.missing_ranks == (2,)
        assert "no record of rank 2" in missing_flags(job)[0]
        assert_watts(job, 400.0)


def test_a_meter_on_one_rank_does_not_hang(tmp_path):
    records, exits = torchrun("unequal", tmp_path, size=2)
    assert exits == [0, 0]
    assert list(records) == [0]
    assert records[0].job.missing_ranks == (1,)
