"""What a solver refuses before it starts."""

from math import inf

import numpy as np
import pytest
import torch

from physbias.errors import ArgumentError
from physbias.numerics import ETDRK2, RK4, ImplicitEuler
from physbias.pdes import Darcy, Heat
from physbias.strong import Adjoint, Backprop, Checkpoint
from physbias.strong.checks import (
    check_choices,
    check_compiles,
    check_evolves,
    check_times,
)


def test_times_become_numbers():
    assert check_times([0, 0.5]) == [0.0, 0.5]
    assert check_times(torch.tensor([1.0, 2.0], requires_grad=True)) == [1.0, 2.0]


@pytest.mark.parametrize("times", [[], [1.0, 1.0], [2.0, 1.0], [0.0, inf]])
def test_times_that_do_not_rise_are_refused(times):
    with pytest.raises(ArgumentError, match=r"times: found .* strictly increasing"):
        check_times(times)


@pytest.mark.parametrize("times", [["a"], "ab", None, 0.5, torch.ones(1, 2), [1j]])
def test_times_that_are_no_numbers_are_refused(times):
    with pytest.raises(ArgumentError, match=r"times: found .* a sequence of numbers"):
        check_times(times)


def test_equations_of_rest_are_refused():
    check_evolves(Heat())
    message = "pde: found Darcy, which has no rhs, expected .* use EllipticSolver"
    with pytest.raises(ArgumentError, match=message):
        check_evolves(Darcy())


@pytest.mark.parametrize(
    ("dt", "gradient", "adaptive", "compiled", "message"),
    [
        (0.0, Backprop(), False, False, "dt: found 0.0"),
        (inf, Backprop(), False, False, "dt: found inf"),
        ("a", Backprop(), False, False, "dt: found 'a', expected a positive number"),
        (None, "backprop", False, False, "gradient: found 'backprop', expected Auto"),
        (None, Backprop, False, False, r"the class Backprop.*instance: Backprop\("),
        (None, Adjoint(), False, False, "gradient: found Adjoint"),
        (
            None,
            Checkpoint(),
            True,
            False,
            r"Prince with gradient=Checkpoint\(.*\), exp",
        ),
        (None, Backprop(), True, True, "Prince with compile=True, .*leave out compile"),
        (0.1, Backprop(), True, False, "Prince with dt=0.1, .*leave out dt=0.1, or"),
        (0.1, Backprop(), True, True, "Prince with dt=0.1 and compile=True, exp"),
    ],
)
def test_options_that_exclude_each_other_are_refused(
    dt, gradient, adaptive, compiled, message
):
    with pytest.raises(ArgumentError, match=message):
        check_choices(dt, gradient, adaptive=adaptive, compiled=compiled)


@pytest.mark.parametrize(
    "stepper", [ETDRK2(), ImplicitEuler()], ids=["etd", "implicit"]
)
def test_steps_that_cannot_be_compiled_are_refused(stepper):
    check_compiles(RK4())
    with pytest.raises(
        ArgumentError, match=r"compile: found True with .*leave compile"
    ):
        check_compiles(stepper)


@pytest.mark.parametrize(
    "times",
    [
        torch.tensor([0, 1j]),
        torch.tensor([False, True]),
        torch.tensor(0.1),
        [False, True],
        ["0", "0.1"],
        {0.0, 0.1},
        {0.0: 1, 0.1: 2},
        [torch.ones(2)],
        np.array([0, 1j]),
        np.ones((1, 2)),
    ],
    ids=str,
)
def test_times_that_only_look_like_numbers_are_refused(times):
    with pytest.raises(ArgumentError, match=r"(?s)times: found .* sequence of numbers"):
        check_times(times)


def test_times_of_other_kinds_become_numbers():
    assert check_times(np.array([0.0, 0.5])) == [0.0, 0.5]
    assert check_times([torch.tensor(0.25), np.float32(0.5), 1]) == [0.25, 0.5, 1.0]
