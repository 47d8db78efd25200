"""Trajectories of a study: made with the library's solver, or read from a folder."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch

from physbias.data import (
    SHEAR_FLOW_STATES,
    ShearFlowState,
    Trajectories,
    read_well,
    write_well,
)
from physbias.data.generate import generate_shear_flow
from physbias.metrics import vrmse
from physbias.study.costs import figure_of, make_meter
from physbias.study.results import EnergyFigure
from physbias.study.shelf import write_whole

FIELDS = ("velocity", "tracer")
REYNOLDS = 2000.0
SOLVER_POINTS = (64, 128)
STORED_POINTS = (32, 64)
TIMES = tuple(0.5 * n for n in range(19))
# persistence must be at least this wrong at one step, averaged over fields
LEAST_CHANGE = 0.15
SPLITS = {"train": slice(0, 11), "valid": slice(11, 13), "test": slice(13, 16)}


def study_states() -> list[ShearFlowState]:
    """Return the initial states of the study, shuffled the same way every time.

    Those of the data set whose layers the solver's grid resolves and that do not calm
    down: waves on thicker layers decay.
    """
    thickness = {s: s.width / (5 * s.num_shear) for s in SHEAR_FLOW_STATES}
    states = [s for s in SHEAR_FLOW_STATES if 0.025 <= thickness[s] <= 0.05]
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(states), generator=generator)
    return [states[index] for index in order.tolist()]


def make_data(
    root: Path, *, device: str, progress: Callable[[int, int], None]
) -> EnergyFigure:
    """Make the study's own data in The Well's layout, unless they are there already.

    Args:
        root: folder to hold ``data/{train,valid,test}``.
        device: where to compute.
        progress: called with the number of trajectories done and their total.

    Returns:
        The energy of making them, also where they were made by an earlier call.
    """
    ledger = root / "energy.json"
    if ledger.exists():
        return EnergyFigure(**json.loads(ledger.read_text(encoding="utf-8")))
    states = study_states()
    meter = make_meter(device)
    with meter:
        made = generate_shear_flow(
            states,
            TIMES,
            reynolds=REYNOLDS,
            num_points=SOLVER_POINTS,
            store_points=STORED_POINTS,
            device=torch.device(device),
            progress=lambda done: progress(done, len(states)),
        ).to(device="cpu")
    for split, where in SPLITS.items():
        path = root / "data" / split / "shear_flow_Reynolds_2e3_Schmidt_1e0.hdf5"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_well(path, made.take(where), dataset_name="shear_flow")
    figure = figure_of([meter.result])
    write_whole(ledger, json.dumps(asdict(figure)))
    return figure


def read_splits(root: Path) -> dict[str, Trajectories]:
    """Return the splits of a folder in The Well's layout, with the state's fields.

    Where there is no validation split, the last trajectories of the training split
    serve.

    Raises:
        DataError: a folder, file or field is missing or broken.
    """
    train = read_well(root, split="train", fields=FIELDS)
    test = read_well(root, split="test", fields=FIELDS)
    if (root / "data" / "valid").is_dir() or (root / "valid").is_dir():
        valid = read_well(root, split="valid", fields=FIELDS)
    else:
        held = max(1, len(train) // 8)
        valid = train.take(slice(len(train) - held, len(train)))
        train = train.take(slice(0, len(train) - held))
    return {"train": train, "valid": valid, "test": test}


def choose_stride(train: Trajectories) -> int:
    """Return the smallest stride at which persistence is a real opponent."""
    frames = train.fields.shape[1]
    for stride in range(1, max(2, frames // 4)):
        if persistence_error(train, stride) >= LEAST_CHANGE:
            return stride
    return max(1, frames // 4 - 1)


def persistence_error(trajectories: Trajectories, stride: int) -> float:
    """Return the one-step VRMSE of persistence, mean over frames and fields [1]."""
    earlier = trajectories.fields[:, :-stride]
    later = trajectories.fields[:, stride:]
    return float(vrmse(earlier, later, ndim=trajectories.ndim).mean())
