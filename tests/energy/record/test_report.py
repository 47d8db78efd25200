from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.net import NetEnergy
from physbias.energy.record.record import Status
from physbias.energy.record.region import RegionEnergy
from physbias.energy.record.units import UnitEnergy


def test_table_holds_what_the_record_holds(make_record, make_device):
    short = Flag(FlagCode.SHORT_WINDOW, "shorter than a refresh", "GPU 0")
    net = NetEnergy(
        joules=2400.0,
        interval=Interval(2300.0, 2500.0),
        idle_joules=600.0,
        idle_watts=60.0,
        idle_error_watts=1.0,
    )
    record = make_record(
        devices=(make_device(), make_device(None, label="CPU", uuid="")),
        regions=(
            RegionEnergy("forward", 9.0, 4.0, Interval(8.0, 10.0), 2.0, 3, (short,)),
        ),
        unattributed=2991.0,
        units=(UnitEnergy.share("step", 100, 3000.0, Interval(2700.0, 3300.0)),),
        net=net,
        flags=(Flag(FlagCode.GAP, "a hole of 1 s", "GPU 0"),),
    )
    assert record.table().splitlines() == [
        "3.00 kJ ± 10 %  10.0 s  caution: GPU 0 holes between readings",
        "95 % interval 2.70 to 3.30 kJ",
        "",
        "device  energy   95 % interval    mean power  source",
        "GPU 0   3.00 kJ  2.70 to 3.30 kJ  300 W       counter  a board",
        "CPU     not measured: no driver",
        "",
        "region               energy   95 % interval  own energy  time  stays",
        "forward              9.0 J    8.0 to 10.0 J  4.0 J       2 s   3",
        "outside all regions  2.99 kJ",
        "",
        "100 × step: 30.0 J per step (95 % interval 27.0 to 33.0 J)",
        "above idle: 2.40 kJ (95 % interval 2.30 to 2.50 kJ; idle 60 W)",
        "",
        "gap (GPU 0): a hole of 1 s",
        "short-window (region forward, GPU 0): shorter than a refresh",
    ]


def test_no_figure_says_why_once(make_record):
    text = make_record(None).table()
    assert text.startswith("no energy figure  10.0 s")
    assert text.count("no driver") == 1
    bare = make_record(None, devices=(), reason="asked to read nothing").table()
    assert bare == "no energy figure  (asked to read nothing)  10.0 s"


def test_how_it_ended_stands_in_the_first_line(make_record):
    record = make_record(status=Status.FAILED, error="ValueError")
    first = record.table().splitlines()[0]
    assert first == "3.00 kJ ± 10 %  10.0 s  failed: ValueError"


def test_consoles_show_lines_and_not_every_field(make_record):
    class Printer:
        def text(self, text):
            self.shown = text

    record, printer = make_record(), Printer()
    record._repr_pretty_(printer, cycle=False)
    assert printer.shown == record.table()
    assert repr(record) == f"<EnergyRecord {record}>"
