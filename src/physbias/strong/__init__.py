"""Layers that cannot disobey the physics.

:class:`Solver` solves an equation with gradients, :class:`EllipticSolver` one of rest,
:class:`Hybrid` lets a network correct a right-hand side, :class:`LerayProjection`
removes divergence.
:class:`Backprop`, :class:`Checkpoint`, :class:`BinomialCheckpoint`,
:class:`LinearAdjoint`, :class:`Adjoint` and :class:`Autograd` say how gradients return.
"""

from physbias.strong.elliptic import EllipticSolver
from physbias.strong.gradients import (
    Adjoint,
    Autograd,
    Backprop,
    BinomialCheckpoint,
    Checkpoint,
    Gradient,
    LinearAdjoint,
)
from physbias.strong.hybrid import Hybrid
from physbias.strong.projection import LerayProjection
from physbias.strong.solver import Solver

__all__ = [
    "Adjoint",
    "Autograd",
    "Backprop",
    "BinomialCheckpoint",
    "Checkpoint",
    "EllipticSolver",
    "Gradient",
    "Hybrid",
    "LerayProjection",
    "LinearAdjoint",
    "Solver",
]
