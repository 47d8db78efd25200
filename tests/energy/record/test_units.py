from physbias.energy import Interval, UnitEnergy


def test_figure_and_interval_are_shared_out():
    each = UnitEnergy.share("token", 1000, 50.0, Interval(40.0, 60.0))
    assert each.joules_per_unit == 0.05
    assert each.interval_per_unit == (0.04, 0.06)


def test_no_units_or_no_energy_gives_none():
    assert UnitEnergy.share("token", 0, 50.0, Interval(40.0, 60.0)) == UnitEnergy(
        "token", 0, None, None
    )
    assert UnitEnergy.share("token", 3, None, None).joules_per_unit is None
