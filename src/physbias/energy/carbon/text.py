"""A carbon footprint in words: one line, a model card, a sentence for a paper."""

from typing import TYPE_CHECKING

from physbias.energy.record.interval import Interval
from physbias.energy.record.power import counted
from physbias.energy.record.text import format_joules

if TYPE_CHECKING:
    from physbias.energy.carbon.footprint import CarbonFootprint
    from physbias.energy.record.record import EnergyRecord


def format_grams(grams: float, digits: int = 4) -> str:
    """Return a mass [g] with a unit that suits it.

    Example:
        >>> format_grams(1234.0)
        '1.234 kg'
    """
    for limit, scale, unit in ((1.0, 1e-3, "mg"), (1e3, 1.0, "g"), (1e6, 1e3, "kg")):
        if abs(grams) < limit * (1 - 0.5 * 10**-digits):
            return f"{grams / scale:#.{digits}g}".rstrip(".") + f" {unit}"
    return f"{grams / 1e6:#.{digits}g}".rstrip(".") + " t"


def footprint_line(footprint: "CarbonFootprint") -> str:
    """Return a footprint as one line for people."""
    if footprint.grams is None or footprint.grams_interval is None:
        return f"no carbon figure  ({footprint.reason})"
    word = "estimate " if footprint.estimated else ""
    parts = [
        f"{word}{format_grams(footprint.grams)} CO2e",
        f"({_ends(footprint.grams_interval)}; {_grid(footprint)})",
    ]
    if footprint.facility_grams is not None:
        parts.append(
            f"facility {format_grams(footprint.facility_grams)} at PUE "
            f"{footprint.pue:g}"
        )
    if footprint.embodied_grams is not None:
        parts.append(f"embodied {format_grams(footprint.embodied_grams)}")
    return "  ".join(parts)


def model_card(record: "EnergyRecord", footprint: "CarbonFootprint", stage: str) -> str:
    """Return the emissions block of a model card, in YAML.

    Args:
        record: what the meter found.
        footprint: its greenhouse gas.
        stage: what was done, such as ``"pre-training"`` or ``"fine-tuning"``.
    """
    place = _quoted(footprint.place)
    hardware = _quoted(", ".join(_hardware(record)) or None)
    if footprint.grams is None or footprint.grams_interval is None:
        figure = f"  emissions: null  # {footprint.reason}"
    else:
        word = "estimated" if footprint.estimated else "measured"
        low, high = footprint.grams_interval
        figure = (
            f"  emissions: {footprint.grams:.6g}  # g CO2e, 95 % interval "
            f"{low:.6g} to {high:.6g}, from {word} energy without PUE"
        )
    return "\n".join(
        [
            "co2_eq_emissions:",
            figure,
            f"  source: {_quoted('physbias; intensity: ' + _grid(footprint))}",
            f"  training_type: {_quoted(stage)}",
            f"  geographical_location: {place}",
            f"  hardware_used: {hardware}",
        ]
    )


def impact_line(record: "EnergyRecord", footprint: "CarbonFootprint") -> str:
    """Return a sentence with hardware, hours, intensity and emissions for a paper."""
    hours = record.seconds / 3600
    hardware = ", ".join(_hardware(record)) or "hardware without a readable sensor"
    place = f" in {footprint.place}" if footprint.place else ""
    if footprint.grams is None or footprint.grams_interval is None:
        return (
            f"The run took {hours:.4g} h on {hardware}{place}; its emissions are not "
            f"known ({footprint.reason})."
        )
    verb = "estimated" if footprint.estimated else "measured"
    energy = format_joules(footprint.joules or 0.0)
    return (
        f"The run took {hours:.4g} h on {hardware}{place} and used {energy} ({verb}). "
        f"At {_grid(footprint)} this is {format_grams(footprint.grams)} CO2e, 95 % "
        f"interval {_ends(footprint.grams_interval)}, without the site's overhead."
    )


def _grid(footprint: "CarbonFootprint") -> str:
    if footprint.grams_per_kwh is None:
        mean = "an intensity that was not applied"
    else:
        mean = f"{footprint.grams_per_kwh:.4g} g/kWh"
    matched = "matched to the time of use, " if footprint.time_matched else ""
    year = f"{footprint.year}, " if footprint.year is not None else ""
    place = f"{footprint.place}, " if footprint.place else ""
    error = f"± {200 * footprint.intensity_error:.3g} %"
    return f"{mean} {error}, {matched}{place}{year}{footprint.intensity_source}"


def _hardware(record: "EnergyRecord") -> list[str]:
    names: dict[str, int] = {}
    for device in counted(record):
        names[device.name] = names.get(device.name, 0) + 1
    return [f"{n} × {name}" if n > 1 else name for name, n in names.items()]


def _ends(interval: Interval) -> str:
    return f"{format_grams(interval.low)} to {format_grams(interval.high)}"


def _quoted(text: str | None) -> str:
    if text is None:
        return "null"
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
