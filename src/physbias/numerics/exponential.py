"""Exponential time differencing: the stiff linear part is solved exactly."""

from abc import abstractmethod
from collections.abc import Callable
from math import factorial, pi
from typing import Any, ClassVar

import torch
from torch import Tensor

from physbias.numerics.runge_kutta import RK2, RK4, Euler
from physbias.numerics.stepper import AbstractStepper, ButcherTableau, System

NODES = 32
RADIUS = 2.0
# sets of coefficients that a stepper keeps: a solver compares steps of several lengths
KEPT = 8
Weights = tuple[Tensor, ...]
Slope = Callable[[Tensor, Tensor | float], Tensor]


def phi(z: Tensor, count: int) -> Tensor:
    r"""Return :math:`\varphi_0 \ldots \varphi_n`, the functions of exponential methods.

    .. math::
        \varphi_0 = e^z, \qquad
        \varphi_{k+1}(z) = \frac{\varphi_k(z) - 1/k!}{z}

    Where :math:`|z| < 1` the formula cancels, and the mean over a circle about z takes
    its place. Differentiable any number of times: :math:`\varphi_k' = \varphi_k -
    k\,\varphi_{k+1}`.

    Args:
        z: complex numbers in double precision.
        count: n, the index of the last function.

    Shape:
        result: ``(count + 1, *z.shape)``.

    Source:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430-455; A.-K. Kassam
        and L. N. Trefethen (2005), SIAM Journal on Scientific Computing 26, 1214-1233,
        for the circle.

    Example:
        >>> phi(torch.zeros(1, dtype=torch.complex128), 3).real.flatten()
        tensor([1.0000, 1.0000, 0.5000, 0.1667], dtype=torch.float64)
    """
    return _Phi.apply(z, count)


class _Phi(torch.autograd.Function):
    """The functions with their derivatives, keeping nothing but the argument."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, count: int) -> Tensor:  # noqa: ANN401 (torch's)
        """Return the functions."""
        ctx.save_for_backward(z)
        near = z.abs() < 1
        far = _by_recursion(torch.where(near, torch.ones_like(z), z), count)
        angles = 2 * pi * torch.arange(NODES, dtype=torch.float64, device=z.device)
        circle = torch.polar(torch.full_like(angles, RADIUS), angles / NODES)
        around = torch.where(near, z, torch.zeros_like(z))[..., None] + circle
        values = torch.where(near, _by_recursion(around, count).mean(-1), far)
        values[0] = torch.exp(z)  # nothing cancels: one exactly where nothing is stiff
        return values

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """Return the gradient with respect to the argument."""
        (z,) = ctx.saved_tensors
        (grad,) = grads
        values = phi(z, len(grad))
        order = torch.arange(len(grad), device=z.device).reshape(-1, *[1] * z.ndim)
        slopes = values[:-1] - order * values[1:]
        return (grad * slopes.conj()).sum(0), None


def _by_recursion(z: Tensor, count: int) -> Tensor:
    values = [torch.exp(z)]
    for k in range(count):
        values.append((values[-1] - 1 / factorial(k)) / z)
    return torch.stack(values)


class AbstractExponential(AbstractStepper):
    """A method exact for the stiff linear part, whose coefficients are kept per step.

    They are found in double precision for states of every dtype, and anew in every
    step where they are learned. It does not compile: its arithmetic is complex.
    """

    compiles = False
    underlying: ClassVar[ButcherTableau]

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[Tensor, Weights]] = {}

    @property
    def order(self) -> int:
        """Order of accuracy."""
        return self.underlying.order

    def step(
        self, system: System, u: Tensor, time: Tensor | float, dt: Tensor | float
    ) -> Tensor:
        """Return the state one step later.

        Args:
            system: gives the tendency and the symbol of its stiff linear part.
            u: state.
            time: time of the state [s].
            dt: length of the step [s].
        """
        symbol = system.symbol()
        modes = system.to_modes(u)
        weights = self._prepared(symbol, dt, modes.dtype)

        def rest(stage: Tensor, at: Tensor | float) -> Tensor:
            tendency = system(system.from_modes(stage), at)
            return system.to_modes(tendency) - symbol * stage

        first = system.to_modes(system(u, time)) - symbol * modes
        modes = self._advance(modes, first, rest, weights, time=time, dt=dt)
        return system.from_modes(modes)

    def explicit_part(self, system: System, u: Tensor, time: float) -> Tensor:
        """Return the tendency without its stiff linear part."""
        return system.rest(u, time)

    def growth(self, z: Tensor) -> Tensor:
        """Return the stability function without a linear part at complex ``z``."""
        return self.underlying.growth(z)

    def __getstate__(self) -> dict[str, object]:
        """Leave the coefficients out of copies and pickles: they are found anew."""
        return {**self.__dict__, "_kept": {}}

    @abstractmethod
    def _weights(self, z: Tensor, dt: Tensor | float) -> Weights:
        """Return the coefficients, from symbol times step and the step."""

    @abstractmethod
    def _advance(
        self,
        modes: Tensor,
        first: Tensor,
        rest: Slope,
        weights: Weights,
        *,
        time: Tensor | float,
        dt: Tensor | float,
    ) -> Tensor:
        """Return the modes one step later.

        Args:
            modes: of the state.
            first: modes of the rest at the state.
            rest: gives those of later stages.
            weights: what ``_weights`` gave.
            time: time of the state [s].
            dt: length of the step [s].
        """

    def _prepared(
        self, symbol: Tensor, dt: Tensor | float, dtype: torch.dtype
    ) -> Weights:
        """Return the coefficients in the dtype of the modes, kept ones if they fit."""
        learned = torch.is_grad_enabled() and symbol.requires_grad
        if learned or isinstance(dt, Tensor):
            return self._rounded(symbol, dt, dtype)
        key = (dt, dtype, symbol.dtype, symbol.device)
        if key in self._kept and torch.equal(self._kept[key][0], symbol):
            return self._kept[key][1]
        with torch.inference_mode(False), torch.no_grad():
            held = symbol.detach().clone()  # also used in training
            weights = self._rounded(held, dt, dtype)
        self._kept.pop(key, None)
        if len(self._kept) >= KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[key] = held, weights
        return weights

    def _rounded(
        self, symbol: Tensor, dt: Tensor | float, dtype: torch.dtype
    ) -> Weights:
        weights = self._weights(symbol.to(torch.complex128) * dt, dt)
        return tuple(weight.to(dtype) for weight in weights)


class ETDRK1(AbstractExponential):
    """Exponential Euler, order 1.

    Source:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430-455, equation 4.
    """

    underlying = Euler.tableau

    def _weights(self, z: Tensor, dt: Tensor | float) -> Weights:
        e, p1 = phi(z, 1)
        return e, dt * p1

    def _advance(
        self,
        modes: Tensor,
        first: Tensor,
        rest: Slope,
        weights: Weights,
        *,
        time: Tensor | float,
        dt: Tensor | float,
    ) -> Tensor:
        e, p1 = weights
        return e * modes + p1 * first


class ETDRK2(AbstractExponential):
    """Exponential Runge-Kutta of order 2, two evaluations.

    Source:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430-455, equation 22.
    """

    underlying = RK2.tableau

    def _weights(self, z: Tensor, dt: Tensor | float) -> Weights:
        e, p1, p2 = phi(z, 2)
        return e, dt * p1, dt * p2

    def _advance(
        self,
        modes: Tensor,
        first: Tensor,
        rest: Slope,
        weights: Weights,
        *,
        time: Tensor | float,
        dt: Tensor | float,
    ) -> Tensor:
        e, p1, p2 = weights
        a = e * modes + p1 * first
        return a + p2 * (rest(a, time + dt) - first)


class ETDRK3(AbstractExponential):
    """Exponential Runge-Kutta of order 3, three evaluations.

    Source:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430-455, equations
        23-25.
    """

    underlying = ButcherTableau(
        a=((), (1 / 2,), (-1.0, 2.0)), b=(1 / 6, 2 / 3, 1 / 6), order=3
    )

    def _weights(self, z: Tensor, dt: Tensor | float) -> Weights:
        e, p1, p2, p3 = phi(z, 3)
        half, q1 = phi(z / 2, 1)
        simpson = (p1 - 3 * p2 + 4 * p3, 4 * p2 - 8 * p3, 4 * p3 - p2)
        return e, half, dt / 2 * q1, dt * p1, *(dt * weight for weight in simpson)

    def _advance(
        self,
        modes: Tensor,
        first: Tensor,
        rest: Slope,
        weights: Weights,
        *,
        time: Tensor | float,
        dt: Tensor | float,
    ) -> Tensor:
        e, half, q1, p1, w1, w2, w3 = weights
        middle = rest(half * modes + q1 * first, time + dt / 2)
        last = rest(e * modes + p1 * (2 * middle - first), time + dt)
        return e * modes + w1 * first + w2 * middle + w3 * last


class ETDRK4(AbstractExponential):
    """Exponential Runge-Kutta of order 4, four evaluations.

    Source:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430-455, equations
        26-29.
    """

    underlying = RK4.tableau

    def _weights(self, z: Tensor, dt: Tensor | float) -> Weights:
        e, p1, p2, p3 = phi(z, 3)
        half, q1 = phi(z / 2, 1)
        simpson = (p1 - 3 * p2 + 4 * p3, 2 * p2 - 4 * p3, 4 * p3 - p2)
        return e, half, dt / 2 * q1, *(dt * weight for weight in simpson)

    def _advance(
        self,
        modes: Tensor,
        first: Tensor,
        rest: Slope,
        weights: Weights,
        *,
        time: Tensor | float,
        dt: Tensor | float,
    ) -> Tensor:
        e, half, q1, w1, w2, w3 = weights
        decayed = half * modes
        a = decayed + q1 * first
        second = rest(a, time + dt / 2)
        third = rest(decayed + q1 * second, time + dt / 2)
        last = rest(half * a + q1 * (2 * third - first), time + dt)
        return e * modes + w1 * first + w2 * (second + third) + w3 * last
