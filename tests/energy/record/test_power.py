from physbias.energy.record.power import counted
from physbias.energy.record.record import Basis
from physbias.energy.sensors.probe import Source


def test_an_estimate_beside_a_measurement_is_not_counted(make_record, make_device):
    estimate = make_device(9.0, source=Source.ESTIMATE, uuid="")
    devices = (make_device(), make_device(None), estimate)
    assert counted(make_record(devices=devices)) == [devices[0]]
    modelled = make_record(devices=devices, basis=Basis.ESTIMATE)
    assert counted(modelled) == [estimate]
