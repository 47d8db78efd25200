"""The cell magic ``%%energy`` of IPython and Jupyter.

Load it with ``%load_ext physbias.energy.integrations.ipython``.
"""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from physbias.energy.meter import EnergyMeter


@magics_class
class EnergyMagics(Magics):
    """The cell magic ``%%energy``."""

    @magic_arguments()
    @argument("-l", "--label", default="", help="name of the run, for the record")
    @argument("-n", "--name", default="energy", help="variable that takes the record")
    @argument("--no-cpu", action="store_true", help="measure GPUs only")
    @argument("-q", "--quiet", action="store_true", help="do not show the record")
    @cell_magic
    def energy(self, line: str, cell: str) -> None:
        """Measure the energy of the cell, and show it; its record stays in a variable.

        An exception in the cell is shown as ever; the record says that it failed.
        """
        options = parse_argstring(self.energy, line)
        shell = self.shell
        if shell is None:
            return
        meter = EnergyMeter(cpu=not options.no_cpu, label=options.label)
        meter.start()
        done = shell.run_cell(cell, store_history=False)
        meter.stop(done.error_before_exec or done.error_in_exec)
        shell.user_ns[options.name] = meter.result
        if not options.quiet:
            display(meter.result)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add ``%%energy`` to a shell."""
    shell.register_magics(EnergyMagics)
