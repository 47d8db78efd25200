import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference
from physbias.pdes import pde

LINE = Grid((8,), (1.0,), boundary=Periodic())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pde("u_xx", "u"), "rhs: found 'u_xx', expected a function"),
        (
            lambda: pde(torch.sin, "u", constraints=1),
            "constraints: found 1, expected S",
        ),
        (
            lambda: pde(torch.sin, "u", constraints=("free",)),
            "constraints: found 'free', expected Constraint; hand over a tuple",
        ),
        (
            lambda: pde(lambda u: u, "u"),
            r"rhs: found a function of \(u\) \(too many .*takes \(u, d\)",
        ),
        (lambda: pde(lambda u, d, k: u, "u"), r"rhs: found a function of \(u, d, k\)"),
        (lambda: pde(torch.sin, 3), 'fields: found 3, expected a name.*write "u", or'),
        (lambda: pde(torch.sin, ["a", "b"]), r"fields: found \['a', 'b'\], expected"),
        (lambda: pde(torch.sin, ""), "fields: found '', expected a name"),
        (lambda: pde(torch.sin, {}), "fields: found {}, expected a name"),
        (
            lambda: pde(torch.sin, {"u": "vektor"}),
            r"fields\['u'\]: found 'vektor', expected a whole number .*or \"vector\"",
        ),
        (lambda: pde(torch.sin, {"u": 0}), r"fields\['u'\]: found 0"),
    ],
)
def test_equations_that_are_none(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_functions_with_more_that_is_optional_are_taken():
    equation = pde(lambda u, d, rate=2.0: -rate * u, {"wind": "vector", "dye": 1})
    assert equation.num_channels(2) == 3
    d = FiniteDifference().bind(LINE)
    u = torch.ones(2, 2, 8)
    torch.testing.assert_close(equation.rhs(u, d), -2 * u)


def test_a_module_given_as_function_owns_its_parameters():
    class Term(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rate = nn.Parameter(torch.tensor(2.0))

        def forward(self, u, d):
            return self.rate * d.laplacian(u)

    equation = pde(Term(), {"a": 1, "b": 1})
    assert [n for n, _ in equation.named_parameters()] == ["function.rate"]
    assert equation.num_channels(1) == 2
    u = torch.randn(2, 2, 8)
    d = FiniteDifference().bind(LINE)
    equation.tendency(u, d).square().sum().backward()
    assert float(equation.function.rate.grad) != 0
