"""Findings keep a remedy only where something failed."""

from physbias.verify.finding import Status, judged, skipped


def test_a_remedy_is_for_failures():
    common = {
        "value": 1.0,
        "criterion": "at most 2",
        "meaning": "It is one.",
        "remedy": "Look.",
    }
    good, bad = (judged("p", passed=passed, **common) for passed in (True, False))
    assert (good.status, good.remedy) == (Status.PASSED, "")
    assert (bad.status, bad.remedy) == (Status.FAILED, "Look.")


def test_a_probe_that_does_not_apply_has_no_number():
    finding = skipped("p", "There is no wall.")
    assert finding.status is Status.SKIPPED
    assert finding.value is None
