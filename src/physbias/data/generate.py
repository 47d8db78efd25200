"""Trajectories made with the library's own solver."""

from collections.abc import Callable, Sequence

import torch

from physbias.data.regrid import band_limit
from physbias.data.shear_flow import ShearFlowState, shear_flow_initial_state
from physbias.data.trajectories import Trajectories
from physbias.errors import ArgumentError, explain
from physbias.grid import Grid, Periodic
from physbias.numerics import RK4, Spectral
from physbias.pdes import TracerFlow
from physbias.strong import Solver

NAMES = ("velocity_x", "velocity_y", "tracer", "pressure")


def shear_flow_grid(num_points: Sequence[int]) -> Grid:
    """Return the box of the shear flow, x in [0, 1) and y in [-1, 1), periodic."""
    return Grid(num_points, (1.0, 2.0), boundary=Periodic(), origin=(0.0, -1.0))


@torch.no_grad()
def generate_shear_flow(
    states: Sequence[ShearFlowState],
    times: Sequence[float],
    *,
    reynolds: float,
    schmidt: float = 1.0,
    num_points: tuple[int, int] = (128, 256),
    store_points: tuple[int, int] | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trajectories:
    """Return shear flows from The Well's initial states, one trajectory each.

    The initial state is made on the solver's grid, its velocity is made free of
    divergence, and every frame is band-limited to the points that are stored. Each
    trajectory is computed alone, so that it does not depend on its neighbours.

    Args:
        states: initial states.
        times: when to store a frame [s], starting with the initial time.
        reynolds: Reynolds number; the viscosity is its inverse [m²/s].
        schmidt: viscosity over the diffusivity of the tracer [1].
        num_points: points of the solver along x and y.
        store_points: points that are stored; the solver's own if not given.
        dtype: of solver and result.
        device: of solver and result.
        progress: called after each trajectory with the number done.

    Returns:
        Trajectories of velocity, tracer and pressure.

    Raises:
        ArgumentError: no states, or a Reynolds or Schmidt number that is not positive.
    """
    for name, value in (("reynolds", reynolds), ("schmidt", schmidt)):
        if not value > 0:
            raise ArgumentError(
                explain(
                    name,
                    found=repr(value),
                    expected="a positive number",
                    remedy="correct it",
                )
            )
    if not states:
        raise ArgumentError(
            explain(
                "states",
                found="none",
                expected="at least one initial state",
                remedy="choose some out of SHEAR_FLOW_STATES",
            )
        )
    grid = shear_flow_grid(num_points)
    pde = TracerFlow(1 / reynolds, 1 / (reynolds * schmidt))
    solver = Solver(pde, grid, scheme=Spectral(), stepper=RK4())
    stored = store_points or num_points
    fields = []
    for count, state in enumerate(states, start=1):
        start = shear_flow_initial_state(
            *state, num_points=num_points, dtype=dtype, device=device
        )
        frames = [
            band_limit(torch.cat([u, solver.diagnose(u)["pressure"]], dim=1), stored)
            for u in solver.stream(start, times)
        ]
        fields.append(torch.stack(frames, dim=1))
        if progress is not None:
            progress(count)
    ones = torch.ones(len(states), dtype=dtype, device=device)
    return Trajectories(
        torch.cat(fields),
        NAMES,
        torch.tensor(list(times), dtype=torch.float64),
        stored,
        grid.lengths,
        grid.origin,
        ("periodic", "periodic"),
        {"Reynolds": reynolds * ones, "Schmidt": schmidt * ones},
    )
