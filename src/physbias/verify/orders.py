"""Observed orders of accuracy over a ladder of sizes."""

from collections.abc import Sequence
from math import log

ROUNDING = 1e-11


def observed_order(sizes: Sequence[float], errors: Sequence[float]) -> float:
    """Return the order between the two finest levels that rounding does not cover.

    Args:
        sizes: spacing or step of each level, coarsest first.
        errors: relative error of each level.

    Returns:
        Infinity where every error is rounding.
    """
    pairs = list(zip(sizes, errors, strict=True))
    seen = [(h, e) for h, e in pairs if e > ROUNDING]
    if not seen:
        return float("inf")
    if len(seen) == 1:
        return 0.0 if seen[0] == pairs[-1] else float("inf")
    (h1, e1), (h2, e2) = seen[-2:]
    return log(e1 / e2) / log(h1 / h2)
