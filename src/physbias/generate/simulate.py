"""Samples computed from a recipe, a seed and their numbers."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from physbias.arguments import check_count, check_kind
from physbias.data import Trajectories
from physbias.data.channels import channel_names
from physbias.errors import ArgumentError, PhysbiasError, StabilityError, explain
from physbias.generate.drawing import Drawn, generator_of
from physbias.generate.recipe import Recipe, parameters_of
from physbias.pdes import PDE
from physbias.shapes import AXIS_NAMES, check_finite
from physbias.strong import Solver

# part of the stability limit that a shortened step takes
SAFETY = 0.8


class SampleError(PhysbiasError, RuntimeError):
    """A sample of a data set that cannot be computed; the message names it."""


def make_sample(recipe: Recipe, index: int, *, seed: int = 0) -> Trajectories:
    """Return one sample of a data set, bit for bit as a run stores it.

    Args:
        recipe: of the data set.
        index: number of the sample.
        seed: of the data set.

    Returns:
        One trajectory in float32.

    Raises:
        ArgumentError: an index or a seed that is no whole number of at least 0.
        SampleError: it became NaN or infinite.

    Example:
        >>> from physbias.generate import find_recipe
        >>> make_sample(find_recipe("heat"), 17).fields.shape
        torch.Size([1, 51, 1, 128])
    """
    check_count(index, "index", minimum=0)
    return make_samples(recipe, [index], seed=seed)


def make_samples(
    recipe: Recipe, indices: Sequence[int], *, seed: int = 0
) -> Trajectories:
    """Return some samples of a data set, computed in one batch, in float64 within.

    What a sample is follows from the recipe, the seed and its own number. A sample
    alone goes on with shorter steps where it is not stable with its own; a batch
    of several takes those of the recipe or is refused, since otherwise one sample
    would change the steps of another. Its samples equal those computed alone up to
    rounding, and not bit for bit: vectorised arithmetic depends on the batch.

    Args:
        recipe: of the data set.
        indices: numbers of the samples.
        seed: of the data set.

    Returns:
        Trajectories in float32.

    Raises:
        SampleError: a sample that became NaN or infinite, or a batch that is not
            stable with the steps of the recipe.
    """
    return simulate(recipe, indices, seed=seed)[0]


@torch.no_grad()
def simulate(
    recipe: Recipe, indices: Sequence[int], *, seed: int
) -> tuple[Trajectories, float]:
    """Return what :func:`make_samples` returns, and the shortest step taken [s].

    Args:
        recipe: of the data set.
        indices: numbers of the samples.
        seed: of the data set.
    """
    check_kind(recipe, "recipe", Recipe, remedy="find_recipe(name) gives one")
    check_kind(indices, "indices", Sequence, remedy="list the numbers of the samples")
    for index in indices:
        check_count(index, "indices", minimum=0)
    check_count(seed, "seed", minimum=0)
    check_count(len(indices), "number of indices")
    grid, ndim = recipe.grid, recipe.grid.ndim
    drawn = [recipe.draw(index, seed=seed) for index in indices]
    equations = [recipe.equation(**own) for own in drawn]
    states = [
        draw_state(recipe, pde, index, seed=seed)
        for index, pde in zip(indices, equations, strict=True)
    ]
    pde = recipe.equation(**_together(drawn))
    label = ", ".join(map(str, indices))
    frames, longest = _solve(recipe, pde, torch.cat(states), label)
    trajectories = Trajectories(
        torch.stack(frames, dim=1).float(),
        _names(pde, ndim),
        torch.tensor(recipe.times, dtype=torch.float64),
        grid.num_points,
        grid.lengths,
        grid.origin,
        ("periodic",) * ndim,
        _recorded(recipe, drawn, equations),
    )
    return trajectories, recipe.step(longest)


def draw_state(recipe: Recipe, pde: PDE, index: int, *, seed: int) -> Tensor:
    """Return the initial state of a sample, checked.

    Args:
        recipe: of the data set.
        pde: the equation with the sample's parameters.
        index: number of the sample.
        seed: of the data set.

    Raises:
        ArgumentError: a state that does not fit the equation or the grid.
    """
    u = recipe.initial_state(pde, recipe.grid, generator_of(seed, index))
    _check_state(u, recipe, pde, index)
    return u


def _solve(
    recipe: Recipe, pde: PDE, u: Tensor, label: str
) -> tuple[list[Tensor], float]:
    """Return the frames, and the longest step that was allowed in the end [s]."""
    solver = Solver(
        pde, recipe.grid, scheme=recipe.scheme, stepper=recipe.stepper, dt=recipe.dt
    )
    times = recipe.times
    frames = [solver.system(u).admit(u)]
    for start, end in pairwise(times):
        try:
            frames.append(_interval(solver, frames[-1], start, end))
        except PhysbiasError as error:
            several = len(u) > 1
            remedy = "give a smaller dt" + (" or a batch of 1" if several else "")
            message = (
                f"sample{'s' * several} {label} of {recipe.name}, from t = {start:g} "
                f"to {end:g}: {error} For the data set: {remedy}, more points or "
                "narrower parameters."
            )
            raise SampleError(message) from error
    assert solver.dt is not None
    return frames, solver.dt


def _interval(solver: Solver, u: Tensor, start: float, end: float) -> Tensor:
    """Return the state at the end; a single sample shortens the steps from here on."""
    try:
        return solver(u, [start, end])[:, -1]
    except StabilityError:
        limit = solver.stable_step(u, time=start)
        if len(u) > 1 or not limit > 0:
            raise
        solver.dt = SAFETY * limit
        return solver(u, [start, end])[:, -1]


def _check_state(u: Tensor, recipe: Recipe, pde: PDE, index: int) -> None:
    wanted = (1, pde.num_channels(recipe.grid.ndim), *recipe.num_points)
    shape = tuple(u.shape) if isinstance(u, Tensor) else type(u).__name__
    if shape != wanted or u.dtype != torch.float64:
        found = shape if shape != wanted else u.dtype
        raise ArgumentError(
            explain(
                f"initial_state of {recipe.name}",
                found=found,
                expected=f"a float64 tensor of shape {wanted}",
                remedy="return one state, (1, channel, *space), in float64",
            )
        )
    check_finite(u, f"initial_state of sample {index} of {recipe.name}")
    pde.check_values(u, f"initial_state of sample {index} of {recipe.name}")


def _together(drawn: Sequence[dict[str, Drawn]]) -> dict[str, Drawn | Tensor]:
    """Return parameters of a batch: numbers where all agree, else one per sample."""
    values: dict[str, Drawn | Tensor] = {}
    for name, first in drawn[0].items():
        rows = [own[name] for own in drawn]
        same = all(row == first for row in rows)
        values[name] = first if same else torch.tensor(rows, dtype=torch.float64)
    return values


def _recorded(
    recipe: Recipe, drawn: Sequence[dict[str, Drawn]], equations: Sequence[PDE]
) -> dict[str, Tensor]:
    """Return the parameters by trajectory, those of axes under names of their own.

    An argument that was left to the equation, such as a diffusivity that follows the
    viscosity, is what the equation made of it.
    """
    recorded: dict[str, Tensor] = {}
    for name in parameters_of(recipe.equation):
        rows = [
            own.get(name, getattr(pde, name, None))
            for own, pde in zip(drawn, equations, strict=True)
        ]
        if not all(isinstance(row, int | float | tuple) for row in rows):
            continue
        values = torch.tensor(rows, dtype=torch.float64)
        if values.ndim == 1:
            recorded[name] = values
        else:
            for axis, column in enumerate(values.unbind(1)):
                recorded[f"{name}_{AXIS_NAMES[axis]}"] = column
    return recorded


def _names(pde: PDE, ndim: int) -> tuple[str, ...]:
    names: list[str] = []
    for field, size in pde.fields.items():
        if size == "vector":
            names += channel_names(field, order=1, ndim=ndim)
        elif size == 1:
            names.append(field)
        elif size == len(AXIS_NAMES):
            names += [f"{field}_{axis}" for axis in AXIS_NAMES]
        else:
            names += [f"{field}_{n}" for n in range(size)]
    return tuple(names)
