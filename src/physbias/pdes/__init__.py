"""What the physics says: one equation per file.

An equation is a :class:`PDE` with named fields and a right-hand side written against
:class:`Derivatives`. :func:`pde` makes one from a function.
"""

from physbias.pdes.advection import Advection, carried
from physbias.pdes.advection_diffusion import AdvectionDiffusion
from physbias.pdes.allen_cahn import AllenCahn
from physbias.pdes.boussinesq import BoussinesqFlow
from physbias.pdes.brusselator import Brusselator
from physbias.pdes.burgers import Burgers, cole_hopf
from physbias.pdes.cahn_hilliard import CahnHilliard
from physbias.pdes.coefficients import Coefficient
from physbias.pdes.compressible_euler import CompressibleEuler, isentropic_vortex
from physbias.pdes.conservation import ConservationLaw, Faces, Place
from physbias.pdes.constraints import DivergenceFree
from physbias.pdes.cubic_schroedinger import CubicSchroedinger
from physbias.pdes.dam_break import ritter, stoker
from physbias.pdes.darcy import Darcy
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.elliptic import Elliptic, EllipticForm
from physbias.pdes.exact_riemann import GasState, exact_riemann
from physbias.pdes.fisher_kpp import FisherKPP
from physbias.pdes.fitzhugh_nagumo import FitzHughNagumo
from physbias.pdes.function import pde
from physbias.pdes.gray_scott import GrayScott
from physbias.pdes.heat import Heat
from physbias.pdes.helmholtz import Helmholtz
from physbias.pdes.incompressible import NavierStokes
from physbias.pdes.inviscid_burgers import InviscidBurgers, along_characteristics
from physbias.pdes.kdv import KortewegDeVries
from physbias.pdes.klein_gordon import KleinGordon
from physbias.pdes.kuramoto_sivashinsky import KuramotoSivashinsky
from physbias.pdes.maxwell import Maxwell
from physbias.pdes.nagumo import Nagumo
from physbias.pdes.navier_stokes import TracerFlow
from physbias.pdes.pde import PDE, Constraint
from physbias.pdes.poisson import Poisson
from physbias.pdes.schroedinger import Schroedinger
from physbias.pdes.shallow_water import ShallowWater
from physbias.pdes.sine_gordon import SineGordon
from physbias.pdes.swift_hohenberg import SwiftHohenberg
from physbias.pdes.vorticity import VorticityFlow
from physbias.pdes.wave import Wave

__all__ = [
    "PDE",
    "Advection",
    "AdvectionDiffusion",
    "AllenCahn",
    "BoussinesqFlow",
    "Brusselator",
    "Burgers",
    "CahnHilliard",
    "Coefficient",
    "CompressibleEuler",
    "ConservationLaw",
    "Constraint",
    "CubicSchroedinger",
    "Darcy",
    "Derivatives",
    "DivergenceFree",
    "Elliptic",
    "EllipticForm",
    "Faces",
    "FisherKPP",
    "FitzHughNagumo",
    "GasState",
    "GrayScott",
    "Heat",
    "Helmholtz",
    "InviscidBurgers",
    "KleinGordon",
    "KortewegDeVries",
    "KuramotoSivashinsky",
    "Maxwell",
    "Nagumo",
    "NavierStokes",
    "Place",
    "Poisson",
    "Schroedinger",
    "ShallowWater",
    "SineGordon",
    "SwiftHohenberg",
    "TracerFlow",
    "VorticityFlow",
    "Wave",
    "along_characteristics",
    "carried",
    "cole_hopf",
    "exact_riemann",
    "isentropic_vortex",
    "pde",
    "ritter",
    "stoker",
]
