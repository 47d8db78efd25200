"""The energy meters that the benchmarks compare, each driven in the same way.

A tool measures *windows*: pieces of code, each with a name. What it needs around all
of them goes into its *session*. Energies [J] of the graphics processors are read at the
end, after all windows.

Nothing here may use the network: :func:`go_offline` refuses every connection, and the
look-up of a place by address, which one tool makes on start, fails at once.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Protocol

Body = Callable[[], None]
JOULES_PER_KWH = 3.6e6


class Tool(Protocol):
    """A meter under test."""

    def prepare(self) -> None:
        """Do what need not happen inside the next window."""

    def session(self, body: Body) -> None:
        """Run all windows."""

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""

    def joules(self) -> dict[str, float | None]:
        """Return the energy of each window [J]."""
        ...


class Plain:
    """What most tools share: a session and a preparation that do nothing."""

    def __init__(self) -> None:
        self.found: dict[str, float | None] = {}

    def prepare(self) -> None:
        """Do nothing."""

    def session(self, body: Body) -> None:
        """Run all windows."""
        body()

    def joules(self) -> dict[str, float | None]:
        """Return the energy of each window [J]."""
        return self.found


class Nothing(Plain):
    """No meter at all."""

    def window(self, name: str, body: Body) -> None:
        """Run ``body``."""
        body()
        self.found[name] = None


class Physbias(Plain):
    """This library's meter: one meter per window, read after all windows."""

    def __init__(self) -> None:
        from physbias.energy import EnergyMeter

        super().__init__()
        self._make = lambda: EnergyMeter(cpu=False)
        self._meters: dict[str, EnergyMeter] = {}

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        meter = self._meters[name] = self._make()
        with meter:
            body()

    def joules(self) -> dict[str, float | None]:
        """Return the energy of each window [J]."""
        return {name: meter.joules for name, meter in self._meters.items()}


class Zeus(Plain):
    """``ZeusMonitor``: the difference of the energy counter at both ends.

    Without synchronisation, because there is no CUDA here.
    """

    def __init__(self) -> None:
        from zeus.monitor import ZeusMonitor

        super().__init__()
        self._monitor = ZeusMonitor(cpu_indices=[])

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        self._monitor.begin_window(name, sync_execution=False)
        body()
        measured = self._monitor.end_window(name, sync_execution=False)
        self.found[name] = sum(measured.gpu_energy.values())


class ZeusPower(Plain):
    """``PowerMonitor`` of Zeus: a process that polls the power every 0.1 s."""

    def __init__(self) -> None:
        from zeus.monitor.power import PowerMonitor

        super().__init__()
        self._monitor = PowerMonitor(
            update_period=0.1, power_domains=["device_instant"]
        )

    def session(self, body: Body) -> None:
        """Run all windows, then end the process that polls."""
        try:
            body()
        finally:
            self._monitor.stop()

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        start = time.time()
        body()
        energy = self._monitor.get_energy(start, time.time())
        self.found[name] = sum(energy.values()) if energy else None


class CodeCarbon(Plain):
    """``OfflineEmissionsTracker``: the counter at both ends and every 15 s."""

    def __init__(self) -> None:
        from codecarbon import OfflineEmissionsTracker

        super().__init__()
        self._make = lambda: OfflineEmissionsTracker(
            country_iso_code="USA",
            save_to_file=False,
            log_level="critical",
            allow_multiple_runs=True,
        )
        self.prepare()

    def prepare(self) -> None:
        """Make the next tracker, which serves one window."""
        self._tracker = self._make()

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        self._tracker.start()
        body()
        self._tracker.stop()
        self.found[name] = self._tracker._total_gpu_energy.kWh * JOULES_PER_KWH


class CarbonTracker(Plain):
    """``CarbonTracker``: mean of the power read every second, times the time.

    The energy is taken before it is multiplied by a power usage effectiveness.
    """

    def __init__(self) -> None:
        from carbontracker.tracker import CarbonTracker as Tracker

        super().__init__()
        self._make = lambda: Tracker(
            epochs=1, components="gpu", verbose=0, log_dir=None
        )
        self.prepare()

    def prepare(self) -> None:
        """Make the next tracker, which serves one epoch."""
        self._tracker = self._make()

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        thread = self._tracker.tracker
        self._tracker.epoch_start()
        body()
        parts = thread.components
        self._tracker.epoch_end()
        energies = [sum(part.energy_usage(thread.epoch_times)) for part in parts]
        self.found[name] = float(sum(energies)) * JOULES_PER_KWH


class Perun(Plain):
    """``perun``: power polled by a process; each window is one of its regions.

    Args:
        period: time between its readings [s]; 1 is its default, 0.1 its least.
    """

    def __init__(self, period: float) -> None:
        import perun

        super().__init__()
        self._perun = perun
        self._period = period
        self._windows: list[str] = []

    def session(self, body: Body) -> None:
        """Run all windows as one monitored function."""

        def application() -> None:
            self._perun.register_callback(self._collect)
            body()

        self._perun.perun(
            sampling_period=self._period, data_out="perun", format="pickle"
        )(application)()

    def window(self, name: str, body: Body) -> None:
        """Measure ``body`` under ``name``."""
        self._windows.append(name)
        self._perun.monitor(name)(body)()

    def _collect(self, root) -> None:
        from perun.data_model.measurement_type import Unit
        from perun.processing import processEnergyData

        for run in root.nodes.values():
            powers = [
                sensor.raw_data
                for node in run.nodes.values()
                for sensor in getattr(node.nodes.get("gpu"), "nodes", {}).values()
                if sensor.raw_data and sensor.raw_data.v_md.unit == Unit.WATT
            ]
            for name in self._windows if powers else []:
                start, end = (float(t) for t in run.regions[name].raw_data[0])
                self.found[name] = sum(
                    float(processEnergyData(power, start, end)[0]) for power in powers
                )


class PerunCall(Perun):
    """``perun`` with one monitored function per window."""

    def session(self, body: Body) -> None:
        """Run all windows."""
        body()

    def window(self, name: str, body: Body) -> None:
        """Monitor ``body``; its energy is not kept."""
        super().session(body)
        self.found[name] = None


MAKERS: dict[str, Callable[[], Tool]] = {
    "physbias": Physbias,
    "Zeus": Zeus,
    "Zeus PowerMonitor": ZeusPower,
    "CodeCarbon": CodeCarbon,
    "CarbonTracker before PUE": CarbonTracker,
    "perun": lambda: Perun(1.0),
    "perun, 0.1 s": lambda: Perun(0.1),
}
"""The tools of the accuracy comparison, by the name in its tables."""

_PACKAGES = ("physbias", "zeus", "codecarbon", "carbontracker", "perun", "nvidia-ml-py")


def versions() -> str:
    """Return names and versions of what is compared."""
    return ", ".join(f"{package} {version(package)}" for package in _PACKAGES)


def go_offline() -> None:
    """Refuse every connection and every look-up of a name in this process."""
    socket.socket.connect = _refuse
    socket.socket.connect_ex = _refuse
    socket.getaddrinfo = _refuse


def be_quiet() -> None:
    """Let no tool write logs; progress goes to the files of the benchmark."""
    logging.disable(logging.CRITICAL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def _refuse(*_: object, **__: object) -> None:
    text = "the benchmark does not use the network"
    raise OSError(text)
