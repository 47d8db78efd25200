"""Layers that cannot disobey the physics.

:class:`Solver` solves an equation with gradients, :class:`Hybrid` lets a network
correct its right-hand side, :class:`LerayProjection` removes divergence.
:class:`Backprop`, :class:`Checkpoint` and :class:`Adjoint` say how gradients return.
"""

from physbias.strong.gradients import Adjoint, Backprop, Checkpoint, Gradient
from physbias.strong.hybrid import Hybrid
from physbias.strong.projection import LerayProjection
from physbias.strong.solver import Solver

__all__ = [
    "Adjoint",
    "Backprop",
    "Checkpoint",
    "Gradient",
    "Hybrid",
    "LerayProjection",
    "Solver",
]
