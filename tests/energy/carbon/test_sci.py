import pytest

from physbias.energy.carbon import EmbodiedCarbon, SoftwareCarbonIntensity
from physbias.energy.record.interval import Interval
from physbias.errors import ArgumentError


def test_share_by_hand():
    """TE = 1200 kg, 1 h of 4 years (35064 h), 2 of 8 GPUs."""
    part = EmbodiedCarbon(
        total_grams=1.2e6,
        lifespan_seconds=35064 * 3600.0,
        reserved_seconds=3600.0,
        reserved_resources=2.0,
        total_resources=8.0,
    )
    assert part.share(5.0) == pytest.approx(1.2e6 / 35064 / 4)


def test_the_block_is_the_reserved_time_unless_told():
    part = EmbodiedCarbon(total_grams=1000.0, lifespan_seconds=100.0)
    assert part.share(10.0) == pytest.approx(100.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_grams": -1.0},
        {"lifespan_seconds": 0.0},
        {"reserved_seconds": -1.0},
        {"reserved_resources": 2.0},
        {"error": 2.0},
    ],
)
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ArgumentError, match="embodied"):
        EmbodiedCarbon(**({"total_grams": 1.0, "lifespan_seconds": 1.0} | wrong))


def test_line_for_people():
    found = SoftwareCarbonIntensity(
        grams_per_unit=4.5,
        interval=Interval(4.0, 5.0),
        operational_grams=400.0,
        embodied_grams=50.0,
        units=100,
        unit="step",
    )
    assert str(found) == "4.5 g CO2e per step (95 % interval 4 to 5)"
