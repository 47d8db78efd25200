from physbias.strength import Strength


def test_strengths_are_ordered():
    assert Strength.NONE < Strength.WEAK < Strength.STRONG
    assert [s.name for s in sorted(Strength)] == ["NONE", "WEAK", "STRONG"]
