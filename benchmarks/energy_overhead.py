"""What the energy meter costs the code that it measures, beside what the peers cost.

Every tool reads simulated boards through ``pynvml``, in a process of its own that is
pinned to one core, so that its threads and helper processes take their time from the
code under test. A training step of about 5 ms runs in blocks with the tool on and off,
in random order; the figure is the median over pairs of blocks of the ratio of median
step times, with a bootstrap interval. On a machine with other work the wall clock is
noisy: the processor time of the stepping thread and that of everything else in the
process and its children stand beside it. The stand-in for the driver is itself written
in Python, and its time counts against every tool.

    python benchmarks/energy_overhead.py --out results       # about 3 hours
    python benchmarks/energy_overhead.py --quick             # about 10 minutes
    python benchmarks/energy_overhead.py --parts sampler memory

Needs the extra ``bench``. Nothing uses the network: see `energy_tools.py`.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from statistics import median

from energy_tools import (
    MAKERS,
    Nothing,
    PerunCall,
    Tool,
    be_quiet,
    go_offline,
    versions,
)

from physbias.energy import EnergyMeter
from physbias.energy.simulated import (
    Sensor,
    SimulatedGpu,
    SquareWave,
    simulate,
    write_pynvml,
)

PARTS = ("slowdown", "sampler", "latency", "regions", "memory", "scale")
BOARDS = (1, 8)
STEP_SECONDS = 0.005
SENSOR = Sensor(instant_window=0.025, noise=0.3)
TOOLS: dict[str, Callable[[], Tool]] = {
    "nothing": Nothing,
    **{name: make for name, make in MAKERS.items() if not name.startswith("perun")},
    "perun": lambda: PerunCall(1.0),
}
ABSENT = (
    "not measurable here: region borders with CUDA events, the synchronisation at both "
    "ends of the block and the energy that the meter itself costs need a GPU; "
    "gpu_energy.py measures the first two there"
)


def make_step() -> Callable[[], None]:
    """Return a training step of about 5 ms on this core."""
    import torch

    torch.set_num_threads(1)
    model = torch.nn.Sequential(
        torch.nn.Linear(256, 512), torch.nn.GELU(), torch.nn.Linear(512, 256)
    )
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)

    def train(rows: torch.Tensor) -> None:
        optimiser.zero_grad()
        model(rows).square().mean().backward()
        optimiser.step()

    rows = torch.randn(64, 256)
    for _ in range(50):
        train(rows)
    start = time.thread_time()
    for _ in range(50):
        train(rows)
    once = (time.thread_time() - start) / 50
    batch = torch.randn(max(8, round(64 * STEP_SECONDS / once)), 256)
    return lambda: train(batch)


def tree_seconds() -> float:
    """Return the processor time of this process and its live descendants [s]."""
    import psutil

    total = time.process_time()
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def run_block(step: Callable[[], None], seconds: float) -> dict[str, float]:
    """Step for a while; return medians and shares of processor time."""
    walls, steps = [], 0
    tree, thread, start = tree_seconds(), time.thread_time(), time.perf_counter()
    before = start
    while before - start < seconds:
        step()
        now = time.perf_counter()
        walls.append(now - before)
        before, steps = now, steps + 1
    own = time.thread_time() - thread
    others = tree_seconds() - tree - own
    length = time.perf_counter() - start
    return {
        "wall": median(walls),
        "cpu": own / steps,
        "others": others / length,
    }


def slowdown(name: str, seconds: float, pairs: int) -> dict:
    """Return ratios of step times with the tool on over off, one for each pair."""
    step = make_step()
    tool = TOOLS[name]()
    chance = random.Random(name)
    rows = []

    def measured(index: int) -> dict[str, float]:
        found: dict[str, float] = {}
        tool.window(str(index), lambda: found.update(run_block(step, seconds)))
        return found

    def all_pairs() -> None:
        measured(-1)
        for index in range(pairs):
            blocks = {}
            for on in chance.sample((True, False), 2):
                tool.prepare()
                blocks[on] = measured(index) if on else run_block(step, seconds)
            rows.append((blocks[True], blocks[False]))

    tool.session(all_pairs)
    return {
        "wall": [on["wall"] / off["wall"] for on, off in rows],
        "cpu": [on["cpu"] / off["cpu"] for on, off in rows],
        "others": [on["others"] - off["others"] for on, off in rows],
        "step": median(off["wall"] for _, off in rows),
    }


def sampler(name: str, seconds: float, _: int) -> dict:
    """Return the processor time of a tool while the measured code sleeps [1]."""
    tool = TOOLS[name]()
    found: dict[str, float] = {}

    def body() -> None:
        clocks = {
            t.name: time.pthread_getcpuclockid(t.ident)
            for t in threading.enumerate()
            if t.name.startswith("physbias-energy") and t.ident
        }
        before = {n: time.clock_gettime(clock) for n, clock in clocks.items()}
        tree, own, start = tree_seconds(), time.thread_time(), time.perf_counter()
        time.sleep(seconds)
        length = time.perf_counter() - start
        found["share"] = (tree_seconds() - tree - time.thread_time() + own) / length
        for n, clock in clocks.items():
            found["thread"] = (time.clock_gettime(clock) - before[n]) / length

    tool.session(lambda: tool.window("window", body))
    return found


def latency(name: str, _: float, count: int) -> dict:
    """Return how long a window takes to begin and to end [s]."""
    tool = TOOLS[name]()
    enters, leaves = [], []

    def once(index: int) -> None:
        tool.prepare()
        inner: list[float] = []

        def body() -> None:
            inner.append(time.perf_counter())
            time.sleep(0.2)
            inner.append(time.perf_counter())

        start = time.perf_counter()
        tool.window(str(index), body)
        leaves.append(time.perf_counter() - inner[1])
        enters.append(inner[0] - start)
        time.sleep(0.2)

    tool.session(lambda: [once(index) for index in range(count)])
    return {
        "enter_first": enters[0],
        "enter": median(enters[1:]),
        "exit_first": leaves[0],
        "exit": median(leaves[1:]),
    }


def regions(_: str, __: float, count: int) -> dict:
    """Return what a region and a step cost [s]; nothing of it reads a sensor."""
    meter = EnergyMeter(cpu=False)
    with meter:
        rounds = {"nothing": [], "region": [], "step": []}
        for _ in range(20):
            rounds["nothing"].append(_each(count, nullcontext))
            rounds["region"].append(_each(count, lambda: meter.region("part")))
            rounds["step"].append(_calls(count, meter.step) - _calls(count, _nothing))
    return {name: median(values) for name, values in rounds.items()}


def _nothing() -> None:
    pass


def _each(count: int, make: Callable) -> float:
    start = time.thread_time()
    for _ in range(count):
        with make():
            pass
    return (time.thread_time() - start) / count


def _calls(count: int, call: Callable[[], object]) -> float:
    start = time.thread_time()
    for _ in range(count):
        call()
    return (time.thread_time() - start) / count


def memory(boards: int, hours: float) -> dict:
    """Return how much a simulated hour leaves in memory, per board [B]."""
    machine = simulate([SimulatedGpu(load(), SENSOR) for _ in range(boards)])
    tracemalloc.start()
    meter = EnergyMeter(cpu=False, machine=machine).start()
    machine.clock.sleep(60.0)
    before = tracemalloc.get_traced_memory()[0]
    machine.clock.sleep(3600.0 * hours)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    meter.stop()
    return {"bytes": (after - before) / hours / boards}


def scale(boards: int, _: float) -> dict:
    """Return what large blocks cost in all, from entering to the record [s]."""

    def regions(count: int, names: int) -> None:
        machine = simulate([SimulatedGpu(load(), SENSOR) for _ in range(boards)])
        with EnergyMeter(cpu=False, machine=machine) as meter:
            for k in range(count):
                with meter.region(f"{k % names}"):
                    machine.clock.sleep(1e-3)
        assert len(meter.result.regions) == names

    def levels(count: int) -> None:
        machine = simulate([SimulatedGpu(load(), SENSOR) for _ in range(boards)])
        with EnergyMeter(cpu=False, machine=machine) as meter, ExitStack() as stack:
            for k in range(count):
                stack.enter_context(meter.region(f"{k}"))
                machine.clock.sleep(0.1)
        assert len(meter.result.regions) == count

    def hour() -> None:
        machine = simulate([SimulatedGpu(load(), SENSOR) for _ in range(boards)])
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(3600.0)
        assert meter.joules

    return {
        "100 000 regions of one name": _seconds(lambda: regions(100_000, 1)),
        "10 000 regions of as many names": _seconds(lambda: regions(10_000, 10_000)),
        "50 levels": _seconds(lambda: levels(50)),
        "an hour": _seconds(hour),
    }


def _seconds(task: Callable[[], None]) -> float:
    start = time.process_time()
    task()
    return time.process_time() - start


def load() -> SquareWave:
    """Return the power of the boards."""
    return SquareWave(60.0, 300.0, 0.7)


WORK = {
    "slowdown": slowdown,
    "sampler": sampler,
    "latency": latency,
    "regions": regions,
}


SIMULATED = {
    "memory": (memory, "bytes per hour and board"),
    "scale": (scale, "s of processor time, simulated time in between"),
}


def worker(part: str, tool: str, seconds: float, count: int, place: Path) -> None:
    """Do one measurement on one core and write it down; runs in its own process."""
    be_quiet()
    go_offline()
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[os.getppid() % len(cores)]})
    try:
        found = WORK[part](tool, seconds, count)
    except Exception as error:  # noqa: BLE001 - that a tool fails is the result
        found = {"problem": f"{type(error).__name__}: {error}"}
    place.write_text(json.dumps(found))


def measure(
    part: str, tool: str, boards: int, seconds: float, count: int, python: str
) -> dict:
    """Return one measurement, made in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        gpus = [SimulatedGpu(load(), SENSOR) for _ in range(boards)]
        nvml = write_pynvml(Path(folder) / "nvml", gpus)
        environment = {**os.environ, **nvml, "OMP_NUM_THREADS": "1"}
        here = str(Path(__file__).parent)
        environment["PYTHONPATH"] = os.pathsep.join([nvml["PYTHONPATH"], here])
        result = Path(folder) / "result.json"
        command = [python, str(Path(__file__).resolve()), "--worker"]
        command += [part, tool, str(seconds), str(count), str(result)]
        subprocess.run(command, env=environment, cwd=folder, check=False)
        if not result.exists():
            return {"problem": "the process ended without a result"}
        return json.loads(result.read_text())


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and its 95 % bootstrap interval."""
    chance = random.Random(0)
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(4000))
    return median(values), medians[100], medians[-101]


def percent(values: Sequence[float], shift: float) -> str:
    """Return median and interval in per cent."""
    middle, low, high = (100 * (v - shift) for v in interval(values))
    return f"{middle:+.2f} ({low:+.2f} to {high:+.2f})"


def row(part: str, found: dict) -> list[str]:
    """Return the cells of one measurement."""
    if "problem" in found:
        return [found["problem"]]
    if part == "slowdown":
        return [
            percent(found["wall"], 1.0),
            percent(found["cpu"], 1.0),
            percent(found["others"], 0.0),
            f"{1e3 * found['step']:.2f}",
        ]
    if part == "sampler":
        thread = f"{100 * found['thread']:.3f}" if "thread" in found else "–"
        return [f"{100 * found['share']:.3f}", thread]
    keys = ("enter_first", "enter", "exit_first", "exit")
    return [f"{1e3 * found[key]:.2f}" for key in keys]


HEADS = {
    "slowdown": (
        "step, wall: slower by, %",
        "step, processor: slower by, %",
        "other processor time, % of a core",
        "step off, ms",
    ),
    "sampler": ("processor time, % of a core", "of it the sampler's thread, %"),
    "latency": ("first enter, ms", "enter, ms", "first exit, ms", "exit, ms"),
}


def text_of(results: dict) -> str:
    """Return all tables in Markdown."""
    texts = []
    for part, rows in results.items():
        if part in HEADS:
            heads = ("tool", "boards", *HEADS[part])
            lines = [f"{part}", "", "| " + " | ".join(heads) + " |"]
            lines.append("| --- |" + " --- |" * (len(heads) - 1))
            for tool, boards, found in rows:
                cells = [tool, str(boards), *row(part, found)]
                lines.append("| " + " | ".join(cells) + " |")
            texts.append("\n".join(lines))
        else:
            for tool, boards, found in rows:
                values = ", ".join(f"{k} {v:.3g}" for k, v in found.items())
                unit = "s of processor time each" if part == "regions" else tool
                texts.append(f"{part}, {boards} boards: {values} ({unit})")
    return "\n\n".join([*texts, ABSENT])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for the tables")
    parser.add_argument("--quick", action="store_true", help="short blocks, few pairs")
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=TOOLS)
    parser.add_argument("--boards", nargs="+", type=int, default=list(BOARDS))
    parser.add_argument("--pairs", type=int, help="pairs of blocks")
    parser.add_argument("--seconds", type=float, help="length of a block [s]")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter of the tools"
    )
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    choice = parser.parse_args()
    if choice.worker:
        part, tool, seconds, count, place = choice.worker
        worker(part, tool, float(seconds), int(count), Path(place))
        return
    quick = choice.quick
    size = {
        "slowdown": (
            choice.seconds or (2.0 if quick else 10.0),
            choice.pairs or (6 if quick else 30),
        ),
        "sampler": (10.0 if quick else 60.0, 0),
        "latency": (0.0, 5 if quick else 20),
        "regions": (0.0, 1000),
    }
    results: dict[str, list] = {}
    for part in choice.parts:
        rows = results[part] = []
        tools = choice.tools if part in HEADS else ["physbias"]
        for tool in tools:
            if tool == "nothing" and part != "slowdown":
                continue
            for boards in choice.boards:
                if part in SIMULATED:
                    task, unit = SIMULATED[part]
                    rows.append((unit, boards, task(boards, 0.25 if quick else 1.0)))
                    keep(results, choice.out)
                    continue
                found = measure(part, tool, boards, *size[part], choice.python)
                rows.append((tool, boards, found))
                print(part, tool, boards, flush=True, file=sys.stderr)
                keep(results, choice.out)
    print(text_of(results))
    print()
    print(versions())


def keep(results: dict, out: Path | None) -> None:
    """Write what is known so far."""
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "energy_overhead.json").write_text(json.dumps(results, indent=1))
        text = f"{text_of(results)}\n\n{versions()}\n"
        (out / "energy_overhead.txt").write_text(text)


if __name__ == "__main__":
    main()
