"""What reader and writer of HDF5 files share."""

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physbias.errors import MissingExtraError, explain


def import_h5py() -> ModuleType:
    """Return the module ``h5py``.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            explain(
                "h5py",
                found="no such module",
                expected="h5py, which reads and writes HDF5 files",
                remedy='run: pip install "physbias[data]"',
            )
        ) from error
    return h5py


def undo_rounding(values: NDArray[Any]) -> list[float]:
    """Return stored coordinates as the decimals they were rounded from.

    A float32 of 0.2 becomes 0.2 and not 0.20000000298; a value that is no short
    decimal number, such as 2π, stays what it is.

    Args:
        values: one-dimensional, in the dtype of the file.
    """
    exact = values.astype(np.float64)
    if not np.issubdtype(values.dtype, np.floating):
        return exact.tolist()
    kind = np.finfo(values.dtype)
    short = np.array([float(f"{value:.{kind.precision}g}") for value in exact])
    near = np.abs(short - exact) <= 2 * float(kind.eps) * np.abs(exact)
    return np.where(near, short, exact).tolist()
