"""Quantiles of Student's t distribution for whole degrees of freedom."""

from math import cos, pi, sin, sqrt, tan

from physbias.errors import ArgumentError, explain

_BISECTIONS = 60


def t_quantile(degrees: int, confidence: float = 0.95) -> float:
    """Return the t that holds ``confidence`` of the distribution between -t and t.

    For whole degrees of freedom the probability is a finite sum, which is inverted by
    bisection.

    Args:
        degrees: degrees of freedom, at least 1 [1].
        confidence: probability between -t and t [1].

    Raises:
        ArgumentError: ``degrees`` is below 1 or ``confidence`` not between 0 and 1.

    Source:
        M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964),
        26.7.3 and 26.7.4.

    Example:
        >>> f"{t_quantile(4):.3f}"
        '2.776'
    """
    if degrees < 1 or not 0 < confidence < 1:
        raise ArgumentError(
            explain(
                "degrees and confidence",
                found=f"{degrees} and {confidence}",
                expected="at least 1, and a probability between 0 and 1",
                remedy="pass one less than the number of runs, and 0.95",
            )
        )
    low, high = 0.0, pi / 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _inside(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return sqrt(degrees) * tan((low + high) / 2)


def _inside(angle: float, degrees: int) -> float:
    """Return the probability between -t and t, where t = sqrt(degrees) tan(angle)."""
    square = cos(angle) ** 2
    odd = degrees % 2 == 1
    term = cos(angle) if odd else 1.0
    total = 0.0
    for k in range(1 + odd, degrees, 2):
        total += term
        term *= square * k / (k + 1)
    if odd:
        return 2 / pi * (angle + sin(angle) * total)
    return sin(angle) * total
