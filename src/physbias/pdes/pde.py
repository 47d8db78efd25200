"""The equation as an object: written once, read by losses, solvers and heads."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Literal, Protocol, TypeVar, cast, runtime_checkable

import torch
from torch import Tensor, nn

from physbias.arguments import check_count
from physbias.errors import ArgumentError, ShapeError, explain
from physbias.grid import Grid
from physbias.pdes.coefficients import (
    Coefficient,
    CoefficientField,
    check_coefficient,
    check_no_nan,
)
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.misfits import misfits

FieldSize = int | Literal["vector"]
Held = TypeVar("Held", bound=CoefficientField)


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


class PDE(nn.Module):
    r"""An evolution equation :math:`u_t = F(u)`, or any :math:`R(u) = 0`.

    Subclasses name their fields and write ``rhs`` (or ``residual`` for an equation
    that is steady or not of first order in time). Coefficients may be numbers,
    tensors ``(batch,)`` with one value per sample (wrap them in ``d.coefficient``
    where they are used), tensors that broadcast against states, or parameters.

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

    def __init__(self) -> None:
        super().__init__()
        self._checks: dict[str, Callable[..., CoefficientField]] = {}

    def __setattr__(self, name: str, value: Tensor | nn.Module) -> None:
        """Keep plain tensors as buffers, so that they move and are saved."""
        if name == "__dict__":  # a copy of an equation with parametrizations
            object.__setattr__(self, name, value)
            return
        if "_buffers" not in self.__dict__:
            raise ArgumentError(
                explain(
                    type(self).__name__,
                    found=f"self.{name} set before super().__init__()",
                    expected="a class of equations that begins with that call",
                    remedy="write super().__init__() first in its __init__",
                )
            )
        check = self.__dict__.get("_checks", {}).get(name)
        if check is not None:
            self._set_checked(name, check(value))
            return
        known = name in self._buffers or name in self._parameters
        held = known or type(self.__dict__.get(name)) in (int, float)
        if held and not isinstance(value, int | float | Tensor | None):
            raise ArgumentError(
                explain(
                    name,
                    found=type(value).__name__,
                    expected="a number, a tensor or an nn.Parameter, as before",
                    remedy="wrap other arrays in torch.as_tensor",
                )
            )
        self._set(name, value)

    def _set_checked(self, name: str, value: CoefficientField) -> None:
        """Set a coefficient that may have been of another kind."""
        if not isinstance(value, Tensor):
            self._buffers.pop(name, None)
            self._modules.pop(name, None)
        self._set(name, value)

    def _set(self, name: str, value: object) -> None:
        plain = isinstance(value, Tensor) and not isinstance(value, nn.Parameter)
        known = name in self._buffers or name in self._parameters
        # torch.nn.utils.parametrize makes a property of what it takes over
        taken = isinstance(getattr(type(self), name, None), property)
        if plain and not known and not taken:
            self.__dict__.pop(name, None)  # a number may become a tensor
            self.register_buffer(name, cast(Tensor, value))
        else:
            super().__setattr__(name, cast(Tensor, value))

    def checked(
        self,
        value: Held,
        name: str,
        *,
        minimum: float | None = None,
        above: float | None = None,
        varies: bool = False,
    ) -> Held:
        """Return a coefficient after checking it, and remember its range.

        The range is looked at again where the attribute of that name is set, and by
        :meth:`check_coefficients` before every solve.

        Args:
            value: a number, a tensor or an ``nn.Parameter``.
            name: of the attribute that will hold it.
            minimum: smallest allowed value, if there is one.
            above: value that it must exceed, if there is one.
            varies: whether it may also be a function of the coordinates.

        Raises:
            ArgumentError: of another kind, not finite, or out of range.

        Example:
            >>> class Decay(PDE):
            ...     fields = {"u": 1}
            ...     def __init__(self, rate):
            ...         super().__init__()
            ...         self.rate = self.checked(rate, "rate", minimum=0)
        """
        self._checks[name] = partial(
            check_coefficient, name=name, minimum=minimum, above=above, varies=varies
        )
        return cast(Held, self._checks[name](value))

    def check_coefficients(self) -> None:
        """Raise where a coefficient has left its range, as by a step of learning.

        Tensors of no known range must not be NaN. Equations inside this one are
        looked at too.

        Raises:
            ArgumentError: the coefficient is named.
        """
        for path, part in self.named_modules():
            if isinstance(part, PDE):
                place = path and f"{path}."
                for name, value in part._held().items():
                    check = part._checks.get(name, check_no_nan)
                    check(value, name=place + name)

    def _held(self) -> dict[str, object]:
        """Return the coefficients, and what else the equation holds itself."""
        own = {**vars(self), **self._parameters, **self._buffers}
        held = {name: getattr(self, name) for name in self._checks}
        return held | {k: v for k, v in own.items() if not k.startswith("_")}

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
        version = _version(u)
        f = self.rhs(u, d)
        if _version(u) != version:
            raise _changed_in_place()
        _check_rhs(self, f, u)
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

    def extra_repr(self) -> str:
        """Show the coefficients, large tensors by their shapes."""
        return ", ".join(
            f"{name}={_shown(value)}"
            for name, value in self._held().items()
            if name in self._checks or isinstance(value, float | Tensor)
        )

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
        channels = self.channels(ndim).values()
        if u.shape[1] != max((where.stop for where in channels), default=0):
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
        if len({getattr(part, "ndim", 0) for part in parts.values()} | {0}) > 2:
            shapes = ", ".join(f"{k} {tuple(v.shape)}" for k, v in parts.items())
            raise ShapeError(
                explain(
                    "join",
                    found=f"fields of shapes {shapes}",
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
                    expected=f"{wanted} ({_describe(self.fields, ndim)}) "
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


def _version(u: Tensor) -> int:
    """Return how often a tensor was changed in place, where that is counted."""
    if torch.compiler.is_compiling() or u.is_inference():
        return 0
    return u._version


def _changed_in_place() -> ArgumentError:
    return ArgumentError(
        explain(
            "rhs",
            found="an in-place change of the state",
            expected="a new tensor, as the stepper still needs the state",
            remedy="write -u for u.neg_(), u * a for u.mul_(a), torch.cat or "
            "torch.where for u[...] = b, or begin with u.clone()",
        )
    )


def _shown(value: object) -> str:
    """Return a coefficient in words."""
    if isinstance(value, Tensor):
        small = value.numel() <= 4
        return str(value.tolist()) if small else f"tensor{tuple(value.shape)}"
    return str(getattr(value, "__qualname__", value))


def check_sizes(fields: Mapping[str, FieldSize]) -> None:
    """Raise :class:`ArgumentError` unless every field has a name and a size.

    Args:
        fields: name of each field and its number of channels.
    """
    for name, size in fields.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ArgumentError(
                explain(
                    "fields",
                    found=f"the name {name!r}",
                    expected="a word of letters, digits and underscores",
                    remedy="name each field on its own, as in "
                    '{"activator": 1, "inhibitor": 1}',
                )
            )
        _check_size(size, f"fields[{name!r}]")


def _check_size(size: object, name: str) -> None:
    """Raise :class:`ArgumentError` unless ``size`` is one of a field.

    Args:
        size: what was given.
        name: where it stands.
    """
    if size == "vector":
        return
    if isinstance(size, str):
        raise ArgumentError(
            explain(
                name,
                found=repr(size),
                expected='a whole number of channels, or "vector"',
                remedy="correct it",
            )
        )
    check_count(size, name)


def _check_rhs(pde: PDE, f: object, u: Tensor) -> None:
    """Raise unless ``f`` can be the time derivative of ``u``."""
    if not isinstance(f, Tensor) or f.is_complex():
        found = f"dtype {f.dtype}" if isinstance(f, Tensor) else type(f).__name__
        raise ArgumentError(
            explain(
                "rhs",
                found=found,
                expected="a real tensor, the time derivative of the state",
                remedy="return one tendency per field, joined",
            )
        )
    if f.shape != u.shape:  # it would broadcast, silently
        misfit = misfits(pde, tuple(u.shape), batch=f.shape[0] if f.ndim else None)
        raise misfit or ShapeError(
            explain(
                "rhs",
                found=f"a result of shape {tuple(f.shape)}",
                expected=f"that of the state, {tuple(u.shape)}",
                remedy="join one tendency per field, and wrap coefficients "
                "(batch,) in d.coefficient",
            )
        )


def _describe(fields: Mapping[str, FieldSize], ndim: int) -> str:
    return ", ".join(
        f"{name}: {ndim if size == 'vector' else size}" for name, size in fields.items()
    )
