from physbias.energy import EnergyMeter, Interval, UnitEnergy
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def test_figure_and_interval_are_shared_out():
    each = UnitEnergy.share("token", 1000, 50.0, Interval(40.0, 60.0))
    assert each.joules_per_unit == 0.05
    assert each.interval_per_unit == (0.04, 0.06)


def test_no_units_or_no_energy_gives_none():
    assert UnitEnergy.share("token", 0, 50.0, Interval(40.0, 60.0)) == UnitEnergy(
        "token", 0, None, None
    )
    assert UnitEnergy.share("token", 3, None, None).joules_per_unit is None


def test_energy_of_a_part_is_not_shared_out():
    """100 W, a step a second, lost halfway: neither 50 nor 100 J per step is known."""
    machine = simulate([SimulatedGpu(Constant(100.0), lost_at=10.0)])
    machine.clock.sleep(5)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(10):
            machine.clock.sleep(1)
            meter.step()
    (each,) = meter.result.units
    assert (each.count, each.joules_per_unit, each.interval_per_unit) == (
        10,
        None,
        None,
    )
    assert "GPU 0 was measured for" in str(each.reason)
