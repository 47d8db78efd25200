import pytest
import torch

from physbias.errors import ArgumentError
from physbias.pdes import Burgers
from physbias.pdes.coefficients import check_coefficient, uniform


@pytest.mark.parametrize(
    "value", [torch.tensor(1j), torch.tensor(True), torch.empty(0)], ids=str
)
def test_coefficients_that_are_no_real_numbers_are_refused(value):
    with pytest.raises(
        ArgumentError, match=r"k: found a tensor of dtype .*real numbers"
    ):
        check_coefficient(value, "k")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.1", "viscosity: found str, expected a number, a tensor"),
        ([0.1], r"viscosity: found list.*torch\.as_tensor"),
        (True, "viscosity: found bool"),
        (None, "viscosity: found NoneType"),
        (float("inf"), "viscosity: found NaN or infinity, expected finite"),
        (torch.tensor([0.1, float("nan")]), "viscosity: found NaN or infinity"),
        (-1e-9, "viscosity: found -1e-09, expected at least 0; correct its sign"),
    ],
)
def test_bad_coefficients(value, message):
    with pytest.raises(ArgumentError, match=message):
        Burgers(value)


def test_coefficients_may_have_to_exceed_a_bound():
    assert check_coefficient(0.1, "width", above=0) == 0.1
    for bad in (0.0, torch.tensor([1.0, 0.0])):
        with pytest.raises(
            ArgumentError, match="width: found 0, expected more than 0; correct its"
        ):
            check_coefficient(bad, "width", above=0)


def test_what_a_symbol_needs_is_the_same_everywhere():
    """One value per sample is; a field on points is not."""
    rates = torch.ones(3)
    assert uniform(rates, "diffusivity") is rates
    message = r"diffusivity: found a field of shape \(1, 1, 4\), expected a number, or"
    with pytest.raises(ArgumentError, match=message):
        uniform(torch.ones(1, 1, 4), "diffusivity")
