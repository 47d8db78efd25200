"""Nothing learnable: derivative schemes, Poisson solves, steppers, stability.

Schemes: :class:`FiniteDifference`, :class:`Spectral`, and :class:`Autodiff` at points.
Steppers: :class:`Euler`, :class:`RK2`, :class:`SSPRK3`, :class:`RK4`, the
implicit-explicit :class:`ARS443`, and the adaptive :class:`DormandPrince`.
"""

from physbias.numerics.adaptive import DormandPrince
from physbias.numerics.autodiff import Autodiff
from physbias.numerics.derivatives import FramePairs, GridDerivatives
from physbias.numerics.finite_difference import FiniteDifference
from physbias.numerics.imex import ARS443
from physbias.numerics.runge_kutta import (
    RK2,
    RK4,
    SSPRK3,
    AbstractRungeKutta,
    Euler,
)
from physbias.numerics.scheme import Scheme
from physbias.numerics.spectral import Spectral
from physbias.numerics.stability import largest_stable_step, ritz_values
from physbias.numerics.stepper import ButcherTableau, Stepper
from physbias.numerics.system import SemiDiscrete

__all__ = [
    "ARS443",
    "RK2",
    "RK4",
    "SSPRK3",
    "AbstractRungeKutta",
    "Autodiff",
    "ButcherTableau",
    "DormandPrince",
    "Euler",
    "FiniteDifference",
    "FramePairs",
    "GridDerivatives",
    "Scheme",
    "SemiDiscrete",
    "Spectral",
    "Stepper",
    "largest_stable_step",
    "ritz_values",
]
