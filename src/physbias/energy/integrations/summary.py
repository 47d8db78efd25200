"""The figures of a record that go to the logger of a training framework."""

from physbias.energy.record.record import EnergyRecord


def metrics(record: EnergyRecord) -> dict[str, float]:
    """Return the energy, its interval and the energy per unit, by name with unit.

    What is not known is left out, and never zero.

    Args:
        record: the record.

    Example:
        >>> from physbias.energy import EnergyMeter
        >>> from physbias.energy.simulated import Constant, SimulatedGpu, simulate
        >>> machine = simulate([SimulatedGpu(Constant(100.0))])
        >>> with EnergyMeter(cpu=False, machine=machine) as meter:
        ...     machine.clock.sleep(10.0)
        ...     meter.step(5)
        >>> {name: round(value) for name, value in metrics(meter.result).items()}
        ... # doctest: +ELLIPSIS
        {'energy_J': 1000, ..., 'energy_per_step_J': 200}
    """
    if record.joules is None or record.interval is None:
        return {}
    low, high = record.interval
    found = {"energy_J": record.joules, "energy_low_J": low, "energy_high_J": high}
    for each in record.units:
        if each.joules_per_unit is not None:
            found[f"energy_per_{each.unit}_J"] = each.joules_per_unit
    return found
