"""Compact columns of borders, and the stays that they hold."""

from math import inf

from physbias.energy.block.track import CLOSE, Track


def passed(*borders):
    track = Track()
    for code, time in borders:
        track.codes.append(code)
        track.times.append(time)
    return track


def test_stays_come_from_the_inside_out():
    track = passed((0, 0.0), (1, 1.0), (0, 2.0), (CLOSE, 3.0), (CLOSE, 4.0))
    assert list(track.stays()) == [
        (0, 1, True, 2, 3),
        (1, 0, False, 1, 4),
        (0, CLOSE, False, 0, CLOSE),
    ]


def test_an_hour_of_regions_is_compact():
    """Twelve bytes per border: 10^5 stays take 2.4 MB."""
    track = Track()
    per_border = track.codes.itemsize + track.times.itemsize
    assert 2e5 * per_border == 2.4e6


def test_borders_that_no_gpu_was_asked_about_lie_where_the_program_stood():
    track = passed((0, 1.0), (CLOSE, 2.0))
    assert list(track.gpu_times("GPU-a", 0.0, 10.0)) == [1.0, 2.0]


def test_gpu_times_are_kept_per_device_and_held_inside_the_block():
    track = Track()
    for code, time in ((0, 1.0), (1, 2.0), (CLOSE, 3.0), (CLOSE, 4.0)):
        if code != 0:
            assert track.await_gpu("GPU-a") == len(track.times)
        track.codes.append(code)
        track.times.append(time)
    track.place("GPU-a", 1, 5.0)
    track.place("GPU-a", 2, 6.0)
    assert list(track.gpu_times("GPU-a", 1.5, 7.0)) == [1.5, 5.0, 6.0, 7.0]
    assert list(track.gpu_times("GPU-b", 0.0, inf)) == [1.0, 2.0, 3.0, 4.0]


def test_gpu_times_never_go_back():
    """A region on a second stream must not end before the one inside it."""
    track = Track()
    for border, time in enumerate((1.0, 9.0, 3.0)):
        track.await_gpu("GPU-a")
        track.codes.append(0)
        track.times.append(0.0)
        track.place("GPU-a", border, time)
    assert list(track.gpu_times("GPU-a", 0.0, 20.0)) == [1.0, 9.0, 9.0]
