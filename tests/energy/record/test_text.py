import pytest

from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.region import RegionEnergy
from physbias.energy.record.text import cautions, details, format_joules, line, remarks
from physbias.energy.record.units import UnitEnergy


@pytest.mark.parametrize(
    ("joules", "digits", "text"),
    [(0.0, 4, "0.000 J"), (999.0, 3, "999 J"), (-1500.0, 3, "-1.50 kJ")],
)
def test_units_suit_the_energy(joules, digits, text):
    assert format_joules(joules, digits) == text


def test_line_holds_the_half_width_as_a_share(make_record):
    assert line(make_record()).startswith("3.00 kJ ± 10 %  (GPU 0 3.00 kJ counter)")


def test_details_show_units_and_net_energy(make_record):
    net = NetEnergy(
        joules=2400.0,
        interval=Interval(2300.0, 2500.0),
        idle_joules=600.0,
        idle_watts=60.0,
        idle_error_watts=1.0,
    )
    units = (UnitEnergy.share("step", 100, 3000.0, Interval(2700.0, 3300.0)),)
    assert details(make_record(units=units, net=net)) == [
        "100 × step: 30.0 J per step (95 % interval 27.0 to 33.0 J)",
        "above idle: 2.40 kJ (95 % interval 2.30 to 2.50 kJ; idle 60 W)",
    ]


def test_units_without_energy_are_counted_only(make_record):
    units = (UnitEnergy.share("step", 100, None, None),)
    assert details(make_record(None, units=units)) == ["100 × step"]


def test_line_tells_of_a_board_that_was_lost(make_record, make_device):
    flags = (
        Flag(FlagCode.DEVICE_LOST, "the device stopped answering", "GPU 0"),
        Flag(FlagCode.ALIASING_SUSPECTED, "beats", "GPU 0"),
        Flag(FlagCode.MODELLED, "a model", "CPU"),
    )
    record = make_record(devices=(make_device(seconds=6.0),), flags=flags)
    assert line(record).endswith(
        "10.0 s  caution: GPU 0 lost after 6.0 s; GPU 0 load in step with its power "
        "sensor"
    )


def test_no_figure_is_no_reason_to_hide_the_caution(make_record):
    record = make_record(None, flags=(Flag(FlagCode.METER_FAULT, "boom"),))
    assert cautions(record) == ["fault inside the meter"]
    assert "caution: fault inside the meter" in line(record)


def test_unequal_ends_are_both_written(make_record):
    record = make_record(20.28, interval=Interval(3.65, 22.71))
    assert line(record).startswith("20.3 J -82 %/+12 %")


def test_remarks_name_device_and_region_once(make_record, make_device):
    short = Flag(FlagCode.SHORT_WINDOW, "short", "GPU 0")
    record = make_record(
        devices=(make_device(), make_device(None, label="CPU", uuid="")),
        regions=(RegionEnergy("f", 1.0, 1.0, None, 1.0, 1, flags=(short,)),),
        flags=(short, short, Flag(FlagCode.UNMEASURED, "no driver", "CPU")),
    )
    assert remarks(record) == [
        "short-window (GPU 0): short",
        "short-window (region f, GPU 0): short",
    ]
