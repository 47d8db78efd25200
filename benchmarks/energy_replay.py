"""The meter's figures on recorded readings of real boards, against an external meter.

Reads ``power_traces`` (an A100 whose register covers 25 of every 104 ms, an RTX 3090
whose register covers all of its 100 ms; source and licence beside the files). The load
of the burst files is 50 ms on, 50 ms off. Windows lie at random inside the load. Gain
and offset of each board are found in its *step* file and tried on its *burst* file.

    python benchmarks/energy_replay.py [--data FOLDER] [--json PATH]
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import sqrt
from pathlib import Path
from random import Random

import numpy as np

from physbias.energy import DeviceKind, FlagCode, ProbeInfo, SensorError
from physbias.energy.integration.aliasing import known_window
from physbias.energy.integration.estimator import Measurement, measure
from physbias.energy.integration.timeline import Timeline
from physbias.energy.simulated import RecordedGpu, Sampled

BOARDS = {"a100": "NVIDIA A100-PCIE-40GB", "rtx3090": "NVIDIA GeForce RTX 3090"}
LIMITS = {"a100": 250.0, "rtx3090": 450.0}
WINDOWS = 300
POLL = 0.007
TAIL = 0.5
CALIBRATED = SensorError(gain=0.005, offset=1.0)


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the windows of one length.

    Args:
        file: the recording.
        seconds: length of the windows [s].
        calibrated: whether gain and offset of the step file were used.
        windows: number of windows [1].
        rms: root mean square of the relative errors [1].
        bias: their mean [1].
        worst: the largest [1].
        coverage: share of full intervals that hold the truth [1].
        half_width: mean half-width of the interval over the truth [1].
        flagged: share of windows with the flag aliasing-suspected [1].
    """

    file: str
    seconds: float
    calibrated: bool
    windows: int
    rms: float
    bias: float
    worst: float
    coverage: float
    half_width: float
    flagged: float


def load(path: Path) -> RecordedGpu:
    """Return the board of a recording."""
    data = np.load(path)
    return RecordedGpu(
        data["sensor_time"].astype(float).tolist(),
        data["sensor_power_draw_instant"].astype(float).tolist(),
        Sampled(
            data["meter_time"].astype(float).tolist(),
            data["meter_power"].astype(float).tolist(),
        ),
        name=BOARDS[path.stem.split("_")[0]],
        power_limit=LIMITS[path.stem.split("_")[0]],
    )


def fit(board: RecordedGpu) -> tuple[float, float]:
    """Return gain and offset [W] of a board's register, from one recording."""
    window = known_window(board.name) or 0.1
    truth = board.trace
    shown, true = [], []
    for before, after, time in zip(
        board.watts, board.watts[1:], board.times[1:], strict=False
    ):
        inside = truth.times[0] < time - window and time < truth.times[-1]
        if before != after and inside:
            shown.append(after)
            true.append((truth.energy(time) - truth.energy(time - window)) / window)
    gain, offset = np.polyfit(true, shown, 1)
    return float(gain), float(offset)


def span(board: RecordedGpu) -> tuple[float, float]:
    """Return start and end of the load [s], as the external meter saw it."""
    watts = np.asarray(board.trace.watts)
    busy = np.flatnonzero(watts > (watts.min() + watts.max()) / 2)
    return board.trace.times[busy[0]], board.trace.times[busy[-1]]


def window(
    board: RecordedGpu, start: float, end: float, *, gain: float, offset: float
) -> Measurement:
    """Return what the meter makes of a window."""
    timeline = Timeline(power_limit=board.power_limit)
    time = start
    while time < end + TAIL:
        timeline.add_power(time, board.register(time, POLL))
        time += POLL
    info = ProbeInfo(
        uuid=board.name,
        name=board.name,
        label="GPU 0",
        kind=DeviceKind.GPU,
        counter=None,
        power=True,
        power_limit=board.power_limit,
        sensor_window=known_window(board.name),
    )
    if gain != 1.0 or offset:
        info = replace(info, gain=gain, offset=offset, error=CALIBRATED)
    return measure(info, timeline, start, end)


def rows(folder: Path) -> Iterator[Row]:
    """Yield a row per recording and length of window."""
    for name in BOARDS:
        gain, offset = fit(load(folder / f"{name}_step.npz"))
        print(f"{name}: gain {gain:.4f}, offset {offset:+.2f} W in the step file")
        for kind in ("burst", "step"):
            board = load(folder / f"{name}_{kind}.npz")
            yield from _of(f"{name}_{kind}", board, 1.0, 0.0)
            if kind == "burst":
                yield from _of(f"{name}_{kind}", board, gain, offset)


def _of(file: str, board: RecordedGpu, gain: float, offset: float) -> Iterator[Row]:
    first, last = span(board)
    for seconds in (1.0, 3.0, last - first):
        whole = seconds == last - first
        chance = Random(file)
        errors, hits, widths, flags = [], 0, [], 0
        count = 1 if whole else WINDOWS
        for _ in range(count):
            start = first if whole else chance.uniform(first, last - seconds)
            found = window(board, start, start + seconds, gain=gain, offset=offset)
            entry = found.entry()
            truth = board.trace.energy(start + seconds) - board.trace.energy(start)
            low, high = entry.interval
            errors.append(entry.joules / truth - 1)
            hits += low <= truth <= high
            widths.append((high - low) / 2 / truth)
            codes = [flag.code for flag in entry.flags]
            flags += FlagCode.ALIASING_SUSPECTED in codes
        yield Row(
            file=file,
            seconds=round(seconds, 2),
            calibrated=gain != 1.0,
            windows=count,
            rms=sqrt(sum(e * e for e in errors) / count),
            bias=sum(errors) / count,
            worst=max(abs(e) for e in errors),
            coverage=hits / count,
            half_width=sum(widths) / count,
            flagged=flags / count,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parents[2] / "shared" / "data" / "power_traces"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    found = list(rows(arguments.data))
    print(
        "| file | window | calibrated | rms | bias | max | covers | half-width "
        "| aliasing flag |\n|" + " --- |" * 9
    )
    for row in found:
        print(
            f"| {row.file} | {row.seconds:g} s | {'yes' if row.calibrated else ''} "
            f"| {row.rms:.2%} | {row.bias:+.2%} | {row.worst:.2%} "
            f"| {row.coverage:.1%} | {row.half_width:.1%} | {row.flagged:.1%} |"
        )
    if arguments.json:
        content = [asdict(row) for row in found]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
