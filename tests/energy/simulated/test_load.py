import pytest

from physbias.energy.calibration.load import Load
from physbias.energy.clock import VirtualClock
from physbias.energy.simulated.load import SimulatedLoad
from physbias.energy.simulated.streams import SimulatedStream


def test_times_and_energy_of_work_by_hand():
    clock = VirtualClock()
    stream = SimulatedStream(clock, idle=50.0)
    load = SimulatedLoad(stream, light=100.0, heavy=250.0)
    assert isinstance(load, Load)
    clock.sleep(1.0)
    load.begin(2.0, "heavy")
    load.begin(1.0, "light")
    assert clock.now() == 1.0
    clock.sleep(10.0)
    load.begin(1.0, "heavy")
    by_hand = {0.5: 25, 1: 50, 2: 300, 3: 550, 3.5: 600, 4: 650, 11: 1000, 11.5: 1125}
    for time, joules in by_hand.items():
        assert stream.energy(time) == pytest.approx(joules)
    assert [tuple(span) for span in load.spans()] == [
        (1.0, 3.0, "heavy"),
        (3.0, 4.0, "light"),
        (11.0, 12.0, "heavy"),
    ]
    assert clock.now() == 12.0
