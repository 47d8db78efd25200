"""Every public name is importable, and every layer states the rung that it lives on."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest
from torch import nn

import physbias.errors
from physbias.strength import Strength

SOURCE = Path(physbias.errors.__file__).parent
FOLDERS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))


def package(name: str):
    return importlib.import_module(f"physbias.{name}")


def check_names(module):
    names = module.__all__
    assert len(set(names)) == len(names)
    for entry in names:
        assert hasattr(module, entry), f"{module.__name__}.{entry} does not exist"
        value = getattr(module, entry)
        assert value.__doc__ or not callable(value), f"{entry} has no docstring"


@pytest.mark.parametrize("name", FOLDERS)
def test_all_names_of_a_folder_are_there_once(name):
    check_names(package(name))


def test_all_names_of_the_package_are_there_once():
    check_names(physbias)
    assert set(FOLDERS) <= set(physbias.__all__)


def test_a_name_that_is_not_there_is_seen():
    module = ModuleType("physbias.empty", "Doc.")
    module.__all__ = ["Solver"]
    with pytest.raises(AssertionError, match=r"physbias.empty.Solver does not exist"):
        check_names(module)


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
