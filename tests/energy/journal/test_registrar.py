import pytest

from physbias.energy import EnergyMeter, Host, Status, recover_all
from physbias.energy.journal import exits
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def machine():
    return simulate([SimulatedGpu(Constant(300.0))], environ={"RANK": "2"})


def test_every_record_has_an_origin(machine):
    machine.clock.sleep(7.0)
    with EnergyMeter(cpu=False, machine=machine) as meter:
        machine.clock.sleep(5.0)
    origin = meter.result.origin
    assert (origin.start_seconds, origin.end_seconds) == (7.0, 12.0)
    assert origin.rank == 2
    assert origin.host == machine.host
    assert isinstance(machine.host, Host)


def test_each_run_has_its_own_identity(machine):
    meter, runs = EnergyMeter(cpu=False, machine=machine), []
    for _ in range(2):
        with meter:
            machine.clock.sleep(5.0)
        runs.append(meter.result.origin.run_id)
    assert len(set(runs)) == 2


def test_a_run_whose_result_nobody_reads_leaves_its_readings(tmp_path, machine):
    """As with a decorator: the next call begins before the last one was read."""
    meter = EnergyMeter(cpu=False, machine=machine, journal=tmp_path / "j")
    for seconds in (5.0, 10.0):
        with meter:
            machine.clock.sleep(seconds)
        machine.clock.sleep(2.0)
    first, second = recover_all(tmp_path / "j")
    assert first.status is second.status is Status.FINISHED
    assert first.joules == pytest.approx(1500.0, rel=1e-3)
    assert second.joules == pytest.approx(3000.0, rel=1e-3)


def test_nothing_waits_for_the_exit_once_the_journal_is_complete(tmp_path, machine):
    before = dict(exits._waiting)
    with EnergyMeter(cpu=False, machine=machine, journal=tmp_path / "j") as meter:
        machine.clock.sleep(5.0)
    assert len(exits._waiting) == len(before) + 1
    assert meter.joules is not None
    assert exits._waiting == before
