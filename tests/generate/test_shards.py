"""Files of a data set, and folders that hold something else."""

import json

import h5py
import pytest

from physbias.errors import ArgumentError, DataError
from physbias.generate.shards import (
    MOST_SAMPLES,
    Shard,
    open_folder,
    plan_shards,
    samples_per_file,
)


def test_samples_are_numbered_through_the_splits(tmp_path):
    shards = plan_shards(
        tmp_path, "heat", {"train": 5, "valid": 0, "test": 3}, per_file=2
    )
    found = [
        (shard.path.relative_to(tmp_path).as_posix(), shard.first, shard.count)
        for shard in shards
    ]
    assert found == [
        ("data/train/heat_000000.hdf5", 0, 2),
        ("data/train/heat_000002.hdf5", 2, 2),
        ("data/train/heat_000004.hdf5", 4, 1),
        ("data/test/heat_000005.hdf5", 5, 2),
        ("data/test/heat_000007.hdf5", 7, 1),
    ]


def test_files_stay_below_a_size():
    assert samples_per_file(1) == MOST_SAMPLES
    assert samples_per_file(2**25) == 4
    assert samples_per_file(2**40) == 1


def test_a_file_counts_only_where_it_is_the_whole_right_one(tmp_path):
    shard = Shard(tmp_path / "heat_000002.hdf5", 2, 3)
    assert not shard.is_done
    with h5py.File(shard.path, "w") as root:
        root.attrs["first_sample"], root.attrs["n_trajectories"] = 2, 3
        root["ballast"] = list(range(1000))
    assert shard.is_done
    assert not Shard(tmp_path / "heat_000005.hdf5", 5, 3).is_done
    message = "not the part of this data set, expected samples 2 to 5; delete the file"
    with pytest.raises(DataError, match=message):
        _ = Shard(shard.path, 2, 4).is_done
    whole = shard.path.read_bytes()
    shard.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"heat_000002.hdf5: found a file that is not"):
        _ = shard.is_done


def test_a_folder_is_begun_once_and_gone_on_with(tmp_path):
    wanted = {"seed": 0, "lengths": [1.0, 2.0], "name": "heat"}
    open_folder(tmp_path / "new", wanted)
    open_folder(tmp_path / "new", dict(wanted))
    (tmp_path / "new" / "data").mkdir()
    (tmp_path / "new" / "data" / "heat.hdf5").touch()
    open_folder(tmp_path / "new", dict(wanted))
    with pytest.raises(
        ArgumentError,
        match=r"found a data set with seed 0 and not 1; lengths \[1.0, 2.0\] and not "
        r"\[1.0\], expected an empty folder, or the same arguments; choose another",
    ):
        open_folder(tmp_path / "new", {"seed": 1, "lengths": [1.0], "name": "heat"})


def test_arguments_of_a_run_that_left_no_data_do_not_count(tmp_path):
    for wanted in ({"seed": 0}, {"seed": 1}):
        open_folder(tmp_path, wanted)
        assert json.loads((tmp_path / "generate.json").read_text()) == wanted


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_places_that_are_no_folder_are_refused(tmp_path, place):
    (tmp_path / "file").touch()
    message = r"out: found '.*', where writing fails \(.*\), expected a folder that can"
    with pytest.raises(ArgumentError, match=message):
        open_folder(tmp_path / place, {"seed": 0})


def test_folders_with_other_data_are_left_alone(tmp_path):
    (tmp_path / "data" / "train").mkdir(parents=True)
    (tmp_path / "data" / "train" / "shear.hdf5").touch()
    with pytest.raises(DataError, match=r"found HDF5 files without generate\.json"):
        open_folder(tmp_path, {"seed": 0})


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_note_that_cannot_be_read(tmp_path, text):
    (tmp_path / "generate.json").write_text(text)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "heat.hdf5.7.partial").touch()
    with pytest.raises(DataError, match=r"generate\.json: found no JSON object"):
        open_folder(tmp_path, {"seed": 0})
