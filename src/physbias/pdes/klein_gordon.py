"""The Klein-Gordon equation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, phase, spread, wave_vector
from physbias.pdes.pde import PDE


class KleinGordon(PDE):
    r"""A field with mass, :math:`q_{tt} = c^2\nabla^2 q - \mu q - \lambda q^3`.

    The state is the field and its rate :math:`p = q_t`.

    Args:
        speed: :math:`c` [m/s], positive.
        stiffness: :math:`\mu` [1/s²], the square of the mass; negative with a positive
            ``cubic`` for two wells (the model called phi-four).
        cubic: :math:`\lambda` [1/s² per square of q's unit], of either sign.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, the field ``q`` and its rate
        ``p``.

    Raises:
        ArgumentError: ``speed`` is not positive.

    Source:
        O. Klein (1926), Zeitschrift für Physik 37, 895-906; W. Gordon (1926),
        Zeitschrift für Physik 40, 117-133.
    """

    fields = {"q": 1, "p": 1}
    momenta = ("p",)
    exact = {"plane_wave": (1, 2, 3)}

    def __init__(
        self,
        speed: Coefficient = 1.0,
        stiffness: Coefficient = 1.0,
        cubic: Coefficient = 0.0,
    ) -> None:
        super().__init__()
        self.speed = self.checked(speed, "speed", above=0)
        self.stiffness = self.checked(stiffness, "stiffness")
        self.cubic = self.checked(cubic, "cubic")

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both fields."""
        q, p = self.split(u)
        tension = d.coefficient(self.speed) ** 2 * d.of("q").laplacian(q)
        spring = d.coefficient(self.stiffness) + d.coefficient(self.cubic) * q * q
        return self.join(q=p, p=tension - spring * q)

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return the energy, conserved where the speed does not vary in space.

        It is :math:`\tfrac12\int p^2 - c^2 q\nabla^2 q + \mu q^2 + \tfrac\lambda2 q^4`.
        """
        q, p = self.split(u)
        strain = d.coefficient(self.speed) ** 2 * q * d.of("q").laplacian(q)
        spring = d.coefficient(self.stiffness) + d.coefficient(self.cubic) * q * q / 2
        return {"energy": d.integral(p.square() - strain + spring * q * q).sum(1) / 2}

    def plane_wave(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`q = \cos(k\cdot x - \omega t)` and its rate, for no ``cubic``.

        :math:`\omega^2 = c^2 |k|^2 + \mu`, which must not be negative.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k = wave_vector(wavenumbers, coords)
        c = spread(self.speed, coords, "speed")
        stiffness = spread(self.stiffness, coords, "stiffness")
        frequency = torch.sqrt(c * c * k.square().sum() + stiffness)
        turn = phase(coords, k) - frequency * time
        return self.join(q=torch.cos(turn), p=frequency * torch.sin(turn))

    def kink(self, coords: Tensor, time: Time, *, velocity: float = 0.0) -> Tensor:
        r"""Return the border of the two wells, for :math:`\mu < 0 < \lambda`.

        :math:`q = \sqrt{-\mu/\lambda} \tanh s`, :math:`s = \gamma\sqrt{-\mu/2}\,(x -
        \beta c t)/c`, :math:`\gamma = 1/\sqrt{1 - \beta^2}`.

        Args:
            coords: coordinates [m].
            time: time [s].
            velocity: :math:`\beta`, relative to c, between -1 and 1 [1].

        Source:
            R. Rajaraman (1982), Solitons and Instantons, section 2.3.
        """
        c = spread(self.speed, coords, "speed")
        depth = -spread(self.stiffness, coords, "stiffness")
        height = torch.sqrt(depth / spread(self.cubic, coords, "cubic"))
        steepness = torch.sqrt(depth / 2) / c / (1 - velocity**2) ** 0.5
        s = steepness * moving(coords, velocity * c, time)
        rate = -velocity * c * steepness * height / torch.cosh(s).square()
        return self.join(q=height * torch.tanh(s), p=rate)
