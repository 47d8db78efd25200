from datetime import UTC, datetime, timedelta
from math import hypot

import pytest

from physbias.energy.carbon import EmbodiedCarbon, GridIntensity
from physbias.energy.record.record import Basis
from physbias.energy.record.trace import PowerTrace
from physbias.errors import ArgumentError


class Midnight:
    """100 g/kWh before the first midnight of March 2026, 400 g/kWh from then on."""

    source, error = "a test", 0.05

    def at(self, time):
        return 100.0 if time < datetime(2026, 3, 2, tzinfo=UTC) else 400.0


def test_energy_times_intensity_by_hand(make_record):
    """3.6 MJ are 1 kWh; ± 10 % of energy and 2 × 10 % of intensity in quadrature."""
    found = make_record(3.6e6).carbon(350.0)
    assert found.grams == pytest.approx(350.0)
    half = hypot(35.0, 70.0)
    assert found.grams_interval == pytest.approx((350 - half, 350 + half))
    assert (found.pue, found.facility_grams, found.embodied_grams) == (None, None, None)
    assert found.place is None
    assert found.intensity_source == "given by the user"


def test_facility_is_stated_apart_and_only_if_asked(make_record):
    found = make_record(3.6e6).carbon("DE", pue=1.5)
    assert found.grams == pytest.approx(344.13992)
    assert found.facility_grams == pytest.approx(1.5 * 344.13992)
    assert found.facility_joules == pytest.approx(5.4e6)
    assert found.joules == 3.6e6
    assert (found.place, found.year) == ("Germany", 2024)


@pytest.mark.parametrize("pue", [0.9, 0.0, -1.0, float("nan"), float("inf")])
def test_impossible_pue_is_refused(make_record, pue):
    with pytest.raises(ArgumentError, match="at least 1"):
        make_record().carbon("DE", pue=pue)


def test_no_energy_is_no_carbon_and_not_zero(make_record):
    found = make_record(None).carbon("DE", pue=1.2)
    assert found.grams is None
    assert found.grams_interval is None
    assert found.facility_grams is None
    assert found.reason == "no driver"


def test_intensity_is_matched_to_the_time_of_use(make_record, make_device):
    """The block starts 5 s before midnight: 1000 J before it and 2000 J after it."""
    device = make_device(trace=PowerTrace((0.0, 5.0, 10.0), (200.0, 400.0)))
    found = make_record(devices=(device,)).carbon(Midnight())
    assert found.grams_per_kwh == pytest.approx((100 * 1 + 400 * 2) / 3)
    assert found.grams == pytest.approx(3000 / 3.6e6 * 300)
    assert found.time_matched
    assert found.intensity_source == "a test"


def test_without_a_trace_the_power_counts_as_even(make_record, make_device):
    """A day from noon, split in parts of five minutes: half before midnight."""
    device = make_device(trace=None, seconds=86400.0)
    record = make_record(
        devices=(device,), seconds=86400.0, started="2026-03-01T12:00:00+00:00"
    )
    assert record.carbon(Midnight()).grams_per_kwh == pytest.approx(250.0, rel=0.01)


def test_long_and_short_cells_weigh_by_their_energy(make_record, make_device):
    """An hour at 100 W before midnight, then a minute at 6000 W: equal energies."""
    trace = PowerTrace((0.0, 3600.0, 3660.0), (100.0, 6000.0))
    device = make_device(720e3, trace=trace)
    record = make_record(
        720e3, devices=(device,), seconds=3660.0, started="2026-03-01T23:00:00+00:00"
    )
    assert record.carbon(Midnight()).grams_per_kwh == pytest.approx(250.0)


def test_time_zone_of_the_start_counts(make_record):
    later = (datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=1)).isoformat()
    assert make_record(started=later).carbon(Midnight()).grams_per_kwh == 400.0
    shifted = "2026-03-02T00:30:00+01:00"
    assert make_record(started=shifted).carbon(Midnight()).grams_per_kwh == 100.0


@pytest.mark.parametrize("started", ["", "yesterday", "2026-03-01T12:00:00"])
def test_a_provider_needs_a_time_with_zone(make_record, started):
    with pytest.raises(ArgumentError, match="time with time zone"):
        make_record(started=started).carbon(Midnight())


def test_software_carbon_intensity_by_hand(make_record):
    """1 kWh at 300 g, PUE 1.5: O = 450 g; M = 1500 kg × 10 s / 1e6 s × 1/5 = 3 g."""
    part = EmbodiedCarbon(
        total_grams=1.5e6, lifespan_seconds=1e6, total_resources=5.0, error=0.25
    )
    found = make_record(3.6e6).carbon(300.0, pue=1.5, embodied=part)
    sci = found.sci(100, "step")
    assert sci.operational_grams == pytest.approx(450.0)
    assert sci.embodied_grams == pytest.approx(3.0)
    assert sci.grams_per_unit == pytest.approx(4.53)
    half = hypot(45.0, 90.0, 1.5) / 100
    assert sci.interval == pytest.approx((4.53 - half, 4.53 + half))


def test_software_carbon_intensity_without_pue_is_the_machines(make_record):
    part = EmbodiedCarbon(total_grams=0.0, lifespan_seconds=1.0)
    found = make_record(3.6e6).carbon(300.0, embodied=part)
    assert found.sci(1, "run").grams_per_unit == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("joules", "with_part", "units", "text"),
    [
        (None, True, 1, "no driver"),
        (3.6e6, False, 1, "the embodied part"),
        (3.6e6, True, 0, "a positive number of units"),
    ],
)
def test_what_software_carbon_intensity_needs(
    make_record, joules, with_part, units, text
):
    part = EmbodiedCarbon(total_grams=1.0, lifespan_seconds=1.0) if with_part else None
    with pytest.raises(ArgumentError, match=text):
        make_record(joules).carbon(300.0, embodied=part).sci(units, "step")


def test_estimates_are_marked(make_record):
    assert not make_record().carbon("DE").estimated
    assert make_record(basis=Basis.ESTIMATE).carbon("DE").estimated


def test_exact_intensity_leaves_the_energys_interval(make_record):
    found = make_record(3.6e6).carbon(GridIntensity(100.0, error=0.0))
    assert found.grams_interval == pytest.approx((90.0, 110.0))


@pytest.mark.parametrize("pue", ["a", True, float("nan")])
def test_pue_has_to_be_a_number(make_record, pue):
    with pytest.raises(ArgumentError, match="pue: found"):
        make_record().carbon(50.0, pue=pue)


@pytest.mark.parametrize(("units", "unit"), [("a", "b"), (3, 5), (3, "")])
def test_units_of_sci_are_a_number_and_a_name(make_record, units, unit):
    made = EmbodiedCarbon(total_grams=1e5, lifespan_seconds=1e8)
    with pytest.raises(ArgumentError, match="sci: found"):
        make_record().carbon(50.0, embodied=made).sci(units, unit)
