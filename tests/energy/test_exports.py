"""The package as a whole: its names and the examples in its docstrings."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from physbias import energy

MODULES = [m.name for m in pkgutil.walk_packages(energy.__path__, "physbias.energy.")]


def test_all_names_exist_in_order():
    assert energy.__all__ == sorted(energy.__all__)
    assert all(hasattr(energy, name) for name in energy.__all__)


def test_all_warnings_and_errors_can_be_caught_by_their_public_names():
    modules = [importlib.import_module(name) for name in MODULES]
    raised = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }
    assert "UnusedCalibrationWarning" in raised
    assert raised <= set(energy.__all__)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0
