"""What a study found: plain numbers, written as JSON and read back."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from physbias.errors import DataError, explain

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class EnergyFigure:
    """Energy of one stage.

    Args:
        joules: the figure [J]; None where nothing was measured or estimated.
        low: lower end of its 95 % interval [J].
        high: upper end of its 95 % interval [J].
        source: what it was read from: ``counter``, ``power``, ``rapl``, ``estimate``,
            several joined by ``+``, or ``none``.
        seconds: duration of the stage [s].
        reason: why there is no figure.
    """

    joules: float | None
    low: float | None
    high: float | None
    source: str
    seconds: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of a learning curve: validation skill after some training.

    Args:
        epoch: passes over the training windows so far.
        seconds: training time so far [s].
        joules: training energy so far [J]; None where there is no figure.
        vrmse: one-step VRMSE on the validation windows, mean over fields [1].
    """

    epoch: float
    seconds: float
    joules: float | None
    vrmse: float


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """One candidate trained with one seed, and judged.

    Args:
        name: short name, such as ``unet``.
        rung: ``baseline``, ``none``, ``weak``, ``strong`` or ``flow``.
        description: one line for the table's reader.
        seed: seed of initialisation and shuffling.
        num_parameters: learnable numbers.
        one_step: one-step VRMSE on the test windows, per channel name [1].
        rollout: VRMSE on the test trajectories, mean over channels, per forecast
            step; None from the step on at which the roll-out was not finite.
        divergence: rms divergence of the forecast velocity over rms gradient [1].
        crps: fair CRPS over the truth's spread, for ensembles; None otherwise.
        training: energy of training.
        inference: energy of one forecast step of one trajectory.
        epochs: passes over the training windows.
        curve: learning curve.
        evaluations: network or right-hand-side evaluations per forecast step, all
            members together.
        spread_skill: spread of the ensemble over the error of its mean, 1 where it is
            calibrated; None for single forecasts [1].
    """

    name: str
    rung: str
    description: str
    seed: int
    num_parameters: int
    one_step: dict[str, float]
    rollout: list[float | None]
    divergence: float
    crps: float | None
    training: EnergyFigure
    inference: EnergyFigure
    epochs: float
    curve: list[CurvePoint] = field(default_factory=list)
    evaluations: int = 0
    spread_skill: float | None = None

    @property
    def vrmse(self) -> float:
        """One-step VRMSE, mean over fields [1]."""
        return sum(self.one_step.values()) / len(self.one_step)


@dataclass(frozen=True, slots=True)
class StudyResult:
    """A whole study.

    Args:
        title: what was studied.
        settings: every choice by name, for the reader and for resuming.
        data: where the trajectories come from, their counts, grid and step.
        data_energy: energy of making the data; zero-cost where they were given.
        candidates: one entry per candidate and seed.
        machine: software versions and hardware.
        notes: sentences that belong above the table, such as that energy is estimated.
    """

    title: str
    settings: dict[str, Any]
    data: dict[str, Any]
    data_energy: EnergyFigure
    candidates: list[CandidateResult]
    machine: dict[str, str]
    notes: list[str]

    def write(self, path: Path) -> None:
        """Write the result as JSON; a kill leaves the old file or the new one."""
        content = {"schema": SCHEMA, **asdict(self)}
        text = json.dumps(content, indent=1, allow_nan=False)
        partial = path.with_suffix(".part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)


def read_results(path: Path) -> StudyResult:
    """Read what :meth:`StudyResult.write` wrote.

    Raises:
        DataError: the file is not a study's results of this schema.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        schema = raw.pop("schema")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise DataError(
            explain(
                str(path),
                found=f"no readable results ({error})",
                expected="results.json of a study",
                remedy="run the study again in an empty folder",
            )
        ) from error
    if schema != SCHEMA:
        raise DataError(
            explain(
                str(path),
                found=f"schema {schema}",
                expected=f"schema {SCHEMA}",
                remedy="run the study again in an empty folder",
            )
        )
    try:
        raw["data_energy"] = EnergyFigure(**raw["data_energy"])
        raw["candidates"] = [read_candidate(entry) for entry in raw["candidates"]]
        return StudyResult(**raw)
    except (KeyError, TypeError) as error:
        raise DataError(
            explain(
                str(path),
                found=f"results with missing or unknown entries ({error})",
                expected=f"a study's results of schema {SCHEMA}",
                remedy="run the study again in an empty folder",
            )
        ) from error


def read_candidate(raw: dict[str, Any]) -> CandidateResult:
    """Return a candidate's result from its JSON form."""
    return CandidateResult(
        **{
            **raw,
            "training": EnergyFigure(**raw["training"]),
            "inference": EnergyFigure(**raw["inference"]),
            "curve": [CurvePoint(**point) for point in raw["curve"]],
        }
    )
