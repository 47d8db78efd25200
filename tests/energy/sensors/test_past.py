"""Kept readings, of probes that keep them and of others."""

from physbias.energy import ReadError
from physbias.energy.sensors.past import KnowsPast, kept_power


class Keeping:
    def __init__(self, readings):
        self.readings = readings

    def past_power(self):
        if self.readings is None:
            raise ReadError("Not Supported")
        return self.readings


def test_readings_are_passed_on():
    assert isinstance(Keeping([]), KnowsPast)
    assert kept_power(Keeping([(2.0, 100.0)])) == [(2.0, 100.0)]


def test_a_probe_that_cannot_has_none():
    assert kept_power(Keeping(None)) == []
    assert kept_power(object()) == []
