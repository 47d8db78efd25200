"""What a user chooses for a study."""

import hashlib
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from physbias.arguments import check_count, check_kind, check_positive
from physbias.errors import ArgumentError, explain

CANDIDATES = ("persistence", "solver", "unet", "fno", "fno+residual", "hybrid", "flow")


@dataclass(frozen=True, slots=True)
class TimeBudget:
    """Every candidate trains for the same time.

    Args:
        seconds: training time per candidate and seed [s]: of the processor, which other
            programs do not lengthen, or by the clock on a GPU.
    """

    seconds: float

    def progress(self, *, seconds: float, epochs: float) -> float:
        """Return the fraction of the budget that is spent."""
        return seconds / self.seconds

    def __str__(self) -> str:
        return f"{self.seconds:g} s of training each"


@dataclass(frozen=True, slots=True)
class EpochBudget:
    """Every candidate sees the training data as often.

    Args:
        epochs: passes over the training windows per candidate and seed.
    """

    epochs: float

    def progress(self, *, seconds: float, epochs: float) -> float:
        """Return the fraction of the budget that is spent."""
        return epochs / self.epochs

    def __str__(self) -> str:
        return f"{self.epochs:g} epochs each"


Budget = TimeBudget | EpochBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """Every choice of a study.

    Args:
        out: folder for data, candidates, results and report.
        data: folder of The Well's files; the study makes its own data if not given.
        candidates: which to train and judge.
        budget: what is the same for all that learn.
        seeds: number of seeds per candidate that learns.
        stride: frames from one state to the next; chosen so that persistence is a real
            opponent if not given.
        horizon: steps of the roll-outs, at most as many as the data allow.
        threads: threads of PyTorch on a CPU.
        device: where to compute.

    Raises:
        ArgumentError: a number out of range or an unknown candidate.
    """

    out: Path
    data: Path | None = None
    candidates: tuple[str, ...] = CANDIDATES
    budget: Budget = TimeBudget(25.0)
    seeds: int = 1
    stride: int | None = None
    horizon: int = 8
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_kind(self.out, "out", Path, remedy="write Path(...)")
        if self.data is not None:
            check_kind(self.data, "data", Path, remedy="write Path(...)")
        remedy = "use TimeBudget(seconds) or EpochBudget(epochs)"
        check_kind(self.budget, "budget", TimeBudget | EpochBudget, remedy=remedy)
        amount = (
            self.budget.seconds
            if isinstance(self.budget, TimeBudget)
            else self.budget.epochs
        )
        check_positive(amount, "budget", remedy="correct it")
        for name, value in (
            ("seeds", self.seeds),
            ("stride", 1 if self.stride is None else self.stride),
            ("horizon", self.horizon),
            ("threads", self.threads),
        ):
            check_count(value, name)
        remedy = 'write a tuple, such as ("unet", "fno")'
        check_kind(self.candidates, "candidates", tuple, remedy=remedy)
        if self.device != "cpu" and not torch.cuda.is_available():
            raise ArgumentError(
                explain(
                    "device",
                    found=repr(self.device),
                    expected="cpu, since PyTorch sees no CUDA device here",
                    remedy="leave it out, or install a CUDA build of PyTorch",
                )
            )
        unknown = [name for name in self.candidates if name not in CANDIDATES]
        if unknown or not self.candidates:
            raise ArgumentError(
                explain(
                    "candidates",
                    found=", ".join(map(str, unknown)) or "none",
                    expected=f"some of {', '.join(CANDIDATES)}",
                    remedy="separate the names by commas",
                )
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The candidates in their order, persistence and solver always among them."""
        wanted = {*self.candidates, "persistence", "solver"}
        return tuple(name for name in CANDIDATES if name in wanted)

    def describe(self) -> dict[str, Any]:
        """Return the choices that decide what a candidate's result means."""
        choices = asdict(self)
        choices.pop("out")
        choices.pop("candidates")
        choices.pop("seeds")
        choices["data"] = "made by the study"
        if self.data is not None:
            choices["data"] = f"{self.data.name} ({_fingerprint(self.data)})"
        choices["version"] = version("physbias")
        choices["budget"] = str(self.budget)
        choices["stride"] = "automatic" if self.stride is None else self.stride
        return choices


def _fingerprint(folder: Path) -> str:
    """Return a short hash of the names, sizes and times of a folder's files."""
    files = sorted(path for path in folder.rglob("*.hdf5") if path.is_file())
    parts = [
        f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in files
    ]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]
    return f"{len(files)} files, {digest}"
