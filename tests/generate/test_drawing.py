"""Numbers that belong to one sample."""

from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.generate import Range, Waves
from physbias.generate.drawing import draw_parameters, generator_of


def test_draws_depend_on_seed_sample_and_purpose_alone():
    def first(*where):
        return torch.rand((), generator=generator_of(*where)).item()

    places = [(0, 0), (0, 1), (1, 0), (0, 0, "a"), (0, 0, "b"), (10, 1), (1, 10)]
    assert len({first(*place) for place in places}) == len(places)
    assert first(3, 4, "viscosity") == first(3, 4, "viscosity")


def test_another_parameter_shifts_no_draw():
    both = {"b": Range(0.0, 1.0), "a": Range(2.0, 4.0)}
    drawn = draw_parameters(both, ndim=1, seed=0, index=5)
    alone = draw_parameters({"a": both["a"]}, ndim=1, seed=0, index=5)
    assert drawn["a"] == alone["a"]


def test_ranges_are_filled_evenly():
    values = [
        draw_parameters({"a": Range(-1.0, 3.0)}, ndim=1, seed=0, index=i)["a"]
        for i in range(400)
    ]
    assert -1 <= min(values) < -0.9
    assert 2.9 < max(values) < 3
    assert abs(sum(values) / 400 - 1) < 4 * 4 / 12**0.5 / 20


def test_entries_per_axis():
    values = {"wind": (Range(0.0, 1.0),), "speed": (1.0, 2.0), "size": 3}
    drawn = draw_parameters(values, ndim=2, seed=0, index=0)
    assert drawn["speed"] == (1.0, 2.0)
    assert drawn["size"] == 3.0
    assert len(set(drawn["wind"])) == 2
    with pytest.raises(ArgumentError, match="speed: found 2 entries, expected one, or"):
        draw_parameters(values, ndim=3, seed=0, index=0)


@pytest.mark.parametrize(
    "ends", [(2.0, 1.0), (1.0, 1.0), (0.0, float("inf")), ("a", 1.0), (0.0, None)]
)
def test_ranges_without_sense(ends):
    with pytest.raises(ArgumentError, match=r"range: found .*, expected two finite"):
        Range(*ends)


def test_waves_follow_the_length_of_their_axis():
    assert Waves(4, axis=1).wavenumber((1.0, 2 * pi)) == 4.0
    assert Waves(3).wavenumber((2.0,)) == pytest.approx(9.42477796)
    with pytest.raises(
        ArgumentError, match=r"lengths: found 1 axes, expected at least"
    ):
        Waves(4, axis=1).wavenumber((1.0,))
    with pytest.raises(
        ArgumentError, match=r"count: found 1\.5, expected a whole number"
    ):
        Waves(1.5)
    with pytest.raises(ArgumentError, match="axis: found -1"):
        Waves(1, axis=-1)
