import pytest

from physbias.energy import EnergyMeter, SensorUnavailableWarning
from physbias.energy.integrations.summary import metrics
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


def test_names_carry_units():
    machine = simulate([SimulatedGpu(Constant(200.0))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(10.0)
        meter.step(40)
    found = metrics(meter.result)
    assert list(found) == [
        "energy_J",
        "energy_low_J",
        "energy_high_J",
        "energy_per_step_J",
    ]
    assert found["energy_per_step_J"] == pytest.approx(50.0, rel=1e-3)
    assert found["energy_low_J"] < found["energy_J"] < found["energy_high_J"]


def test_nothing_known_gives_no_figure_rather_than_zero():
    with (
        pytest.warns(SensorUnavailableWarning),
        EnergyMeter(machine=simulate([])) as meter,
    ):
        meter.step()
    assert metrics(meter.result) == {}
