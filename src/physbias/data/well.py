"""Reading The Well's HDF5 layout: a file, a folder of files, or a split of a set."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from physbias.arguments import check_count, check_kind
from physbias.data.channels import channel_names, find_channels
from physbias.data.hdf5 import import_h5py
from physbias.data.regrid import band_limit
from physbias.data.trajectories import Trajectories
from physbias.data.well_file import Geometry, StoredField, WellFile
from physbias.errors import ArgumentError, DataError, ShapeError, explain

SPLITS = ("train", "valid", "test")


def read_well(
    path: str | Path,
    *,
    split: str | None = None,
    fields: Sequence[str] | None = None,
    time_stride: int = 1,
    num_points: tuple[int, ...] | None = None,
    max_trajectories: int | None = None,
) -> Trajectories:
    """Read files of The Well's HDF5 layout into memory, as float32.

    Files with different parameters are joined along the trajectories. What a file
    holds beyond fields, grid, times and constant parameters is passed over.

    Args:
        path: one file, a folder of ``.hdf5`` files, or the root of a data set that
            holds ``data/train``, ``data/valid`` and ``data/test``.
        split: which folder below the root: ``"train"``, ``"valid"`` or ``"test"``.
        fields: names of fields or channels, in the order wanted; without it all, in
            the order of the files: scalars, vectors, tensors.
        time_stride: take every this many frames [1].
        num_points: resample to this many points per axis [1] by
            :func:`~physbias.data.band_limit`; an axis that is not periodic keeps its
            points.
        max_trajectories: at most this many, the first ones, from each file [1].

    Returns:
        The trajectories; ``parameters`` are float32, ``times`` float64 [s].

    Raises:
        ArgumentError: an option is out of range.
        DataError: a file or folder is not there or does not hold what it should.
        MissingExtraError: ``h5py`` is not installed.

    Source:
        R. Ohana et al. (2024), "The Well", arXiv 2412.00568.
    """
    check_count(time_stride, "time_stride")
    if max_trajectories is not None:
        check_count(max_trajectories, "max_trajectories")
    if num_points is not None:
        check_kind(num_points, "num_points", tuple, remedy="give one number per axis")
    parts: list[tuple[Path, Trajectories]] = []
    for file in find_files(Path(path), split=split):
        with _open(file) as well:
            part = _read(well, fields, time_stride, num_points, max_trajectories)
        parts.append((file, part))
    return _join(parts)


def find_files(path: Path, *, split: str | None) -> list[Path]:
    """Return the HDF5 files that ``path`` and ``split`` mean, sorted by name.

    Raises:
        DataError: nothing is there, or there are several splits and none is named.
    """
    if path.is_file() and split is None:
        return [path]
    if not path.is_dir():
        found = "a single file" if path.is_file() else "no such file or folder"
        remedy = "correct the path" + (
            "" if split is None else ", which with a split is the folder above"
        )
        raise _no_data(path, found, remedy)
    base = path / "data" if (path / "data").is_dir() else path
    there = [name for name in SPLITS if (base / name).is_dir()]
    folder = path if split is None else base / split
    files = sorted(file for file in folder.glob("*") if file.suffix in (".hdf5", ".h5"))
    if files:
        return files
    found = "no .hdf5 file"
    if split is None and there:
        remedy = f"name one of its splits, as in split={there[0]!r}"
    else:
        remedy = f"correct path or split; splits there: {', '.join(there) or 'none'}"
    raise _no_data(folder, found, remedy)


def _no_data(path: Path, found: str, remedy: str) -> DataError:
    expected = "a file or folder of The Well's HDF5 layout"
    return DataError(explain(str(path), found=found, expected=expected, remedy=remedy))


@contextmanager
def _open(path: Path) -> Iterator[WellFile]:
    h5py = import_h5py()
    try:
        with h5py.File(path, "r") as root:
            yield WellFile(path, root)
    except OSError as error:
        found = f"no readable HDF5 ({error})"
        remedy = "fetch or generate the file again"
        raise _no_data(path, found, remedy) from error


def _read(
    well: WellFile,
    fields: Sequence[str] | None,
    time_stride: int,
    num_points: tuple[int, ...] | None,
    max_trajectories: int | None,
) -> Trajectories:
    geometry, ndim = well.geometry(), len(well.axes)
    stored = well.fields()
    parts = [channel_names(f.name, order=f.order, ndim=ndim) for f in stored]
    names = [name for part in parts for name in part]
    if fields is not None:
        wanted = _wanted(well, fields, names)
        pairs = zip(stored, parts, strict=True)
        stored = [f for f, part in pairs if wanted.intersection(part)]
        names = [n for p in parts if wanted.intersection(p) for n in p]
    size = _new_size(geometry, num_points)
    count = min(well.num_trajectories(), max_trajectories or well.num_trajectories())
    data = [_read_trajectory(well, stored, i, time_stride, size) for i in range(count)]
    trajectories = Trajectories(
        fields=torch.stack(data),
        names=tuple(names),
        times=well.times()[::time_stride],
        num_points=size,
        lengths=geometry.lengths,
        origin=geometry.origin,
        boundary=geometry.boundary,
        parameters={name: row[:count] for name, row in well.parameters().items()},
    )
    return trajectories if fields is None else trajectories.select(fields)


def _read_trajectory(
    well: WellFile,
    stored: Iterable[StoredField],
    index: int,
    time_stride: int,
    size: tuple[int, ...],
) -> torch.Tensor:
    values = [well.read(field, index, time_stride=time_stride) for field in stored]
    u = torch.cat(values, dim=1)
    return u if tuple(u.shape[2:]) == size else band_limit(u, size)


def _wanted(well: WellFile, fields: Sequence[str], names: list[str]) -> set[str]:
    try:
        indices = find_channels(fields, names, ndim=len(well.axes))
    except ArgumentError as error:
        message = f"{well.path}, {error}"
        raise DataError(message) from error
    return {names[index] for index in indices}


def _new_size(geometry: Geometry, size: tuple[int, ...] | None) -> tuple[int, ...]:
    if size is None:
        return geometry.num_points
    ok = len(size) == len(geometry.num_points) and all(
        new == old or code == "periodic"
        for new, old, code in zip(
            size, geometry.num_points, geometry.boundary, strict=True
        )
    )
    if not ok:
        raise ShapeError(
            explain(
                "num_points",
                found=f"{size} for {geometry.num_points} points, {geometry.boundary}",
                expected="one number per axis, new ones on periodic axes only",
                remedy="keep the number of points on the other axes",
            )
        )
    return tuple(size)


def _join(parts: list[tuple[Path, Trajectories]]) -> Trajectories:
    first = parts[0][1]
    spelling = {name.lower(): name for name in first.parameters}
    alike = []
    for path, part in parts:
        values = {spelling.get(k.lower(), k): v for k, v in part.parameters.items()}
        alike.append(replace(part, parameters=values))
        try:
            first.check_alike(alike[-1])
        except ArgumentError as error:
            message = f"{path} differs from {parts[0][0]}; {error}"
            raise DataError(message) from error
    return first.join(*alike[1:])
