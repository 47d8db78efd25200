"""The recipe that a name means: of the library, or of one's own."""

import re
from inspect import isclass

import physbias.pdes as equations
from physbias.arguments import check_kind
from physbias.errors import ArgumentError, explain
from physbias.generate.catalogue import RECIPES
from physbias.generate.recipe import Recipe
from physbias.generate.states import OwnState
from physbias.locate import locate
from physbias.numerics import RK4, Spectral
from physbias.pdes import PDE


def find_recipe(name: str) -> Recipe:
    """Return the recipe of an equation of the library or of your own.

    Args:
        name: an equation's name in any spelling, such as ``burgers``,
            ``korteweg-de-vries`` or ``KortewegDeVries``; or ``MODULE:NAME`` of a
            :class:`Recipe`, or of an equation that has a method
            ``initial_state(grid, generator)``.

    Raises:
        ArgumentError: nothing of that name, or nothing that makes data.
    """
    check_kind(name, "NAME", str, remedy='write "burgers", say')
    if ":" in name:
        return _own(name)
    wanted = _spelling(name)
    for known, recipe in RECIPES.items():
        if _spelling(known) == wanted:
            return recipe
    at_rest = [entry for entry in equations.__all__ if _spelling(entry) == wanted]
    raise ArgumentError(
        explain(
            "NAME",
            found=f"{name!r}" + (", which does not evolve in time" if at_rest else ""),
            expected=f"one of {', '.join(map(dashed, RECIPES))}",
            remedy="choose one, or give MODULE:NAME of an equation of your own",
        )
    )


def dashed(name: str) -> str:
    """Return a class's name as a command line spells it, such as ``gray-scott``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _spelling(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _own(place: str) -> Recipe:
    found = locate(place)
    if isinstance(found, Recipe):
        return found
    if not (isclass(found) and issubclass(found, PDE)):
        raise ArgumentError(
            explain(
                place,
                found=f"an object of the class {type(found).__name__}",
                expected="a Recipe, or a class of equations",
                remedy="name the class, or make a Recipe with it",
            )
        )
    known = RECIPES.get(found.__name__)
    if known is not None and known.equation is found:
        return known
    if not callable(getattr(found, "initial_state", None)):
        raise ArgumentError(
            explain(
                place,
                found=f"no initial_state in {found.__name__}",
                expected="a method initial_state(grid, generator) that returns a state "
                "(1, channel, *space) in float64",
                remedy="write one, for example with physbias.generate.random_field, or "
                "name a Recipe",
            )
        )
    return Recipe(
        equation=found,
        initial_state=OwnState(),
        num_points=(64,),
        lengths=(1.0,),
        duration=1.0,
        dt=0.02,
        scheme=Spectral(),
        stepper=RK4(),
    )
