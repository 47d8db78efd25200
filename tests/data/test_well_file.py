import numpy as np
import pytest
import torch

from physbias.data import Trajectories, read_well, write_well
from physbias.data.well_file import WellFile
from physbias.errors import DataError

h5py = pytest.importorskip("h5py")


@pytest.fixture
def path(tmp_path):
    """A file of two runs with three frames, whose parts the tests break."""
    t = Trajectories(
        fields=torch.randn(2, 3, 3, 4, 6, generator=torch.Generator().manual_seed(0)),
        names=("s", "v_x", "v_y"),
        times=torch.arange(3, dtype=torch.float64),
        num_points=(4, 6),
        lengths=(1.0, 2.0),
        origin=(0.0, -1.0),
        boundary=("periodic", "wall"),
        parameters={"Re": torch.tensor([10.0, 10.0])},
    )
    write_well(tmp_path / "run.hdf5", t, dataset_name="random")
    return tmp_path / "run.hdf5"


def replace(root, name, values):
    """Put other values under a name, with the attributes of the old ones."""
    attributes = dict(root[name].attrs)
    del root[name]
    root[name] = values
    root[name].attrs.update(attributes)


@pytest.mark.parametrize(
    "name",
    [
        "dimensions",
        "dimensions/time",
        "dimensions/y",
        "boundary_conditions",
        "boundary_conditions/x_periodic/mask",
        "t0_fields",
        "t0_fields/s",
        "t1_fields/v",
    ],
)
def test_a_missing_part_is_named(path, name):
    with h5py.File(path, "a") as root:
        del root[name]
    part = name.rpartition("/")[2]
    with pytest.raises(DataError, match=rf"run\.hdf5, .*expected '{part}'"):
        read_well(path)


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("/", "n_trajectories"),
        ("dimensions", "spatial_dims"),
        ("boundary_conditions/y_wall", "bc_type"),
    ],
)
def test_a_missing_attribute_is_named(path, node, name):
    with h5py.File(path, "a") as root:
        del root[node].attrs[name]
    with pytest.raises(DataError, match=f"expected the attribute '{name}'"):
        read_well(path)


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("t0_fields/s", (2, 3, 6, 4), r"\(2, 3, 4, 6\)"),
        ("t0_fields/s", (1, 3, 4, 6), r"\(2, 3, 4, 6\)"),
        ("t1_fields/v", (2, 3, 4, 6), r"\(2, 3, 4, 6, 2\)"),
        ("t1_fields/v", (2, 3, 2, 4, 6), r"\(2, 3, 4, 6, 2\)"),
    ],
)
def test_a_wrong_shape_is_named(path, name, shape, expected):
    with h5py.File(path, "a") as root:
        replace(root, name, np.ones(shape, dtype=np.float32))
    with pytest.raises(DataError, match=rf"{name}: .*expected shape {expected}"):
        read_well(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_located(path, value):
    with h5py.File(path, "a") as root:
        root["t1_fields/v"][1, 2, 0, 0, 1] = value
    with pytest.raises(DataError, match=r"t1_fields/v: .*trajectory 1.*time index 2"):
        read_well(path)
    assert len(read_well(path, fields=("s",))) == 2


@pytest.mark.parametrize(
    "y", [[0.0, 1, 2, 3, 4, 9], [5.0, 4, 3, 2, 1, 0], [np.nan] * 6]
)
def test_uneven_points_are_refused(path, y):
    with h5py.File(path, "a") as root:
        replace(root, "dimensions/y", np.array(y, dtype=np.float32))
    with pytest.raises(DataError, match=r"dimensions/y: .*evenly spaced"):
        read_well(path)


def test_other_grids_are_refused(path):
    with h5py.File(path, "a") as root:
        root.attrs["grid_type"] = "spherical"
    with pytest.raises(DataError, match=r"found spherical.*a cartesian grid"):
        read_well(path)


def test_sides_that_differ_are_refused(path):
    with h5py.File(path, "a") as root:
        root["boundary_conditions/y_wall/mask"][-1] = False
    with pytest.raises(DataError, match=r"\['wall', 'open'\] on the sides of y"):
        read_well(path)


def test_an_unknown_boundary_is_refused(path):
    with h5py.File(path, "a") as root:
        root["boundary_conditions/y_wall"].attrs["bc_type"] = "FREE"
    with pytest.raises(DataError, match="expected periodic, wall or open"):
        read_well(path)


def test_times_by_trajectory(path):
    with h5py.File(path, "a") as root:
        replace(root, "dimensions/time", np.array([[0.0, 1, 2], [0.0, 1, 2]]))
    assert read_well(path).times.tolist() == [0.0, 1.0, 2.0]
    with h5py.File(path, "a") as root:
        root["dimensions/time"][1] = [0.0, 2, 4]
    with pytest.raises(DataError, match="different times"):
        read_well(path)


def test_constant_fields_are_expanded(path):
    """One profile along y, the same for all runs and times, and one map per run."""
    profile = np.arange(6, dtype=np.float32)
    maps = np.arange(48, dtype=np.float32).reshape(2, 4, 6)
    with h5py.File(path, "a") as root:
        group = root["t0_fields"]
        for name, data, sample, axes in (
            ("profile", profile, False, [False, True]),
            ("map", maps, True, [True, True]),
        ):
            group[name] = data
            group[name].attrs.update(
                {"sample_varying": sample, "time_varying": False, "dim_varying": axes}
            )
        group.attrs["field_names"] = ["map", "profile", "s"]
    t = read_well(path)
    assert t.names == ("map", "profile", "s", "v_x", "v_y")
    assert torch.equal(t.fields[:, 1, 0], torch.tensor(maps))
    assert torch.equal(t.fields[1, 2, 1], torch.tensor(profile).expand(4, 6))


def test_names_may_be_bytes_or_unlisted(path):
    with h5py.File(path, "a") as root:
        root["dimensions"].attrs["spatial_dims"] = np.array([b"x", b"y"])
        root["t0_fields"].attrs["field_names"] = np.array([b"s"])
        del root["t1_fields"].attrs["field_names"]
        del root["t2_fields"]
    assert read_well(path).names == ("s", "v_x", "v_y")


def test_parameters_with_inconsistent_names(path):
    """A name announced and absent, one in another case, a text, a changing scalar."""
    with h5py.File(path, "a") as root:
        names = ["Rayleigh", "re", "Schmidt", "note"]
        root.attrs["simulation_parameters"] = names
        root.attrs.update({"re": 11.0, "Schmidt": [0.2, 0.5], "note": "none"})
        root["scalars/clock"] = np.arange(3.0)
        root["scalars/clock"].attrs.update({"time_varying": True})
        well = WellFile(path, root)
        found = {name: value.tolist() for name, value in well.parameters().items()}
    assert found == {"Re": [10.0, 10.0], "Schmidt": pytest.approx([0.2, 0.5])}


def test_without_scalars(path):
    with h5py.File(path, "a") as root:
        del root["scalars"]
    assert read_well(path).parameters["Re"].tolist() == [10.0, 10.0]
