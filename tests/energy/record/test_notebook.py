from html.parser import HTMLParser

from physbias.energy.record.flags import Flag, FlagCode
from physbias.energy.record.interval import Interval
from physbias.energy.record.record import Status
from physbias.energy.record.region import RegionEnergy

SHORT = Flag(FlagCode.SHORT_WINDOW, "short")


class Page(HTMLParser):
    """Texts and the balance of tags."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_page_shows_total_devices_regions_picture_and_remarks(make_record, make_device):
    record = make_record(
        regions=(
            RegionEnergy("forward", 9.0, 4.0, Interval(8.0, 10.0), 2.0, 3, (SHORT,)),
        ),
        flags=(
            Flag(FlagCode.GAP, "a hole of 1 s", "GPU 0"),
            Flag(FlagCode.UNMEASURED, "no driver", "CPU"),
        ),
        devices=(make_device(), make_device(None, label="CPU", uuid="")),
    ).with_carbon("DE")
    page = Page(record._repr_html_())
    assert not page.open
    for text in (
        "3.00 kJ ± 10 %",
        "GPU 0",
        "a board",
        "300 W",
        "forward",
        "4.0 J",
        "3",
    ):
        assert text in page.texts
    assert any("a hole of 1 s" in text for text in page.texts)
    assert "short-window (region forward): short" in page.texts
    assert "Caution: GPU 0 holes between readings" in page.texts
    assert page.texts.count("no driver") == 1
    assert any("CO2e" in text for text in page.texts)
    assert "svg" in page.tags


def test_missing_figure_is_not_zero(make_record):
    page = Page(make_record(None)._repr_html_())
    assert "No energy figure" in page.texts
    assert page.texts.count("no driver") == 1
    assert "0.000 J" not in page.texts
    assert "svg" not in page.tags


def test_what_users_write_is_escaped(make_record, make_device):
    evil = "<script>alert(1)</script>"
    record = make_record(
        devices=(make_device(name=evil, label=evil),),
        regions=(RegionEnergy(evil, 1.0, 1.0, None, 1.0, 1),),
        flags=(Flag(FlagCode.GAP, evil, evil),),
        status=Status.FAILED,
        error=evil,
    )
    assert "script" not in Page(record._repr_html_()).tags


def test_nothing_is_loaded_from_elsewhere(make_record):
    text = make_record()._repr_html_()
    assert "http" not in text
    assert "src=" not in text
