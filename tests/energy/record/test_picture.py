import re
from xml.etree import ElementTree

import pytest

from physbias.energy.record.picture import power_picture
from physbias.energy.record.trace import PowerTrace

TRACE = PowerTrace((0.0, 4.0, 10.0), (150.0, 400.0))


def test_it_is_xml_with_one_line_per_device():
    root = ElementTree.fromstring(power_picture([("GPU 0", TRACE), ("GPU 1", TRACE)]))
    paths = root.findall("path")
    assert len(paths) == 2
    assert paths[0].get("stroke") != paths[1].get("stroke")
    assert root.get("role") == "img"


def test_heights_are_in_proportion_to_power():
    """400 W reaches 8/3 as high above the axis as 150 W."""
    root = ElementTree.fromstring(power_picture([("GPU 0", TRACE)]))
    path = root.find("path").get("d")
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)H", path)]
    axis = max(float(line.get("y1")) for line in root.findall("line"))
    assert (axis - heights[1]) / (axis - heights[0]) == pytest.approx(8 / 3, rel=2e-3)


def test_axes_have_round_numbers():
    texts = [e.text for e in ElementTree.fromstring(power_picture([("x", TRACE)]))]
    assert {"0", "100", "200", "300", "400", "2", "10"} <= set(texts)


def test_names_are_escaped():
    text = power_picture([("<script>&", TRACE)])
    assert "<script>" not in text
    ElementTree.fromstring(text)


@pytest.mark.parametrize("trace", [PowerTrace((0.0, 0.001), (0.0,))])
def test_no_power_and_a_short_time_can_be_drawn(trace):
    ElementTree.fromstring(power_picture([("GPU 0", trace)]))


def test_a_cell_thinner_than_a_point_makes_no_spike():
    """A thousandth of a second at 9000 W within 10 s at 100 W."""
    trace = PowerTrace((0.0, 9.999, 10.0), (100.0, 9000.0))
    texts = [e.text for e in ElementTree.fromstring(power_picture([("x", trace)]))]
    assert "100" in texts
    assert "200" not in texts
