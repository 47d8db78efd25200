"""One start of a meter: a record that is made once, and can still be annotated."""

from dataclasses import replace

import pytest

from physbias.energy import CpuModel, Status
from physbias.energy.block.run import Run
from physbias.energy.session.session import Session
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.errors import ArgumentError


def ended(boards, *, model=None, seconds=2.0):
    """A session of some seconds, and how often its record was completed."""
    machine = simulate(boards)
    machine.clock.busy_cores = 1.0
    calls = []

    def complete(record):
        calls.append(record)
        return replace(record, label="completed")

    run = Run(machine, machine.discover("used", cpu=True), cpu=model is not None)
    session = Session(run, model=model, lasting=True, complete=complete)
    machine.clock.sleep(seconds)
    run.stop(Status.FINISHED, None)
    return session, calls


def test_record_is_settled_and_completed_once():
    session, calls = ended([SimulatedGpu(Constant(300.0))])
    asked = []

    def strays():
        asked.append(1)
        return 3

    record = session.record(strays)
    assert record.joules == pytest.approx(600.0, rel=2e-3)
    assert record.label == "completed"
    assert any("3 regions or steps" in flag.text for flag in record.flags)
    assert session.record(strays) is record
    assert (len(calls), len(asked)) == (1, 1)


def test_estimate_follows_the_model():
    session, _ = ended([], model=CpuModel(watts_per_core=5.0))
    assert session.record(lambda: 0).joules == pytest.approx(10.0)


def test_annotations_reach_the_record_before_and_after_it_is_read():
    session, calls = ended([])
    session.annotate("loss", 0.5)
    assert session.record(lambda: 0).annotations == {"loss": 0.5}
    session.annotate("accuracy", 0.9)
    record = session.record(lambda: 0)
    assert record.annotations == {"loss": 0.5, "accuracy": 0.9}
    assert record.label == "completed"
    assert len(calls) == 1
    with pytest.raises(ArgumentError):
        session.annotate("model", object())
