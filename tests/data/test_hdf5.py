import math
import sys

import numpy as np
import pytest

from physbias.data.hdf5 import import_h5py, undo_rounding
from physbias.errors import MissingExtraError


def test_rounding_is_undone_and_nothing_else_changed():
    values = np.array([0.2, 19.8, 1e4, 2 * math.pi, 0.0, -1 / 3], dtype=np.float32)
    result = undo_rounding(values)
    assert result[:3] == [0.2, 19.8, 1e4]
    assert result[3] == float(np.float32(2 * math.pi))
    assert result[4] == 0.0
    assert result[5] == float(np.float32(-1 / 3))
    assert undo_rounding(np.array([3, 4])) == [3.0, 4.0]
    assert undo_rounding(np.array([math.pi])) == [math.pi]


def test_a_missing_h5py_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r'pip install "physbias\[data\]"'):
        import_h5py()
