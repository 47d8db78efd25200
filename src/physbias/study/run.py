"""The main job: data, candidates, skill, energy, report."""

import json
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from physbias.errors import DataError, explain
from physbias.study.data import (
    choose_stride,
    make_data,
    persistence_error,
    read_splits,
)
from physbias.study.judge import inference_energy, judge
from physbias.study.recipes import RECIPES
from physbias.study.report import write_report
from physbias.study.results import (
    CandidateResult,
    EnergyFigure,
    StudyResult,
    read_candidate,
)
from physbias.study.settings import StudySettings
from physbias.study.snapshots import field_pictures
from physbias.study.task import Task, make_task
from physbias.study.training import Training, train

NOTHING_SPENT = EnergyFigure(0.0, 0.0, 0.0, "none", 0.0)


class Progress(Protocol):
    """Where a study says how far it is."""

    def __call__(self, stage: str, fraction: float) -> None:
        """Say how much of a stage is done, 0 to 1."""
        ...


def run_study(settings: StudySettings, progress: Progress) -> StudyResult:
    """Run a study, or finish one that was interrupted.

    Every candidate is kept as soon as it is judged; a second call with the same
    settings takes up where the first one stopped.

    Args:
        settings: every choice.
        progress: told about every stage.

    Returns:
        What was found, also written to ``results.json`` and ``report.html``.

    Raises:
        DataError: the data cannot be used, or the folder holds another study.
    """
    settings.out.mkdir(parents=True, exist_ok=True)
    _claim(settings)
    torch.set_num_threads(settings.threads)
    splits, data_energy = _load(settings, progress)
    stride = settings.stride or choose_stride(splits["train"])
    task = make_task(splits, stride=stride, device=settings.device)
    candidates, fields = [], {}
    for name in settings.candidates:
        seeds = settings.seeds if RECIPES[name].loss is not None else 1
        for seed in range(seeds):
            result, forecast = _candidate(name, seed, task, settings, progress)
            candidates.append(result)
            fields.setdefault(name, forecast)
    result = StudyResult(
        "How much physics pays: shear flow",
        settings.describe(),
        _describe_data(settings, splits, task, stride=stride),
        data_energy,
        candidates,
        _describe_machine(settings),
        _notes(settings, candidates),
    )
    result.write(settings.out / "results.json")
    pictures = field_pictures(task, fields)
    write_report(result, settings.out / "report.html", pictures=pictures)
    return result


def _candidate(
    name: str, seed: int, task: Task, settings: StudySettings, progress: Progress
) -> tuple[CandidateResult, Tensor]:
    """Train and judge a candidate, or read what an earlier call found."""
    folder = settings.out / "candidates"
    folder.mkdir(exist_ok=True)
    stem = folder / f"{name.replace('+', '-')}-{seed}"
    label = f"{name}, seed {seed}" if settings.seeds > 1 else name
    kept = stem.with_suffix(".json")
    if kept.exists():
        progress(label, 1.0)
        fields = torch.load(stem.with_suffix(".pt"), weights_only=True)
        return read_candidate(json.loads(kept.read_text(encoding="utf-8"))), fields
    progress(label, 0.0)
    result, fields = _train_and_judge(
        name, seed, task, settings, lambda done: progress(label, 0.9 * done)
    )
    torch.save(fields, stem.with_suffix(".pt"))
    partial = stem.with_suffix(".part")
    partial.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    partial.replace(kept)
    progress(label, 1.0)
    return result, fields


def _train_and_judge(
    name: str,
    seed: int,
    task: Task,
    settings: StudySettings,
    progress: Callable[[float], None],
) -> tuple[CandidateResult, Tensor]:
    recipe = RECIPES[name]
    torch.manual_seed(seed)
    model = recipe.build(task).to(settings.device)
    training = Training(NOTHING_SPENT, 0.0, [])
    if recipe.loss is not None:
        training = train(
            model, recipe, task, budget=settings.budget, seed=seed, progress=progress
        )
    skill = judge(model, task, horizon=settings.horizon)
    result = CandidateResult(
        name=name,
        rung=recipe.rung,
        description=recipe.description,
        seed=seed,
        num_parameters=sum(p.numel() for p in model.parameters()),
        one_step=skill.one_step,
        rollout=skill.rollout,
        divergence=skill.divergence,
        crps=skill.crps,
        training=training.energy,
        inference=inference_energy(model, task),
        epochs=training.epochs,
        curve=training.curve,
        evaluations=recipe.evaluations(model, task),
    )
    return result, skill.fields


def _claim(settings: StudySettings) -> None:
    """Note the settings in the folder, or refuse a folder with other settings."""
    note = settings.out / "settings.json"
    wanted = json.dumps(settings.describe(), indent=1)
    if not note.exists():
        note.write_text(wanted, encoding="utf-8")
        return
    found = note.read_text(encoding="utf-8")
    if found != wanted:
        old, new = json.loads(found), json.loads(wanted)
        differ = [key for key in {*old, *new} if old.get(key) != new.get(key)]
        raise DataError(
            explain(
                str(settings.out),
                found=f"a study with other settings ({', '.join(sorted(differ))})",
                expected="an empty folder, or one of a study with the same settings",
                remedy="choose another --out, or delete the folder",
            )
        )


def _load(
    settings: StudySettings, progress: Progress
) -> tuple[dict[str, Any], EnergyFigure]:
    """Return the splits and the energy of making them."""
    if settings.data is not None:
        progress("reading data", 0.0)
        splits = read_splits(settings.data)
        progress("reading data", 1.0)
        reason = "the data were given; what making them cost is not known"
        return splits, EnergyFigure(None, None, None, "none", 0.0, reason)
    progress("making data", 0.0)
    root = settings.out / "generated"
    energy = make_data(
        root,
        device=settings.device,
        progress=lambda done, total: progress("making data", done / total),
    )
    progress("making data", 1.0)
    return read_splits(root), energy


def _describe_data(
    settings: StudySettings, splits: dict[str, Any], task: Task, *, stride: int
) -> dict[str, Any]:
    counts = {name: len(trajectories) for name, trajectories in splits.items()}
    train = splits["train"]
    return {
        "source": "made by this study"
        if settings.data is None
        else f"files given in {settings.data.name}",
        "trajectories": counts,
        "training windows": len(task.splits["train"].windows(1, 1)),
        "grid": " × ".join(map(str, task.grid.num_points)),
        "fields": list(train.names),
        "stored every (s)": round(train.dt, 6),
        "stride": stride,
        "forecast step (s)": round(task.interval, 6),
        "persistence VRMSE at one step (test)": round(
            persistence_error(splits["test"], stride), 4
        ),
        **{
            name: sorted({float(f"{v:.6g}") for v in value.tolist()})
            for name, value in train.parameters.items()
        },
    }


def _describe_machine(settings: StudySettings) -> dict[str, str]:
    on_gpu = settings.device.startswith("cuda")
    name = torch.cuda.get_device_name(settings.device) if on_gpu else _processor()
    return {
        "physbias": version("physbias"),
        "torch": torch.__version__,
        "Python": platform.python_version(),
        "device": name,
        "threads": str(settings.threads),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _notes(settings: StudySettings, candidates: list[CandidateResult]) -> list[str]:
    """Return what the reader must know before the table."""
    notes = []
    sources = {c.inference.source for c in candidates}
    if "estimate" in sources:
        notes.append(
            "Energy is an ESTIMATE: no sensor could be read on this machine, so joules "
            "are processor time times an assumed power per core. Compare candidates "
            "with each other, not with measured figures."
        )
    if settings.data is not None:
        notes.append(
            "The data were given: what it cost to make them is not known, and the life "
            "cycle below leaves it out."
        )
    if settings.seeds == 1:
        notes.append(
            "One seed per candidate: differences of a few per cent mean little."
        )
    return notes
