"""Nothing learnable: derivative schemes, Poisson solves, steppers, stability.

Schemes: :class:`FiniteDifference`, :class:`Compact`, :class:`Spectral`, each also with
:class:`SkewSymmetric` advection; the upwind :class:`Upwind`, :class:`WENO5`,
:class:`Godunov` and :class:`MUSCL`; :class:`Staggered` for velocities on faces; and
:class:`Autodiff` at points.
Steppers: explicit :class:`Euler`, :class:`RK2`, :class:`SSPRK3`, :class:`RK4`,
:class:`LowStorageRK4`; implicit-explicit :class:`ARS222`, :class:`ARS443`,
:class:`ARK324`, :class:`CNAB2`; exponential :class:`ETDRK1` to :class:`ETDRK4`;
implicit :class:`ImplicitEuler`, :class:`CrankNicolson`, :class:`SDIRK2`; symplectic
:class:`Leapfrog`, :class:`Yoshida4`; the adaptive :class:`DormandPrince`.
"""

from physbias.numerics.adaptive import DormandPrince
from physbias.numerics.autodiff import Autodiff
from physbias.numerics.compact import Compact
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.exponential import ETDRK1, ETDRK2, ETDRK3, ETDRK4, phi
from physbias.numerics.finite_difference import FiniteDifference
from physbias.numerics.finite_volume import MUSCL, Godunov
from physbias.numerics.imex import ARK324, ARS222, ARS443
from physbias.numerics.implicit import SDIRK2, CrankNicolson, ImplicitEuler
from physbias.numerics.limiters import minmod, monotonized_central, superbee, van_leer
from physbias.numerics.low_storage import LowStorageRK4
from physbias.numerics.multistep import CNAB2, Multistep
from physbias.numerics.newton_krylov import NewtonKrylov
from physbias.numerics.riemann import HLL, HLLC, NumericalFlux, Rusanov
from physbias.numerics.runge_kutta import (
    RK2,
    RK4,
    SSPRK3,
    AbstractRungeKutta,
    Euler,
)
from physbias.numerics.scheme import Scheme
from physbias.numerics.skew_symmetric import SkewSymmetric
from physbias.numerics.spectral import Spectral
from physbias.numerics.stability import largest_stable_step, ritz_values
from physbias.numerics.staggered import Staggered
from physbias.numerics.stepper import ButcherTableau, Stepper
from physbias.numerics.symplectic import Leapfrog, Yoshida4
from physbias.numerics.system import SemiDiscrete
from physbias.numerics.upwind import WENO5, Upwind

__all__ = [
    "ARK324",
    "ARS222",
    "ARS443",
    "CNAB2",
    "ETDRK1",
    "ETDRK2",
    "ETDRK3",
    "ETDRK4",
    "HLL",
    "HLLC",
    "MUSCL",
    "RK2",
    "RK4",
    "SDIRK2",
    "SSPRK3",
    "WENO5",
    "AbstractRungeKutta",
    "Autodiff",
    "ButcherTableau",
    "Compact",
    "CrankNicolson",
    "DormandPrince",
    "Euler",
    "FiniteDifference",
    "FramePairs",
    "Godunov",
    "GridDerivatives",
    "ImplicitEuler",
    "Leapfrog",
    "LowStorageRK4",
    "Multistep",
    "NewtonKrylov",
    "NumericalFlux",
    "Rusanov",
    "Scheme",
    "SemiDiscrete",
    "SkewSymmetric",
    "Spectral",
    "Staggered",
    "Stepper",
    "Upwind",
    "Yoshida4",
    "largest_stable_step",
    "minmod",
    "monotonized_central",
    "phi",
    "ritz_values",
    "superbee",
    "van_leer",
]
