from physbias.energy.record.interval import Interval


def test_ends_have_names():
    interval = Interval(1.0, 3.0)
    assert (interval.low, interval.high) == (1.0, 3.0) == interval
