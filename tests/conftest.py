"""What several test folders share. Accuracy is judged in float64."""

from collections.abc import Callable, Sequence
from math import log, pi

import pytest
import torch
from torch import Tensor

from physbias.data import ShearFlowState, write_well
from physbias.data.generate import generate_shear_flow
from physbias.grid import Grid, Periodic


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def observed() -> Callable[[Sequence[float], Sequence[float]], list[float]]:
    """Observed orders between neighbouring resolutions."""

    def orders(sizes: Sequence[float], errors: Sequence[float]) -> list[float]:
        pairs = zip(sizes, sizes[1:], errors, errors[1:], strict=False)
        return [log(e / f) / log(a / b) for a, b, e, f in pairs]

    return orders


@pytest.fixture
def box() -> Grid:
    """An anisotropic periodic plane, even by odd."""
    return Grid((12, 15), (2 * pi, 3.0), boundary=Periodic())


@pytest.fixture
def smooth() -> Callable[..., Tensor]:
    """Random fields of few Fourier modes on a periodic grid."""

    def make(grid: Grid, channels: int, *, batch: int = 2, modes: int = 2) -> Tensor:
        shape = (batch, channels, *grid.num_points)
        spectrum = torch.fft.fftn(
            torch.randn(shape, dtype=torch.float64), dim=tuple(range(2, len(shape)))
        )
        for axis, count in enumerate(grid.num_points):
            inside = torch.fft.fftfreq(count, 1 / count).abs() <= modes
            mask = [1] * len(shape)
            mask[2 + axis] = count
            spectrum = spectrum * inside.reshape(mask)
        u = torch.fft.ifftn(spectrum, dim=tuple(range(2, len(shape)))).real
        return u / u.abs().max()

    return make


STATES = {
    "train": [ShearFlowState(2, 2, 1.0), ShearFlowState(2, 4, 2.0)],
    "valid": [ShearFlowState(4, 2, 2.0)],
    "test": [ShearFlowState(2, 3, 1.0)],
}


@pytest.fixture(scope="session")
def shear_flow_files(tmp_path_factory):
    """Root of a few trajectories at two Reynolds numbers."""
    root = tmp_path_factory.mktemp("shear_flow")
    for split, states in STATES.items():
        for reynolds in (200.0, 400.0):
            made = generate_shear_flow(
                states,
                [0.5 * n for n in range(4)],
                reynolds=reynolds,
                num_points=(24, 48),
            )
            path = root / "data" / split / f"shear_flow_Reynolds_{reynolds:.0e}.hdf5"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_well(path, made, dataset_name="shear_flow")
    return root
