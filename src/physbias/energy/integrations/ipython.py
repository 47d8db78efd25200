"""The cell magic ``%%energy`` of IPython and Jupyter.

Load it with ``%load_ext physbias.energy.integrations.ipython``.
"""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from physbias.energy.meter import EnergyMeter
from physbias.energy.sensors.probe import SensorUnavailableWarning


@magics_class
class EnergyMagics(Magics):
    """The cell magic ``%%energy``."""

    @magic_arguments()
    @argument("-l", "--label", default="", help="name of the run, for the record")
    @argument(
        "-n",
        "--name",
        default="energy",
        help="variable that takes the record (default: energy)",
    )
    @argument("--no-cpu", action="store_true", help="measure GPUs only")
    @argument("--estimate", action="store_true", help="give a model figure for CPUs")
    @argument("-q", "--quiet", action="store_true", help="do not show the record")
    @cell_magic
    def energy(self, line: str, cell: str) -> None:
        """Measure the energy of the cell, and show it.

        Its record takes the variable ``energy``, or that of ``--name``.

        An exception in the cell is raised again after the record is shown, so that a
        notebook that runs all its cells stops there.

        Raises:
            IPython.core.error.UsageError: the cell awaits at its top level where
                IPython's event loop already runs, as in Jupyter.
        """
        options = parse_argstring(self.energy, line)
        shell = self.shell
        if shell is None:
            return
        if _awaits(shell, cell) and _loop_runs():
            text = (
                "%%energy cannot run a cell that awaits at its top level; write "
                "'with EnergyMeter() as meter:' around the await in a plain cell"
            )
            raise UsageError(text)
        meter = EnergyMeter(
            cpu=not options.no_cpu, label=options.label, estimate=options.estimate
        )
        with warnings.catch_warnings():
            if not options.quiet:  # the record that is shown says why
                warnings.simplefilter("ignore", SensorUnavailableWarning)
            meter.start()
        with _silent(shell):
            done = shell.run_cell(cell, store_history=False)
        meter.stop(done.error_before_exec or done.error_in_exec)
        shell.user_ns[options.name] = meter.result
        if not options.quiet:
            display(meter.result)
        done.raise_error()


@contextmanager
def _silent(shell: InteractiveShell) -> Iterator[None]:
    """Keep a shell from showing errors, which are raised afterwards."""
    names = ("showtraceback", "showsyntaxerror")
    for name in names:
        setattr(shell, name, lambda *_, **__: None)
    try:
        yield
    finally:
        for name in names:
            delattr(shell, name)


def _awaits(shell: InteractiveShell, cell: str) -> bool:
    """Return whether a cell awaits at its top level; one with errors does not."""
    try:
        plain = shell.transform_cell(cell)
    except Exception:  # noqa: BLE001 - running the cell shows what is wrong
        return False
    return shell.should_run_async(cell, transformed_cell=plain)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add ``%%energy`` to a shell."""
    shell.register_magics(EnergyMagics)
