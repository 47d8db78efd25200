"""Who offers what: the real binding and the simulated one."""

import pytest

from physbias.energy import NvmlBinding, VirtualClock
from physbias.energy.sensors.binding import KnowsConditions, KnowsMore
from physbias.energy.sensors.nvml import PynvmlBinding
from physbias.energy.simulated import Constant, SimulatedGpu, SimulatedNvml


@pytest.mark.parametrize("protocol", [NvmlBinding, KnowsMore, KnowsConditions])
def test_both_bindings_offer_everything(protocol):
    assert isinstance(PynvmlBinding(), protocol)
    boards = [SimulatedGpu(Constant(100.0))]
    assert isinstance(SimulatedNvml(boards, VirtualClock()), protocol)


def test_a_binding_may_offer_the_readings_alone():
    class Plain:
        def gpus(self):
            return []

        def energy(self, index):
            return 0.0

        instant_power = plain_power = energy

    assert isinstance(Plain(), NvmlBinding)
    assert not isinstance(Plain(), KnowsMore)
    assert not isinstance(Plain(), KnowsConditions)
