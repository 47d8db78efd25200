from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from physbias.data import Trajectories, read_well, well_writer, write_well
from physbias.errors import NonFiniteError

h5py = pytest.importorskip("h5py")

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "shear_flow"


def make(ndim=2):
    """Two runs on an anisotropic grid, with a scalar, a vector and a tensor."""
    space, boundary = (4, 6, 3)[:ndim], ("periodic", "wall", "open")[:ndim]
    axes = "xyz"[:ndim]
    names = ("s", *(f"v_{a}" for a in axes), *(f"t_{a}{b}" for a in axes for b in axes))
    generator = torch.Generator().manual_seed(0)
    return Trajectories(
        fields=torch.randn(2, 5, len(names), *space, generator=generator),
        names=names,
        times=0.1 * torch.arange(5, dtype=torch.float64),
        num_points=space,
        lengths=(1.0, 2 / 3, 2.5)[:ndim],
        origin=(0.0, -0.3, 7.0)[:ndim],
        boundary=boundary,
        parameters={
            "Reynolds": torch.tensor([1e4, 1e4]),
            "Schmidt": torch.tensor([0.2, 1.0]),
        },
    )


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_round_trip(tmp_path, ndim):
    t = make(ndim)
    write_well(tmp_path / "deep" / "run.hdf5", t, dataset_name="random")
    again = read_well(tmp_path / "deep" / "run.hdf5")
    assert torch.equal(again.fields, t.fields)
    assert again.names == t.names
    assert again.groups == t.groups
    assert again.times.tolist() == pytest.approx(t.times.tolist(), abs=1e-15)
    assert again.num_points == t.num_points
    assert again.lengths == pytest.approx(t.lengths, rel=1e-6)
    assert again.origin == pytest.approx(t.origin, abs=1e-6)
    assert again.boundary == t.boundary
    assert again.parameters.keys() == t.parameters.keys()
    for name, value in t.parameters.items():
        assert torch.equal(again.parameters[name], value)


def test_channels_in_another_order_come_back_by_name(tmp_path):
    t = make().select(("v", "s"))
    write_well(tmp_path / "run.hdf5", t, dataset_name="random")
    assert read_well(tmp_path / "run.hdf5").names == ("s", "v_x", "v_y")
    again = read_well(tmp_path / "run.hdf5", fields=("v", "s"))
    assert torch.equal(again.fields, t.fields)


def test_components_are_the_last_axis(tmp_path):
    t = make()
    write_well(tmp_path / "run.hdf5", t, dataset_name="random")
    with h5py.File(tmp_path / "run.hdf5") as root:
        stored = root["t1_fields/v"][...]
        assert stored.shape == (2, 5, 4, 6, 2)
        np.testing.assert_array_equal(stored[..., 1], t.fields[:, :, 2].numpy())
        tensor = root["t2_fields/t"][...]
        assert tensor.shape == (2, 5, 4, 6, 2, 2)
        np.testing.assert_array_equal(tensor[..., 1, 0], t.fields[:, :, 5].numpy())


def test_cells_and_points(tmp_path):
    """A periodic axis starts at its origin, a walled one half a cell inside."""
    write_well(tmp_path / "run.hdf5", make(), dataset_name="random")
    with h5py.File(tmp_path / "run.hdf5") as root:
        x, y = root["dimensions/x"][...], root["dimensions/y"][...]
        np.testing.assert_allclose(x, [0, 0.25, 0.5, 0.75])
        np.testing.assert_allclose(y[[0, -1]], [-0.3 + 1 / 18, 11 / 30 - 1 / 18])
        assert root["boundary_conditions/y_wall"].attrs["bc_type"] == "WALL"
        mask = root["boundary_conditions/y_wall/mask"][...].tolist()
        assert mask == [True, False, False, False, False, True]


def test_parameters_that_differ_are_stored_by_trajectory(tmp_path):
    write_well(tmp_path / "run.hdf5", make(), dataset_name="random")
    with h5py.File(tmp_path / "run.hdf5") as root:
        assert root.attrs["Reynolds"] == 1e4
        assert root.attrs["Schmidt"].tolist() == [0.2, 1.0]
        assert root["scalars/Reynolds"].shape == ()
        assert root["scalars/Schmidt"].attrs["sample_varying"]
        assert root["scalars/Schmidt"].shape == (2,)


def test_a_failure_leaves_the_old_file_and_no_half_file(tmp_path, monkeypatch):
    path = tmp_path / "run.hdf5"
    write_well(path, make(), dataset_name="first")

    def fail(root, t):
        raise RuntimeError("disk full")

    monkeypatch.setattr(well_writer, "_write_fields", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write_well(path, make(), dataset_name="second")
    assert [file.name for file in tmp_path.iterdir()] == ["run.hdf5"]
    with h5py.File(path) as root:
        assert root.attrs["dataset_name"] == "first"


def test_what_a_kill_leaves_is_not_read(tmp_path):
    write_well(tmp_path / "run.hdf5", make(), dataset_name="random")
    (tmp_path / "next.hdf5.123.partial").write_bytes(b"half")
    assert len(read_well(tmp_path)) == 2


def test_nan_is_not_written(tmp_path):
    t = make()
    t.fields[1, 0, 0, 0, 0] = torch.nan
    with pytest.raises(NonFiniteError, match=r"trajectories\.fields"):
        write_well(tmp_path / "run.hdf5", t, dataset_name="random")
    assert not list(tmp_path.iterdir())


def tree(path):
    """Names, dtypes, dimensions and attributes of everything in a file."""

    def describe(node):
        kinds = {}
        for key in node.attrs:
            identity = node.attrs.get_id(key)
            text = h5py.check_string_dtype(identity.dtype) is not None
            kinds[key] = ("text" if text else identity.dtype.str, identity.shape)
        if not isinstance(node, h5py.Dataset):
            return kinds
        layout = (node.compression, node.compression_opts, node.shuffle, node.chunks)
        return (*layout, node.dtype.str, node.shape, kinds)

    with h5py.File(path) as root:
        found = {"/": describe(root)}
        root.visititems(lambda name, node: found.update({name: describe(node)}))
    return found


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the Dedalus files are not beside this checkout"
)
def test_the_same_tree_as_the_dedalus_file(tmp_path):
    source = DATA / "data" / "test" / "shear_flow_Reynolds_1e4_Schmidt_2e-1.hdf5"
    t = read_well(source)
    extra = {"generator": "dedalus 3.0.5", "initial_states": "4,4,1"}
    path = tmp_path / source.name
    write_well(path, t, dataset_name="shear_flow", attributes=extra)
    assert tree(path) == tree(source)
    with h5py.File(path) as ours, h5py.File(source) as theirs:
        for name in ("x", "y", "time"):
            a, b = ours["dimensions"][name][...], theirs["dimensions"][name][...]
            np.testing.assert_array_equal(a, b)
        for name in ("x_periodic", "y_periodic"):
            a, b = (f[f"boundary_conditions/{name}/mask"][...] for f in (ours, theirs))
            np.testing.assert_array_equal(a, b)
        for name, value in theirs.attrs.items():
            assert np.all(ours.attrs[name] == value)
        for name in ("t0_fields/tracer", "t0_fields/pressure", "t1_fields/velocity"):
            np.testing.assert_array_equal(ours[name][...], theirs[name][...])
    again = read_well(path)
    assert torch.equal(again.fields, t.fields)
    assert replace(again, fields=t.fields).parameters.keys() == t.parameters.keys()
