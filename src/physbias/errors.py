"""Errors a user can cause: each names the argument, the finding and the remedy."""


def explain(argument: str, *, found: object, expected: str, remedy: str) -> str:
    """Return the text of an error: argument, found, expected, what to do."""
    return f"{argument}: found {found}, expected {expected}; {remedy}."


class PhysbiasError(Exception):
    """Root of the library's own errors."""


class ArgumentError(PhysbiasError, ValueError):
    """A value out of range or of a kind that cannot be used here."""


class ShapeError(ArgumentError):
    """A tensor whose shape does not fit the grid, the equation or the layer."""


class NonFiniteError(ArgumentError):
    """A state that already holds NaN or infinity when it is handed in."""


class StabilityError(ArgumentError):
    """A time step above the stability limit of its stepper."""


class DivergenceError(PhysbiasError, RuntimeError):
    """A computation that became NaN or infinite on the way."""


class ConvergenceError(PhysbiasError, RuntimeError):
    """An iteration that did not reach its tolerance."""


class VerificationError(PhysbiasError, RuntimeError):
    """An equation that failed a probe of :func:`physbias.verify`."""


class DataError(PhysbiasError, ValueError):
    """A file or folder that does not hold what it should."""


class MissingExtraError(PhysbiasError, ImportError):
    """An optional package that is needed here and not installed."""
