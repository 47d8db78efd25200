"""A report prints as a table and is true where nothing failed."""

import json

import pytest

from physbias.errors import ArgumentError, VerificationError
from physbias.verify import Finding, Report, Status

GOOD = Finding("order in space", Status.PASSED, 3.98, "order at least 4", "It falls.")
BAD = Finding("gradients", Status.FAILED, float("inf"), "at most 1", "Off.", "Look.")
NONE = Finding("symmetry", Status.SKIPPED, None, "", "There is none.")


def report(*findings: Finding) -> Report:
    return Report("Heat on (24,) points", findings, 1.25)


def test_it_is_true_where_nothing_failed():
    assert report(GOOD, NONE).ok
    assert report(GOOD, NONE)
    assert not report(GOOD, BAD)
    assert report(GOOD, BAD).failed == ("gradients",)
    report(GOOD, NONE).raise_if_failed()


def test_it_raises_with_the_table():
    with pytest.raises(
        VerificationError, match=r"failed: gradients(.|\n)*Off\. Look\."
    ):
        report(GOOD, BAD).raise_if_failed()


def test_its_columns_are_aligned():
    lines = str(report(GOOD, BAD, NONE)).splitlines()
    head = lines[2]
    rows = [lines[k] for k in (3, 5, 7)]
    for word, cells in (
        ("value", ("3.98", "inf", "-")),
        ("criterion", ("order", "at most", "")),
    ):
        at = head.index(word)
        for row, cell in zip(rows, cells, strict=True):
            assert row[at : at + len(cell)] == cell
    assert lines[4] == "    It falls."
    assert lines[-1] == "1 passed, 1 failed, 1 skipped in 1.2 s"


def test_what_is_not_proved_is_said_last():
    said = "; no witness: that it is the right equation is not proved"
    solved = Finding("witness: solver", Status.PASSED, 0.0, "at most 1", "Near.")
    untried = Finding("witness: solver", Status.SKIPPED, None, "", "None given.")
    assert not report(GOOD, untried).witnessed
    assert str(report(GOOD, untried)).endswith(f"1 skipped in 1.2 s{said}")
    assert report(GOOD, solved).witnessed
    assert str(report(GOOD, solved)).endswith("0 skipped in 1.2 s")
    assert json.loads(report(GOOD, solved).to_json())["witnessed"] is True


def test_it_becomes_json():
    read = json.loads(report(GOOD, BAD, NONE).to_json())
    assert read["ok"] is False
    assert read["subject"] == "Heat on (24,) points"
    assert [f["status"] for f in read["findings"]] == ["pass", "fail", "skip"]
    assert [f["value"] for f in read["findings"]] == [3.98, "inf", None]
    assert read["findings"][1]["remedy"] == "Look."


def test_findings_are_found_by_name():
    assert report(GOOD, BAD)["gradients"] is BAD
    with pytest.raises(ArgumentError, match="found 'magic', expected one of: order in"):
        report(GOOD, BAD)["magic"]
