"""Every public name is importable, and every layer states the rung that it lives on."""

import importlib
import inspect

import pytest
from torch import nn

from physbias.strength import Strength

PACKAGES = ["pdes", "numerics", "none", "weak", "strong", "flow"]


def package(name: str):
    full = f"physbias.{name}"
    if importlib.util.find_spec(full) is None:
        pytest.skip(f"{full} does not exist yet")
    return importlib.import_module(full)


@pytest.mark.parametrize("name", PACKAGES)
def test_all_names_are_there_once_sorted_by_kind(name):
    module = package(name)
    names = module.__all__
    assert len(set(names)) == len(names)
    for entry in names:
        assert getattr(module, entry).__doc__, f"{entry} has no docstring"


@pytest.mark.parametrize("rung", ["none", "weak", "strong"])
def test_strength_is_the_folder(rung):
    module = package(rung)
    layers = [
        value
        for value in map(module.__dict__.get, module.__all__)
        if inspect.isclass(value) and issubclass(value, nn.Module)
    ]
    assert layers
    for layer in layers:
        assert layer.strength is Strength[rung.upper()], layer.__name__


def test_every_equation_says_its_fields_and_its_source():
    pdes = package("pdes")
    equations = [
        value
        for value in map(pdes.__dict__.get, pdes.__all__)
        if inspect.isclass(value)
        and issubclass(value, pdes.PDE)
        and value not in (pdes.PDE, pdes.ConservationLaw)
    ]
    assert len(equations) >= 4
    for equation in equations:
        assert equation.fields
        assert "Source:" in equation.__doc__
        assert equation().num_channels(2) >= 1  # defaults for every coefficient
