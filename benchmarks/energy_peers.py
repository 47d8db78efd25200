"""The energy meter beside Zeus, CodeCarbon, CarbonTracker and perun.

All tools run at the same time, each in a process of its own, on the same simulated
boards, which they read through ``pynvml`` in real time. The truth is the closed-form
energy of the trace between the instants at which the measured code really began and
ended. A tool's own start and stop lie outside these instants and inside those at which
it was called; errors are taken against both windows, and each tool is judged by the
window that is kinder to it. Windows that other work on the machine displaced are left
out.

    python benchmarks/energy_peers.py --out results       # 15 minutes
    python benchmarks/energy_peers.py --quick             # 9 minutes
    python benchmarks/energy_peers.py --only failures
    python benchmarks/energy_peers.py --only accuracy --scenarios "isolated 1 s"
    python benchmarks/energy_peers.py --read results      # tables of an earlier run

Needs the extra ``bench``. Nothing uses the network: see `energy_tools.py`.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

from energy_plan import SENSOR, Plan, arrange, failures
from energy_scenarios import SCENARIOS
from energy_tools import MAKERS, be_quiet, go_offline, versions

from physbias.energy.simulated import Sensor, write_pynvml

OURS = "physbias"
TAKEN = {
    "isolated 1 s": 48,
    "isolated 5 s": 32,
    "meter 1 s in training": 32,
    "meter 5 s in training": 24,
    "burst 2.3 s": 24,
    "square 0.7 s, 10 s": 12,
    "idle then busy 10 s": 12,
    "constant 5 s": 8,
    "window 30 ms": 24,
    "two boards 5 s": 12,
}
"""How many windows of each scenario."""

GROUPS = (
    ("isolated 1 s", "window 30 ms"),
    ("isolated 5 s",),
    ("meter 1 s in training", "meter 5 s in training"),
    ("burst 2.3 s", "constant 5 s", "idle then busy 10 s"),
    ("square 0.7 s, 10 s",),
    ("two boards 5 s",),
)
"""Scenarios that follow one another on the same boards; groups run side by side."""

STARTS_IN = 5.0
"""Time in which one tool starts, on average, with two starting at once [s]."""
AT_ONCE = 2
DISPLACED = 0.003
"""How late a window may begin, and how much longer than usual the start or stop of the
tool may take, for the window to count [s]."""


def work(tool_name: str, folder: Path) -> None:
    """Let one tool measure all windows of a plan; runs in its own process."""
    plan, start = pickle.loads((folder / "plan.pickle").read_bytes())
    results = folder / f"{tool_name}.json"
    rows: list[dict] = []

    def save(problem: str | None = None, joules: dict | None = None) -> None:
        content = {"rows": rows, "problem": problem, "joules": joules}
        results.write_text(json.dumps(content))

    save()
    tool = None
    try:
        tool = _make(tool_name)
        ready = folder / f"{tool_name}.ready"
        tool.session(lambda: _measure(tool, plan, start, rows, save, ready))
        save(joules=tool.joules())
    except BaseException as error:
        text = str(error).strip().splitlines()
        found = tool.joules() if tool is not None else None
        save(f"{type(error).__name__}: {text[0] if text else ''}", found)
        raise


def _make(name: str, attempts: int = 3):
    for attempt in range(attempts):
        try:
            return MAKERS[name]()
        except Exception:
            if attempt == attempts - 1:
                raise
    return None


def _measure(
    tool, plan: Plan, start: float, rows: list[dict], save, ready: Path
) -> None:
    # the first window of some tools takes seconds: they look for the hardware in it
    tool.prepare()
    tool.window("warm-up", lambda: time.sleep(0.5))
    ready.touch()
    leads = [0.001]
    for window in plan.windows:
        tool.prepare()
        lead = median(leads[-5:]) + 0.001
        if time.monotonic() > start + window.start - lead:
            continue
        row = {"name": window.name, "scenario": window.scenario}

        def body(row=row, window=window) -> None:
            row["inner"] = [time.monotonic() - start]
            _sleep_until(start + window.end)
            row["inner"].append(time.monotonic() - start)

        _sleep_until(start + window.start - lead)
        called = time.monotonic()
        try:
            tool.window(window.name, body)
        except Exception as error:  # noqa: BLE001 - that it fails is the result
            row["problem"] = f"{type(error).__name__}: {error}"
        row["outer"] = [called - start, time.monotonic() - start]
        leads.append(row["inner"][0] + start - called)
        rows.append(row)
        save()
    time.sleep(1.5)


def _sleep_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))


@dataclass(slots=True)
class Running:
    """A plan that is being measured by all tools."""

    plan: Plan
    folder: Path
    processes: dict[str, subprocess.Popen]
    ready: float

    def results(self) -> dict[str, dict]:
        """Return what each tool reports, after all have ended."""
        found = {}
        for tool, process in self.processes.items():
            last = self.plan.windows[-1].end
            try:
                code = process.wait(timeout=self.ready + last + 120.0)
            except subprocess.TimeoutExpired:
                process.kill()
                code = "hangs"
            found[tool] = json.loads((self.folder / f"{tool}.json").read_text())
            found[tool]["exit"] = code
        return found


def launch(
    plans: Sequence[Plan], folder: Path, tools: Sequence[str], python: str
) -> list[Running]:
    """Start all tools on all plans, each in its own process, a few at a time."""
    ready = STARTS_IN * (len(plans) * len(tools) + 2)
    start = time.monotonic() + ready
    running, starting = [], []
    for k, plan in enumerate(plans):
        place = folder / str(k)
        environment = prepare(plan, place, start)
        one = Running(plan, place, {}, ready)
        for tool in tools:
            starting = [s for s in starting if not s()]
            while len(starting) >= AT_ONCE:
                time.sleep(0.05)
                starting = [s for s in starting if not s()]
            process = one.processes[tool] = begin(tool, place, environment, python)
            flag = place / f"{tool}.ready"
            starting.append(
                lambda p=process, f=flag: f.exists() or p.poll() is not None
            )
        running.append(one)
    return running


def prepare(plan: Plan, folder: Path, start: float) -> dict[str, str]:
    """Write what the tools of a plan need; return their environment."""
    folder.mkdir(parents=True)
    nvml = write_pynvml(folder / "nvml", plan.boards, start=start)
    here = str(Path(__file__).parent)
    environment = {**os.environ, **nvml, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([nvml["PYTHONPATH"], here])
    if plan.visible is not None:
        environment["CUDA_VISIBLE_DEVICES"] = plan.visible
    (folder / "plan.pickle").write_bytes(pickle.dumps((plan, start)))
    return environment


def begin(
    tool: str, folder: Path, environment: dict[str, str], python: str
) -> subprocess.Popen:
    """Start one tool on a plan, in a folder of its own."""
    place = folder / tool.replace(" ", "-")
    place.mkdir()
    command = [python, str(Path(__file__).resolve()), "--worker", tool, str(folder)]
    return subprocess.Popen(command, env=environment, cwd=place)


def settled(plan: Plan, rows: Sequence[dict]) -> list[dict]:
    """Return the windows whose borders no other work on the machine displaced.

    Those are left out that began after their load did, and those in which the tool's
    start or stop took much longer than it usually takes: nobody can say where such a
    window began.
    """
    if not rows:
        return []
    begins = {window.name: window.start for window in plan.windows}
    edges = [
        (row["inner"][0] - row["outer"][0], row["outer"][1] - row["inner"][1])
        for row in rows
    ]
    usual = [median(side) for side in zip(*edges, strict=True)]
    return [
        row
        for row, edge in zip(rows, edges, strict=True)
        if all(e < u + DISPLACED for e, u in zip(edge, usual, strict=True))
        and row["inner"][0] < begins[row["name"]] + DISPLACED
    ]


def errors(plan: Plan, found: dict) -> dict[str, list[tuple[float, float]]]:
    """Return the relative errors against the inner and the outer window."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for row in settled(plan, [row for row in found["rows"] if "inner" in row]):
        joules = (found["joules"] or {}).get(row["name"])
        if joules is None:
            continue
        both = [plan.truth(*row[which]) for which in ("inner", "outer")]
        inner, outer = (joules / truth - 1 for truth in both)
        rows.setdefault(row["scenario"], []).append((inner, outer))
    return rows


def summary(pairs: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return bias and rms error against the kinder of the two windows."""
    sides = [
        {"rms": fmean(e * e for e in side) ** 0.5, "bias": fmean(side)}
        for side in zip(*pairs, strict=True)
    ]
    best = min(range(2), key=lambda side: sides[side]["rms"])
    typical = median(abs(pair[best]) for pair in pairs)
    return {**sides[best], "median": typical, "windows": len(pairs)}


def compare(
    folder: Path,
    tools: Sequence[str],
    python: str,
    share: float,
    sensor: Sensor,
    part: str,
) -> tuple[dict, list]:
    """Run all scenarios; return the summary per scenario and tool, and all windows."""
    plans = make_plans(share, sensor, part)
    running = launch(plans, folder / "accuracy", tools, python)
    windows = [
        {"tool": tool, "plan": k, **found}
        for k, one in enumerate(running)
        for tool, found in one.results().items()
    ]
    return tabulate(plans, windows), windows


def make_plans(share: float, sensor: Sensor, part: str = "") -> list[Plan]:
    """Return the plans of the scenarios whose names hold ``part``, always the same."""
    named = {scenario.name: scenario for scenario in SCENARIOS}
    counts = {name: max(3, round(share * count)) for name, count in TAKEN.items()}
    groups = [[named[name] for name in group if part in name] for group in GROUPS]
    return [
        arrange(group, counts, seed, sensor)
        for seed, group in enumerate(groups)
        if group
    ]


def tabulate(plans: Sequence[Plan], windows: Sequence[dict]) -> dict[str, dict]:
    """Return the summary per scenario and tool of the windows that were measured."""
    table: dict[str, dict[str, dict]] = {name: {} for name in TAKEN}
    for found in windows:
        for scenario, pairs in errors(plans[found["plan"]], found).items():
            table[scenario][found["tool"]] = summary(pairs)
    return table


def fail(folder: Path, tools: Sequence[str], python: str) -> dict[str, dict[str, str]]:
    """Return what each tool reports when something goes wrong."""
    plans = failures()
    running = launch(list(plans.values()), folder / "failures", tools, python)
    return {
        name: {tool: report(one, found) for tool, found in one.results().items()}
        for name, one in zip(plans, running, strict=True)
    }


def report(running: Running, found: dict) -> str:
    """Return in a few words what came out of a window."""
    joules = (found["joules"] or {}).get("window")
    rows = found["rows"]
    if joules is not None and rows:
        start, end = rows[0]["inner"]
        truth = running.plan.truth(start, min(end, running.plan.boards[0].lost_at))
        return f"{joules:.0f} of {truth:.0f} J"
    problem = found["problem"] or next(
        (r["problem"] for r in rows if "problem" in r), ""
    )
    if problem:
        return f"raises {problem.split(':')[0]}, no figure"
    if found["exit"]:
        return f"ends the process (exit {found['exit']}), no figure"
    return "no figure" if rows else "was not ready in time"


def accuracy_text(table: dict[str, dict[str, dict]], tools: Sequence[str]) -> str:
    """Return the tables of errors in Markdown."""
    lines = ["rms error (bias) against the closed-form energy, in per cent", ""]
    lines += _errors_text(
        table,
        tools,
        "rms",
        lambda cell: f"{100 * cell['rms']:.3f} ({100 * cell['bias']:+.3f})",
    )
    lines += ["", "median of the absolute errors of the same windows, in per cent", ""]
    return "\n".join(
        lines
        + _errors_text(
            table, tools, "median", lambda cell: f"{100 * cell['median']:.3f}"
        )
    )


def _errors_text(
    table: dict[str, dict[str, dict]],
    tools: Sequence[str],
    key: str,
    write: Callable[[dict], str],
) -> list[str]:
    lines = [
        "| scenario | windows | " + " | ".join(tools) + " | best peer / ours |",
        "| --- | --- |" + " --- |" * (len(tools) + 1),
    ]
    for scenario, row in table.items():
        if not row:
            continue
        cells = [write(row[t]) if t in row else "–" for t in tools]
        peers = [value[key] for tool, value in row.items() if tool != OURS]
        ratio = "–"
        if peers and OURS in row:
            ratio = f"{min(peers) / max(row[OURS][key], 1e-9):.1f}"
        taken = [value["windows"] for value in row.values()]
        windows = f"{min(taken)} to {max(taken)}"
        lines.append(f"| {scenario} | {windows} | {' | '.join(cells)} | {ratio} |")
    return lines


def failure_text(table: dict[str, dict[str, str]], tools: Sequence[str]) -> str:
    """Return the table of failures in Markdown."""
    lines = [
        "| what goes wrong | " + " | ".join(tools) + " |",
        "| --- |" + " --- |" * len(tools),
    ]
    for name, row in table.items():
        lines.append(f"| {name} | " + " | ".join(row[t] for t in tools) + " |")
    return "\n".join(lines)


def read(folder: Path, tools: Sequence[str]) -> str:
    """Return the tables of an earlier run, of its windows as they were measured."""
    content = json.loads((folder / "energy_peers.json").read_text())
    texts = []
    if "windows" in content:
        plans = make_plans(content["share"], SENSOR, content["part"])
        texts.append(accuracy_text(tabulate(plans, content["windows"]), tools))
    if "failures" in content:
        texts.append(failure_text(content["failures"], tools))
    return "\n\n".join(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="folder for the tables")
    parser.add_argument("--quick", action="store_true", help="a quarter of the windows")
    parser.add_argument("--only", choices=("accuracy", "failures"))
    parser.add_argument("--scenarios", default="", help="part of their names")
    parser.add_argument("--read", type=Path, help="folder of an earlier run")
    parser.add_argument("--tools", nargs="+", default=list(MAKERS), choices=MAKERS)
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter of the tools"
    )
    parser.add_argument("--instant-window", type=float, default=SENSOR.instant_window)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    choice = parser.parse_args()
    if choice.worker:
        tool, folder = choice.worker
        be_quiet()
        go_offline()
        work(tool, Path(folder))
        return
    if choice.read:
        print(read(choice.read, choice.tools))
        return
    content: dict = {}
    texts = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if choice.only != "failures":
            share = 0.25 if choice.quick else 1.0
            sensor = replace(SENSOR, instant_window=choice.instant_window)
            table, windows = compare(
                folder, choice.tools, choice.python, share, sensor, choice.scenarios
            )
            content |= {
                "share": share,
                "part": choice.scenarios,
                "accuracy": table,
                "windows": windows,
            }
            texts.append(accuracy_text(table, choice.tools))
        if choice.only != "accuracy":
            table = fail(folder, choice.tools, choice.python)
            content["failures"] = table
            texts.append(failure_text(table, choice.tools))
    if choice.python == sys.executable:
        texts.append(versions())
    text = "\n\n".join(texts)
    print(text)
    if choice.out:
        choice.out.mkdir(parents=True, exist_ok=True)
        (choice.out / "energy_peers.json").write_text(json.dumps(content, indent=1))
        (choice.out / "energy_peers.txt").write_text(text + "\n")


if __name__ == "__main__":
    main()
