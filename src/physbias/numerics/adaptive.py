"""Steps of a length that the error decides."""

from dataclasses import dataclass

from physbias.arguments import check_positive


@dataclass(frozen=True, slots=True)
class DormandPrince:
    """Adaptive steps of order 5 with an embedded error of order 4, by torchdiffeq.

    Args:
        rtol: error allowed per step, relative to the state [1].
        atol: error allowed per step, absolute [unit of the state].

    Raises:
        ArgumentError: a tolerance that is not a positive number.

    Source:
        J. R. Dormand and P. J. Prince (1980), Journal of Computational and Applied
        Mathematics 6, 19-26.
    """

    rtol: float = 1e-6
    atol: float = 1e-8

    def __post_init__(self) -> None:
        for name in ("rtol", "atol"):
            remedy = "1e-6 suits float32, 1e-10 float64"
            check_positive(getattr(self, name), name, remedy=remedy)
