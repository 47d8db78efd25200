"""The task that all candidates of a study share."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from physbias.data import Normaliser, Trajectories
from physbias.errors import DataError, explain
from physbias.forecast import ParameterChannels
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, FiniteDifference
from physbias.pdes import PDE, TracerFlow
from physbias.strong import Solver

# states that the solver's step is checked on, and the part of their limit that it takes
STATES = 48
MARGIN = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Trajectories, grid, step and scales.

    Args:
        splits: ``train``, ``valid`` and ``test`` trajectories.
        grid: where they live.
        interval: time from one state to the next [s].
        solver_dt: step of the coarse solver [s], stable for all training data.
        state: normaliser of states, channel by channel.
        increment: normaliser of increments.
        conditions: channels for the parameters that vary.
    """

    splits: Mapping[str, Trajectories]
    grid: Grid
    interval: float
    solver_dt: float
    state: Normaliser
    increment: Normaliser
    conditions: ParameterChannels

    @property
    def channels(self) -> int:
        """Number of channels of a state."""
        return len(self.splits["train"].names)

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.grid.ndim

    def equation(self) -> TracerFlow:
        """Return the equation of the data, with the first trajectory's coefficients."""
        pde = TracerFlow()
        first = {
            name: value[:1] for name, value in self.splits["train"].parameters.items()
        }
        set_parameters(pde, first)
        return pde

    def solver(self) -> Solver:
        """Return the coarse solver: the equation on the grid of the data.

        Its step was checked once for the training data; a state that it does not suit
        makes the solver report where it blew up.
        """
        return Solver(
            self.equation(),
            self.grid,
            scheme=FiniteDifference(4),
            stepper=RK4(),
            dt=self.solver_dt,
            allow_unstable=True,
        )


def make_task(splits: Mapping[str, Trajectories], *, stride: int, device: str) -> Task:
    """Return the task for some trajectories.

    Args:
        splits: ``train``, ``valid`` and ``test`` trajectories of one grid.
        stride: frames from one state to the next.
        device: where to compute.

    Raises:
        DataError: the trajectories lack the Reynolds or Schmidt number, differ in
            their grids, or are not periodic.
    """
    strided = {
        name: trajectories.stride(stride).to(device=device)
        for name, trajectories in splits.items()
    }
    train = strided["train"]
    for name in ("Reynolds", "Schmidt"):
        if name not in train.parameters:
            raise DataError(
                explain(
                    "data",
                    found=f"parameters {', '.join(train.parameters) or 'none'}",
                    expected=f"{name} among them",
                    remedy="use shear-flow files in The Well's layout",
                )
            )
    if set(train.boundary) != {"periodic"}:
        raise DataError(
            explain(
                "data",
                found=f"boundaries {train.boundary}",
                expected="a periodic box",
                remedy="use shear-flow files in The Well's layout",
            )
        )
    for trajectories in strided.values():
        train.check_alike(trajectories)
    grid = Grid(
        train.num_points, train.lengths, boundary=Periodic(), origin=train.origin
    )
    return Task(
        strided,
        grid,
        train.dt,
        stable_step(train, grid),
        # plain networks see each component at its own size
        Normaliser(
            train.fields.mean(dim=(0, 1, 3, 4)),
            train.fields.std(dim=(0, 1, 3, 4)),
            ndim=train.ndim,
        ),
        Normaliser.fit_increments(train),
        ParameterChannels.fit(train).to(device),
    )


def stable_step(train: Trajectories, grid: Grid) -> float:
    """Return a step of RK4 that is stable for some states, with a margin [s]."""
    states = train.fields.flatten(0, 1)
    frames = train.fields.shape[1]
    index = torch.linspace(0, len(states) - 1, min(len(states), STATES)).round().long()
    pde = TracerFlow()
    set_parameters(
        pde, {name: v[index // frames] for name, v in train.parameters.items()}
    )
    solver = Solver(pde, grid, scheme=FiniteDifference(4), stepper=RK4())
    u = states[index.to(states.device)]
    return MARGIN * solver.stable_step(solver.system(u).admit(u))


def set_parameters(pde: PDE, parameters: Mapping[str, Tensor]) -> None:
    """Write Reynolds and Schmidt numbers into the equation's coefficients."""
    viscosity = 1 / parameters["Reynolds"]
    pde.viscosity = viscosity
    pde.diffusivity = viscosity / parameters["Schmidt"]
