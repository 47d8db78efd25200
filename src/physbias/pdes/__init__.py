"""What the physics says: one equation per file.

An equation is a :class:`PDE` with named fields and a right-hand side written against
:class:`Derivatives`. :func:`pde` makes one from a function.
"""

from physbias.pdes.advection_diffusion import AdvectionDiffusion
from physbias.pdes.burgers import Burgers, cole_hopf
from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.heat import Heat
from physbias.pdes.navier_stokes import TracerFlow
from physbias.pdes.pde import PDE, Coefficient, Constraint, pde

__all__ = [
    "PDE",
    "AdvectionDiffusion",
    "Burgers",
    "Coefficient",
    "Constraint",
    "Derivatives",
    "DivergenceFree",
    "Heat",
    "TracerFlow",
    "cole_hopf",
    "pde",
]
