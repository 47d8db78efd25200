"""How often a load in step with a part-time power sensor is told, and one that is not.

Simulated boards that were not used to tune the detector: other sensor windows, other
refreshes, other loads than the recorded ones. They have no energy counter, the meter
reads them as always, and phases are random. In step: square waves between 60 W and
300 W whose period is near a simple fraction or multiple of the refresh. Exactly in
step, a part-time sensor shows a steady power, and without a counter nothing tells it
from a steady load. Out of step: training-like steps, slow square waves, constant power.

    python benchmarks/energy_aliasing.py [--windows N]
"""

import argparse
from dataclasses import dataclass, replace
from random import Random

from energy_scenarios import TRAINING

from physbias.energy import EnergyMeter, FlagCode
from physbias.energy.simulated import (
    Constant,
    Cycle,
    Sensor,
    SimulatedGpu,
    SquareWave,
    Trace,
    simulate,
)

WINDOWS = 100
SECONDS = 3.0
BOARDS = {
    "25 of 100 ms": ("NVIDIA H100", Sensor(noise=0.5, jitter=0.01)),
    "10 of 20 ms": ("Tesla V100", Sensor(noise=0.5, jitter=0.01, power_refresh=0.02)),
}
COVERED = {"25 of 100 ms": 0.025, "10 of 20 ms": 0.010}
IN_STEP = (0.95, 0.97, 0.985, 0.99, 1.01, 1.015, 1.03, 1.05, 1.10, 0.495, 1.98, 2.97)
EXACT = (1.0, 0.5)
OUT_OF_STEP = {
    "training, 230 ms": TRAINING,
    "steps of 370 ms": Cycle(((0.2, 310.0), (0.12, 200.0), (0.05, 90.0))),
    "steps of 143 ms": Cycle(((0.08, 320.0), (0.04, 150.0), (0.023, 80.0))),
    "square, 0.7 s": SquareWave(60.0, 300.0, 0.7),
    "constant": Constant(300.0),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the windows with one load.

    Args:
        flagged: share with the flag aliasing-suspected [1].
        worst: largest relative error [1].
        covered: share of full intervals that hold the truth [1].
    """

    flagged: float
    worst: float
    covered: float


def run(name: str, sensor: Sensor, trace: Trace, windows: int) -> Row:
    """Return the row of a load on a board."""
    flagged = covered = 0
    worst = 0.0
    for seed in range(windows):
        chance = Random(seed)
        start = 1.0 + 3.0 * chance.random()
        one = replace(sensor, phase=chance.random(), seed=seed)
        machine = simulate([SimulatedGpu(trace, one, name=name)])
        machine.clock.sleep(start)
        with EnergyMeter(cpu=False, machine=machine) as meter:
            machine.clock.sleep(SECONDS)
        truth = trace.energy(start + SECONDS) - trace.energy(start)
        codes = [flag.code for flag in meter.result.flags]
        flagged += FlagCode.ALIASING_SUSPECTED in codes
        low, high = meter.interval
        covered += low <= truth <= high
        worst = max(worst, abs(meter.joules / truth - 1))
    return Row(flagged / windows, worst, covered / windows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=WINDOWS)
    windows = parser.parse_args().windows
    print(
        f"Windows of {SECONDS:g} s.\n\n| sensor | load | flagged | max error "
        "| 95 % interval covers |\n|" + " --- |" * 5
    )
    for board, (name, sensor) in BOARDS.items():
        window = COVERED[board]
        sensor = replace(
            sensor, counter_refresh=None, instant_window=window, plain_window=window
        )
        loads: dict[str, Trace] = {}
        for ratio in (*IN_STEP, *EXACT):
            kind = "in step" if ratio in IN_STEP else "exactly in step"
            loads[f"{kind}, {ratio:g} refreshes"] = SquareWave(
                60.0, 300.0, ratio * sensor.power_refresh
            )
        for load, trace in (loads | OUT_OF_STEP).items():
            row = run(name, sensor, trace, windows)
            print(
                f"| {board} | {load} | {row.flagged:.0%} | {row.worst:.1%} "
                f"| {row.covered:.0%} |"
            )


if __name__ == "__main__":
    main()
