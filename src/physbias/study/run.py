"""The main job: data, candidates, skill, energy, report."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch

from physbias.errors import DivergenceError, NonFiniteError, StabilityError
from physbias.study.data import (
    choose_stride,
    make_data,
    read_splits,
)
from physbias.study.judge import inference_energy, judge
from physbias.study.recipes import RECIPES
from physbias.study.report import write_report
from physbias.study.results import (
    CandidateResult,
    EnergyFigure,
    StudyResult,
)
from physbias.study.settings import StudySettings
from physbias.study.shelf import Failed, Finished, Outcome, Shelf
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
    shelf = Shelf(settings)
    torch.set_num_threads(settings.threads)
    splits, data_energy = _load(settings, progress)
    stride = settings.stride or choose_stride(splits["train"])
    task = make_task(splits, stride=stride, device=settings.device)
    candidates, fields, failures = [], {}, []
    for name in settings.names:
        seeds = settings.seeds if RECIPES[name].loss is not None else 1
        for seed in range(seeds):
            outcome = _outcome(name, seed, task, settings, shelf, progress)
            if isinstance(outcome, Failed):
                failures.append(f"{name} (seed {seed}) failed: {outcome.reason}")
                continue
            candidates.append(outcome.result)
            fields.setdefault(name, outcome.fields)
    result = StudyResult(
        "How much physics pays: shear flow",
        settings.describe(),
        _describe_data(settings, splits, task, stride=stride),
        data_energy,
        candidates,
        _describe_machine(settings),
        [*_notes(settings, candidates), *failures],
    )
    result.write(settings.out / "results.json")
    pictures = field_pictures(task, fields)
    write_report(result, settings.out / "report.html", pictures=pictures)
    return result


def _outcome(
    name: str,
    seed: int,
    task: Task,
    settings: StudySettings,
    shelf: Shelf,
    progress: Progress,
) -> Outcome:
    """Train and judge a candidate, or take what an earlier call found."""
    label = f"{name}, seed {seed}" if settings.seeds > 1 else name
    outcome = shelf.take(name, seed)
    if outcome is None:
        progress(label, 0.0)
        try:
            outcome = _train_and_judge(
                name, seed, task, settings, lambda done: progress(label, 0.9 * done)
            )
        except (DivergenceError, StabilityError, NonFiniteError) as error:
            outcome = Failed(name, str(error))
        shelf.put(name, seed, outcome)
    progress(label, 1.0)
    return outcome


def _train_and_judge(
    name: str,
    seed: int,
    task: Task,
    settings: StudySettings,
    progress: Callable[[float], None],
) -> Finished:
    recipe = RECIPES[name]
    torch.manual_seed(seed)
    model = recipe.build(task).to(settings.device)
    training = Training(NOTHING_SPENT, 0.0, [])
    if recipe.loss is not None:
        training = train(
            model,
            recipe,
            task,
            budget=settings.budget,
            seed=seed,
            device=settings.device,
            progress=progress,
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
        spread_skill=skill.spread_skill,
        training=training.energy,
        inference=inference_energy(model, task, settings.device),
        epochs=training.epochs,
        curve=training.curve,
        evaluations=recipe.evaluations(task),
    )
    return Finished(result, skill.fields, model.state_dict())


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
    if settings.device != "cpu" and "rapl" not in "".join(sources):
        notes.append(
            "The joules are the GPU's alone: the processor's energy could not be read."
        )
    if "estimate" in sources:
        notes.append(
            "Energy is an ESTIMATE: no sensor could be read on this machine, so joules "
            "are processor time times an assumed power per core. Compare candidates "
            "with each other, not with measured figures."
        )
    notes.append(
        "The solver and the hybrid are given the equation and its true coefficients; "
        "the networks learn from the data alone, and within this budget they are far "
        "from converged."
    )
    return notes
