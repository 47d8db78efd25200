"""The cell magic in a real IPython shell."""

import asyncio

import pytest
from IPython.core.interactiveshell import InteractiveShell

from physbias.energy import EnergyMeter, SensorUnavailableWarning, Status
from physbias.energy.integrations import ipython
from physbias.energy.simulated import Constant, SimulatedGpu, simulate


@pytest.fixture
def machine():
    return simulate([SimulatedGpu(Constant(300.0))])


@pytest.fixture
def shell(machine, monkeypatch):
    monkeypatch.setattr(
        ipython,
        "EnergyMeter",
        lambda **options: EnergyMeter(machine=machine, **options),
    )
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.user_ns["sleep"] = machine.clock.sleep
    shell.run_line_magic("load_ext", "physbias.energy.integrations.ipython")
    return shell


def run(shell, *lines):
    return shell.run_cell("\n".join(lines))


def test_cell_is_measured_and_its_record_stays(shell, capsys):
    done = run(shell, "%%energy --no-cpu --label first", "sleep(5.0)", "x = 1")
    done.raise_error()
    record = shell.user_ns["energy"]
    assert record.joules == pytest.approx(1500.0, rel=2e-3)
    assert (record.label, record.status) == ("first", Status.FINISHED)
    assert [device.label for device in record.devices] == ["GPU 0"]
    assert shell.user_ns["x"] == 1
    assert "kJ" in capsys.readouterr().out


def test_name_quiet_and_processors(shell, capsys):
    run(shell, "%%energy -n mine -q", "sleep(1.0)").raise_error()
    assert shell.user_ns["mine"].seconds == 1.0
    assert "CPU" in [device.label for device in shell.user_ns["mine"].devices]
    assert capsys.readouterr().out == ""
    assert "energy" not in shell.user_ns


@pytest.mark.parametrize(
    ("cell", "error", "status"),
    [
        ("sleep(2.0); raise ValueError('mine')", "ValueError", Status.FAILED),
        (
            "sleep(2.0); raise KeyboardInterrupt",
            "KeyboardInterrupt",
            Status.INTERRUPTED,
        ),
        ("sleep(2.0", "SyntaxError", Status.FAILED),
    ],
)
def test_error_in_the_cell_is_shown_and_the_record_kept(
    shell, capsys, cell, error, status
):
    done = run(shell, "%%energy --no-cpu", cell)
    assert type(done.error_in_exec).__name__ == error  # so "Run all" stops
    record = shell.user_ns["energy"]
    assert (record.status, record.error) == (status, error)
    assert record.seconds == (0.0 if error == "SyntaxError" else 2.0)
    out = capsys.readouterr()
    shown = out.out + out.err
    assert shown.count("Traceback") <= 1
    assert error in shown
    assert "showtraceback" not in vars(shell)


def test_terminal_shows_lines(shell):
    run(shell, "%%energy --no-cpu -q", "sleep(5.0)").raise_error()
    shown, _ = shell.display_formatter.format(shell.user_ns["energy"])
    assert "device  energy" in shown["text/plain"]
    assert "EnergyRecord(" not in shown["text/plain"]


def test_estimate(shell, machine):
    machine.clock.busy_cores = 2.0
    run(shell, "%%energy -q --estimate", "sleep(5.0)").raise_error()
    cpu = shell.user_ns["energy"].devices[-1]
    assert (cpu.source, cpu.joules) == ("estimate", pytest.approx(5.0 * 2.0 * 8.0))


def test_top_level_await_is_measured_where_no_loop_runs(shell):
    cell = "import asyncio; await asyncio.sleep(0); sleep(2.0)"
    run(shell, "%%energy --no-cpu -q", cell).raise_error()
    assert shell.user_ns["energy"].seconds == 2.0


def test_top_level_await_inside_a_running_loop_is_refused(shell):
    async def notebook():
        return run(shell, "%%energy -q", "import asyncio; await asyncio.sleep(0)")

    done = asyncio.run(notebook())
    assert "awaits at its top level" in str(done.error_in_exec)
    assert "energy" not in shell.user_ns


def test_last_expression_of_the_cell_is_shown(shell, capsys):
    run(shell, "%%energy --no-cpu -q", "6 * 7")
    assert "42" in capsys.readouterr().out


def test_where_nothing_can_be_read_the_reason_is_told_once(shell, monkeypatch, capsys):
    monkeypatch.setattr(
        ipython, "EnergyMeter", lambda **_: EnergyMeter(machine=simulate([]))
    )
    with pytest.warns(SensorUnavailableWarning):
        run(shell, "%%energy -q", "pass")
    assert shell.user_ns["energy"].joules is None
    capsys.readouterr()
    run(shell, "%%energy", "pass").raise_error()  # a warning would be an error here
    out = capsys.readouterr()
    assert (out.out + out.err).count("no driver") == 1
