import json
from dataclasses import replace
from pathlib import Path

import pytest

from physbias.energy.calibration.calibration import (
    SCHEMA,
    Calibration,
    Latency,
    PowerLevel,
    check_calibrations,
    load_calibrations,
    save_calibrations,
)
from physbias.errors import ArgumentError, DataError

BOARD = Calibration(
    uuid="GPU-1",
    gain=1.05,
    offset=-3.0,
    gain_error=0.01,
    delay=0.04,
    latencies=(Latency("energy", 0.002, 0.006),),
    levels=(PowerLevel("idle", 60.0, 63.0),),
)


def write(path: Path, *entries: object, schema: str = "physbias.calibration/1") -> Path:
    path.write_text(json.dumps({"schema": schema, "calibrations": list(entries)}))
    return path


def test_a_file_gives_back_what_was_saved(tmp_path):
    path = tmp_path / "new" / "boards.json"
    boards = (BOARD, Calibration(uuid="GPU-2"))
    save_calibrations(path, boards)
    assert load_calibrations(path) == boards
    assert [p.name for p in path.parent.iterdir()] == ["boards.json"]


def test_a_file_written_by_hand_with_units_in_its_names(tmp_path):
    row = {"uuid": "GPU-1", "gain": 0.95, "offset_W": 4, "gain_error": 0.01}
    (read,) = load_calibrations(write(tmp_path / "hand.json", row))
    assert (read.gain, read.offset, read.gain_error) == (0.95, 4, 0.01)
    assert read.delay is None
    assert read.absolute


def test_only_an_external_meter_makes_it_absolute():
    assert not Calibration(uuid="GPU-1", refresh=0.1).absolute


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"gain": 1.0}, "uuid: found None"),
        ({"uuid": ""}, "uuid: found"),
        ({"uuid": "GPU-1", "gian": 1.0}, "gian"),
        ({"uuid": "GPU-1", "gain": 0.0}, "above 0"),
        ({"uuid": "GPU-1", "gain": None}, "gain: found None"),
        ({"uuid": "GPU-1", "gain": True}, "a finite number"),
        ({"uuid": "GPU-1", "offset_W": "3 W"}, "a finite number"),
        ({"uuid": "GPU-1", "delay_s": -0.1}, "0 or more"),
        ({"uuid": "GPU-1", "latencies": [["energy"]]}, "missing 2"),
        ("GPU-1", "an object per board"),
    ],
)
def test_a_bad_entry_is_named(tmp_path, row, words):
    path = write(tmp_path / "bad.json", row)
    with pytest.raises(DataError, match=words):
        load_calibrations(path)


def test_a_bad_file_is_named(tmp_path):
    for path in (tmp_path / "none.json", write(tmp_path / "x.json", schema="other/1")):
        with pytest.raises(DataError, match=path.name):
            load_calibrations(path)
    (tmp_path / "torn.json").write_text("{")
    with pytest.raises(DataError, match=r"torn\.json"):
        load_calibrations(tmp_path / "torn.json")
    (tmp_path / "list.json").write_text('{"schema": "physbias.calibration/1"}')
    with pytest.raises(DataError, match="no list"):
        load_calibrations(tmp_path / "list.json")


def test_what_a_meter_may_be_given(tmp_path):
    path = tmp_path / "boards.json"
    save_calibrations(path, [BOARD])
    assert check_calibrations(None) == ()
    for given in (BOARD, [BOARD], path, str(path)):
        assert check_calibrations(given) == (BOARD,)
    for wrong in (3, ["GPU-1"]):
        with pytest.raises(ArgumentError, match="calibration"):
            check_calibrations(wrong)


def test_the_difference_of_a_level_is_relative():
    assert PowerLevel("idle", 60.0, 63.0).difference == pytest.approx(0.05)


def test_error_in_a_file_is_told_once(tmp_path):
    path = tmp_path / "boards.json"
    path.write_text(json.dumps({"schema": SCHEMA, "calibrations": [{"date": "x"}]}))
    with pytest.raises(DataError) as refused:
        load_calibrations(path)
    assert str(refused.value).count("expected") == 1


def test_digest_is_of_the_content_not_of_the_file(tmp_path):
    """Names in another order, other spaces and 1 for 1.0 change nothing."""
    known = Calibration(uuid="GPU-a", gain=1.0, offset=3.2, driver="580.1")
    text = (
        '{"calibrations": [{"offset_W": 3.20, "driver":"580.1", "gain": 1,'
        '"uuid":"GPU-a"}], "schema": "physbias.calibration/1"}'
    )
    path = tmp_path / "by_hand.json"
    path.write_text(text)
    (read,) = load_calibrations(path)
    assert read.sha256 == known.sha256
    assert len(bytes.fromhex(known.sha256)) == 32
    others = [replace(known, gain=1.01), replace(known, offset=3.3)]
    others.append(replace(known, driver="580.2"))
    assert len({known.sha256, *(other.sha256 for other in others)}) == 4
