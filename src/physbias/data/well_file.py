"""One file of The Well's HDF5 layout, each part checked as it is read."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from physbias.data.hdf5 import undo_rounding
from physbias.errors import DataError, explain

Node = Any  # an h5py group, dataset or file: h5py is imported where it is used only


class Geometry(NamedTuple):
    """The grid of a file: points, lengths [m], origin [m] and boundary per axis."""

    num_points: tuple[int, ...]
    lengths: tuple[float, ...]
    origin: tuple[float, ...]
    boundary: tuple[str, ...]


class StoredField(NamedTuple):
    """A field of a file: its name, its tensor order [1] and its dataset."""

    name: str
    order: int
    dataset: Node


class WellFile:
    """An open file and the questions that reading asks it.

    Args:
        path: named in errors.
        root: the open ``h5py.File``.

    Raises:
        DataError: by every method, when the file does not hold what it should.
    """

    def __init__(self, path: Path, root: Node) -> None:
        self.path = path
        self.root = root
        dimensions = self.child(root, "dimensions")
        self.axes = [_text(name) for name in self.attribute(dimensions, "spatial_dims")]
        grid_type = _text(root.attrs.get("grid_type", "cartesian"))
        if grid_type != "cartesian" or not 1 <= len(self.axes) <= 3:
            where = "grid_type and spatial_dims"
            raise self.error(
                where,
                found=f"{grid_type} {self.axes}",
                expected="a cartesian grid with 1 to 3 axes",
                remedy="resample the data on such a grid",
            )

    def error(
        self, where: str, *, found: object, expected: str, remedy: str
    ) -> DataError:
        """Return the error for a part of this file."""
        name = f"{self.path}, {where}"
        return DataError(explain(name, found=found, expected=expected, remedy=remedy))

    def child(self, node: Node, name: str) -> Node:
        """Return a group or dataset, which must be there."""
        if name in node:
            return node[name]
        raise self.error(
            node.name,
            found=f"only {sorted(node)}",
            expected=f"{name!r}, as in The Well's layout",
            remedy="write the file with write_well or fetch it again",
        )

    def attribute(self, node: Node, name: str) -> Any:  # noqa: ANN401 - HDF5 has any
        """Return an attribute, which must be there."""
        if name in node.attrs:
            return node.attrs[name]
        raise self.error(
            node.name,
            found=f"only the attributes {sorted(node.attrs)}",
            expected=f"the attribute {name!r}, as in The Well's layout",
            remedy="add the attribute to the file or write it with write_well",
        )

    def geometry(self) -> Geometry:
        """Read the grid from the coordinates of its points."""
        points = [self._axis(axis) for axis in self.axes]
        boundary = tuple(self._boundary(axis) for axis in self.axes)
        lengths, origin = [], []
        for x, code in zip(points, boundary, strict=True):
            spacing = (x[-1] - x[0]) / (len(x) - 1)
            start = x[0] if code == "periodic" else x[0] - spacing / 2
            lengths += undo_rounding((len(x) * spacing)[None].astype(x.dtype))
            origin += undo_rounding(start[None].astype(x.dtype))
        num_points = tuple(len(x) for x in points)
        return Geometry(num_points, tuple(lengths), tuple(origin), boundary)

    def times(self) -> Float[Tensor, " time"]:
        """Read the times [s] that all trajectories of the file share."""
        dataset = self.child(self.child(self.root, "dimensions"), "time")
        rows = np.atleast_2d(dataset[...])
        if not (rows == rows[0]).all():
            raise self.error(
                dataset.name,
                found="different times for different trajectories",
                expected="the same times for all",
                remedy="split the file by its times",
            )
        return torch.tensor(undo_rounding(rows[0]), dtype=torch.float64)

    def fields(self) -> list[StoredField]:
        """List the fields: scalars, vectors, tensors, each in the file's order."""
        stored = []
        for order in (0, 1, 2):
            key = f"t{order}_fields"
            # the group of the tensors is left out by many files that have none
            if order == 2 and key not in self.root:
                continue
            group = self.child(self.root, key)
            names = [_text(name) for name in group.attrs.get("field_names", group)]
            stored += [
                StoredField(name, order, self.child(group, name)) for name in names
            ]
        return stored

    def num_trajectories(self) -> int:
        """Read how many trajectories the file holds."""
        return int(self.attribute(self.root, "n_trajectories"))

    def parameters(self) -> dict[str, Float[Tensor, " trajectory"]]:
        """Read the constant scalars and the root's parameters, by trajectory.

        Names that differ in case only are one parameter; a parameter that the root
        announces and does not hold is passed over, as is one that is no number.
        """
        found: dict[str, Any] = {}
        scalars = self.root.get("scalars", {})
        for name in scalars:
            if not scalars[name].attrs.get("time_varying", False):
                found[name] = scalars[name][...]
        for name in map(_text, self.root.attrs.get("simulation_parameters", ())):
            known = name.lower() in {other.lower() for other in found}
            if name in self.root.attrs and not known:
                found[name] = self.root.attrs[name]
        count = self.num_trajectories()
        values = {}
        for name, raw in found.items():
            value = np.ravel(raw)
            if np.issubdtype(value.dtype, np.number) and value.size in (1, count):
                row = np.broadcast_to(value.astype(np.float32), (count,))
                values[name] = torch.tensor(row)
        return values

    def read(
        self, field: StoredField, trajectory: int, *, time_stride: int
    ) -> Float[Tensor, "time component *space"]:
        """Read one field of one trajectory as float32.

        Axes along which the file holds one value only are expanded.
        """
        dataset, sizes = field.dataset, [len(self._axis(axis)) for axis in self.axes]
        by_sample, by_time, by_axis = self._varying(field)
        self._check_shape(field, sizes)
        index = (trajectory,) if by_sample else ()
        index += (slice(None, None, time_stride),) if by_time else ()
        values = np.asarray(dataset[index], dtype=np.float32)
        values = values if by_time else values[None]
        for axis, varying in enumerate(by_axis):
            values = values if varying else np.expand_dims(values, 1 + axis)
        num_frames = len(range(0, len(self.times()), time_stride))
        parts = (len(self.axes),) * field.order
        values = np.broadcast_to(values, (num_frames, *sizes, *parts))
        values = values.reshape(num_frames, *sizes, -1)
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            raise self.error(
                dataset.name,
                found=f"{len(bad)} NaN or infinite values in trajectory {trajectory}, "
                f"the first at time index {bad[0][0] * time_stride}",
                expected="finite values",
                remedy="leave the run out or compute it again",
            )
        return torch.tensor(np.moveaxis(values, -1, 1).copy())

    def _varying(self, field: StoredField) -> tuple[bool, bool, list[bool]]:
        flags = field.dataset.attrs
        by_axis = flags.get("dim_varying", [True] * len(self.axes))
        return (
            bool(flags.get("sample_varying", True)),
            bool(flags.get("time_varying", True)),
            [bool(flag) for flag in by_axis],
        )

    def _check_shape(self, field: StoredField, sizes: list[int]) -> None:
        by_sample, by_time, by_axis = self._varying(field)
        wanted = [self.num_trajectories()] if by_sample else []
        wanted += [len(self.times())] if by_time else []
        wanted += [n for n, flag in zip(sizes, by_axis, strict=True) if flag]
        wanted += [len(self.axes)] * field.order
        if tuple(wanted) != field.dataset.shape:
            raise self.error(
                field.dataset.name,
                found=f"shape {field.dataset.shape}",
                expected=f"shape {tuple(wanted)} from n_trajectories, time, "
                f"{', '.join(self.axes)} and the tensor order",
                remedy="correct the dataset or its sample_varying, time_varying and "
                "dim_varying",
            )

    def _axis(self, axis: str) -> NDArray[Any]:
        dataset = self.child(self.child(self.root, "dimensions"), axis)
        # a row per trajectory where the grid is stored as sample_varying
        rows = dataset[...].reshape(-1, dataset.shape[-1])
        x, steps = rows[0], np.diff(rows[0])
        even = len(x) > 1 and np.allclose(steps, steps.mean(), rtol=1e-2, atol=0)
        if not even or steps[0] <= 0 or not np.allclose(rows, x):
            raise self.error(
                dataset.name,
                found=f"{dataset.shape} values, the first {x[:3].tolist()}",
                expected="two or more evenly spaced points, one grid for all runs",
                remedy="resample the data on such a grid",
            )
        return x

    def _boundary(self, axis: str) -> str:
        sides = ["open", "open"]  # the layout's default where nothing is said
        conditions = self.child(self.root, "boundary_conditions")
        for condition in conditions.values():
            dims = [
                _text(name) for name in self.attribute(condition, "associated_dims")
            ]
            if axis not in dims:
                continue
            code = _text(self.attribute(condition, "bc_type")).lower()
            mask = np.moveaxis(self.child(condition, "mask")[...], dims.index(axis), 0)
            whole = np.all if code == "wall" else np.any
            sides = [code if whole(mask[i]) else sides[i] for i in (0, -1)]
        if sides[0] != sides[1] or sides[0] not in ("periodic", "wall", "open"):
            raise self.error(
                conditions.name,
                found=f"{sides} on the sides of {axis}",
                expected="periodic, wall or open, the same on both sides",
                remedy="build Trajectories from the arrays by hand",
            )
        return sides[0]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
