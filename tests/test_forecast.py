"""One interface over all rungs."""

import pytest
import torch
from torch import nn

import physbias as pb
from physbias.data import Normaliser, Trajectories
from physbias.errors import ArgumentError, ShapeError
from physbias.flow import FlowMatching
from physbias.forecast import (
    FlowForecaster,
    Forecaster,
    ForecastModel,
    ParameterChannels,
    Persistence,
    SolverForecaster,
)

GRID = pb.Grid((12, 8), (2.0, 1.0), boundary=pb.Periodic())


def history(frames=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, frames, 1, 12, 8, generator=generator, dtype=torch.float64)


def plain(mean, scale):
    return Normaliser(torch.tensor([mean]), torch.tensor([scale]), ndim=2).double()


class Take(nn.Module):
    """Return one channel of the input."""

    def __init__(self, channel):
        super().__init__()
        self.channel = channel

    def forward(self, u):
        return u[:, self.channel : self.channel + 1]


def test_every_rung_is_a_forecast_model():
    heat = pb.Solver(pb.Heat(0.1), GRID)
    net = pb.flow.TimeConditioned(Take(0))
    head = FlowMatching(net, channels=1, noise_scale=1.0)
    for model in (
        Persistence(),
        Forecaster(Take(0), plain(0.0, 1.0), plain(0.0, 1.0)),
        SolverForecaster(heat, 0.1),
        FlowForecaster(head),
    ):
        assert isinstance(model, ForecastModel)


def test_persistence_repeats_the_last_frame():
    u = history()
    assert torch.equal(Persistence()(u, 2), u[:, [-1, -1]])


def test_a_network_gives_normalised_increments():
    """Net = identity: u + 3 (u - 2) / 5, by hand, step by step."""
    model = Forecaster(Take(0), plain(2.0, 5.0), plain(0.0, 3.0))
    u = history()
    first = u[:, -1] + 3 * (u[:, -1] - 2) / 5
    second = first + 3 * (first - 2) / 5
    torch.testing.assert_close(model(u, 2), torch.stack([first, second], 1))


def test_a_longer_history_is_stacked_oldest_first():
    """Net takes the older of two frames as the increment."""
    model = Forecaster(Take(0), plain(0.0, 1.0), plain(0.0, 1.0), history=2)
    u = history(4)
    first = u[:, 3] + u[:, 2]
    second = first + u[:, 3]
    torch.testing.assert_close(model(u, 2), torch.stack([first, second], 1))


def test_a_solver_steps_by_its_interval():
    """A mode of the heat equation decays by exp(-D k² t), sample by sample."""
    x = GRID.coords(dtype=torch.float64)[:, :1]
    mode = torch.cos(torch.pi * x).expand(2, 1, 12, 8)[:, None]

    def set_parameters(pde, parameters):
        pde.diffusivity = parameters["D"]

    solver = pb.Solver(pb.Heat(1.0), GRID, scheme=pb.Spectral(), stepper=pb.RK4())
    model = SolverForecaster(solver, 0.1, set_parameters=set_parameters)
    diffusivity = torch.tensor([0.1, 0.4], dtype=torch.float64)
    found = model(mode, 3, {"D": diffusivity})
    times = 0.1 * torch.arange(1, 4, dtype=torch.float64)
    decay = torch.exp(-diffusivity[:, None] * torch.pi**2 * times)
    torch.testing.assert_close(
        found, mode * decay[..., None, None, None], rtol=1e-6, atol=1e-9
    )


def test_parameters_become_standardised_channels():
    """Logarithms 0, 2, 4 have mean 2 and standard deviation 2."""
    fields = torch.zeros(3, 2, 1, 12, 8)
    values = torch.tensor([0.0, 2.0, 4.0]).exp()
    trajectories = Trajectories(
        fields,
        ("u",),
        torch.tensor([0.0, 1.0]),
        (12, 8),
        (2.0, 1.0),
        (0.0, 0.0),
        ("periodic", "periodic"),
        {"Reynolds": values, "Schmidt": torch.ones(3)},
    )
    channels = ParameterChannels.fit(trajectories)
    assert channels.names == ("Reynolds",)
    found = channels({"Reynolds": values[:2]}, fields[:2, 0])
    assert found.shape == (2, 1, 12, 8)
    torch.testing.assert_close(found[:, 0, 0, 0], torch.tensor([-1.0, 0.0]))
    with pytest.raises(ArgumentError, match=r"parameters: found no Reynolds"):
        channels(None, fields[:2, 0])


def test_a_parameter_of_any_sign_is_standardised_as_it_is():
    """Values -1, 0, 1 have mean 0 and standard deviation 1."""
    trajectories = Trajectories(
        torch.zeros(3, 2, 1, 12, 8),
        ("u",),
        torch.tensor([0.0, 1.0]),
        (12, 8),
        (2.0, 1.0),
        (0.0, 0.0),
        ("periodic", "periodic"),
        {"wind": torch.tensor([-1.0, 0.0, 1.0])},
    )
    channels = ParameterChannels.fit(trajectories)
    found = channels({"wind": torch.tensor([2.0])}, torch.zeros(1, 1, 12, 8))
    torch.testing.assert_close(found, torch.full((1, 1, 12, 8), 2.0))


def test_an_ensemble_has_members_first():
    net = pb.flow.TimeConditioned(nn.Conv2d(2 + pb.flow.time_channels(), 1, 1))
    head = FlowMatching(net, channels=1, noise_scale=1.0)
    model = FlowForecaster(head, members=3, flow_steps=2)
    assert model(history().float(), 2).shape == (3, 2, 2, 1, 12, 8)


def test_errors():
    model = Forecaster(Take(0), plain(0.0, 1.0), plain(0.0, 1.0), history=4)
    with pytest.raises(ShapeError, match="history: found 3 frames, expected at least"):
        model(history(3), 1)
    wrong = Forecaster(nn.Flatten(), plain(0.0, 1.0), plain(0.0, 1.0))
    with pytest.raises(ShapeError, match="net: found an output of shape"):
        wrong(history(), 1)
    told = SolverForecaster(
        pb.Solver(pb.Heat(0.1), GRID), 0.1, set_parameters=lambda pde, p: None
    )
    with pytest.raises(ArgumentError, match="parameters: found none"):
        told(history(), 1)
    with pytest.raises(ArgumentError, match=r"interval: found 0.0"):
        SolverForecaster(pb.Solver(pb.Heat(0.1), GRID), 0.0)
