import pytest

from physbias.energy import EnergyMeter, merge, summarise
from physbias.energy.export import EnergyCollector, EnergyTelemetry
from physbias.energy.record.check import check_record
from physbias.energy.simulated import Constant, SimulatedGpu, simulate
from physbias.errors import ArgumentError

METER = EnergyMeter(cpu=False, machine=simulate([SimulatedGpu(Constant(300.0))]))


def test_a_record_passes(make_record):
    check_record(make_record(), "record")


@pytest.mark.parametrize(
    "use",
    [
        lambda record: summarise([METER]),
        lambda record: summarise([record, METER]),
        lambda record: record.compare(METER),
        lambda record: merge([METER]),
        lambda record: merge(METER),
        lambda record: EnergyTelemetry().add(METER),
        lambda record: EnergyCollector().add(METER),
    ],
    ids=["first", "second", "compare", "list", "alone", "telemetry", "prometheus"],
)
def test_a_meter_in_place_of_its_record_is_explained(make_record, use):
    with pytest.raises(ArgumentError, match=r"type EnergyMeter.*pass meter\.result"):
        use(make_record())
