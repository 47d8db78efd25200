from datetime import UTC, datetime

import pytest

from physbias.energy.carbon import CarbonIntensity, GridIntensity, grid_intensity
from physbias.energy.carbon.intensity import as_intensity
from physbias.errors import ArgumentError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

# read by hand in a second copy of the source's table
KNOWN = {
    "DE": (2024, 344.13992),
    "FRA": (2024, 44.179085),
    "GB": (2024, 210.89114),
    "us": (2024, 383.5492),
    "NA": (2023, 47.61905),
    "UA": (2022, 256.21008),
    "WORLD": (2024, 473.0065),
    "EU": (2023, 237.48735),
}


@pytest.mark.parametrize("code", KNOWN)
def test_table_holds_the_sources_figures(code):
    found = grid_intensity(code)
    assert (found.year, found.grams_per_kwh) == KNOWN[code]
    assert "Our World in Data" in found.source
    assert "CC BY 4.0" in found.source


def test_two_and_three_letters_are_the_same_place():
    assert grid_intensity(" de ") == grid_intensity("DEU")


@pytest.mark.parametrize("code", ["", "XX", "Germany", "CAF"])
def test_a_place_is_never_guessed(code):
    with pytest.raises(ArgumentError, match="give the intensity as a number"):
        grid_intensity(code)


def test_numbers_codes_and_providers():
    assert as_intensity(50).at(NOON) == 50.0
    assert as_intensity("FR").at(NOON) == pytest.approx(44.179085)
    grid = GridIntensity(1.0)
    assert as_intensity(grid) is grid
    assert isinstance(grid, CarbonIntensity)


@pytest.mark.parametrize("wrong", [None, True, object(), [1.0]])
def test_anything_else_is_refused(wrong):
    with pytest.raises(ArgumentError, match="a place is never guessed"):
        as_intensity(wrong)


@pytest.mark.parametrize("grams", [-1.0, float("nan"), float("inf")])
def test_impossible_intensities_are_refused(grams):
    with pytest.raises(ArgumentError, match="grams per kilowatt-hour"):
        GridIntensity(grams)


@pytest.mark.parametrize("error", [-0.1, 1.1])
def test_impossible_errors_are_refused(error):
    with pytest.raises(ArgumentError, match="relative standard uncertainty"):
        GridIntensity(100.0, error)


@pytest.mark.parametrize(
    ("name", "code"),
    [("Germany", "DE"), ("germny", "DE"), ("UK", "GB"), ("France", "FR")],
)
def test_name_of_a_country_is_answered_with_its_code(name, code):
    with pytest.raises(ArgumentError, match=f'pass "{code}"'):
        grid_intensity(name)


def test_what_is_like_no_country_gets_no_code():
    with pytest.raises(ArgumentError, match="table; give the intensity"):
        grid_intensity("Middle-earth")
