"""Memory and time of gradients through many steps, mode by mode.

2-D shear flow with tracer on 128 × 256 points in float32: forward and backward of the
mean square of the last state with respect to the first. A step is that of the peers,
Euler with central differences of order 2, or with ``--stepper RK4`` that of the study,
of order 4. Each figure is from a process of its own that did nothing before, or with
``--warm`` the same once before: peak resident memory above what it held when everything
was built, and CPU seconds on one pinned thread. Modes take turns; medians, with the
quartiles of time relative to ``Backprop()`` at the same number of steps, run by run.
Linux only. Some four minutes. What else the documentation shows, in three more:

    --stepper RK4 --steps 400 --repeats 1 --modes Backprop Checkpoint
    --compile --steps 400 --repeats 1 --modes Autograd Backprop Checkpoint
    --warm --steps 16 --modes Autograd Checkpoint1 Checkpoint
    --warm --steps 400 --repeats 1 --modes Autograd Backprop Checkpoint
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

MODES = {
    "Autograd": "Autograd()",
    "Backprop": "Backprop()",
    "Checkpoint": "Checkpoint()",
    "Checkpoint1": "Checkpoint(1)",
    "Binomial20": "BinomialCheckpoint(20)",
}
DEFAULT = ["Autograd", "Backprop", "Checkpoint", "Binomial20"]
NUM_POINTS = (128, 256)
ORDERS = {"Euler": 2, "RK4": 4}


def resident(entry):
    """Return an entry of this process's memory in MB (10^6 bytes)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(entry))
    return int(line.split()[1]) * 1024 / 1e6


def measure(mode, steps, arguments):
    """Print what one mode takes, as JSON."""
    import torch

    import physbias as pb
    from physbias.data import shear_flow_initial_state
    from physbias.data.generate import shear_flow_grid

    torch.set_num_threads(1)
    dt = 0.2 / NUM_POINTS[0]
    solve = pb.Solver(
        pb.TracerFlow(1e-4),
        shear_flow_grid(NUM_POINTS),
        scheme=pb.FiniteDifference(ORDERS[arguments.stepper]),
        stepper=getattr(pb, arguments.stepper)(),
        dt=dt,
        gradient=eval(MODES[mode], vars(pb)),
        compile=arguments.compile,
        allow_unstable=True,
    )
    u0 = shear_flow_initial_state(2, 4, 1.0, num_points=NUM_POINTS)
    u0.requires_grad_()
    # the compiler takes more memory than what it compiles
    before = steps if arguments.warm else 20 * arguments.compile
    if before:
        solve(u0, [0.0, before * dt])[:, -1].square().mean().backward()
        u0.grad = None
    start_memory = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    start = time.process_time()
    solve(u0, [0.0, steps * dt])[:, -1].square().mean().backward()
    seconds = time.process_time() - start
    peak = resident("VmHWM") - start_memory
    norm = float(u0.grad.double().norm())
    print(json.dumps({"peak": peak, "seconds": seconds, "norm": norm}))


def run(mode, steps, arguments):
    """Return what a fresh process measures."""
    command = [sys.executable, __file__, "--one", mode, "--steps", str(steps)]
    command += ["--stepper", arguments.stepper]
    command += ["--compile"] if arguments.compile else []
    command += ["--warm"] if arguments.warm else []
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def row(mode, steps, found, plain):
    """Return one line of the table."""
    ratios = sorted(
        a["seconds"] / b["seconds"] for a, b in zip(found, plain, strict=True)
    )
    quarter = len(ratios) // 4
    norms = [entry["norm"] for entry in found]
    change = abs(norms[0] / plain[0]["norm"] - 1)
    return (
        f"| `{MODES[mode]}` | {steps} "
        f"| {statistics.median(entry['peak'] for entry in found):.0f} "
        f"| {statistics.median(entry['seconds'] for entry in found):.2f} "
        f"| {statistics.median(ratios):.2f} "
        f"({ratios[quarter]:.2f}–{ratios[-1 - quarter]:.2f}) | {change:.0e} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", choices=MODES, help="measure this mode, here")
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--modes", choices=MODES, nargs="+", default=DEFAULT)
    parser.add_argument("--stepper", choices=ORDERS, default="Euler")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--warm", action="store_true")
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.one, arguments.steps[0], arguments)
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print("| mode | steps | peak MB | CPU s | time (quartiles) | gradient |")
    print("| --- | --- | --- | --- | --- | --- |")
    modes = dict.fromkeys(["Backprop", *arguments.modes])
    for steps in arguments.steps:
        found = {mode: [] for mode in modes}
        for _ in range(arguments.repeats):
            for mode in modes:
                found[mode].append(run(mode, steps, arguments))
        for mode in arguments.modes:
            print(row(mode, steps, found[mode], found["Backprop"]), flush=True)


if __name__ == "__main__":
    main()
