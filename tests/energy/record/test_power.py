from physbias.energy.record.power import counted, cut_short
from physbias.energy.record.record import Basis
from physbias.energy.sensors.probe import Source


def test_an_estimate_beside_a_measurement_is_not_counted(make_record, make_device):
    estimate = make_device(9.0, source=Source.ESTIMATE, uuid="")
    devices = (make_device(), make_device(None), estimate)
    assert counted(make_record(devices=devices)) == [devices[0]]
    modelled = make_record(devices=devices, basis=Basis.ESTIMATE)
    assert counted(modelled) == [estimate]


def test_devices_that_were_not_measured_up_to_the_end(make_device):
    devices = (make_device(), make_device(None, seconds=0.0))
    assert cut_short(devices, 10.0) is None
    short = make_device(seconds=4.0, label="GPU 1")
    assert cut_short((*devices, short), 10.0) == "GPU 1 was measured for 4 s of 10 s"
