"""Losses that are told the physics, and that a model may disobey.

:class:`ResidualLoss` judges trajectories on a grid, :class:`CollocationLoss` a network
of the coordinates at points.
"""

from physbias.weak.collocation import CollocationLoss
from physbias.weak.residual import ResidualLoss

__all__ = ["CollocationLoss", "ResidualLoss"]
