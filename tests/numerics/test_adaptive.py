import pytest

from physbias.errors import ArgumentError
from physbias.numerics import DormandPrince


@pytest.mark.parametrize("value", [0.0, -1e-3, float("nan"), float("inf"), "a"])
@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_tolerances_are_positive(name, value):
    with pytest.raises(ArgumentError, match=f"{name}: found .*positive.*1e-6 suits"):
        DormandPrince(**{name: value})


def test_it_is_a_value():
    assert DormandPrince() == DormandPrince(rtol=1e-6, atol=1e-8)
