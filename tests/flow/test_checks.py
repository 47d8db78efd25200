import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, NonFiniteError, ShapeError
from physbias.flow.checks import (
    check_alike,
    check_context,
    check_network,
    check_output,
    check_state,
    check_times,
)

STATE = torch.zeros(3, 2, 4, 6)


def test_good_input_passes():
    check_state(STATE, "u", 2, finite=True)
    check_state(torch.zeros(5, 2), "u", 2, finite=True)  # points, no space axes
    check_alike(STATE, STATE, "x1")
    check_context(None, STATE, 0, finite=True)
    check_context(STATE[:, :1], STATE, 1, finite=True)
    check_times(torch.zeros(3), 3)
    check_output(STATE, STATE)


def test_messages_name_argument_finding_and_remedy():
    with pytest.raises(
        ShapeError, match=r"u: found shape \(3, 2, 4, 6\), .*\(batch, 3"
    ):
        check_state(STATE, "u", 3, finite=True)
    with pytest.raises(NonFiniteError, match=r"u: found 144 NaN .* \(0, 0, 0, 0\)"):
        check_state(STATE / 0, "u", 2, finite=True)
    check_state(STATE / 0, "u", 2, finite=False)
    with pytest.raises(
        ShapeError, match=r"x1: found shape \(2, 2, 4, 6\), .*same grid"
    ):
        check_alike(STATE[:2], STATE, "x1")
    with pytest.raises(
        ShapeError, match=r"context: .* \(3, 1, 4, 6\).*one context per"
    ):
        check_context(STATE, STATE, 1, finite=True)
    with pytest.raises(ShapeError, match=r"t: found shape \(\), expected \(3,\)"):
        check_times(torch.tensor(0.5), 3)
    with pytest.raises(ShapeError, match=r"net: found an output .* output channels"):
        check_output(STATE[:, :1], STATE)
    with pytest.raises(ArgumentError, match=r"net: found ReLU\.forward\(input.*Time"):
        check_network(nn.ReLU())
    with pytest.raises(ArgumentError, match="net: found None, expected Module; hand"):
        check_network(None)
    with pytest.raises(ArgumentError, match=r"the class ReLU.*instance: ReLU\("):
        check_network(nn.ReLU)


def test_networks_that_hide_their_signature_pass():
    check_network(nn.DataParallel(nn.ReLU()))
