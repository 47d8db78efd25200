import re

from physbias.energy.record.flags import Flag, FlagCode


def test_codes_are_lower_case_words_with_hyphens():
    """Programs tell them apart by these texts, so none may change its spelling."""
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in FlagCode)
    assert FlagCode("recovered-from-journal") is FlagCode.RECOVERED


def test_a_flag_is_about_the_whole_unless_it_names_a_device():
    assert Flag(FlagCode.GAP, "a hole").device is None
    assert Flag(FlagCode.GAP, "a hole") == Flag(FlagCode.GAP, "a hole", None)
