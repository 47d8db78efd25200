"""Any network as a distribution over the next state, by flow matching.

:class:`FlowMatching` wraps a network ``net(x, t)``; :class:`TimeConditioned` makes
one of a network that knows no time. The head trains with :meth:`FlowMatching.loss`
and forecasts with :meth:`FlowMatching.sample` and :meth:`FlowMatching.rollout`. Its
parts can be exchanged: the path (:class:`ReferencePath`), the rule of integration
(``MIDPOINT``, ``EULER``, ``HEUN``, ``RK4``) and a projector that keeps every sample
on a linear constraint. Members are numbered and reproducible
(:func:`ensemble_noise`).
"""

from physbias.flow.head import FlowMatching, Prediction
from physbias.flow.noise import ensemble_noise
from physbias.flow.path import Path, PathSample, ReferencePath
from physbias.flow.projection import AffineProjection
from physbias.flow.results import FlowLoss, RolloutError, Samples
from physbias.flow.sampler import EULER, HEUN, MIDPOINT, RK4, Sampler
from physbias.flow.scales import ChannelScales
from physbias.flow.times import TimeConditioned, stratified_times, time_channels
from physbias.flow.velocity import VelocityNetwork

__all__ = [
    "EULER",
    "HEUN",
    "MIDPOINT",
    "RK4",
    "AffineProjection",
    "ChannelScales",
    "FlowLoss",
    "FlowMatching",
    "Path",
    "PathSample",
    "Prediction",
    "ReferencePath",
    "RolloutError",
    "Sampler",
    "Samples",
    "TimeConditioned",
    "VelocityNetwork",
    "ensemble_noise",
    "stratified_times",
    "time_channels",
]
