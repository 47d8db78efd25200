import pytest

from physbias.energy import CpuModel
from physbias.errors import ArgumentError


def test_estimate_is_processor_time_times_power():
    model = CpuModel(watts_per_core=5.0, uncertainty=0.4)
    assert model.joules(12.0) == 60.0
    assert model.interval(60.0) == pytest.approx((36.0, 84.0))


@pytest.mark.parametrize("watts", [0.0, -1.0, float("nan")])
def test_power_must_be_positive(watts):
    with pytest.raises(ArgumentError, match=r"watts_per_core: found .*positive power"):
        CpuModel(watts_per_core=watts)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_uncertainty_must_be_a_share(share):
    with pytest.raises(ArgumentError, match=r"uncertainty: found .*up to 1"):
        CpuModel(uncertainty=share)
