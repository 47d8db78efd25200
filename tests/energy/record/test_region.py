import pytest

from physbias.energy.record.region import RegionEnergy, region_named


def region(name):
    return RegionEnergy(name, 1.0, 1.0, None, 1.0, 1)


def test_a_region_is_found_by_its_name():
    solver, loss = region("solver"), region("loss")
    assert region_named([solver, loss], "loss") is loss


def test_unknown_region_is_told_the_names_and_the_nearest():
    with pytest.raises(KeyError, match=r"\['solver'\]; did you mean 'solver'"):
        region_named([region("solver")], "slover")
    with pytest.raises(KeyError, match=r"there are \[\]; regions are made by"):
        region_named([], "x")
