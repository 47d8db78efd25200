"""The last one to leave ends the run; its status is that of the first to fail."""

import threading

import pytest

from physbias.energy import Status
from physbias.energy.block.run import Run
from physbias.energy.entries import Entries, Statements, ending_of
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def run():
    machine = simulate([SimulatedGpu(Constant(300.0))])
    run = Run(machine, machine.discover("used", cpu=False))
    yield run
    run.stop(Status.FINISHED, None)
    run.wait()


def elsewhere(action):
    found = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join()
    return found[0]


def test_the_last_to_leave_ends_the_run(run):
    entries = Entries(run, lasting=False)
    first = entries.enter("f")
    second = elsewhere(lambda: entries.enter("f"))
    assert (first.region, run.log.names) == (None, ["f"])
    first.__exit__(None, None, None)
    assert not run.stopped
    second.__exit__(None, None, None)
    assert (run.stopped, run.status) == (True, Status.FINISHED)
    assert entries.enter("f") is None


def test_the_first_to_fail_gives_the_status(run):
    entries = Entries(run, lasting=False)
    first = entries.enter("f")
    second = elsewhere(lambda: entries.enter("f"))
    first.__exit__(KeyError, KeyError("x"), None)
    second.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert (run.status, run.error) == (Status.FAILED, "KeyError")


def test_what_fails_inside_another_one_is_its_matter(run):
    entries = Entries(run, lasting=False)
    outer, inner = entries.enter("f"), entries.enter("g")
    inner.__exit__(KeyError, KeyError("x"), None)
    inner.__exit__(KeyError, KeyError("x"), None)
    outer.__exit__(None, None, None)
    assert (run.status, run.error) == (Status.FINISHED, None)


def test_a_lasting_run_goes_on(run):
    entries = Entries(run, lasting=True)
    entry = entries.enter("f")
    assert entry.region is not None
    entry.__exit__(None, None, None)
    assert not run.stopped


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        (None, (Status.FINISHED, None)),
        (ValueError, (Status.FAILED, "ValueError")),
        (KeyboardInterrupt, (Status.INTERRUPTED, "KeyboardInterrupt")),
    ],
)
def test_endings(kind, ending):
    assert ending_of(kind) == ending


def test_statements_end_where_they_began_or_the_latest_does(run):
    entries, statements = Entries(run, lasting=True), Statements()
    mine, other = entries.enter("f"), elsewhere(lambda: entries.enter("g"))
    statements.push(mine)
    statements.push(other)
    assert statements.pop() is mine
    assert statements.pop() is other
    assert statements.pop() is None
