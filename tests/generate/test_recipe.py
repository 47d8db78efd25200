"""Recipes check themselves and say what they are."""

import json
from dataclasses import replace

import pytest

from physbias.errors import ArgumentError
from physbias.generate import RandomWaves, Range, find_recipe
from physbias.grid import Periodic
from physbias.numerics import DormandPrince

BURGERS = find_recipe("burgers")


def test_grid_and_times():
    recipe = replace(BURGERS, num_points=(64,), duration=1.0, num_frames=11)
    assert recipe.name == "Burgers"
    assert recipe.grid.num_points == (64,)
    assert recipe.grid.is_periodic
    assert recipe.grid.boundary[0] == (Periodic(), Periodic())
    assert recipe.times == pytest.approx([n / 10 for n in range(11)], rel=1e-11)
    steps = {b - a for a, b in zip(recipe.times, recipe.times[1:], strict=False)}
    assert len(steps) == 1  # to the bit


def test_defaults_of_the_equation_are_parameters_too():
    recipe = replace(find_recipe("gray-scott"), parameters={"feed": Range(0.02, 0.05)})
    values = recipe.all_parameters
    assert list(values) == [
        "substrate_diffusivity",
        "catalyst_diffusivity",
        "feed",
        "kill",
    ]
    drawn = recipe.draw(3, seed=0)
    assert drawn["kill"] == 0.06
    assert 0.02 < drawn["feed"] < 0.05
    assert drawn == recipe.draw(3, seed=0)
    others = [recipe.draw(4, seed=0), recipe.draw(3, seed=1)]
    assert len({own["feed"] for own in (drawn, *others)}) == 3


def test_the_description_is_json_and_says_everything():
    recipe = replace(
        find_recipe("advection"), parameters={"velocity": (Range(0.5, 1.0),)}
    )
    found = json.loads(json.dumps(recipe.describe()))
    assert found == recipe.describe()
    assert found["equation"] == "physbias.pdes.advection:Advection"
    assert found["initial_state"].startswith("RandomWaves(modes=8")
    assert found["parameters"] == {"velocity": ["0.5:1.0"]}
    assert found["stepper"] == "RK4()"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"duration": 0.0}, "duration: found 0.0, expected a positive number"),
        ({"dt": float("nan")}, "dt: found nan, expected a positive number"),
        ({"num_frames": 1}, "num_frames: found 1, expected a whole number of at"),
        ({"num_points": (0,)}, "num_points: found 0"),
        ({"num_points": (8, 8)}, "lengths: found 1 entries"),
        (
            {"parameters": {"viscocity": 1.0}},
            "'viscocity'.*: found no such argument of Burgers, expected one of visc",
        ),
        ({"stepper": DormandPrince()}, "stepper: found DormandPrince"),
        ({"stepper": "rk4"}, "stepper: found 'rk4', expected Stepper or DormandPrince"),
        ({"scheme": None}, "scheme: found None, expected Scheme"),
        ({"initial_state": None}, "initial_state: found None, expected a function"),
        ({"initial_state": RandomWaves}, "initial_state: found the class RandomWaves"),
        ({"equation": "heat"}, "equation: found 'heat', expected a class of equations"),
        ({"duration": "long"}, "duration: found 'long', expected a positive number"),
        ({"dt": None}, "dt: found None, expected a positive number; give it in sec"),
        ({"num_frames": 2.5}, r"num_frames: found 2\.5, expected a whole number"),
        ({"parameters": None}, "parameters: found None, expected Mapping; write"),
        (
            {"parameters": {"viscosity": "thick"}},
            r"parameters\['viscosity'\]: found 'thick', expected a number, a Range, or",
        ),
        (
            {"parameters": {"viscosity": (0.1, None)}},
            r"parameters\['viscosity'\]: found \(0\.1, None\), expected a number",
        ),
    ],
)
def test_refusals(change, message):
    with pytest.raises(ArgumentError, match=message):
        replace(BURGERS, **change)


def test_steps_divide_the_interval_between_frames():
    recipe = replace(BURGERS, duration=1.0, num_frames=11)
    assert recipe.step(0.03) == pytest.approx(0.1 / 4)
    assert recipe.step(0.1) == recipe.step(5.0) == recipe.times[1]


def test_arguments_without_a_default_must_be_given():
    def equation(width, speed=1.0):
        return None

    recipe = replace(BURGERS, equation=equation, parameters={})
    with pytest.raises(
        ArgumentError, match=r"parameters: found none for width of equation, expected a"
    ):
        recipe.draw(0, seed=0)
    given = replace(recipe, parameters={"width": 2.0})
    assert given.draw(0, seed=0) == {"speed": 1.0, "width": 2.0}
