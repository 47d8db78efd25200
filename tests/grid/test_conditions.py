import math

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid.conditions import (
    Dirichlet,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)


def test_conditions_are_values():
    edge = torch.linspace(0, 1, 4)
    assert Dirichlet(edge) == Dirichlet(edge.clone())
    assert hash(Dirichlet(edge)) == hash(Dirichlet(edge.clone()))
    assert Dirichlet(edge) != Dirichlet(2 * edge)
    assert Dirichlet(1) == Dirichlet(1.0)
    assert Dirichlet(1.0) != Neumann(1.0)
    assert Dirichlet(math.atan2) == Dirichlet(math.atan2)
    assert Robin(1.0, 2.0) == Robin(1.0, 2.0, 0.0) != Robin(2.0, 1.0)
    assert Inflow({"u": 1.0}) == Inflow({"u": 1}) != Inflow(1.0)
    assert Outflow(1) != Outflow(2)
    assert Periodic() != "periodic"
    assert len({Symmetry(), Symmetry(), Periodic(), Inflow({"u": edge})}) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dirichlet("hot"), "value: found str, expected a finite number"),
        (lambda: Neumann(math.nan), "slope: found nan"),
        (lambda: Robin(0.0, 0.0, 1.0), "Robin: found a = b = 0, expected a weight"),
        (
            lambda: Robin(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])),
            "Robin: found a = b = 0.*says nothing",
        ),
        (lambda: Robin((0.0, 1.0), 0.0), "Robin: found a = b = 0"),
        (
            lambda: Robin(torch.ones(2), torch.ones(3)),
            r"Robin: found weights of shapes \(2,\) and \(3,\), expected .* broadcast",
        ),
        (lambda: Robin(math.inf, 0.0), "a: found inf"),
        (lambda: Inflow({"tracer": "much"}), r"values\['tracer'\]: found str"),
        (lambda: Inflow(None), "values: found NoneType"),
        (
            lambda: Dirichlet(lambda x: 1.0),
            r"Dirichlet value: found a function of \(x\) .*coords, time.*axis, \*edge",
        ),
        (lambda: Robin(1.0, lambda: 1.0), r"Robin b: found a function of \(\)"),
        (
            lambda: Inflow({"u": lambda a, b, c: a}),
            r"Inflow values\['u'\]: found a function of \(a, b, c\) \(missing",
        ),
        (lambda: Outflow(-1), "degree: found -1, expected a whole number from 0 to 8"),
        (lambda: Outflow(9), "degree: found 9"),
        (lambda: Outflow(1.5), "degree: found 1.5"),
        (lambda: Outflow(True), "degree: found True"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_weights_of_robin_may_vanish_at_different_places():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert Robin(a, b).data[0] is a
