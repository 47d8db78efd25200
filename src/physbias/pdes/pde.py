"""The equation as an object: written once, read by losses, solvers and heads."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.field_sizes import FieldSize, check_sizes, describe
from physbias.pdes.held import HoldsCoefficients
from physbias.pdes.tendency import check_tendency, version_of


@runtime_checkable
class Constraint(Protocol):
    """Something that a state must obey at every time, with the force that sees to it.

    ``Solver`` and the residual losses on grids use ``project``; losses at points,
    where nothing can be projected, ask the network for ``num_multipliers`` more
    channels and add ``force`` instead.
    """

    @property
    def num_multipliers(self) -> int:
        """Channels that a network at points gives for this constraint."""
        ...

    def project(self, pde: "PDE", u: Tensor, d: Derivatives) -> Tensor:
        """Return the state (or tendency) nearest to ``u`` that obeys."""
        ...

    def violation(self, pde: "PDE", u: Tensor, d: Derivatives) -> Tensor:
        """Return what should vanish, one channel."""
        ...

    def force(self, pde: "PDE", multipliers: Tensor, d: Derivatives) -> Tensor:
        """Return the tendency that the multipliers cause."""
        ...


class PDE(HoldsCoefficients):
    r"""An evolution equation :math:`u_t = F(u)`, or any :math:`R(u) = 0`.

    Subclasses name their fields and write ``rhs`` (or ``residual`` for an equation
    that is steady or not of first order in time). Coefficients may be numbers,
    tensors ``(batch,)`` with one value per sample (wrap them in ``d.coefficient``
    where they are used), tensors that broadcast against states, or parameters. Where
    the constructor passes them through ``self.checked`` they keep to a range, also
    when they are set later; a solve refuses one that a step of learning took out of
    it. To learn one that must stay positive, learn its logarithm, by
    ``torch.nn.utils.parametrize.register_parametrization(pde, "viscosity", module)``
    with a module that gives the exponential (and in ``right_inverse`` the logarithm).

    Attributes:
        fields: name of each field and its number of channels; ``"vector"`` stands for
            one channel per space axis.
        constraints: what every state obeys besides the evolution.
        momenta: names of the fields that positions, the other fields, drive and that
            drive them in turn; symplectic steppers need them.
        exact: methods that give exact solutions, and the numbers of space axes in
            which each holds. They take coordinates ``(1, axis, *space)`` or ``(points,
            axis)`` and a time, and return what a perfect network would: the state,
            followed by the multipliers of the constraints, in the dtype of the
            coordinates.
        units: what the quantities are measured in, for the reader.

    Example:
        >>> class Decay(PDE):
        ...     fields = {"u": 1}
        ...     def rhs(self, u, d):
        ...         return -u
    """

    fields: ClassVar[Mapping[str, FieldSize]] = {}
    constraints: tuple[Constraint, ...] = ()
    momenta: tuple[str, ...] = ()
    exact: ClassVar[Mapping[str, tuple[int, ...]]] = {}

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the time derivative that the equation gives to the state.

        Args:
            u: state ``(batch, channel, *space)``, or ``(points, channel)``.
            d: takes derivatives.
        """
        message = f"{type(self).__name__} gives neither rhs nor residual"
        raise NotImplementedError(message)

    def tendency(
        self, u: Tensor, d: Derivatives, multipliers: Tensor | None = None
    ) -> Tensor:
        """Return ``rhs`` after constraints and scheme have had their say.

        What the scheme dealiases is gone from it, so that solvers and losses on one
        scheme solve and judge the same system.

        Args:
            u: state.
            d: takes derivatives.
            multipliers: the constraints' multipliers (a pressure, say) where they are
                known; without them the right-hand side is projected.
        """
        version = version_of(u)
        f = self.rhs(u, d)
        check_tendency(self, f, u, version)
        first = 0
        for constraint in self.constraints:
            if multipliers is None:
                f = constraint.project(self, f, d.derived)
            else:
                own = multipliers[:, first : first + constraint.num_multipliers]
                f = f + constraint.force(self, own, d)
                first += constraint.num_multipliers
        return d.dealias(f)

    def residual(
        self, u: Tensor, d: Derivatives, multipliers: Tensor | None = None
    ) -> Tensor:
        """Return what vanishes on a solution; ``d.t(u)`` less the tendency."""
        return d.t(u) - self.tendency(u, d, multipliers)

    def stiff_symbol(self, d: Derivatives) -> Tensor | None:
        """Return the Fourier symbol of the stiff linear part, if there is one.

        It is built from ``d.symbol`` and broadcasts against transformed states; IMEX
        and exponential steppers treat that part implicitly and the rest explicitly.
        """
        return None

    def diagnose(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return fields that follow from the state, such as a pressure."""
        return {}

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return what the equation conserves on a periodic domain, ``(batch,)`` each.

        Args:
            u: state ``(batch, channel, *space)``.
            d: derivatives on a grid.
        """
        return {}

    def dissipated(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        """Return what never grows on a periodic domain, ``(batch,)`` each.

        Args:
            u: state ``(batch, channel, *space)``.
            d: derivatives on a grid.
        """
        return {}

    @property
    def known(self) -> "PDE":
        """What limits the time step, which is all but learned corrections."""
        return self

    @property
    def num_multipliers(self) -> int:
        """Channels that a network at points adds for the constraints."""
        return sum(constraint.num_multipliers for constraint in self.constraints)

    def num_channels(self, ndim: int) -> int:
        """Return the number of channels of a state with ``ndim`` space axes."""
        fields = self.fields
        if not isinstance(fields, Mapping) or not fields:
            raise ArgumentError(
                explain(
                    "fields",
                    found=f"{fields or 'none'} in {type(self).__name__}",
                    expected="the name and size of each field",
                    remedy='write fields = {"u": 1} in the class',
                )
            )
        check_sizes(fields)
        return sum(ndim if s == "vector" else s for s in self.fields.values())

    def channels(self, ndim: int) -> dict[str, slice]:
        """Return where each field sits among the channels."""
        result, first = {}, 0
        for name, size in self.fields.items():
            count = ndim if size == "vector" else size
            result[name] = slice(first, first + count)
            first += count
        return result

    def split(self, u: Tensor) -> tuple[Tensor, ...]:
        """Return the fields of a state, in the order in which they are declared.

        Args:
            u: state.

        Raises:
            ShapeError: another number of channels.
        """
        ndim = self._ndim(u)
        channels = list(self.channels(ndim).values())
        if not channels or u.shape[1] != channels[-1].stop:
            self.check_channels(u, ndim, "u")
        return tuple(u[:, where] for where in channels)

    def join(self, **parts: Tensor) -> Tensor:
        """Return a state made of its named fields.

        Args:
            parts: each field, ``(batch, channel, *space)`` or ``(points, channel)``.

        Raises:
            ArgumentError: other fields than those of the equation.
            ShapeError: fields with different numbers of axes.
        """
        self._check_fields("join", parts)
        ranks = [v.ndim if isinstance(v, Tensor) else 0 for v in parts.values()]
        if min(ranks) < 2 or min(ranks) < max(ranks):
            shapes = {k: tuple(getattr(v, "shape", ())) for k, v in parts.items()}
            raise ShapeError(
                explain(
                    "join",
                    found="fields of shapes "
                    + ", ".join(f"{name} {shape}" for name, shape in shapes.items()),
                    expected="the same axes, (batch, channel, *space)",
                    remedy="keep the axis of channels with u[:, :1], or add it with "
                    "unsqueeze(1)",
                )
            )
        return torch.cat([parts[name] for name in self.fields], dim=1)

    def per_channel(self, d: Derivatives, **values: Coefficient) -> Tensor:
        """Return one coefficient per field, in a shape that multiplies whole states.

        One product over all channels costs less than one per field and their union.

        Args:
            d: gives the layout, dtype and device of states.
            values: coefficient of each field.
        """
        self._check_fields("per_channel", values)
        parts = []
        for name in self.fields:
            value = d.coefficient(values[name])
            if not isinstance(value, Tensor) or value.ndim == 0:
                ones = d.coords.new_ones([1] * d.coords.ndim)
                value = ones * value
            parts.append(value)
        # torch.broadcast_shapes imports SymPy: 37 MB and a quarter of a second
        lead = torch.broadcast_tensors(*(part[:, :1] for part in parts))[0].shape
        sizes = [where.stop - where.start for where in self.channels(d.ndim).values()]
        spread = [
            part.expand(lead[0], size, *lead[2:])
            for part, size in zip(parts, sizes, strict=True)
        ]
        return torch.cat(spread, dim=1)

    def check_channels(self, u: Tensor, ndim: int, name: str, *, axis: int = 1) -> None:
        """Raise ``ShapeError`` unless ``u`` has the channels of a state."""
        wanted = self.num_channels(ndim)
        if u.shape[axis] != wanted:
            raise ShapeError(
                explain(
                    name,
                    found=f"{u.shape[axis]} channels",
                    expected=f"{wanted} ({describe(self.fields, ndim)}) "
                    f"along axis {axis}",
                    remedy=f"select or stack the fields of {type(self).__name__}",
                )
            )

    def check_grid(self, grid: Grid) -> None:
        """Raise where the equation, as it is set, does not hold in a box.

        Args:
            grid: where states live.
        """

    def check_values(self, u: Tensor, name: str) -> None:
        """Raise where a state has values that the equation gives no sense to.

        Args:
            u: state.
            name: what to call it in the message.
        """

    def _check_fields(self, argument: str, parts: Mapping[str, object]) -> None:
        if parts.keys() != self.fields.keys():
            raise ArgumentError(
                explain(
                    argument,
                    found=f"fields {sorted(parts)}",
                    expected=f"{sorted(self.fields)}",
                    remedy="give each field of the equation once",
                )
            )

    def _ndim(self, u: Tensor) -> int:
        """Return the number of space axes, also for states at points."""
        vectors = sum(size == "vector" for size in self.fields.values())
        scalars = sum(size for size in self.fields.values() if size != "vector")
        return (u.shape[1] - scalars) // vectors if vectors else u.ndim - 2
