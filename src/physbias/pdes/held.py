"""What an equation holds: its coefficients, and the ranges they must keep to."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

from torch import Tensor, nn

from physbias.errors import ArgumentError, explain
from physbias.pdes.coefficients import (
    CoefficientField,
    check_coefficient,
    check_no_nan,
)

Held = TypeVar("Held", bound=CoefficientField)


class HoldsCoefficients(nn.Module):
    """Holds coefficients: numbers, tensors (as buffers) and parameters.

    Those that went through :meth:`checked` keep to their ranges: wherever they are
    set, and whenever :meth:`check_coefficients` is called.
    """

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
        self._modules.pop(name, None)
        self._set(name, value)

    def _set(self, name: str, value: object) -> None:
        if isinstance(value, int | float | Tensor):  # may take the place of any other
            if not isinstance(value, nn.Parameter):
                self._parameters.pop(name, None)
            if not isinstance(value, Tensor):
                self._buffers.pop(name, None)
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
            >>> class Decay(HoldsCoefficients):
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
            if isinstance(part, HoldsCoefficients):
                place = path and f"{path}."
                for name, value in part._held().items():
                    check = part._checks.get(name, check_no_nan)
                    check(value, name=place + name)

    def _held(self) -> dict[str, object]:
        """Return the coefficients, and what else the equation holds itself."""
        own = {**vars(self), **self._parameters, **self._buffers}
        held = {k: getattr(self, k) for k in self._checks if hasattr(self, k)}
        return held | {k: v for k, v in own.items() if not k.startswith("_")}

    def extra_repr(self) -> str:
        """Show the coefficients, large tensors by their shapes."""
        return ", ".join(
            f"{name}={_shown(value)}"
            for name, value in self._held().items()
            if name in self._checks or isinstance(value, float | Tensor)
        )


def _shown(value: object) -> str:
    """Return a coefficient in words."""
    if isinstance(value, Tensor):
        small = value.numel() <= 4
        return str(value.tolist()) if small else f"tensor{tuple(value.shape)}"
    return str(getattr(value, "__name__", value))
