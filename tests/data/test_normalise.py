import pytest
import torch

from physbias.data import Normaliser, Trajectories
from physbias.errors import ArgumentError, NonFiniteError, ShapeError


def make(fields, names):
    num_frames, space = fields.shape[1], tuple(fields.shape[3:])
    return Trajectories(
        fields=fields,
        names=names,
        times=torch.arange(float(num_frames)),
        num_points=space,
        lengths=(1.0,) * len(space),
        origin=(0.0,) * len(space),
        boundary=("periodic",) * len(space),
    )


def flow(seed=0):
    """Components of unlike size around a mean, and a scalar far from zero."""
    u = torch.randn(3, 5, 3, 8, 6, generator=torch.Generator().manual_seed(seed))
    size = torch.tensor([3.0, 0.2, 2.0]).reshape(-1, 1, 1)
    mean = torch.tensor([1.0, 0.0, 40.0]).reshape(-1, 1, 1)
    names = ("velocity_x", "velocity_y", "tracer")
    return make((u * size + mean).double(), names)


def test_fit_against_numpy():
    t = flow()
    norm = Normaliser.fit(t)
    u = t.fields.numpy()
    rms = (u[:, :, :2] ** 2).mean() ** 0.5
    expected = torch.tensor([rms, rms, u[:, :, 2].std()])
    torch.testing.assert_close(norm.scale, expected.double(), rtol=1e-7, atol=0)
    expected = torch.tensor([0.0, 0.0, u[:, :, 2].mean()]).double()
    torch.testing.assert_close(norm.mean, expected, rtol=1e-7, atol=0)


def test_fit_increments_against_numpy():
    t = flow()
    norm = Normaliser.fit_increments(t, stride=2)
    u = t.fields.numpy()
    change = u[:, 2:] - u[:, :-2]
    vector, scalar = (change[:, :, :2] ** 2).mean(), (change[:, :, 2] ** 2).mean()
    expected = torch.tensor([vector, vector, scalar]).double().sqrt()
    torch.testing.assert_close(norm.scale, expected, rtol=1e-6, atol=0)
    assert norm.mean.tolist() == [0.0, 0.0, 0.0]


def test_divergence_free_stays_divergence_free():
    """Velocity from a stream function on an 8 by 12 grid of unequal spacing."""
    psi = torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(1)).double()

    def slope(f, axis, spacing):
        return (f.roll(-1, axis) - f.roll(1, axis)) / (2 * spacing)

    def divergence(u):
        return slope(u[:, :, 0], -2, 0.1) + slope(u[:, :, 1], -1, 0.3)

    u = torch.stack((slope(psi, -1, 0.3), -slope(psi, -2, 0.1)), dim=2)
    assert divergence(u).abs().max() < 1e-12
    norm = Normaliser.fit(make(u, ("velocity_x", "velocity_y")))
    assert divergence(norm.normalise(u)).abs().max() < 1e-12


def test_round_trip_with_and_without_time():
    t = flow()
    norm = Normaliser.fit(t)
    for u in (t.fields, t.fields[:, 0], t.fields[0, 0]):
        z = norm.normalise(u)
        assert z.shape == u.shape
        torch.testing.assert_close(norm.denormalise(z), u)
    z = norm.normalise(t.fields)
    assert abs(z[:, :, 2].mean()) < 1e-12
    assert abs(z[:, :, 2].std() - 1) < 1e-2


def test_dtype_of_the_field_is_kept():
    norm = Normaliser.fit(flow())
    u = torch.ones(2, 3, 4, 4)
    assert norm.normalise(u).dtype == torch.float32
    assert norm.denormalise(u.double()).dtype == torch.float64


def test_save_and_load():
    norm = Normaliser.fit(flow())
    other = Normaliser(torch.zeros(3), torch.ones(3), ndim=2).double()
    other.load_state_dict(norm.state_dict())
    assert torch.equal(other.scale, norm.scale)
    assert repr(norm) == "Normaliser(channels=3, ndim=2)"


def test_one_dead_component_is_no_error_and_a_dead_field_is():
    t = flow()
    t.fields[:, :, 1] = 0.0
    assert Normaliser.fit(t).scale[1] == Normaliser.fit(t).scale[0] > 0
    t.fields[:, :, :2] = 0.0
    with pytest.raises(ArgumentError, match="no variation in velocity_x, velocity_y"):
        Normaliser.fit(t)
    t = flow()
    t.fields[:, :, 2] = 0.1
    with pytest.raises(ArgumentError, match=r"'tracer'.*no variation in tracer"):
        Normaliser.fit(t)


def test_a_field_at_rest_has_no_increments():
    t = flow()
    t.fields[:] = t.fields[:, :1]
    with pytest.raises(ArgumentError, match="values that vary in time"):
        Normaliser.fit_increments(t)


@pytest.mark.parametrize("stride", [0, 5])
def test_impossible_stride(stride):
    with pytest.raises(ArgumentError, match=f"stride: found {stride} on 5 frames"):
        Normaliser.fit_increments(flow(), stride=stride)


def test_wrong_arguments():
    with pytest.raises(ShapeError, match="one number per channel"):
        Normaliser(torch.zeros(2), torch.ones(3), ndim=1)
    with pytest.raises(ArgumentError, match="mean: found list, expected a real"):
        Normaliser([0.0], [1.0], ndim=1)
    with pytest.raises(ArgumentError, match="ndim: found 0, expected a whole number"):
        Normaliser(torch.zeros(2), torch.ones(2), ndim=0)
    with pytest.raises(ArgumentError, match="positive numbers"):
        Normaliser(torch.zeros(2), torch.tensor([1.0, 0.0]), ndim=1)
    with pytest.raises(NonFiniteError, match="scale"):
        Normaliser(torch.zeros(1), torch.tensor([torch.nan]), ndim=1)
    norm = Normaliser.fit(flow())
    with pytest.raises(ShapeError, match=r"expected \(..., 3, \*space\)"):
        norm.normalise(torch.ones(2, 2, 8, 6))
    with pytest.raises(ShapeError, match="with 2 space axes"):
        norm.denormalise(torch.ones(3, 8))
    with pytest.raises(ArgumentError, match="dtype"):
        norm.normalise(torch.ones(2, 3, 8, 6).int())


def test_nan_is_refused():
    t = flow()
    t.fields[0, 0, 0, 0, 0] = torch.nan
    with pytest.raises(NonFiniteError, match=r"trajectories\.fields"):
        Normaliser.fit(t)


def test_scales_and_means_without_sense_are_refused():
    with pytest.raises(ArgumentError, match="scale: found list, expected a real"):
        Normaliser(torch.zeros(1), [1.0], ndim=1)
    with pytest.raises(NonFiniteError, match="mean: found 1 NaN or infinite"):
        Normaliser(torch.tensor([torch.inf]), torch.ones(1), ndim=1)
