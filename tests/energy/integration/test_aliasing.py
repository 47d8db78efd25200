"""Witness: readings of an A100 under a load of 100 ms, and made-up loads."""

import pytest

from physbias.energy.integration.aliasing import beats, known_window, turns, unseen

BEAT = [105, 82, 63, 64, 64, 65, 66, 68, 69, 73, 76, 80, 85, 92, 101, 112, 126, 143]


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("NVIDIA A100-SXM4-80GB", 0.025),
        ("NVIDIA H100 PCIe", 0.025),
        ("Tesla V100-SXM2-16GB", 0.010),
        ("NVIDIA GeForce RTX 3090", 0.1),
        ("NVIDIA A10", 0.1),
        ("NVIDIA B200", None),
    ],
)
def test_windows_of_known_boards(name, window):
    assert known_window(name) == window


def test_beat_of_a_real_board_is_found_in_any_second():
    assert all(beats(BEAT[i : i + 10]) for i in range(len(BEAT) - 10))


@pytest.mark.parametrize(
    "watts",
    [
        [300.0] * 20,
        [330.0, 180.0, 90.0, 330.0, 90.0, 180.0] * 3,
        [60.0] * 6 + [300.0] * 4,
        [60.0, 61.0, 60.5, 61.2, 60.1, 60.7],
        [60.0, 300.0],
    ],
)
def test_other_loads_are_not_beats(watts):
    assert not beats(watts)


def test_turns_of_a_wave_are_counted():
    assert turns([0, 5, 10, 5, 0, 5, 10]) == 2
    assert turns([0, 1, 2, 3]) == 0


def test_full_time_sensor_misses_nothing():
    """100 W SD over 10 s at 0.1 s, a quarter seen: 100 sqrt(10 0.1 0.75) J."""
    assert unseen(100.0, 10.0, 0.1, 1.0) == 0.0
    assert unseen(100.0, 10.0, 0.1, 0.25) == pytest.approx(86.6, rel=1e-3)
