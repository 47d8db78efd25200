import pytest

from physbias.energy.record.interval import Interval
from physbias.energy.record.quantity import EnergyFormat, share


@pytest.mark.parametrize(
    ("joules", "low", "high", "energy", "ends"),
    [
        (5.305, 2.65, 7.96, "5.3 J", "2.6 to 8.0 J"),
        (12844.0, 12767.0, 12921.0, "12.84 kJ", "12.77 to 12.92 kJ"),
        (1000.0, 950.0, 1050.0, "1.000 kJ", "0.950 to 1.050 kJ"),
        (20.0, 0.0, 500.0, "20 J", "0 to 500 J"),
        (2.5e6, 2.4e6, 2.6e6, "2.50 MJ", "2.40 to 2.60 MJ"),
        (0.0278, 0.0, 0.03, "0.028 J", "0.000 to 0.030 J"),
        (-1500.0, -1700.0, -1300.0, "-1.50 kJ", "-1.70 to -1.30 kJ"),
        (0.0, 0.0, 3.0, "0.0 J", "0.0 to 3.0 J"),
    ],
)
def test_figure_and_interval_have_one_unit_and_no_idle_digit(
    joules, low, high, energy, ends
):
    written = EnergyFormat.of(joules, Interval(low, high))
    assert (written.energy(joules), written.ends(Interval(low, high))) == (energy, ends)


def test_exact_and_missing_figures():
    assert EnergyFormat.of(7.0, None).energy(7.0) == "7.000 J"
    assert EnergyFormat.of(999.999, None).energy(999.999) == "1.000 kJ"
    assert EnergyFormat.of(0.0, None).energy(None) == "–"
    assert EnergyFormat.of(0.0, None).ends(None) == "–"


@pytest.mark.parametrize(
    ("joules", "low", "high", "text"),
    [
        (100.0, 90.0, 110.0, "± 10 %"),
        (100.0, 99.4, 100.6, "± 0.6 %"),
        (100.0, 90.0, 112.0, "± 12 %"),
        (100.0, 18.0, 112.0, "-82 %/+12 %"),
        (100.0, 0.0, 350.0, "-100 %/+250 %"),
        (0.0, 0.0, 3.0, "up to 3.0 J"),
    ],
)
def test_share(joules, low, high, text):
    assert share(joules, Interval(low, high)) == text
