from fractions import Fraction

import pytest
import torch

from physbias.numerics import (
    ARK324,
    ARS222,
    ARS443,
    CNAB2,
    ETDRK1,
    ETDRK2,
    ETDRK3,
    ETDRK4,
    RK2,
    RK4,
    SDIRK2,
    SSPRK3,
    CrankNicolson,
    DormandPrince,
    Euler,
    ImplicitEuler,
    Leapfrog,
    LowStorageRK4,
    Stepper,
    Yoshida4,
)
from physbias.numerics.stepper import combine, scaled

PLAIN = [
    *(Euler(), RK2(), SSPRK3(), RK4(), LowStorageRK4()),
    *(ARS222(), ARS443(), ARK324(), CNAB2()),
    *(ETDRK1(), ETDRK2(), ETDRK3(), ETDRK4()),
    *(ImplicitEuler(), CrankNicolson(), SDIRK2()),
]
STEPPERS = [*PLAIN, Leapfrog(), Yoshida4()]


@pytest.mark.parametrize("stepper", PLAIN, ids=lambda s: type(s).__name__)
def test_growth_is_the_taylor_polynomial_up_to_the_order(stepper):
    z = torch.tensor([0.02j, -0.02, 0.02 + 0.01j], dtype=torch.complex128)
    gap = (stepper.growth(z) - torch.exp(z)).abs()
    assert bool((gap < 0.02 * z.abs() ** (stepper.order + 1) * 40).all())


def test_growth_by_hand():
    z = torch.tensor([-1.0 + 2j], dtype=torch.complex128)
    torch.testing.assert_close(RK2().growth(z), 1 + z + z**2 / 2)
    torch.testing.assert_close(SSPRK3().growth(z), 1 + z + z**2 / 2 + z**3 / 6)
    four = 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24
    torch.testing.assert_close(RK4().growth(z), four)


@pytest.mark.parametrize(
    "tableau",
    [
        *(Euler.tableau, RK2.tableau, SSPRK3.tableau, RK4.tableau),
        *(ARS443.explicit, ETDRK3.underlying),
    ],
)
def test_order_conditions(tableau):
    """Butcher's conditions up to order 4, in fractions."""
    rows = [[Fraction(w).limit_denominator(100) for w in row] for row in tableau.a]
    size = len(rows)
    a = [row + [Fraction(0)] * (size - len(row)) for row in rows]
    b = [Fraction(w).limit_denominator(100) for w in tableau.b]
    c = [sum(row, Fraction(0)) for row in a]

    def dot(*columns: list[Fraction]) -> Fraction:
        total = Fraction(0)
        for entries in zip(*columns, strict=True):
            product = Fraction(1)
            for entry in entries:
                product *= entry
            total += product
        return total

    ac = [dot(row, c) for row in a]
    conditions = {
        1: [(dot(b), 1)],
        2: [(dot(b, c), 2)],
        3: [(dot(b, c, c), 3), (dot(b, ac), 6)],
        4: [
            (dot(b, c, c, c), 4),
            (dot(b, c, ac), 8),
            (dot(b, [dot(row, c, c) for row in a]), 12),
            (dot(b, [dot(row, ac) for row in a]), 24),
        ],
    }
    for order in range(1, tableau.order + 1):
        for found, denominator in conditions[order]:
            assert found == Fraction(1, denominator)


def test_combine_skips_zero_weights_and_keeps_its_input():
    u, bad = torch.ones(3), torch.full((3,), float("nan"))
    slopes = [torch.ones(3), bad, torch.full((3,), 2.0)]
    found = combine(u, scaled((1.0, 0.0, 0.5), 0.1), slopes)
    torch.testing.assert_close(found, torch.full((3,), 1.2))
    assert torch.equal(u, torch.ones(3))


def test_steppers_are_values_and_follow_the_protocol():
    assert RK4() == RK4()
    assert hash(RK4()) == hash(RK4())
    assert RK4() != RK2()
    assert repr(RK4()) == "RK4()"
    assert all(isinstance(stepper, Stepper) for stepper in STEPPERS)
    assert not isinstance(DormandPrince(), Stepper)
