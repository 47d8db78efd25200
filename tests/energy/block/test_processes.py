"""Forks, spawns, exits and starvation in real processes, on the real clock."""

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from physbias.energy import EnergyMeter, FlagCode, MonotonicClock
from physbias.energy.simulated import Constant, Sensor, SimulatedGpu, simulate

PREAMBLE = """
import os, sys, threading, time, warnings
from physbias.energy import EnergyMeter, MeterStateError, MonotonicClock
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
machine = simulate([SimulatedGpu(Constant(300.0))], MonotonicClock())
"""


def run(code, timeout=60):
    return subprocess.run(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def machine_of(**sensor):
    return simulate([SimulatedGpu(Constant(300.0), Sensor(**sensor))], MonotonicClock())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_the_copy_of_a_meter_in_a_fork_is_inert():
    """The child reads nothing, starts no thread and ends; the parent goes on."""
    done = run(
        """
        with EnergyMeter(cpu=False, machine=machine) as meter:
            time.sleep(0.3)
            pid = os.fork()
            if pid == 0:
                reads = machine.nvml.reads
                time.sleep(0.3)
                meter.stop()
                shot = meter.snapshot()
                nothing = meter.joules is None and shot.joules is None
                nothing = nothing and "fork" in shot.reason and "fork" in str(meter)
                try:
                    meter.result
                except MeterStateError as error:
                    nothing = nothing and "new EnergyMeter" in str(error)
                else:
                    nothing = False
                quiet = machine.nvml.reads == reads
                alone = threading.active_count() == 1
                os._exit(0 if nothing and quiet and alone else 1)
            _, status = os.waitpid(pid, 0)
            time.sleep(0.5)
        assert abs(meter.joules / (300.0 * meter.seconds) - 1) < 0.05, meter.joules
        print("child", status)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["child", "0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_subscription_in_a_fork_has_no_reader_and_says_why():
    done = run(
        """
        from physbias.energy.block.device import Watch
        from physbias.energy.block.sampler import Sampler
        from physbias.energy.block.subscription import Subscription
        (probe,) = machine.discover("used", cpu=False).probes
        one = Subscription([Watch(probe)], machine.clock)
        one.start()
        time.sleep(0.1)
        pid = os.fork()
        if pid == 0:
            reads = machine.nvml.reads
            one.finish(machine.clock.now())
            one.wait()
            line = one.watches[0].timeline
            good = not Sampler._all and machine.nvml.reads == reads
            os._exit(0 if good and "fork" in line.last_error else 1)
        _, status = os.waitpid(pid, 0)
        one.finish(machine.clock.now())
        one.wait()
        print(status, one.watches[0].timeline.last_error == "")
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_new_meter_in_a_fork_measures_by_itself():
    done = run(
        """
        with EnergyMeter(cpu=False, machine=machine) as outer:
            time.sleep(0.2)
            pid = os.fork()
            if pid == 0:
                with EnergyMeter(cpu=False, machine=machine) as inner:
                    time.sleep(0.5)
                good = abs(inner.joules / (300.0 * inner.seconds) - 1) < 0.2
                os._exit(0 if good and threading.active_count() == 1 else 1)
            _, status = os.waitpid(pid, 0)
        print(status, outer.joules > 0)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_data_loader_workers_do_no_harm():
    done = run(
        """
        import torch
        from torch.utils.data import DataLoader
        class Numbers(torch.utils.data.Dataset):
            def __len__(self):
                return 64
            def __getitem__(self, i):
                time.sleep(0.002)
                return torch.tensor([float(i), float(threading.active_count())])
        with EnergyMeter(cpu=False, machine=machine) as meter:
            batches = list(DataLoader(Numbers(), batch_size=8, num_workers=2,
                                      multiprocessing_context="fork"))
            time.sleep(0.3)
        assert len(batches) == 8
        assert abs(meter.joules / (300.0 * meter.seconds) - 1) < 0.05
        print(meter.result.devices[0].joules > 0)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"]


def test_a_spawned_child_starts_nothing(tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        PREAMBLE
        + textwrap.dedent(
            """
            import multiprocessing
            def work(queue):
                queue.put((threading.active_count() <= 2, machine.nvml.reads))
            if __name__ == "__main__":
                context = multiprocessing.get_context("spawn")
                with EnergyMeter(cpu=False, machine=machine) as meter:
                    queue = context.Queue()
                    child = context.Process(target=work, args=(queue,))
                    child.start()
                    told = queue.get(timeout=60)
                    child.join()
                print(told, meter.joules is not None)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(True, 0) True"


@pytest.mark.parametrize("how", ["pass", "sys.exit(3)", "raise ValueError('mine')"])
def test_the_interpreter_ends_during_a_block(how):
    start = time.monotonic()
    done = run(
        f"""
        meter = EnergyMeter(cpu=False, machine=machine).start()
        time.sleep(0.2)
        import atexit
        ended = time.monotonic()
        {how}
        """
    )
    assert done.returncode == {"pass": 0, "sys.exit(3)": 3}.get(how, 1)
    assert "Fatal" not in done.stderr
    assert time.monotonic() - start < 30.0


def test_the_result_can_be_read_while_the_interpreter_ends():
    done = run(
        """
        import atexit
        meter = EnergyMeter(cpu=False, machine=machine).start()
        def last():
            began = time.monotonic()
            meter.stop()
            print(meter.joules is not None, time.monotonic() - began < 3.0)
        atexit.register(last)
        time.sleep(0.3)
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "True"]


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(200))


def one_busy_thread(seconds):
    spin(seconds)


def four_busy_threads(seconds):
    threads = [threading.Thread(target=spin, args=(seconds,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def large_sorts(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sorted(range(300_000), key=lambda x: -x)
        sorted([float(-x % 9973) for x in range(300_000)])


def one_long_call(seconds):
    """One call in C that keeps the interpreter's lock for long."""
    size = 2_000_000
    start, length = time.monotonic(), 0.0
    while length < seconds:
        began = time.monotonic()
        sum(range(size))
        length = time.monotonic() - began
        size = int(size * min(8.0, 1.5 * seconds / max(length, 1e-3)))
        if time.monotonic() - start > 20.0 * seconds:
            break


LOADS = [one_busy_thread, four_busy_threads, large_sorts, one_long_call]


@pytest.mark.parametrize("load", LOADS)
def test_starvation_loses_no_energy_where_there_is_a_counter(load):
    """A border that nobody saw is known to half a refresh: 15 J of 600 J."""
    machine = machine_of(phase=0.03)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        load(2.0)
    record = meter.result
    truth = 300.0 * record.seconds
    assert record.joules == pytest.approx(truth, rel=0.03)
    assert record.interval.low <= truth <= record.interval.high


def test_starvation_without_a_counter_is_told():
    machine = machine_of(counter_refresh=None, phase=0.03)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        time.sleep(0.5)
        one_long_call(1.0)
        time.sleep(3.0)
    codes = [flag.code for flag in meter.result.flags]
    assert FlagCode.GAP in codes
