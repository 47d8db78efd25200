"""Where a study keeps what is finished, so that it can be interrupted."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from physbias.errors import DataError, explain
from physbias.study.results import CandidateResult, read_candidate
from physbias.study.settings import StudySettings


@dataclass(frozen=True, slots=True)
class Finished:
    """A candidate that was trained and judged.

    Args:
        result: what was found.
        fields: its forecast of the first test window ``(channel, *space)``.
        weights: its ``state_dict``, also kept on its own for whoever wants the model.
    """

    result: CandidateResult
    fields: Tensor
    weights: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """A candidate that became NaN or unstable, with the reason."""

    name: str
    reason: str


Outcome = Finished | Failed


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a kill leaves the old one or the new one."""
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


class Shelf:
    """A folder of finished candidates.

    Args:
        settings: of the study; its ``out`` is the folder.

    Raises:
        DataError: the folder holds a study with other settings.
    """

    def __init__(self, settings: StudySettings) -> None:
        self.folder = settings.out / "candidates"
        self._note = settings.out / "settings.json"
        self._wanted = wanted = settings.describe()
        found = _read(self._note)
        if found is not None and found != wanted:
            differ = [k for k in {*found, *wanted} if found.get(k) != wanted.get(k)]
            raise DataError(
                explain(
                    str(settings.out),
                    found=f"a study with other settings ({', '.join(sorted(differ))})",
                    expected="an empty folder, or a study with the same settings",
                    remedy="choose another --out, or delete the folder",
                )
            )

    def take(self, name: str, seed: int) -> Outcome | None:
        """Return what an earlier call found, None where it did not finish."""
        stem = self._stem(name, seed)
        raw, fields = _read(stem.with_suffix(".json")), stem.with_suffix(".pt")
        if raw is None:
            return None
        if "failed" in raw:
            return Failed(name, raw["failed"])
        if not fields.exists():
            return None
        return Finished(read_candidate(raw), torch.load(fields, weights_only=True))

    def put(self, name: str, seed: int, outcome: Outcome) -> None:
        """Keep an outcome; its last file appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._note, json.dumps(self._wanted, indent=1))
        stem = self._stem(name, seed)
        if isinstance(outcome, Failed):
            raw: dict[str, Any] = {"failed": outcome.reason}
        else:
            torch.save(outcome.fields.clone(), stem.with_suffix(".pt"))
            torch.save(outcome.weights, stem.with_suffix(".weights.pt"))
            raw = asdict(outcome.result)
        write_whole(
            stem.with_suffix(".json"), json.dumps(raw, indent=1, allow_nan=False)
        )

    def _stem(self, name: str, seed: int) -> Path:
        return self.folder / f"{name.replace('+', '-')}-{seed}"


def _read(path: Path) -> dict[str, Any] | None:
    """Return a JSON object, None where there is no whole one."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return raw if isinstance(raw, dict) else None
