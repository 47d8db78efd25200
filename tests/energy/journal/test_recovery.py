import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from physbias.energy import (
    Basis,
    Condition,
    EnergyMeter,
    FlagCode,
    Source,
    Status,
)
from physbias.energy.journal.recovery import recover, recover_all
from physbias.energy.simulated import (
    Burst,
    Constant,
    Sensor,
    SimulatedGpu,
    SquareWave,
    simulate,
)
from physbias.errors import DataError

SENSORS = {
    "counter": Sensor(phase=0.03),
    "power": Sensor(counter_refresh=None, phase=0.03),
    "mean": Sensor(counter_refresh=None, instant_window=None, phase=0.03),
}


def meter_of(machine, path, **options):
    return EnergyMeter(cpu=False, machine=machine, journal=path, **options)


def torn(path, keep=lambda line: "record" not in line):
    """Return the journal as a kill would have left it: without some lines."""
    text = "".join(
        line + "\n" for line in path.read_text().splitlines() if keep(json.loads(line))
    )
    left = path.with_name("left")
    left.write_text(text)
    return left


def codes(record):
    return [flag.code for flag in record.flags]


def test_a_complete_journal_gives_the_record_back_exactly(tmp_path):
    board = SimulatedGpu(SquareWave(60.0, 300.0, 0.7), Sensor(phase=0.03))
    machine = simulate([board, SimulatedGpu(Constant(100.0), uuid="GPU-b")])
    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(5.0)
        with meter.region("step"):
            machine.clock.sleep(7.0)
    record = meter.result
    assert recover(tmp_path / "j") == record
    assert FlagCode.RECOVERED not in codes(record)


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)
def test_a_killed_run_keeps_its_energy(tmp_path, sensor):
    """The journal as it is during the block, against the integral of the trace."""
    load = SquareWave(60.0, 300.0, 3.7)
    machine = simulate([SimulatedGpu(load, sensor)])
    machine.clock.sleep(2.0)
    with meter_of(machine, tmp_path / "j"):
        machine.clock.sleep(61.3)
        record = recover(torn(tmp_path / "j"))
    assert record.status is Status.KILLED
    assert FlagCode.RECOVERED in codes(record)
    assert 59.0 < record.seconds < 61.4
    truth = load.energy(2.0 + record.seconds) - load.energy(2.0)
    assert record.joules == pytest.approx(truth, rel=0.01)
    assert record.interval.low < truth < record.interval.high
    assert record.unattributed == pytest.approx(record.joules)


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)
def test_a_killed_run_counts_the_units_of_its_energy(tmp_path, sensor):
    """Steps of 0.1 s at 300 W are 30 J each, wherever the record is cut."""
    machine = simulate([SimulatedGpu(Constant(300.0), sensor)])
    with meter_of(machine, tmp_path / "j") as meter:
        for _ in range(53):
            with meter.region("step"):
                machine.clock.sleep(0.1)
            meter.step()
        record = recover(torn(tmp_path / "j"))
    (unit,) = record.units
    assert isinstance(unit.count, int)
    assert unit.count == int(10 * record.seconds + 1e-6)
    assert 30.0 <= unit.joules_per_unit < 31.0
    assert unit.interval_per_unit.low < 30.0 < unit.interval_per_unit.high


def test_an_estimate_that_was_killed_is_not_parted(tmp_path):
    """The journal has no processor times of regions: what is unknown is no number."""
    machine = simulate([SimulatedGpu(Constant(300.0))])
    machine.clock.busy_cores = 1.0
    options = {"journal": tmp_path / "j", "estimate": True, "machine": machine}
    with EnergyMeter([], **options) as meter, meter.region("all"):
        machine.clock.sleep(30.0)
        record = recover(torn(tmp_path / "j"))
    assert record.joules == pytest.approx(8.0 * 30.0, rel=0.1)
    assert record.region("all").joules is None
    assert record.unattributed is None
    assert all(device.unattributed is None for device in record.devices)


def test_a_killed_run_keeps_the_condition_of_its_board(tmp_path):
    """What was seen at the start; nobody looked at an end."""
    hot = Condition(88.0, 0, throttled=True, others=2)
    machine = simulate([SimulatedGpu(Constant(300.0), condition=hot)])
    with meter_of(machine, tmp_path / "j"):
        machine.clock.sleep(12.0)
        record = recover(torn(tmp_path / "j"))
    (device,) = record.devices
    assert (device.condition_start, device.condition_end) == (hot, None)
    assert device.power_limit_watts == 700.0
    assert {FlagCode.THROTTLED, FlagCode.SHARED_GPU} <= set(codes(record))


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS)
def test_readings_give_the_record_of_the_meter(tmp_path, sensor):
    """A run that ended, but whose record was never asked for before the kill."""
    load = Burst(inside=SquareWave(60.0, 300.0, 0.7), start=1.0, stop=21.0, idle=50.0)
    machine = simulate([SimulatedGpu(load, sensor)])
    machine.clock.sleep(1.0)
    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(20.0)
    machine.clock.sleep(3.0)
    record = recover(torn(tmp_path / "j"))
    assert record.status is Status.FINISHED
    assert record.seconds == pytest.approx(20.0, abs=1e-4)
    assert record.joules == pytest.approx(meter.joules, rel=1e-3)
    assert record.interval == pytest.approx(meter.interval, rel=0.02)
    assert record.devices[0].uuid == meter.result.devices[0].uuid
    assert record.origin.run_id == meter.result.origin.run_id
    assert record.origin.end_seconds == pytest.approx(21.0, abs=1e-3)


def test_any_torn_line_is_left_out(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with meter_of(machine, tmp_path / "j"):
        machine.clock.sleep(20.0)
        whole = (tmp_path / "j").read_bytes()
    header = whole.index(b"\n") + 1
    before = 0.0
    for size in range(header, len(whole), 97):
        (tmp_path / "cut").write_bytes(whole[:size])
        record = recover(tmp_path / "cut")
        assert record.seconds >= before
        before = record.seconds
        if record.joules is not None:
            assert record.joules == pytest.approx(300.0 * record.seconds, rel=0.2)
    assert before > 17.0


def test_killed_before_anything_was_read_is_not_zero(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with meter_of(machine, tmp_path / "j"):
        record = recover(torn(tmp_path / "j"))
    assert record.joules is None
    assert record.reason is not None
    assert record.status is Status.KILLED


def test_regions_come_back(tmp_path):
    """300 W in steps of 4 s, 60 W between; the last step lasts when the run dies."""
    steps = [(2.0 + 6.0 * i, 6.0 + 6.0 * i) for i in range(4)]
    machine = simulate([SimulatedGpu(Steps(60.0, 300.0, steps), Sensor(phase=0.03))])
    clock = machine.clock
    with meter_of(machine, tmp_path / "j") as meter, meter.region("epoch"):
        for _ in range(3):
            clock.sleep(2.0)
            with meter.region("step"):
                clock.sleep(4.0)
        clock.sleep(2.0)
        with meter.region("step"):
            clock.sleep(3.05)
            record = recover(torn(tmp_path / "j"))
    step, epoch = record.region("step"), record.region("epoch")
    inside = record.seconds - 20.0
    truth = 3 * 1200.0 + 300.0 * inside
    assert step.count == 4
    assert step.seconds == pytest.approx(12.0 + inside, abs=0.01)
    assert step.joules == pytest.approx(truth, rel=0.02)
    assert step.interval.low < truth < step.interval.high
    assert epoch.joules == pytest.approx(record.joules, rel=1e-6)
    assert record.unattributed == pytest.approx(0.0, abs=1e-6 * record.joules)


@pytest.mark.parametrize("late", [0.05 * i for i in range(12)])
def test_killed_just_after_the_begin_of_a_region(tmp_path, late):
    """Evaluation stops before the last line, whatever began in between."""
    machine = simulate([SimulatedGpu(Constant(200.0), Sensor(phase=0.03))])
    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(5.0)
        for _ in range(10):
            with meter.region("step"):
                machine.clock.sleep(0.1)
        with meter.region("last"):
            machine.clock.sleep(late)
            with meter.region("inner"):
                machine.clock.sleep(0.6 - late)
                record = recover(torn(tmp_path / "j"))
    step = record.region("step")
    inside = sum(region.own_joules for region in record.regions)
    assert step.joules == pytest.approx(200.0 * step.seconds, rel=0.05)
    assert all(0.0 < r.seconds <= record.seconds for r in record.regions)
    assert inside + record.unattributed == pytest.approx(record.joules)


def test_short_regions_and_the_rest_make_up_the_whole(tmp_path):
    """20 ms forward, 20 ms backward and 10 ms of neither: 2, 2 and 1 of five parts."""
    machine = simulate([SimulatedGpu(Constant(200.0), Sensor(phase=0.03))])
    with meter_of(machine, tmp_path / "j") as meter:
        for _ in range(400):
            for name in ("forward", "backward"):
                with meter.region(name):
                    machine.clock.sleep(0.02)
            machine.clock.sleep(0.01)
        record = recover(torn(tmp_path / "j"))
    for name in ("forward", "backward"):
        assert record.region(name).joules == pytest.approx(record.joules * 0.4, rel=0.1)
    parts = sum(region.joules for region in record.regions)
    assert parts + record.unattributed == pytest.approx(record.joules, rel=1e-6)
    assert record.unattributed == pytest.approx(record.joules * 0.2, rel=0.15)


class Steps:
    def __init__(self, low, high, spans):
        self.low, self.high, self.spans = low, high, spans

    def energy(self, time):
        busy = sum(max(0.0, min(time, b) - a) for a, b in self.spans)
        return self.low * time + (self.high - self.low) * busy


def test_runs_are_added_to_the_file(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0))])
    for seconds in (5.0, 10.0):
        with meter_of(machine, tmp_path / "j") as meter:
            machine.clock.sleep(seconds)
        assert meter.joules == pytest.approx(300.0 * seconds, rel=0.01)
    runs = recover_all(tmp_path / "j")
    assert [round(run.seconds) for run in runs] == [5, 10]
    assert recover(tmp_path / "j") == runs[-1]


def test_two_meters_share_a_file(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0))])
    with meter_of(machine, tmp_path / "j") as outer:
        machine.clock.sleep(5.0)
        with meter_of(machine, tmp_path / "j") as inner:
            machine.clock.sleep(5.0)
    assert inner.result == recover_all(tmp_path / "j")[1]
    assert outer.result == recover_all(tmp_path / "j")[0]


def test_a_lost_device_keeps_its_energy(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0), lost_at=10.0)])
    with meter_of(machine, tmp_path / "j"):
        machine.clock.sleep(30.0)
        record = recover(torn(tmp_path / "j"))
    assert record.joules == pytest.approx(3000.0, rel=0.02)
    assert FlagCode.DEVICE_LOST in codes(record)


def test_a_reset_of_the_counter_comes_back(tmp_path):
    machine = simulate([SimulatedGpu(Constant(300.0), reset_at=10.0)])
    with meter_of(machine, tmp_path / "j"):
        machine.clock.sleep(30.0)
        record = recover(torn(tmp_path / "j"))
    assert record.joules == pytest.approx(300.0 * record.seconds, rel=0.02)
    assert FlagCode.COUNTER_RESET in codes(record)


def test_an_estimate_comes_back(tmp_path):
    """Two busy cores at 8 W for the time that the journal holds."""
    machine = simulate([SimulatedGpu(Constant(300.0))])
    machine.clock.busy_cores = 2.0
    options = {"journal": tmp_path / "j", "estimate": True, "machine": machine}
    with EnergyMeter([], **options):
        machine.clock.sleep(30.0)
        record = recover(torn(tmp_path / "j"))
    assert record.basis is Basis.ESTIMATE
    assert record.devices[0].source is Source.ESTIMATE
    assert record.joules == pytest.approx(16.0 * 30.0, rel=0.1)


def test_an_hour_takes_less_than_two_megabytes(tmp_path):
    machine = simulate(
        [SimulatedGpu(SquareWave(60.0, 300.0, 0.73), SENSORS["counter"])]
    )
    with meter_of(machine, tmp_path / "j") as meter:
        machine.clock.sleep(600.0)
        size = (tmp_path / "j").stat().st_size
    assert 6 * size < 2e6
    assert meter.joules == pytest.approx(180.0 * 600.0, rel=0.01)


def test_what_is_no_journal(tmp_path):
    (tmp_path / "j").write_text("a text\n[1, 2]\n{}\n")
    with pytest.raises(DataError, match="path: found no run in"):
        recover(tmp_path / "j")
    with pytest.raises(FileNotFoundError):
        recover(tmp_path / "missing")


CHILD = """
import signal, sys, threading, time
from physbias.energy import EnergyMeter, MonotonicClock
from physbias.energy.simulated import Ramp, SimulatedGpu, simulate

# a shell that runs tests in the background lets its children ignore it
signal.signal(signal.SIGINT, signal.default_int_handler)
clock = MonotonicClock()
start = clock.now()

class Since:
    def energy(self, time):
        return Ramp(200.0, 10.0).energy(time - start)

machine = simulate([SimulatedGpu(Since())], clock)
meter = EnergyMeter(cpu=False, machine=machine, journal=sys.argv[1])
"""
"""A board whose power is 200 W and grows by 10 W/s, on the real clock."""


def child(path, code):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_lines(path, count):
    for _ in range(600):
        if path.exists() and path.read_text().count("\n") >= count:
            return
        time.sleep(0.05)
    raise TimeoutError(path)


def session(pid):
    """Return the processes that still belong to the session of ``pid``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def ramp(record):
    """Energy of the ramp over the block, which begins with the ramp."""
    return 200.0 * record.seconds + 5.0 * record.seconds**2


BLOCK = """
with meter:
    while True:
        time.sleep(0.01)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_leaves_its_energy(tmp_path, number):
    process = child(tmp_path / "j", BLOCK)
    wait_for_lines(tmp_path / "j", 4)
    os.kill(process.pid, number)
    assert process.wait(30) == -number
    process.stdout.close()
    record = recover(tmp_path / "j")
    assert record.status is Status.KILLED
    assert record.seconds > 2.0
    assert record.joules == pytest.approx(ramp(record), rel=0.02, abs=10.0)
    assert record.interval.low < ramp(record) < record.interval.high
    assert session(process.pid) == []


def test_interrupt_keeps_the_record(tmp_path):
    code = """
try:
    with meter:
        print("in", flush=True)
        while True:
            time.sleep(0.01)
except KeyboardInterrupt:
    print(meter.joules, len(threading.enumerate()), flush=True)
"""
    process = child(tmp_path / "j", code)
    assert process.stdout.readline() == "in\n"
    wait_for_lines(tmp_path / "j", 3)
    os.kill(process.pid, signal.SIGINT)
    joules, threads = process.communicate(timeout=30)[0].split()
    record = recover(tmp_path / "j")
    assert (record.status, record.error) == (Status.INTERRUPTED, "KeyboardInterrupt")
    assert record.joules == float(joules)
    assert threads == "1"
    assert record.joules == pytest.approx(ramp(record), rel=0.02, abs=10.0)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("sys.exit(3)", Status.INTERRUPTED),
        ("meter.stop(); sys.exit(3)", Status.FINISHED),
        ("raise SystemExit(3)", Status.INTERRUPTED),
    ],
)
def test_exit_of_the_interpreter_ends_the_journal(tmp_path, end, status):
    process = child(tmp_path / "j", f"meter.start(); time.sleep(1.5); {end}")
    assert process.wait(60) == 3
    process.stdout.close()
    record = recover(tmp_path / "j")
    assert record.status is status
    assert FlagCode.RECOVERED not in codes(record)
    assert 1.4 < record.seconds < 10.0
    assert record.joules == pytest.approx(ramp(record), rel=0.02, abs=10.0)
    assert session(process.pid) == []


def test_a_forked_child_leaves_the_journal_alone(tmp_path):
    code = """
import os
meter.start()
time.sleep(1.2)
if os.fork() == 0:
    with meter.region("child"):
        pass
    sys.exit(0)
os.wait()
time.sleep(0.5)
meter.stop()
print(meter.joules)
"""
    process = child(tmp_path / "j", code)
    joules = float(process.communicate(timeout=60)[0])
    lines = [json.loads(text) for text in (tmp_path / "j").read_text().splitlines()]
    assert sum("record" in line for line in lines) == 1
    record = recover(tmp_path / "j")
    assert record.joules == joules
    assert record.regions == ()
