import pytest

from physbias.energy.record.trace import PowerTrace


def test_energy_of_steps_by_hand():
    """100 W for 2 s, 50 W for 4 s."""
    energy = PowerTrace((0.0, 2.0, 6.0), (100.0, 50.0)).energy()
    times = (-1.0, 0.0, 1.0, 2.0, 4.0, 6.0, 9.0)
    expected = [0.0, 0.0, 100.0, 200.0, 300.0, 400.0, 400.0]
    assert [energy(time) for time in times] == pytest.approx(expected)


def test_cells_adjoin():
    trace = PowerTrace((0.5, 2.0, 6.0), (100.0, 50.0))
    assert list(trace.cells()) == [(0.5, 2.0, 100.0), (2.0, 6.0, 50.0)]


def test_an_empty_trace_holds_no_energy():
    assert PowerTrace((), ()).energy()(3.0) == 0.0
