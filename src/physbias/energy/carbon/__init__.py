"""From joules to grams of CO2 equivalents; only when asked, and for a stated place."""

from physbias.energy.carbon.footprint import CarbonFootprint
from physbias.energy.carbon.intensity import (
    CarbonIntensity,
    GridIntensity,
    grid_intensity,
)
from physbias.energy.carbon.sci import EmbodiedCarbon, SoftwareCarbonIntensity
from physbias.energy.carbon.text import impact_line, model_card

__all__ = [
    "CarbonFootprint",
    "CarbonIntensity",
    "EmbodiedCarbon",
    "GridIntensity",
    "SoftwareCarbonIntensity",
    "grid_intensity",
    "impact_line",
    "model_card",
]
