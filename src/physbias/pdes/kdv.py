"""The Korteweg-de Vries equation."""

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient, uniform
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, check_axes, moving, spread
from physbias.pdes.pde import PDE


class KortewegDeVries(PDE):
    r"""Long waves on shallow water, :math:`u_t + a\,u\,u_x + b\,u_{xxx} = 0`.

    The advection is written as :math:`\tfrac a3 (u\,u_x + (u^2)_x)`, with which
    schemes whose first derivative is antisymmetric keep mass and momentum.

    Args:
        nonlinearity: :math:`a` [1/(unit of u) · m/s], of either sign.
        dispersion: :math:`b` [m³/s], of either sign; exact solutions want it
            positive.

    Shape:
        ``u`` and the result: ``(batch, 1, x)``.

    Raises:
        ArgumentError: a coefficient that is not finite.
        ShapeError: more than one space axis.

    Source:
        D. J. Korteweg, G. de Vries (1895), Philosophical Magazine 39, 422-443; the
        form of the advection: N. J. Zabusky, M. D. Kruskal (1965), Physical Review
        Letters 15, 240-243.
    """

    fields = {"u": 1}
    exact = {"soliton": (1,), "two_solitons": (1,)}

    def __init__(
        self, nonlinearity: Coefficient = 6.0, dispersion: Coefficient = 1.0
    ) -> None:
        super().__init__()
        self.nonlinearity = self.checked(nonlinearity, "nonlinearity")
        self.dispersion = self.checked(dispersion, "dispersion")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return :math:`u_t` [unit of u / s]."""
        check_axes(d.ndim, self, (1,))
        steepening = d.coefficient(self.nonlinearity) * (u * d.x(u) + d.x(u * u)) / 3
        return -steepening - d.coefficient(self.dispersion) * d.partial(u, 0, 3)

    def stiff_symbol(self, d: Derivatives) -> Tensor:
        """Return the symbol of the dispersion [1/s]."""
        dispersion = uniform(self.dispersion, "dispersion")
        return -d.coefficient(dispersion) * d.symbol(0, 3)

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return mass :math:`\int u`, momentum :math:`\int u^2` and energy.

        The energy is :math:`\int \tfrac b2 u_x^2 - \tfrac a6 u^3`.
        """
        bending = d.coefficient(self.dispersion) / 2 * d.x(u).square()
        energy = bending - d.coefficient(self.nonlinearity) / 6 * u**3
        return {
            "mass": d.integral(u).sum(1),
            "momentum": d.integral(u.square()).sum(1),
            "energy": d.integral(energy).sum(1),
        }

    def soliton(
        self, coords: Tensor, time: Time, *, speed: float = 1.0, start: float = 0.0
    ) -> Tensor:
        r"""Return :math:`\tfrac{3c}{a}\,\mathrm{sech}^2(\sqrt{c/b}\,(x - x_0 - ct)/2)`.

        Args:
            coords: coordinates [m].
            time: time [s].
            speed: :math:`c` [m/s], positive.
            start: place of the crest at time zero [m].
        """
        a, b = self._spread(coords)
        crest = torch.sqrt(speed / b) / 2 * (moving(coords, speed, time) - start)
        return 3 * speed / a / torch.cosh(crest).square()

    def two_solitons(
        self,
        coords: Tensor,
        time: Time,
        *,
        speeds: tuple[float, float] = (2.0, 0.5),
        starts: tuple[float, float] = (0.0, 0.0),
    ) -> Tensor:
        r"""Return two solitons that pass through each other.

        :math:`u = \tfrac{12 b}{a} (\ln F)_{xx}` with :math:`F = 1 + e^{\eta_1} +
        e^{\eta_2} + A e^{\eta_1 + \eta_2}`. It is evaluated as the variance of the
        four exponents' slopes under their weights in :math:`F`, which does not
        overflow.

        Args:
            coords: coordinates [m].
            time: time [s].
            speeds: of the two solitons while apart [m/s], positive and different.
            starts: shifts of the two phases [m].

        Source:
            R. Hirota (1971), Physical Review Letters 27, 1192-1194.
        """
        a, b = self._spread(coords)
        first, second = (
            torch.sqrt(speed / b) * (moving(coords, speed, time) - start)
            for speed, start in zip(speeds, starts, strict=True)
        )
        k, l = (speed**0.5 for speed in speeds)  # noqa: E741
        shift = 2 * torch.log(coords.new_tensor(abs((k - l) / (k + l))))
        exponents = torch.cat([0 * first, first, second, first + second + shift], dim=1)
        weights = torch.softmax(exponents, dim=1)
        slopes = coords.new_tensor([0.0, k, l, k + l])
        slopes = slopes.reshape(1, 4, *[1] * (coords.ndim - 2))
        mean = (weights * slopes).sum(1, keepdim=True)
        return 12 / a * (weights * (slopes - mean).square()).sum(1, keepdim=True)

    def _spread(self, coords: Tensor) -> tuple[Tensor, Tensor]:
        return (
            spread(self.nonlinearity, coords, "nonlinearity"),
            spread(self.dispersion, coords, "dispersion"),
        )
