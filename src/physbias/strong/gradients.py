"""How gradients come back through time."""

from dataclasses import dataclass
from math import isqrt

from physbias.arguments import check_count
from physbias.strong.schedule import Binomial, Schedule, Stateless, Uniform

# steps whose graph is small beside what a training step keeps anyway
FEW = 16


@dataclass(frozen=True, slots=True)
class Autograd:
    """Keep whatever every operation of every step leaves for its gradient.

    No step is taken twice, at the price of ten and more states per step. It also
    serves what the others refuse: steps that draw random numbers, coefficients that
    are set between forward and backward, and ``torch.func``, all but its ``vmap``:
    states are checked, and have a batch of their own.
    """

    def schedule(self, steps: int) -> None:
        """Return nothing: no step is taken again."""


@dataclass(frozen=True, slots=True)
class Backprop:
    """Differentiate the steps, in moderate memory.

    Of a solve of up to 16 steps it keeps what every operation leaves, as ``Autograd``
    does, which is the faster way. Of a longer one it keeps the state before every step,
    and takes each step again for its gradient.
    """

    def schedule(self, steps: int) -> Schedule | None:
        """Return which states are kept of a number of steps, None for the graph."""
        return Uniform(1) if steps > FEW else None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Keep some states and recompute the steps between them.

    Every step but the last of a segment is taken three times in all.

    Args:
        segment: steps from one kept state to the next; the square root of their number
            if not given, which needs the least memory.

    Raises:
        ArgumentError: ``segment`` below 1.

    Source:
        T. Chen et al. (2016), arXiv 1604.06174, section 4.
    """

    segment: int | None = None

    def __post_init__(self) -> None:
        if self.segment is not None:
            check_count(self.segment, "segment")

    def schedule(self, steps: int) -> Schedule:
        """Return which states are kept of a number of steps."""
        return Uniform(self.segment or isqrt(max(steps - 1, 0)) + 1)


@dataclass(frozen=True, slots=True)
class BinomialCheckpoint:
    """Keep a given number of states at once, and recompute as few steps as that allows.

    With s states, the states before n steps are found by r n - C(s + r, s + 1) steps,
    where r is the smallest number with C(s + r, s) >= n, and the first n - 1 of them
    are the forward run. States at output times are kept besides, and of the steps
    between two output times all are taken once more where others follow.

    Args:
        states: kept at once, the first one among them; the one before the next step
            to be reversed comes on top.

    Raises:
        ArgumentError: ``states`` below 1.

    Source:
        A. Griewank and A. Walther (2000), ACM Transactions on Mathematical Software
        26, 19-45, proposition 1 and equation 7.
    """

    states: int

    def __post_init__(self) -> None:
        check_count(self.states, "states")

    def schedule(self, steps: int) -> Schedule:
        """Return which states are kept of a number of steps."""
        return Binomial(self.states)


@dataclass(frozen=True, slots=True)
class LinearAdjoint:
    """Transpose the steps of a linear equation, which needs no state.

    The derivative of a linear step does not depend on the state. That is checked
    when a solve begins, at the initial state and at random ones. A learned
    coefficient that multiplies the state is refused, because its gradient does
    depend on the states.

    Source:
        M. B. Giles and N. A. Pierce (2000), Flow, Turbulence and Combustion 65,
        393-415, section 2, for the discrete adjoint.
    """

    def schedule(self, steps: int) -> Schedule:
        """Return which states are kept of a number of steps."""
        return Stateless()


@dataclass(frozen=True, slots=True)
class Adjoint:
    """Solve the adjoint equation backwards in time, by torchdiffeq.

    It keeps no step, and is for smooth equations over short times only: it solves the
    equation itself backwards, where every dissipative mode of rate r grows like
    exp(r T), so that diffusion makes it ill-posed. It needs an adaptive stepper.

    Source:
        R. T. Q. Chen et al. (2018), arXiv 1806.07366; A. Gholami, K. Keutzer,
        G. Biros (2019), arXiv 1902.10298, for where it fails.
    """


Gradient = (
    Autograd | Backprop | Checkpoint | BinomialCheckpoint | LinearAdjoint | Adjoint
)
