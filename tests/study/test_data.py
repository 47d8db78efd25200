"""Data of the study and its step."""

import pytest
import torch

from physbias.data import Trajectories
from physbias.study import data
from physbias.study.data import (
    choose_stride,
    make_data,
    persistence_error,
    read_splits,
    study_states,
)


def wave(frames, speed):
    """A travelling sine: persistence errs by 2 sin(phase / 2) per step, by hand."""
    x = 2 * torch.pi * torch.arange(16) / 16
    steps = torch.arange(frames)[:, None]
    u = torch.sin(x - speed * steps)[None, :, None, :]
    return Trajectories(
        u, ("u",), torch.arange(frames) * 0.5, (16,), (1.0,), (0.0,), ("periodic",)
    )


@pytest.mark.parametrize("stride", [1, 3])
def test_persistence_on_a_travelling_wave(stride):
    found = persistence_error(wave(8, 0.1), stride)
    phase = torch.tensor(0.1 * stride)
    # variance by n - 1 = 15 of 16 points
    expected = 2 * torch.sin(phase / 2) * (15 / 16) ** 0.5
    assert found == pytest.approx(float(expected), rel=1e-4)


def test_the_stride_makes_persistence_an_opponent():
    """0.05 per step: 0.15 needs the fourth, since three give 0.145 by the formula."""
    assert choose_stride(wave(40, 0.05)) == 4
    assert choose_stride(wave(40, 0.5)) == 1


def test_states_are_the_data_set_s_own_and_splits_do_not_overlap():
    states = study_states()
    assert len(states) == len(set(states)) == 16
    assert all(0.025 <= s.width / (5 * s.num_shear) <= 0.05 for s in states)
    covered = [i for where in data.SPLITS.values() for i in range(16)[where]]
    assert covered == list(range(16))


def test_data_are_made_once_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "SOLVER_POINTS", (24, 48))
    monkeypatch.setattr(data, "STORED_POINTS", (16, 32))
    monkeypatch.setattr(data, "TIMES", (0.0, 0.1, 0.2))
    seen = []
    figure = make_data(tmp_path, device="cpu", progress=lambda *a: seen.append(a))
    assert seen[-1] == (16, 16)
    assert figure.joules is None or figure.joules > 0
    again = make_data(tmp_path, device="cpu", progress=lambda *a: seen.append(a))
    assert again == figure
    assert len(seen) == 16
    splits = read_splits(tmp_path)
    assert {name: len(t) for name, t in splits.items()} == {
        "train": 11,
        "valid": 2,
        "test": 3,
    }
    assert splits["test"].names == ("velocity_x", "velocity_y", "tracer")
