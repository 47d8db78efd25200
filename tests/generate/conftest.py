"""Recipes that take milliseconds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from physbias.generate import Recipe, find_recipe

POINTS = {1: (32,), 2: (32, 27)}


@pytest.fixture
def small() -> Callable[[str], Recipe]:
    """The recipe of an equation on few points for a few of its own steps."""

    def make(name: str) -> Recipe:
        recipe = find_recipe(name)
        points = POINTS[len(recipe.num_points)]
        return replace(recipe, num_points=points, num_frames=3, duration=4 * recipe.dt)

    return make
