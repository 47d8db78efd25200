"""Writing The Well's HDF5 layout, whole or not at all."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physbias.data.channels import field_order
from physbias.data.hdf5 import import_h5py, undo_rounding
from physbias.data.trajectories import Trajectories
from physbias.shapes import AXIS_NAMES, check_finite

Node = Any  # an h5py group or dataset


def write_well(
    path: str | Path,
    trajectories: Trajectories,
    *,
    dataset_name: str,
    attributes: Mapping[str, str | float] | None = None,
) -> None:
    """Write one file of The Well's HDF5 layout, which The Well's own loader reads.

    Values are stored as float32, compressed without loss. The layout keeps scalars
    before vectors before tensors, so reading returns the channels in that order unless
    told otherwise. The file appears under its name when it is complete: a run that
    is killed leaves at most a file whose name ends in ``.partial``.

    Args:
        path: the file to write; folders above it are made, an old file is replaced.
        trajectories: what to write.
        dataset_name: name of the data set; The Well wants one per folder.
        attributes: further root attributes, such as where the data come from.

    Raises:
        MissingExtraError: ``h5py`` is not installed.
        NonFiniteError: a field holds NaN or infinity.

    Source:
        R. Ohana et al. (2024), "The Well", arXiv 2412.00568.
    """
    h5py = import_h5py()
    check_finite(trajectories.fields, "trajectories.fields")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with h5py.File(partial, "w") as root:
            root.attrs.update(attributes or {})
            root.attrs["dataset_name"] = dataset_name
            _write_root(root, trajectories)
            _write_dimensions(root.create_group("dimensions"), trajectories)
            _write_boundary(root.create_group("boundary_conditions"), trajectories)
            _write_scalars(root.create_group("scalars"), trajectories)
            _write_fields(root, trajectories)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_root(root: Node, t: Trajectories) -> None:
    root.attrs["grid_type"] = "cartesian"
    root.attrs["n_spatial_dims"] = t.ndim
    root.attrs["n_trajectories"] = len(t)
    root.attrs["simulation_parameters"] = _names(t.parameters)
    for name, value in t.parameters.items():
        exact = np.array(undo_rounding(_array(value)))
        root.attrs[name] = exact[0] if _is_same(value) else exact


def _write_dimensions(group: Node, t: Trajectories) -> None:
    axes = AXIS_NAMES[: t.ndim]
    group.attrs["spatial_dims"] = _names(axes)
    times = group.create_dataset("time", data=_array(t.times).astype(np.float32))
    _flag(times, sample=False, time=True)
    for axis, name in enumerate(axes):
        n, spacing = t.num_points[axis], t.lengths[axis] / t.num_points[axis]
        shift = 0.0 if t.boundary[axis] == "periodic" else 0.5
        x = t.origin[axis] + spacing * (np.arange(n) + shift)
        _flag(
            group.create_dataset(name, data=x.astype(np.float32)),
            sample=False,
            time=False,
        )


def _write_boundary(parent: Node, t: Trajectories) -> None:
    for axis, code in enumerate(t.boundary):
        group = parent.create_group(f"{AXIS_NAMES[axis]}_{code}")
        group.attrs["associated_dims"] = _names(AXIS_NAMES[axis])
        group.attrs["associated_fields"] = np.array([])
        group.attrs["bc_type"] = code.upper()
        _flag(group, sample=False, time=False)
        mask = np.zeros(t.num_points[axis], dtype=bool)
        mask[[0, -1]] = True
        group.create_dataset("mask", data=mask)


def _write_scalars(group: Node, t: Trajectories) -> None:
    group.attrs["field_names"] = _names(t.parameters)
    for name, value in t.parameters.items():
        same = _is_same(value)
        data = _array(value).astype(np.float32)
        dataset = group.create_dataset(name, data=data[0] if same else data)
        _flag(dataset, sample=not same, time=False)


def _write_fields(root: Node, t: Trajectories) -> None:
    stored: list[list[str]] = [[], [], []]
    groups = [root.create_group(f"t{order}_fields") for order in (0, 1, 2)]
    for name, channels in t.groups.items():
        order = field_order(name, [t.names[c] for c in channels], ndim=t.ndim)
        parts = (t.ndim,) * order
        shape = (len(t), len(t.times), *t.num_points, *parts)
        dataset = groups[order].create_dataset(
            name,
            shape=shape,
            dtype=np.float32,
            chunks=(1, 1, *shape[2:]),
            compression="gzip",
            compression_opts=6,
            shuffle=True,
        )
        for index, run in enumerate(t.fields):
            values = run[:, list(channels)].movedim(1, -1)
            dataset[index] = _array(values.float()).reshape(shape[1:])
        _flag(dataset, sample=True, time=True)
        dataset.attrs["dim_varying"] = np.ones(t.ndim, dtype=bool)
        stored[order].append(name)
    for group, names in zip(groups, stored, strict=True):
        group.attrs["field_names"] = _names(names)


def _flag(node: Node, *, sample: bool, time: bool) -> None:
    node.attrs["sample_varying"] = sample
    node.attrs["time_varying"] = time


def _names(names: Iterable[str]) -> NDArray[Any]:
    # the dtype is given for an empty list, which numpy would store as float64
    return np.array(list(names), dtype=import_h5py().string_dtype())


def _array(values: Tensor) -> NDArray[Any]:
    return values.detach().cpu().numpy()


def _is_same(values: Tensor) -> bool:
    return bool(torch.all(values == values[:1]))
