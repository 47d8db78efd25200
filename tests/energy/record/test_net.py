from physbias.energy.record.interval import Interval
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.parse import from_plain
from physbias.energy.record.schema import plain

NET = NetEnergy(
    joules=2400.0,
    interval=Interval(2370.0, 2430.0),
    idle_joules=600.0,
    idle_watts=60.0,
    idle_error_watts=0.4,
    source="given",
)


def test_it_is_stored_with_units_and_read_again():
    stored = plain(NET)
    assert stored["energy_J"] == 2400.0
    assert stored["idle_energy_J"] == 600.0
    assert stored["idle_power_W"] == 60.0
    assert stored["drift_power_W"] is None
    assert from_plain(NetEnergy, stored) == NET
