import pytest

from physbias.energy import EnergyMeter, Snapshot
from physbias.energy.simulated import Ramp, SimulatedGpu, simulate


def test_snapshot_of_a_ramp():
    """∫ (60 + 10 t) dt from 0 to t."""
    machine = simulate([SimulatedGpu(Ramp(60.0, 10.0))])
    with EnergyMeter(cpu=False, machine=machine) as meter:
        for _ in range(5):
            machine.clock.sleep(2.0)
            shot = meter.snapshot()
            assert isinstance(shot, Snapshot)
            truth = 60.0 * shot.seconds + 5.0 * shot.seconds**2
            assert shot.joules == pytest.approx(truth, rel=0.02)
            assert shot.interval.low <= truth <= shot.interval.high
