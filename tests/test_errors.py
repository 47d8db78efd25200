import pickle

import pytest

from physbias import errors
from physbias.errors import explain


def test_a_message_names_argument_finding_expectation_and_remedy():
    text = explain("dt", found=-1, expected="a positive number", remedy="flip its sign")
    assert text == "dt: found -1, expected a positive number; flip its sign."


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("ArgumentError", ValueError),
        ("ShapeError", ValueError),
        ("NonFiniteError", ValueError),
        ("StabilityError", ValueError),
        ("DataError", ValueError),
        ("DivergenceError", RuntimeError),
        ("MissingExtraError", ImportError),
    ],
)
def test_own_errors_are_also_built_in_ones(name, parent):
    kind = getattr(errors, name)
    assert issubclass(kind, parent)
    assert issubclass(kind, errors.PhysbiasError)
    assert str(pickle.loads(pickle.dumps(kind("why")))) == "why"
