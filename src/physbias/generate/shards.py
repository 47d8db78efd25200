"""Which samples lie in which file, and what an interrupted run left there."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physbias.data.hdf5 import import_h5py
from physbias.data.well import SPLITS
from physbias.errors import ArgumentError, DataError, explain

NOTE = "generate.json"
# attribute of a file: the shortest step of its samples [s]
SHORTEST = "shortest_step"
# a file is written when its last sample is done, and held in memory until then
MOST_BYTES = 2**27
MOST_SAMPLES = 100


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a data set.

    Args:
        path: where it lies.
        first: number of its first sample in the data set.
        count: number of its samples.
    """

    path: Path
    first: int
    count: int

    @property
    def is_done(self) -> bool:
        """Whether an earlier run wrote it.

        Raises:
            DataError: something else lies there.
        """
        if not self.path.exists():
            return False
        wanted = {"first_sample": self.first, "n_trajectories": self.count}
        found = file_attributes(self.path)
        if any(found.get(name) != value for name, value in wanted.items()):
            raise DataError(
                explain(
                    str(self.path),
                    found="a file that is not the part of this data set",
                    expected=f"samples {self.first} to {self.first + self.count - 1}",
                    remedy="delete the file and run the same command again",
                )
            )
        return True


def plan_shards(
    out: Path, name: str, counts: Mapping[str, int], *, per_file: int
) -> list[Shard]:
    """Return the files of a data set, samples numbered through all splits.

    Args:
        out: folder of the data set.
        name: of the data set.
        counts: samples per split.
        per_file: most samples in a file.
    """
    shards, first = [], 0
    for split in SPLITS:
        end = first + counts[split]
        while first < end:
            count = min(per_file, end - first)
            path = out / "data" / split / f"{name}_{first:06d}.hdf5"
            shards.append(Shard(path, first, count))
            first += count
    return shards


def samples_per_file(sample_bytes: int) -> int:
    """Return how many samples of a size go into a file where nobody said how many."""
    return max(1, min(MOST_SAMPLES, MOST_BYTES // sample_bytes))


def open_folder(out: Path, wanted: Mapping[str, Any]) -> None:
    """Begin a data set in a folder, or go on with the same one.

    Arguments of a run that left no data behind do not count.

    Args:
        out: the folder.
        wanted: everything that decides the data, in the types of JSON.

    Raises:
        ArgumentError: the folder holds a data set made with other arguments, or is
            no folder that can be written.
        DataError: the folder holds other data, or a note that cannot be read.
    """
    try:
        _open(out, wanted)
    except OSError as error:
        raise ArgumentError(
            explain(
                "out",
                found=f"{str(out)!r}, where writing fails ({error.strerror})",
                expected="a folder that can be written, or made",
                remedy="choose another folder",
            )
        ) from error


def _open(out: Path, wanted: Mapping[str, Any]) -> None:
    note = out / NOTE
    has_data = any((out / "data").rglob("*.hdf5*"))  # unfinished files too
    if note.exists() and has_data:
        _check_same(note, wanted)
    elif has_data:
        raise DataError(
            explain(
                str(out),
                found=f"HDF5 files without {NOTE}",
                expected="an empty folder, or a data set that was begun here",
                remedy="choose another folder",
            )
        )
    else:
        out.mkdir(parents=True, exist_ok=True)
        partial = out / f"{NOTE}.{os.getpid()}.partial"
        partial.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
        partial.replace(note)


def _check_same(note: Path, wanted: Mapping[str, Any]) -> None:
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DataError(
            explain(
                str(note),
                found="no JSON object",
                expected="the arguments of the data set",
                remedy="choose another folder",
            )
        )
    differ = [
        f"{name} {found.get(name)!r} and not {value!r}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if differ:
        raise ArgumentError(
            explain(
                str(note.parent),
                found=f"a data set with {'; '.join(differ)}",
                expected="an empty folder, or the same arguments",
                remedy="choose another folder, or repeat the arguments to go on",
            )
        )


def file_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a file; none where it cannot be read."""
    try:
        with import_h5py().File(path, "r") as root:
            return dict(root.attrs)
    except OSError:
        return {}
