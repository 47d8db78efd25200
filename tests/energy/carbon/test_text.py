import pytest
import yaml

from physbias.energy.carbon import EmbodiedCarbon, impact_line, model_card
from physbias.energy.carbon.text import format_grams


@pytest.mark.parametrize(
    ("grams", "text"),
    [
        (0.0005, "0.5000 mg"),
        (0.28, "280.0 mg"),
        (999.99, "1.000 kg"),
        (12.0, "12.00 g"),
        (4.5e6, "4.500 t"),
    ],
)
def test_units_suit_the_mass(grams, text):
    assert format_grams(grams) == text


def test_line_names_place_year_source_and_facility(make_record):
    part = EmbodiedCarbon(total_grams=1000.0, lifespan_seconds=100.0)
    line = str(make_record(3.6e6).carbon("DE", pue=1.2, embodied=part))
    assert line.startswith("344.1 g CO2e  (")
    assert "344.1 g/kWh ± 20 %, Germany, 2024, Ember (2025)" in line
    assert "facility 413.0 g at PUE 1.2" in line
    assert line.endswith("embodied 100.0 g")


def test_line_without_a_figure_gives_the_reason(make_record):
    assert str(make_record(None).carbon("DE")) == "no carbon figure  (no driver)"


def test_model_card_is_yaml(make_record, make_device):
    device = make_device(3.6e6, name='a "fast": board #1')
    record = make_record(3.6e6, devices=(device, device))
    text = model_card(record, record.carbon("FR"), "pre-training")
    card = yaml.safe_load(text)["co2_eq_emissions"]
    assert card["emissions"] == pytest.approx(44.179085, rel=1e-5)
    assert card["training_type"] == "pre-training"
    assert card["geographical_location"] == "France"
    assert card["hardware_used"] == '2 × a "fast": board #1'
    assert "95 % interval" in text


def test_model_card_without_a_figure(make_record):
    record = make_record(None)
    card = yaml.safe_load(model_card(record, record.carbon(1.0), "fine-tuning"))
    assert card["co2_eq_emissions"]["emissions"] is None
    assert card["co2_eq_emissions"]["geographical_location"] is None


def test_impact_line(make_record):
    record = make_record(3.6e6, seconds=7200.0)
    line = impact_line(record, record.carbon(500.0))
    assert line.startswith("The run took 2 h on a board and used 3.600 MJ (measured).")
    assert "500.0 g CO2e" in line
    empty = make_record(None)
    assert "not known (no driver)" in impact_line(empty, empty.carbon(500.0))
