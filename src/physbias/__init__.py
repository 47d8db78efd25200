"""Physics at the strength you choose, and what that choice costs in joules.

The map of the package, from what is said to what it costs:

=======================  ========================================================
:class:`Grid`            points, lengths and what happens at each edge
:mod:`physbias.pdes`     what the physics says: one equation per file
:mod:`physbias.numerics` derivative schemes and steppers, nothing learnable
:mod:`physbias.none`     layers that know nothing of the physics
:mod:`physbias.weak`     losses that are told the physics and may be disobeyed
:mod:`physbias.strong`   layers that cannot disobey: solvers, projections, hybrids
:mod:`physbias.flow`     any network as a distribution over the next state
:mod:`physbias.energy`   :class:`EnergyMeter` and what stands behind it
:mod:`physbias.data`     trajectories in and out, generators, normalisation
:mod:`physbias.metrics`  skill
:mod:`physbias.forecast` one interface over all of them: history in, forecast out
:mod:`physbias.study`    skill against joules over the whole life cycle
=======================  ========================================================

The names below are the ones that a notebook needs; ``pb.weak.ResidualLoss`` and the
like are reached through their folders.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from physbias import flow, none, numerics, pdes, strong, weak
from physbias.energy import EnergyMeter
from physbias.forecast import (
    FlowForecaster,
    Forecaster,
    ForecastModel,
    Persistence,
    SolverForecaster,
)
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import (
    ARS443,
    RK2,
    RK4,
    SSPRK3,
    Autodiff,
    DormandPrince,
    Euler,
    FiniteDifference,
    Spectral,
)
from physbias.pdes import (
    PDE,
    AdvectionDiffusion,
    Burgers,
    DivergenceFree,
    Heat,
    TracerFlow,
    pde,
)
from physbias.strength import Strength
from physbias.strong import (
    Adjoint,
    Backprop,
    Checkpoint,
    Hybrid,
    LerayProjection,
    Solver,
)

if TYPE_CHECKING:
    from physbias import data, energy, forecast, metrics, study

__all__ = [
    "ARS443",
    "PDE",
    "RK2",
    "RK4",
    "SSPRK3",
    "Adjoint",
    "AdvectionDiffusion",
    "Autodiff",
    "Backprop",
    "Burgers",
    "Checkpoint",
    "Dirichlet",
    "DivergenceFree",
    "DormandPrince",
    "EnergyMeter",
    "Euler",
    "FiniteDifference",
    "FlowForecaster",
    "ForecastModel",
    "Forecaster",
    "Grid",
    "Heat",
    "Hybrid",
    "LerayProjection",
    "Neumann",
    "Periodic",
    "Persistence",
    "Solver",
    "SolverForecaster",
    "Spectral",
    "Strength",
    "TracerFlow",
    "data",
    "energy",
    "flow",
    "forecast",
    "metrics",
    "none",
    "numerics",
    "pde",
    "pdes",
    "strong",
    "study",
    "weak",
]


def __getattr__(name: str) -> object:
    """Import the folders that a session may never need when they are asked for."""
    if name in {"data", "metrics", "study"}:
        return import_module(f"physbias.{name}")
    message = f"module 'physbias' has no attribute {name!r}"
    raise AttributeError(message)
