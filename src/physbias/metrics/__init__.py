"""Skill: how far a forecast is from the truth, and whether it has the right scales.

All scores are returned by frame and channel, not averaged: average them where the
reader can see over what. ``ndim`` is the number of space axes.
"""

from physbias.metrics.crps import crps, spread_skill_ratio
from physbias.metrics.divergence import relative_divergence
from physbias.metrics.pearson import pearson
from physbias.metrics.spectrum import Spectrum, energy_spectrum
from physbias.metrics.vrmse import vrmse

__all__ = [
    "Spectrum",
    "crps",
    "energy_spectrum",
    "pearson",
    "relative_divergence",
    "spread_skill_ratio",
    "vrmse",
]
