"""Fields have names that are words, and sizes."""

import pytest

from physbias.errors import ArgumentError
from physbias.pdes import PDE, pde
from physbias.pdes.field_sizes import check_sizes, describe


@pytest.mark.parametrize("name", ["a, b", "a b", "", "2u", "u-v", 3])
def test_names_that_are_no_words_are_refused(name):
    message = rf"fields: found the name {name!r}, expected a word of letters, .*: 1}}"
    with pytest.raises(ArgumentError, match=message):
        check_sizes({name: 1})

    class Named(PDE):
        fields = {name: 1}  # noqa: RUF012

    with pytest.raises(ArgumentError, match=message):
        Named().num_channels(1)


@pytest.mark.parametrize("fields", ["a, b", "a b"])
def test_two_fields_in_one_text_are_refused(fields):
    with pytest.raises(ArgumentError, match=f"fields: found the name '{fields}'"):
        pde(lambda u, d: u, fields)


def test_sizes_in_words():
    check_sizes({"velocity": "vector", "tracer_2": 1})
    assert describe({"velocity": "vector", "tracer_2": 1}, 3) == (
        "velocity: 3, tracer_2: 1"
    )
    with pytest.raises(ArgumentError, match=r"fields\['u'\]: found 'scalar'"):
        check_sizes({"u": "scalar"})
