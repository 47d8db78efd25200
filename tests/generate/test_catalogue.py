"""Every evolution equation makes data that the package and h5py read back."""

import inspect
from dataclasses import replace

import h5py
import numpy as np
import pytest

import physbias.pdes as equations
from physbias.data import read_well
from physbias.generate import RECIPES, generate, make_sample
from physbias.pdes import PDE, ConservationLaw, Elliptic

BASES = {PDE, ConservationLaw, Elliptic}


def evolution_equations():
    found = [getattr(equations, name) for name in equations.__all__]
    return [
        entry
        for entry in found
        if inspect.isclass(entry)
        and issubclass(entry, PDE)
        and not issubclass(entry, Elliptic)
        and entry not in BASES
    ]


def test_the_table_is_complete():
    assert {entry.__name__ for entry in evolution_equations()} == set(RECIPES)
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.equation is getattr(equations, name)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_equation_makes_a_data_set(name, small, tmp_path):
    recipe = small(name)
    (file,) = generate(recipe, tmp_path, train=2, valid=0, test=0, batch=2)
    read = read_well(tmp_path, split="train")
    ndim = len(recipe.num_points)
    channels = recipe.equation().num_channels(ndim)
    assert read.fields.shape == (2, 3, channels, *recipe.num_points)
    assert read.boundary == ("periodic",) * ndim
    assert read.lengths == pytest.approx(recipe.lengths, rel=1e-6)
    assert read.times.tolist() == pytest.approx(recipe.times, rel=1e-6)
    assert float((read.fields[:, 2] - read.fields[:, 0]).abs().max()) > 0
    assert float((read.fields[1] - read.fields[0]).abs().max()) > 0
    with h5py.File(file) as root:
        check_layout(root, recipe)


# shocks, whose place a shorter step moves by a part of a cell
CRUDE = {"InviscidBurgers": 1e-2}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_half_the_step_changes_little(name):
    """Ten frames of a sample; in a plane of fewer points in a box as much smaller."""
    recipe = RECIPES[name]
    points = tuple(min(n, 48) for n in recipe.num_points)
    if len(points) == 1:
        points = recipe.num_points
    lengths = tuple(
        length * few / many
        for length, few, many in zip(
            recipe.lengths, points, recipe.num_points, strict=True
        )
    )
    part = 9 / (recipe.num_frames - 1)
    short = replace(
        recipe,
        num_points=points,
        lengths=lengths,
        duration=recipe.duration * part,
        num_frames=10,
    )
    a, b = (
        make_sample(replace(short, dt=recipe.dt / k), 3, seed=5).fields[0, -1]
        for k in (1, 2)
    )
    assert float((a - b).norm() / b.norm()) < CRUDE.get(name, 1e-3)


def check_layout(root, recipe):
    """The layout as The Well's own documentation and files have it."""
    ndim = len(recipe.num_points)
    axes = ["x", "y", "z"][:ndim]
    for name in ("dataset_name", "grid_type", "n_spatial_dims", "n_trajectories"):
        assert name in root.attrs
    assert root.attrs["n_trajectories"] == 2
    assert root.attrs["grid_type"] == "cartesian"
    assert list(root["dimensions"].attrs["spatial_dims"]) == axes
    assert root["dimensions/time"].shape == (3,)
    for axis, count in zip(axes, recipe.num_points, strict=True):
        assert root[f"dimensions/{axis}"].shape == (count,)
        condition = root[f"boundary_conditions/{axis}_periodic"]
        assert condition.attrs["bc_type"] == "PERIODIC"
    stored = 0
    for order in (0, 1, 2):
        group = root[f"t{order}_fields"]
        assert sorted(group.attrs["field_names"]) == sorted(group)
        for field in group.values():
            assert field.dtype == np.float32
            assert field.shape == (2, 3, *recipe.num_points, *(ndim,) * order)
            assert np.isfinite(field[...]).all()
            stored += 1
    assert stored
    names = list(root.attrs["simulation_parameters"])
    assert sorted(names) == sorted(root["scalars"])
    assert all(name in root.attrs for name in names)
