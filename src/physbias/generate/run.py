"""A whole data set: split, sharded, resumable."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from math import inf
from os import PathLike
from pathlib import Path

import torch

from physbias.arguments import check_count, check_function, check_kind
from physbias.data import Trajectories, write_well
from physbias.data.hdf5 import import_h5py
from physbias.errors import ArgumentError, explain
from physbias.generate.find import dashed
from physbias.generate.recipe import Recipe
from physbias.generate.shards import (
    SHORTEST,
    Shard,
    open_folder,
    plan_shards,
    samples_per_file,
)
from physbias.generate.simulate import draw_state, simulate

# takes the number of samples done and their total
Report = Callable[[int, int], None]


def generate(
    recipe: Recipe,
    out: str | Path,
    *,
    train: int = 8,
    valid: int = 1,
    test: int = 1,
    seed: int = 0,
    batch: int = 1,
    per_file: int | None = None,
    progress: Report | None = None,
) -> list[Path]:
    """Make a data set in The Well's layout, or go on with one that was interrupted.

    Samples are numbered through train, valid and test; sample i depends on the recipe,
    the seed and i alone, so that :func:`make_sample` gives it again. A file appears
    under its name when it is complete, and files that are there are not made again.

    Args:
        recipe: what to make, see :func:`find_recipe`.
        out: folder; the files go to ``out/data/{train,valid,test}``, and the arguments
            to ``out/generate.json``.
        train: samples to train with [1].
        valid: samples to choose with [1].
        test: samples to judge with [1].
        seed: of all random numbers.
        batch: samples that are computed together [1], see :func:`make_samples`.
        per_file: most samples in a file [1]; as many as fit into 128 MiB, at most 100,
            if not given. So much work is lost by an interruption, and so much memory
            is taken.
        progress: called with the number of samples done and their total.

    Returns:
        The files.

    Raises:
        ArgumentError: a number out of range, or a folder that holds a data set made
            with other arguments, or that cannot be written.
        DataError: a folder that holds something else.
        MissingExtraError: ``h5py`` is not installed.
        SampleError: a sample that cannot be computed.

    Source:
        R. Ohana et al. (2024), "The Well", arXiv 2412.00568, for the layout.
    """
    import_h5py()
    check_kind(recipe, "recipe", Recipe, remedy="find_recipe(name) gives one")
    check_kind(out, "out", str | PathLike, remedy="name the folder of the data set")
    if progress is not None:
        remedy = "give a function of the samples done and their total"
        check_function(progress, "progress", remedy=remedy)
    out = Path(out)
    counts = {"train": train, "valid": valid, "test": test}
    _check_counts(counts, seed=seed, batch=batch, per_file=per_file)
    frame_bytes = _frame_bytes(recipe, seed)  # first, for it checks the initial state
    fitting = samples_per_file(frame_bytes * recipe.num_frames)
    size = fitting if per_file is None else per_file
    name = dashed(recipe.name).replace("-", "_")
    arguments: dict[str, object] = {
        "dataset_name": name,
        **recipe.describe(),
        **counts,
        "seed": seed,
        "batch": batch,
        "per_file": size,
        "physbias": version("physbias"),
        "torch": str(torch.__version__),
    }
    open_folder(out, arguments)
    shards = plan_shards(out, name, counts, per_file=size)
    total = sum(counts.values())

    def report(done: int) -> None:
        if progress is not None:
            progress(done, total)

    for shard in shards:
        if shard.is_done:
            report(shard.first + shard.count)
        else:
            _write(shard, recipe, arguments, seed=seed, batch=batch, progress=report)
    for left in (out / "data").rglob("*.partial"):  # by a run that was killed
        left.unlink(missing_ok=True)
    return [shard.path for shard in shards]


def _write(
    shard: Shard,
    recipe: Recipe,
    arguments: dict[str, object],
    *,
    seed: int,
    batch: int,
    progress: Callable[[int], None],
) -> None:
    """Compute the samples of a file and write it."""
    parts: list[Trajectories] = []
    shortest = inf
    end = shard.first + shard.count
    for first in range(shard.first, end, batch):
        indices = range(first, min(first + batch, end))
        part, step = simulate(recipe, indices, seed=seed)
        parts.append(part)
        shortest = min(shortest, step)
        progress(indices[-1] + 1)
    attributes = {
        name: value if isinstance(value, str | int | float) else json.dumps(value)
        for name, value in arguments.items()
    }
    write_well(
        shard.path,
        parts[0].join(*parts[1:]),
        dataset_name=str(arguments["dataset_name"]),
        attributes={
            **attributes,
            "first_sample": shard.first,
            SHORTEST: shortest,
        },
    )


def _frame_bytes(recipe: Recipe, seed: int) -> int:
    """Return the size of a state as it is stored."""
    pde = recipe.equation(**recipe.draw(0, seed=seed))
    return 4 * draw_state(recipe, pde, 0, seed=seed).numel()


def _check_counts(
    counts: Mapping[str, int], *, seed: int, batch: int, per_file: int | None
) -> None:
    least = {**dict.fromkeys(counts, 0), "seed": 0, "batch": 1, "per_file": 1}
    given = {**counts, "seed": seed, "batch": batch}
    if per_file is not None:
        given["per_file"] = per_file
    for name, value in given.items():
        check_count(value, name, minimum=least[name])
    if not any(counts.values()):
        raise ArgumentError(
            explain(
                ", ".join(counts),
                found="no sample",
                expected="one or more in some split",
                remedy="ask for some",
            )
        )
