import pytest
from scipy.stats import t

from physbias.energy.record.student import t_quantile
from physbias.errors import ArgumentError


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 8, 9, 30, 101, 1000])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_agrees_with_scipy(degrees, confidence):
    expected = t.ppf((1 + confidence) / 2, degrees)
    assert t_quantile(degrees, confidence) == pytest.approx(expected, rel=1e-9)


def test_printed_tables():
    """Two-sided 95 % values as printed in statistical tables."""
    printed = {1: 12.706, 2: 4.303, 9: 2.262, 29: 2.045}
    for degrees, value in printed.items():
        assert t_quantile(degrees) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize(("degrees", "confidence"), [(0, 0.95), (3, 0.0), (3, 1.0)])
def test_refuses_what_has_no_quantile(degrees, confidence):
    with pytest.raises(ArgumentError, match="degrees and confidence"):
        t_quantile(degrees, confidence)
