"""How gradients come back through time."""

from dataclasses import dataclass

from physbias.errors import ArgumentError, explain


@dataclass(frozen=True, slots=True)
class Backprop:
    """Keep every step: the fastest, with memory that grows with their number."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Keep some states and recompute the steps between them.

    Args:
        segment: steps from one kept state to the next; the square root of their number
            if not given, which needs the least memory.

    Raises:
        ArgumentError: ``segment`` below 1.

    Source:
        A. Griewank and A. Walther (2000), ACM Transactions on Mathematical Software
        26, 19-45; T. Chen et al. (2016), arXiv 1604.06174.
    """

    segment: int | None = None

    def __post_init__(self) -> None:
        if self.segment is not None and self.segment < 1:
            raise ArgumentError(
                explain(
                    "segment",
                    found=repr(self.segment),
                    expected="at least one step",
                    remedy="leave it out for the square root of the number of steps",
                )
            )


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


Gradient = Backprop | Checkpoint | Adjoint
