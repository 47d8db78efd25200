"""Records made by hand, for the tests of what is done with them."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import pytest

from physbias.energy.record.device import DeviceEnergy
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import Basis, EnergyRecord, Status
from physbias.energy.record.trace import PowerTrace
from physbias.energy.sensors.probe import DeviceKind, Source


@pytest.fixture
def make_device() -> Callable[..., DeviceEnergy]:
    """A device of 300 W for 10 s, ± 10 % in all and ± 1 % at random.

    The gain makes up the rest: 10² = 1² + (2 × 4.975)².
    """

    def make(joules: float | None = 3000.0, **changes: object) -> DeviceEnergy:
        known = joules is not None
        device = DeviceEnergy(
            uuid="GPU-1",
            name="a board",
            label="GPU 0",
            kind=DeviceKind.GPU,
            source=Source.COUNTER if known else None,
            joules=joules,
            interval=Interval(0.9 * joules, 1.1 * joules) if known else None,
            comparison=Interval(0.99 * joules, 1.01 * joules) if known else None,
            seconds=10.0,
            reason=None if known else "no driver",
            trace=PowerTrace((0.0, 10.0), (joules / 10.0,)) if known else None,
            gain_error=sqrt(0.05**2 - 0.005**2) if known else None,
            offset_error_watts=0.0 if known else None,
            delay_error_joules=0.0 if known else None,
            lag_joules=Interval(0.0, 0.0) if known else None,
        )
        return replace(device, **changes)

    return make


@pytest.fixture
def make_record(make_device) -> Callable[..., EnergyRecord]:
    """A record of 10 s whose total is that of one device unless told otherwise."""

    def make(joules: float | None = 3000.0, **changes: object) -> EnergyRecord:
        device = make_device(joules)
        record = EnergyRecord(
            joules=joules,
            interval=device.interval,
            comparison=device.comparison,
            basis=Basis.NONE if joules is None else Basis.MEASUREMENT,
            reason=device.reason,
            seconds=10.0,
            status=Status.FINISHED,
            error=None,
            started="2026-03-01T23:59:55+00:00",
            devices=(device,),
            regions=(),
            unattributed=joules,
            flags=(),
        )
        return replace(record, **changes)

    return make
