import pytest

from physbias.energy.record.interval import Interval
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.text import details, format_joules, line
from physbias.energy.record.units import UnitEnergy


@pytest.mark.parametrize(
    ("joules", "digits", "text"),
    [(0.0, 4, "0.000 J"), (999.0, 3, "999 J"), (-1500.0, 3, "-1.50 kJ")],
)
def test_units_suit_the_energy(joules, digits, text):
    assert format_joules(joules, digits) == text


def test_line_holds_the_half_width_as_a_share(make_record):
    assert line(make_record()).startswith("3.000 kJ ± 10 %  (GPU 0 3.00 kJ counter)")


def test_details_show_units_and_net_energy(make_record):
    net = NetEnergy(
        joules=2400.0,
        interval=Interval(2300.0, 2500.0),
        idle_joules=600.0,
        idle_watts=60.0,
        idle_error_watts=1.0,
    )
    units = (UnitEnergy.share("step", 100, 3000.0, Interval(2700.0, 3300.0)),)
    assert details(make_record(units=units, net=net)) == [
        "100 × step: 30.00 J per step (95 % interval 27.00 J to 33.00 J)",
        "above idle: 2.400 kJ (95 % interval 2.300 kJ to 2.500 kJ; idle 60 W)",
    ]


def test_units_without_energy_are_counted_only(make_record):
    units = (UnitEnergy.share("step", 100, None, None),)
    assert details(make_record(None, units=units)) == ["100 × step"]
