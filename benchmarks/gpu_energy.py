"""The energy meter on a real GPU: does it agree with itself, and with what is known?

Runs in under 20 minutes on one GPU that does nothing else. Writes ``table.md``,
``table.json`` and journals into ``--out``; a part that fails is reported as failed and
costs no other. ``--minutes`` scales the lengths of the loads.
``--simulate`` runs the same script on a simulated board and a virtual clock.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from physbias.energy import EnergyMeter, EnergyRecord, FlagCode, Machine
from physbias.energy.calibration.calibrate import calibrate
from physbias.energy.calibration.load import Load, TorchLoad
from physbias.energy.clock import Clock
from physbias.energy.scan import probe

LEAST_STEPS = 5
CHUNK = 0.25


@dataclass
class Table:
    """Result of one part."""

    title: str
    columns: Sequence[str]
    rows: list[list[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the table with its title and notes."""
        lines = [f"## {self.title}", ""]
        if self.rows:
            lines.append("| " + " | ".join(self.columns) + " |")
            lines.append("| " + " | ".join("---" for _ in self.columns) + " |")
            lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in self.rows]
            lines.append("")
        return "\n".join([*lines, *self.notes, ""])


@dataclass
class Lab:
    """One board, what keeps it busy, and where results go."""

    machine: Machine
    load: Load
    out: Path
    scale: float
    simulated: bool = False

    @property
    def clock(self) -> Clock:
        """The machine's clock."""
        return self.machine.clock

    def meter(self, part: str, **options) -> EnergyMeter:
        """Return a meter that adds to the part's journal."""
        journal = self.out / f"{part}.jsonl"
        return EnergyMeter(
            [0], cpu=False, journal=journal, label=part, machine=self.machine, **options
        )

    def work(self, seconds: float, level: str) -> None:
        """Keep one level for a time; nothing is left in the queue at the end."""
        while seconds > 1e-9:
            length = min(CHUNK, seconds)
            if level == "idle":
                self.clock.sleep(length)
            else:
                self.load.begin(length, level)
                self.load.spans()
            seconds -= length

    def train(self, seconds: float) -> None:
        """Steps of 0.23 s at three powers."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.work(0.11, "heavy")
            self.work(0.07, "light")
            self.work(0.05, "idle")


def sensors(lab: Lab) -> Table:
    """Probe and calibrate."""
    table = Table("Sensor", ["quantity", "value"])
    report = probe(lab.machine)
    table.notes += ["```", str(report), "```"]
    found = calibrate(
        0,
        seconds=max(20.0, 40.0 * lab.scale),
        load=lab.load,
        machine=lab.machine,
    )
    for name in ("refresh", "window", "average", "power_delay"):
        table.rows.append([f"power {name}, s", getattr(found, name)])
    for name in ("counter_refresh", "delay", "delay_error"):
        table.rows.append([f"counter {name}, s", getattr(found, name)])
    for call in found.latencies:
        table.rows.append([f"{call.call}, median and worst, ms", _ms(call)])
    for level in found.levels:
        powers = f"{level.counter:.1f} and {level.register:.1f}"
        text = f"{powers} ({100 * level.difference:+.2f} %)"
        table.rows.append([f"{level.level}: counter and power reading, W", text])
    return table


def agreement(lab: Lab) -> Table:
    """Counter against integrated power over loads and lengths."""
    columns = ["load", "s", "J", "interval", "integral off by", "verdict", "flags"]
    table = Table("Counter against integrated power", columns)
    loads: dict[str, Callable[[float], None]] = {
        "idle": lambda s: lab.work(s, "idle"),
        "memory": lambda s: lab.work(s, "light"),
        "matrix product": lambda s: lab.work(s, "heavy"),
        "training": lab.train,
    }
    for name, run in loads.items():
        shares = []
        for length in (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0):
            if length > max(10.0, 60.0 * lab.scale):
                continue
            lab.clock.sleep(1.0)
            with lab.meter("agreement") as meter:
                run(length)
            record = meter.result
            check = record.devices[0].cross_check
            shares.append((1 / record.seconds, check and check.difference))
            table.rows.append([name, length, *_figures(record)])
        slope = _line([(x, y) for x, y in shares if y is not None])
        if slope:
            fixed, border = 100 * slope[0], 100 * slope[1]
            table.notes.append(f"* {name}: {fixed:+.2f} % {border:+.2f} % · 1 s / L")
    return table


def peers(lab: Lab) -> Table:
    """Other programs' windows inside ours, around isolated work."""
    table = Table(
        "Other programs, 2 s of work between pauses", ["program", "J", "ours"]
    )
    if lab.simulated:
        table.notes.append("Other programs read the real driver only.")
        return table
    from energy_tools import MAKERS

    for name in ("Zeus", "CodeCarbon", "CarbonTracker before PUE"):
        try:
            tool = MAKERS[name]()
        except ImportError:
            table.notes.append(f"{name} is not installed.")
            continue
        lab.clock.sleep(2.0)
        meter = lab.meter("peers")

        def windows(tool=tool, name=name, meter=meter) -> None:
            with meter:
                tool.window(name, lambda: lab.work(2.0, "heavy"))

        tool.session(windows)
        table.rows.append([name, tool.joules().get(name), meter.joules])
    return table


def linearity(lab: Lab) -> Table:
    """Energy of n identical repeats: a straight line through the origin."""
    table = Table("Repeats of 0.2 s of work", ["n", "s", "J", "plain difference, J"])
    ours, plain = [], []
    read = lab.machine.nvml.energy
    index = lab.machine.nvml.gpus()[0].index
    for n in (1, 2, 4, 8, 16, 32, 64):
        if n * 0.2 > max(2.0, 13.0 * lab.scale):
            continue
        lab.clock.sleep(1.5)
        before = read(index)
        with lab.meter("linearity") as meter:
            for _ in range(n):
                lab.load.begin(0.2, "heavy")
                lab.load.spans()
        difference = read(index) - before
        ours.append((meter.seconds, meter.joules))
        plain.append((meter.seconds, difference))
        table.rows.append([n, meter.seconds, meter.joules, difference])
    for name, points in (("reconstructed", ours), ("plain difference", plain)):
        line = _line([(x, y) for x, y in points if y is not None])
        if line:
            text = f"{line[1]:.2f} W · L {line[0]:+.2f} J"
            table.notes.append(f"* {name}: {text}")
    return table


def queues(lab: Lab) -> Table:
    """Work that is still queued when its region is left."""
    columns = ["sync", "region, J", "whole, J", "share"]
    table = Table("2 s of work queued in a region that is left at once", columns)
    for sync in ("events", "auto", "border", "none"):
        lab.clock.sleep(2.0)
        with lab.meter("queues", sync=sync) as meter:
            with meter.region("queued"):
                lab.load.begin(2.0, "heavy")
            lab.load.spans()
        record = meter.result
        region, whole = record.region("queued").joules, record.joules
        share = region / whole if region is not None and whole else None
        table.rows.append([sync, region, whole, share])
    return table


def aliasing(lab: Lab) -> Table:
    """Loads whose period passes through that of the sensor."""
    columns = ["period, ms", "J", "interval", "integral off by", "verdict", "flags"]
    table = Table("Half work, half rest", columns)
    for period in (90, 94, 97, 99, 100, 101, 102, 103, 104, 106, 110, 115):
        lab.clock.sleep(0.5)
        with lab.meter("aliasing") as meter:
            end = lab.clock.now() + max(2.0, 6.0 * lab.scale)
            while lab.clock.now() < end:
                start = lab.clock.now()
                lab.load.begin(period / 2000, "heavy")
                lab.load.spans()
                lab.clock.sleep(max(0.0, start + period / 1000 - lab.clock.now()))
        table.rows.append([period, *_figures(meter.result)])
    for code in (FlagCode.ALIASING_SUSPECTED, FlagCode.CROSS_CHECK_FAILED):
        flagged = [str(row[0]) for row in table.rows if code in str(row[-1])]
        table.notes.append(f"* {code} at {', '.join(flagged) or 'no'} ms")
    return table


def overhead(lab: Lab) -> Table:
    """Median time of 5 ms steps with the meter on and off, in turn."""
    columns = ["pair", "off, ms", "on, ms", "ratio"]
    table = Table("Time of a 5 ms step", columns)
    ratios = []
    for pair in range(max(2, round(12 * lab.scale))):
        times = {}
        for on in (True, False) if pair % 2 else (False, True):
            meter = EnergyMeter([0], cpu=False, machine=lab.machine)
            if on:
                meter.start()
            times[on] = _step_time(lab, max(2.0, 10.0 * lab.scale))
            meter.stop()
        ratios.append(times[True] / times[False])
        row = [pair, 1e3 * times[False], 1e3 * times[True], ratios[-1]]
        table.rows.append(row)
    low, high = min(ratios), max(ratios)
    table.notes.append(f"Median ratio {median(ratios):.5f} ({low:.5f} to {high:.5f}).")
    if lab.simulated:
        table.notes.append("A virtual clock shows no overhead.")
    return table


PARTS = {
    "sensors": sensors,
    "agreement": agreement,
    "peers": peers,
    "linearity": linearity,
    "queues": queues,
    "aliasing": aliasing,
    "overhead": overhead,
}


def run(lab: Lab, parts: Sequence[str]) -> dict[str, Table]:
    """Run parts and write what is known after each of them."""
    tables: dict[str, Table] = {}
    for name in parts:
        print(f"{name} ...", flush=True)
        try:
            tables[name] = PARTS[name](lab)
        except Exception as error:  # noqa: BLE001 - a failure costs no other part
            tables[name] = Table(f"{name} failed", [], notes=[f"{error!r}"])
        write(lab, tables)
    return tables


def write(lab: Lab, tables: dict[str, Table]) -> None:
    """Write the tables so far."""
    title = "# Energy on a simulated board" if lab.simulated else "# Energy on a GPU"
    head = {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "simulated": lab.simulated,
        "device": lab.machine.nvml.gpus()[0].name,
        "minutes": 20.0 * lab.scale,
    }
    facts = ", ".join(f"{key} {value}" for key, value in head.items())
    text = [title, "", facts, "", *(table.markdown() for table in tables.values())]
    (lab.out / "table.md").write_text("\n".join(text), encoding="utf-8")
    content = {**head, "parts": {name: asdict(t) for name, t in tables.items()}}
    plain = json.dumps(content, indent=1, default=str)
    (lab.out / "table.json").write_text(plain, encoding="utf-8")


def simulated_lab(out: Path, scale: float) -> Lab:
    """Return a board whose counter is late and whose power is part-time."""
    from physbias.energy.clock import VirtualClock
    from physbias.energy.simulated import (
        Sensor,
        SimulatedGpu,
        SimulatedLoad,
        SimulatedStream,
        simulate,
    )

    clock = VirtualClock()
    stream = SimulatedStream(clock)
    sensor = Sensor(instant_window=0.025, counter_delay=0.03, noise=0.3, phase=0.031)
    environ = {"XDG_CACHE_HOME": str(out / "cache")}
    machine = simulate([SimulatedGpu(stream, sensor)], clock, environ=environ)
    return Lab(machine, SimulatedLoad(stream), out, scale, simulated=True)


def real_lab(out: Path, scale: float) -> Lab:
    """Return the first GPU that PyTorch can use."""
    import torch

    if not torch.cuda.is_available():
        sys.exit(
            "gpu_energy.py needs a GPU that PyTorch can use, and torch.cuda is not "
            "available here; --simulate runs it on a simulated board."
        )
    machine = Machine()
    return Lab(machine, TorchLoad("cuda:0", machine.clock), out, scale)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--minutes", type=float, default=20.0, help="up to 20")
    parser.add_argument("--simulate", action="store_true")
    given = parser.parse_args(arguments)
    make = simulated_lab if given.simulate else real_lab
    lab = make(given.out, min(1.0, max(0.05, given.minutes / 20.0)))
    given.out.mkdir(parents=True, exist_ok=True)
    run(lab, given.parts)
    print((given.out / "table.md").read_text(encoding="utf-8"))


def _figures(record: EnergyRecord) -> list[object]:
    interval, check = record.interval, record.devices[0].cross_check
    around = f"{interval.low:.1f} to {interval.high:.1f}" if interval else None
    off = f"{100 * check.difference:+.2f} %" if check else None
    flags = ", ".join(sorted({flag.code for flag in record.flags}))
    return [record.joules, around, off, check and check.verdict, flags]


def _step_time(lab: Lab, seconds: float) -> float:
    times, end = [], lab.clock.now() + seconds
    while lab.clock.now() < end or len(times) < LEAST_STEPS:
        before = lab.clock.now()
        lab.load.begin(0.005, "heavy")
        lab.load.spans()
        times.append(lab.clock.now() - before)
    return median(times)


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return intercept and slope of the line of least squares."""
    if len(points) < 3:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mx) ** 2 for x in xs)
    slope = sum((x - mx) * (y - my) for x, y in points) / spread
    return my - slope * mx, slope


def _ms(call) -> str:
    return f"{1e3 * call.median:.3f} and {1e3 * call.worst:.3f}"


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
