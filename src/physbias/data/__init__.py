"""Trajectories in and out: The Well's HDF5 layout, initial states, normalisation.

:class:`Trajectories` holds fields in memory; :func:`read_well` and :func:`write_well`
move them from and to files; :meth:`Trajectories.windows` cuts them into training pairs;
:class:`Normaliser` scales them without turning vectors; :func:`band_limit` resamples
periodic fields; :func:`shear_flow_initial_state` starts The Well's shear flow.
"""

from physbias.data.normalise import Normaliser
from physbias.data.regrid import band_limit
from physbias.data.shear_flow import (
    SHEAR_FLOW_STATES,
    ShearFlowState,
    shear_flow_initial_state,
)
from physbias.data.trajectories import Trajectories
from physbias.data.well import read_well
from physbias.data.well_writer import write_well
from physbias.data.windows import Window, Windows

__all__ = [
    "SHEAR_FLOW_STATES",
    "Normaliser",
    "ShearFlowState",
    "Trajectories",
    "Window",
    "Windows",
    "band_limit",
    "read_well",
    "shear_flow_initial_state",
    "write_well",
]
