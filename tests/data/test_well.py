import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from physbias.data import Trajectories, band_limit, read_well, write_well
from physbias.errors import ArgumentError, DataError, MissingExtraError, ShapeError

h5py = pytest.importorskip("h5py")

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "shear_flow"


def make(reynolds=1.0, num_points=(8, 6), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Trajectories(
        fields=torch.randn(2, 7, 3, *num_points, generator=generator),
        names=("s", "v_x", "v_y"),
        times=0.2 * torch.arange(7, dtype=torch.float64),
        num_points=num_points,
        lengths=(1.0, 2 * math.pi),
        origin=(0.0, -1.0),
        boundary=("periodic", "open"),
        parameters={"Re": torch.full((2,), reynolds)},
    )


def save(folder, *trajectories):
    for index, t in enumerate(trajectories):
        write_well(folder / f"part_{index}.hdf5", t, dataset_name="random")


def test_files_of_a_folder_are_joined_by_name(tmp_path):
    first, second = make(1.0), make(5.0, seed=1)
    save(tmp_path, first, second)
    t = read_well(tmp_path)
    assert torch.equal(t.fields, torch.cat((first.fields, second.fields)))
    assert t.parameters["Re"].tolist() == [1.0, 1.0, 5.0, 5.0]
    assert t.lengths == pytest.approx((1.0, 2 * math.pi), rel=1e-6)
    assert t.dt == pytest.approx(0.2, abs=1e-15)


@pytest.mark.parametrize("base", ["data", "."])
def test_splits(tmp_path, base):
    for index, split in enumerate(("train", "valid")):
        save(tmp_path / base / split, make(float(index)))
    assert read_well(tmp_path, split="valid").parameters["Re"].tolist() == [1.0, 1.0]
    with pytest.raises(DataError, match=r"name one of its splits.*split='train'"):
        read_well(tmp_path)
    with pytest.raises(DataError, match="splits there: train, valid"):
        read_well(tmp_path, split="test")


def test_less_than_everything(tmp_path):
    whole = make()
    save(tmp_path, whole, make(2.0, seed=1))
    t = read_well(tmp_path, fields=("v_y", "s"), time_stride=3, max_trajectories=1)
    assert t.names == ("v_y", "s")
    assert t.times.tolist() == pytest.approx([0.0, 0.6, 1.2])
    assert t.parameters["Re"].tolist() == [1.0, 2.0]
    assert torch.equal(t.fields[0], whole.fields[0, ::3][:, [2, 0]])


def test_resampled_while_reading(tmp_path):
    save(tmp_path, replace(make(), boundary=("periodic", "periodic")))
    t = read_well(tmp_path, num_points=(4, 5))
    assert t.num_points == (4, 5)
    torch.testing.assert_close(t.fields, band_limit(make().fields, (4, 5)))


def test_resampling_keeps_axes_that_are_not_periodic(tmp_path):
    save(tmp_path, make())
    t = read_well(tmp_path, num_points=(4, 6))
    torch.testing.assert_close(
        t.fields, band_limit(make().fields.mT, (6, 4)).mT, rtol=0, atol=1e-6
    )
    with pytest.raises(ShapeError, match="new ones on periodic axes only"):
        read_well(tmp_path, num_points=(4, 5))
    with pytest.raises(ShapeError, match="one number per axis"):
        read_well(tmp_path, num_points=(4,))


def test_no_such_folder(tmp_path):
    with pytest.raises(DataError, match="absent: found no such file or folder"):
        read_well(tmp_path / "absent")


def test_a_split_of_a_file(tmp_path):
    save(tmp_path, make())
    with pytest.raises(DataError, match="found a single file"):
        read_well(tmp_path / "part_0.hdf5", split="train")


def test_a_folder_without_files(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match=r"found no \.hdf5 file"):
        read_well(tmp_path)


@pytest.mark.parametrize("kept", [None, 0, 100, 3000])
def test_a_broken_file(tmp_path, kept):
    save(tmp_path, make())
    path = tmp_path / "part_0.hdf5"
    content = b"this is not HDF5" if kept is None else path.read_bytes()[:kept]
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"part_0\.hdf5: found no readable HDF5"):
        read_well(path)


def test_a_file_broken_in_the_middle(tmp_path):
    """The header is right and a compressed block is not."""
    save(tmp_path, make())
    path = tmp_path / "part_0.hdf5"
    with h5py.File(path) as root:
        chunk = root["t0_fields/s"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"part_0\.hdf5: found no readable HDF5"):
        read_well(path)


def test_an_absent_field_lists_those_there(tmp_path):
    save(tmp_path, make())
    with pytest.raises(DataError, match=r"part_0.*'pressure'.*out of s, v"):
        read_well(tmp_path, fields=("pressure",))


@pytest.mark.parametrize(
    ("other", "match"),
    [
        (make(num_points=(8, 8)), "num_points"),
        (replace(make(), lengths=(2.0, 6.0)), "lengths"),
        (replace(make(), names=("p", "v_x", "v_y")), "names"),
        (replace(make(), parameters={"Ra": torch.ones(2)}), "parameters"),
        (make().stride(2), "number of frames"),
    ],
)
def test_files_that_differ(tmp_path, other, match):
    save(tmp_path, make(), other)
    with pytest.raises(DataError, match=rf"part_1\.hdf5 differs from .*{match}"):
        read_well(tmp_path)


def test_parameters_spelled_in_another_case_are_joined(tmp_path):
    save(tmp_path, make(1.0), replace(make(), parameters={"RE": torch.ones(2)}))
    assert list(read_well(tmp_path).parameters) == ["Re"]


@pytest.mark.parametrize("option", ["time_stride", "max_trajectories"])
def test_options_out_of_range(tmp_path, option):
    with pytest.raises(ArgumentError, match=f"{option}: found 0"):
        read_well(tmp_path, **{option: 0})


def test_without_h5py(tmp_path, monkeypatch):
    save(tmp_path, make())
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"physbias\[data\]"):
        read_well(tmp_path)


@pytest.mark.skipif(
    not DATA.is_dir(), reason="the Dedalus files are not beside this checkout"
)
def test_the_dedalus_folder():
    t = read_well(DATA, split="test", fields=("velocity", "tracer"), time_stride=10)
    assert t.fields.shape == (4, 10, 3, 64, 128)
    assert t.names == ("velocity_x", "velocity_y", "tracer")
    assert t.lengths == (1.0, 2.0)
    assert t.origin == (0.0, -1.0)
    assert t.boundary == ("periodic", "periodic")
    assert t.dt == pytest.approx(2.0, abs=1e-12)
    assert sorted(set(t.parameters["Reynolds"].tolist())) == [1e4, 5e4]
    assert len(read_well(DATA, split="train", time_stride=50)) == 11
    assert len(read_well(DATA, split="valid", time_stride=50)) == 2
    # the velocity is free of divergence, in the axes and units that were read
    k = [
        2j * torch.pi * torch.fft.fftfreq(n, d=length / n)
        for n, length in zip(t.num_points, t.lengths, strict=True)
    ]
    waves = torch.fft.fftn(t.fields[:, :, :2], dim=(-2, -1), norm="forward")
    divergence = k[0][:, None] * waves[:, :, 0] + k[1] * waves[:, :, 1]
    size = (k[0][:, None] * waves[:, :, 0]).abs().square().sum().sqrt()
    # 12-bit mantissas leave 6e-3 of it
    assert divergence.abs().square().sum().sqrt() < 1e-2 * size


def test_points_that_are_no_tuple_are_refused(tmp_path):
    with pytest.raises(
        ArgumentError, match="num_points: found 4, expected tuple; give"
    ):
        read_well(tmp_path, num_points=4)
