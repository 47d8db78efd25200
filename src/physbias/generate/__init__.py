"""Data sets of the library's equations, or your own, in The Well's layout.

A :class:`Recipe` says what is made; :func:`find_recipe` gives that of an equation,
:func:`generate` writes a data set, :func:`make_sample` makes one of its samples again.
:class:`Range` draws parameters, :class:`Waves` fits them to the box, and
:func:`random_field` and the classes beside it draw initial states.
"""

from physbias.generate.catalogue import RECIPES
from physbias.generate.drawing import Range, Waves
from physbias.generate.fields import random_field
from physbias.generate.find import find_recipe
from physbias.generate.recipe import Recipe
from physbias.generate.run import generate
from physbias.generate.simulate import SampleError, make_sample, make_samples
from physbias.generate.states import (
    InitialState,
    NearRest,
    OwnState,
    RandomGas,
    RandomLight,
    RandomPatches,
    RandomWater,
    RandomWaves,
)

__all__ = [
    "RECIPES",
    "InitialState",
    "NearRest",
    "OwnState",
    "RandomGas",
    "RandomLight",
    "RandomPatches",
    "RandomWater",
    "RandomWaves",
    "Range",
    "Recipe",
    "SampleError",
    "Waves",
    "find_recipe",
    "generate",
    "make_sample",
    "make_samples",
    "random_field",
]
