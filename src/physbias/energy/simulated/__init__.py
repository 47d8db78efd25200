"""A simulated machine whose energy is known in closed form, for tests of meters.

A :class:`SimulatedGpu` follows a :class:`Trace`, whose power and integral are formulas.
It shows them the way a board does: a counter and power registers that refresh now
and then. With a :class:`~physbias.energy.clock.VirtualClock` hours take milliseconds.
:func:`make_pynvml` and :func:`write_pynvml` show the same boards, in real time, to any
program that reads NVML through ``pynvml``.

Example:
    >>> from physbias.energy import EnergyMeter
    >>> load = Burst(inside=Constant(300.0), start=1.0, stop=3.0, idle=60.0)
    >>> machine = simulate([SimulatedGpu(load)])
    >>> machine.clock.sleep(1.0)
    >>> with EnergyMeter(cpu=False, machine=machine) as meter:
    ...     machine.clock.sleep(2.0)
    >>> round(load.energy(3.0) - load.energy(1.0)), round(meter.joules)
    (600, 600)
"""

from physbias.energy.simulated.binding import SimulatedNvml, simulate
from physbias.energy.simulated.boards import Sensor, SimulatedGpu, last_refresh
from physbias.energy.simulated.faults import Fault
from physbias.energy.simulated.load import SimulatedLoad
from physbias.energy.simulated.recorded import RecordedGpu, Sampled
from physbias.energy.simulated.standin import (
    load_pynvml,
    make_pynvml,
    write_pynvml,
)
from physbias.energy.simulated.streams import (
    SimulatedMark,
    SimulatedQueues,
    SimulatedStream,
)
from physbias.energy.simulated.traces import (
    Burst,
    Constant,
    Cycle,
    FromIntegral,
    Ramp,
    SquareWave,
    Trace,
)

__all__ = [
    "Burst",
    "Constant",
    "Cycle",
    "Fault",
    "FromIntegral",
    "Ramp",
    "RecordedGpu",
    "Sampled",
    "Sensor",
    "SimulatedGpu",
    "SimulatedLoad",
    "SimulatedMark",
    "SimulatedNvml",
    "SimulatedQueues",
    "SimulatedStream",
    "SquareWave",
    "Trace",
    "last_refresh",
    "load_pynvml",
    "make_pynvml",
    "simulate",
    "write_pynvml",
]
