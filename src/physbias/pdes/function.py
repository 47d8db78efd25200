"""An equation given as a function."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from physbias.arguments import check_kind, check_takes
from physbias.errors import ArgumentError, explain
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.field_sizes import FieldSize, check_sizes
from physbias.pdes.pde import PDE, Constraint


class _FunctionPDE(PDE):
    """An equation given as a function; made by :func:`pde`."""

    def __init__(
        self,
        rhs: Callable[[Tensor, Derivatives], Tensor],
        fields: Mapping[str, FieldSize],
        constraints: tuple[Constraint, ...],
    ) -> None:
        super().__init__()
        self.function = rhs
        self.fields = fields  # pyright: ignore[reportAttributeAccessIssue]
        self.constraints = constraints

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the time derivative that the function gives."""
        return self.function(u, d)


def pde(
    rhs: Callable[[Tensor, Derivatives], Tensor],
    fields: str | Mapping[str, FieldSize],
    *,
    constraints: tuple[Constraint, ...] = (),
) -> PDE:
    """Return the equation whose right-hand side is a function.

    Args:
        rhs: takes the state and the derivatives, returns the time derivative. If it
            is an ``nn.Module`` its parameters belong to the equation.
        fields: name of the only field, or the fields with their numbers of channels.
        constraints: what every state obeys besides.

    Raises:
        ArgumentError: no function, or something that is no constraint.

    Example:
        >>> burgers = pde(lambda u, d: 0.01 * d.laplacian(u) - u * d.x(u), "u")
        >>> burgers.num_channels(1)
        1
    """
    if not callable(rhs):
        raise ArgumentError(
            explain(
                "rhs",
                found=repr(rhs),
                expected="a function of the state and the derivatives",
                remedy="write pde(lambda u, d: ..., fields)",
            )
        )
    check_takes(rhs, "rhs", "u", "d", remedy="write pde(lambda u, d: ..., fields)")
    remedy = 'hand over a tuple, such as (DivergenceFree("velocity"),)'
    check_kind(constraints, "constraints", Sequence, remedy=remedy)
    for constraint in constraints:
        check_kind(constraint, "constraints", Constraint, remedy=remedy)
    named = {fields: 1} if isinstance(fields, str) else fields
    if not isinstance(named, Mapping) or not named or "" in named:
        raise ArgumentError(
            explain(
                "fields",
                found=repr(fields),
                expected="a name, or the name and the size of each field",
                remedy='write "u", or {"velocity": "vector", "tracer": 1}',
            )
        )
    check_sizes(named)
    return _FunctionPDE(rhs, named, constraints)
