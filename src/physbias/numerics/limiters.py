"""Slopes that create no new extremum, from the differences to both neighbours.

Each takes the backward and the forward difference and returns the difference across
the cell, zero where the two disagree in sign.
"""

import torch
from torch import Tensor


def minmod(a: Tensor, b: Tensor) -> Tensor:
    """Return the smaller of two differences of one sign, else zero.

    Source:
        P. L. Roe (1986), Annual Review of Fluid Mechanics 18, 337-365.
    """
    agree = (a.sign() + b.sign()) / 2
    return agree * torch.minimum(a.abs(), b.abs())


def van_leer(a: Tensor, b: Tensor) -> Tensor:
    """Return the harmonic mean of two differences of one sign, else zero.

    Source:
        B. van Leer (1974), Journal of Computational Physics 14, 361-370.
    """
    agree = a * b > 0
    total = torch.where(agree, a + b, torch.ones_like(a))
    return torch.where(agree, 2 * a * (b / total), torch.zeros_like(a))


def monotonized_central(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean of two differences, at most twice the smaller.

    Source:
        B. van Leer (1977), Journal of Computational Physics 23, 276-299.
    """
    return minmod((a + b) / 2, 2 * minmod(a, b))


def superbee(a: Tensor, b: Tensor) -> Tensor:
    """Return the steepest slope that is still total variation diminishing.

    Source:
        P. L. Roe (1986), Annual Review of Fluid Mechanics 18, 337-365.
    """
    one, two = minmod(2 * a, b), minmod(a, 2 * b)
    return torch.where(one.abs() > two.abs(), one, two)
