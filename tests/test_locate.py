"""What MODULE:NAME names."""

import sys

import pytest

from physbias.errors import ArgumentError
from physbias.locate import locate
from physbias.pdes import Heat


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine_to_locate.py").write_text("class Box:\n    number = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.usefixtures("folder")
def test_modules_files_and_nested_names():
    assert locate("physbias.pdes:Heat") is Heat
    assert locate("mine_to_locate.py:Box.number") == 3
    assert locate("mine_to_locate:Box").number == 3


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("heat", "found 'heat', expected a module or file, a colon and a name"),
        ("physbias.pdes:", "a module or file, a colon and a name"),
        ("physbias.pdes:Heet", "no 'Heet' in physbias.pdes"),
        ("mine_to_locate.py:Box.size", "no 'size' in mine_to_locate.py"),
        ("none_such.py:Box", "no file none_such.py"),
        ("none_such_either:Box", "no module none_such_either"),
    ],
)
def test_what_is_not_there_is_named(place, message):
    with pytest.raises(ArgumentError, match=message):
        locate(place)
