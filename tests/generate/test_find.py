"""Names of recipes, the library's and one's own."""

import sys

import numpy as np
import pytest

from physbias.data import read_well
from physbias.errors import ArgumentError
from physbias.generate import RECIPES, Recipe, find_recipe, generate
from physbias.generate.find import dashed


@pytest.mark.parametrize(
    "name",
    ["korteweg-de-vries", "KortewegDeVries", "kortewegdevries", "Korteweg_de_vries"],
)
def test_spellings(name):
    assert find_recipe(name) is RECIPES["KortewegDeVries"]


def test_dashed_names_find_their_recipes():
    assert dashed("KortewegDeVries") == "korteweg-de-vries"
    assert dashed("FisherKPP") == "fisher-kpp"
    assert all(find_recipe(dashed(name)) is RECIPES[name] for name in RECIPES)


MINE = """
import torch
from dataclasses import replace
import physbias as pb
from physbias.generate import RECIPES, random_field

class Decay(pb.PDE):
    fields = {"u": 1}

    def __init__(self, rate=2.0):
        super().__init__()
        self.rate = rate

    def rhs(self, u, d):
        return -self.rate * u

    def initial_state(self, grid, generator):
        return 1 + 0.1 * random_field(grid, 1, generator, modes=3)

class Bare(pb.PDE):
    fields = {"u": 1}

recipe = replace(RECIPES["Heat"], duration=0.5)
heat = pb.Heat(0.1)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    path = tmp_path / "physics_to_generate.py"
    path.write_text(MINE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return str(path)


def test_equations_of_ones_own(mine, tmp_path):
    recipe = find_recipe(f"{mine}:Decay")
    assert recipe.name == "Decay"
    (path,) = generate(recipe, tmp_path / "d", train=1, valid=0, test=0)
    u = read_well(path).fields[0, :, 0].double().numpy()
    np.testing.assert_allclose(u[-1], np.exp(-2) * u[0], rtol=1e-6)
    found = find_recipe(f"{mine}:recipe")
    assert isinstance(found, Recipe)
    assert found.duration == 0.5
    assert find_recipe("physbias.pdes:Heat") is RECIPES["Heat"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("Bare", "no initial_state in Bare, expected a method initial_state"),
        ("heat", "an object of the class Heat, expected a Recipe, or a class"),
        ("torch", "an object of the class module"),
    ],
)
def test_what_makes_no_data(mine, place, message):
    with pytest.raises(ArgumentError, match=message):
        find_recipe(f"{mine}:{place}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("burger", "NAME: found 'burger', expected one of advection, .* wave; choose"),
        ("poisson", "found 'poisson', which does not evolve in time"),
    ],
)
def test_unknown_names(name, message):
    with pytest.raises(ArgumentError, match=message):
        find_recipe(name)


@pytest.mark.parametrize("name", [None, 3, Recipe])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(ArgumentError, match=r"NAME: found .*, expected str; "):
        find_recipe(name)
