"""Physics at the strength you choose, and what that choice costs in joules.

The map of the package, from what is said to what it costs:

=======================  ========================================================
:mod:`physbias.grid`     :class:`Grid`: points, lengths, what happens at each edge
:mod:`physbias.pdes`     what the physics says: one equation per file
:mod:`physbias.numerics` derivative schemes and steppers, nothing learnable
:mod:`physbias.none`     layers that know nothing of the physics
:mod:`physbias.weak`     losses that are told the physics and may be disobeyed
:mod:`physbias.strong`   layers that cannot disobey: solvers, projections, hybrids
:mod:`physbias.flow`     any network as a distribution over the next state
:mod:`physbias.energy`   :class:`EnergyMeter` and what stands behind it
:mod:`physbias.data`     trajectories in and out, normalisation
:mod:`physbias.generate` data sets of every equation
:mod:`physbias.metrics`  skill
:mod:`physbias.forecast` one interface over all of them: history in, forecast out
:mod:`physbias.verify`   proof of an equation: :func:`verify` and its report
:mod:`physbias.study`    skill against joules over the whole life cycle
=======================  ========================================================

The names below are the ones that a notebook needs; ``pb.weak.ResidualLoss`` and the
like are reached through their folders.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from physbias import grid, numerics, pdes, strong
from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import (
    ARK324,
    ARS222,
    ARS443,
    CNAB2,
    ETDRK1,
    ETDRK2,
    ETDRK3,
    ETDRK4,
    RK2,
    RK4,
    SDIRK2,
    SSPRK3,
    Autodiff,
    CrankNicolson,
    DormandPrince,
    Euler,
    FiniteDifference,
    ImplicitEuler,
    Leapfrog,
    LowStorageRK4,
    Spectral,
    Yoshida4,
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
    Autograd,
    Backprop,
    BinomialCheckpoint,
    Checkpoint,
    Hybrid,
    LerayProjection,
    LinearAdjoint,
    Solver,
)

if TYPE_CHECKING:
    from physbias import (
        data,
        energy,
        flow,
        forecast,
        generate,
        metrics,
        none,
        study,
        weak,
    )
    from physbias.energy import EnergyMeter
    from physbias.verify import verify

__all__ = [
    "ARK324",
    "ARS222",
    "ARS443",
    "CNAB2",
    "ETDRK1",
    "ETDRK2",
    "ETDRK3",
    "ETDRK4",
    "PDE",
    "RK2",
    "RK4",
    "SDIRK2",
    "SSPRK3",
    "Adjoint",
    "AdvectionDiffusion",
    "Autodiff",
    "Autograd",
    "Backprop",
    "BinomialCheckpoint",
    "Burgers",
    "Checkpoint",
    "CrankNicolson",
    "Dirichlet",
    "DivergenceFree",
    "DormandPrince",
    "EnergyMeter",
    "Euler",
    "FiniteDifference",
    "Grid",
    "Heat",
    "Hybrid",
    "ImplicitEuler",
    "Inflow",
    "Leapfrog",
    "LerayProjection",
    "LinearAdjoint",
    "LowStorageRK4",
    "Neumann",
    "Outflow",
    "Periodic",
    "Robin",
    "Solver",
    "Spectral",
    "Strength",
    "Symmetry",
    "TracerFlow",
    "Yoshida4",
    "data",
    "energy",
    "flow",
    "forecast",
    "generate",
    "grid",
    "metrics",
    "none",
    "numerics",
    "pde",
    "pdes",
    "strong",
    "study",
    "verify",
    "weak",
]


_ON_DEMAND = {
    "data",
    "energy",
    "flow",
    "forecast",
    "generate",
    "metrics",
    "none",
    "study",
    "verify",
    "weak",
}


def __getattr__(name: str) -> object:
    """Import a folder when it is asked for: a session may never need it."""
    if name == "__version__":
        return import_module("importlib.metadata").version("physbias")
    if name == "EnergyMeter":
        return import_module("physbias.energy").EnergyMeter
    if name in _ON_DEMAND:
        return import_module(f"physbias.{name}")
    message = f"module 'physbias' has no attribute {name!r}"
    for folder in (numerics, pdes, strong):
        if name in folder.__all__:
            message += f"; it is {folder.__name__}.{name}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """List the public names, imported already or not."""
    return sorted({*globals(), *_ON_DEMAND, "EnergyMeter"})
