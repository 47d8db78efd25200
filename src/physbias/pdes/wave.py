"""The wave equation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from physbias.pdes.coefficients import Coefficient
from physbias.pdes.derivatives import Derivatives
from physbias.pdes.exact import Time, moving, spread, wave_vector
from physbias.pdes.pde import PDE


class Wave(PDE):
    r"""Waves of a displacement, :math:`q_t = p`, :math:`p_t = c^2 \nabla^2 q`.

    Args:
        speed: :math:`c` [m/s], not negative; it may vary in space.

    Shape:
        ``u`` and the result: ``(batch, 2, *space)``, displacement ``q`` [m] and its
        rate ``p`` [m/s].

    Raises:
        ArgumentError: ``speed`` is negative.

    Source:
        J. le Rond d'Alembert (1747), Mémoires de l'Académie de Berlin 3, 214-219.
    """

    fields = {"q": 1, "p": 1}
    momenta = ("p",)
    exact = {"standing_mode": (1, 2, 3), "pulses": (1, 2, 3)}

    def __init__(self, speed: Coefficient = 1.0) -> None:
        super().__init__()
        self.speed = self.checked(speed, "speed", minimum=0)

    def rhs(self, u: Tensor, d: Derivatives) -> Tensor:
        """Return the rates of both fields."""
        q, p = self.split(u)
        return self.join(q=p, p=d.coefficient(self.speed) ** 2 * d.of("q").laplacian(q))

    def invariants(self, u: Tensor, d: Derivatives) -> dict[str, Tensor]:
        r"""Return energy :math:`\tfrac12\int p^2 - c^2 q \nabla^2 q` and momentum.

        Both hold where the speed does not vary in space. The momentum is
        :math:`\int p`.
        """
        q, p = self.split(u)
        strain = -(d.coefficient(self.speed) ** 2) * q * d.of("q").laplacian(q)
        return {
            "energy": d.integral(p.square() + strain).sum(1) / 2,
            "momentum": d.integral(p).sum(1),
        }

    def standing_mode(
        self, coords: Tensor, time: Time, *, wavenumbers: Sequence[float] | None = None
    ) -> Tensor:
        r"""Return :math:`q = \cos(c|k|t)\prod_i \cos(k_i x_i)` and its rate.

        Args:
            coords: coordinates [m].
            time: time [s].
            wavenumbers: :math:`k` [rad/m], one per axis; 1 along all if not given.
        """
        k = wave_vector(wavenumbers, coords)
        frequency = spread(self.speed, coords, "speed") * k.norm()
        mode = torch.cos(k * coords).prod(1, keepdim=True)
        turn = torch.as_tensor(frequency * time)
        q, p = torch.cos(turn) * mode, -frequency * torch.sin(turn) * mode
        return torch.cat([q, p], dim=1)

    def pulses(self, coords: Tensor, time: Time, *, width: float = 1.0) -> Tensor:
        r"""Return two halves of a Gaussian hump that part along x, and their rate.

        :math:`q = \tfrac12 (g(x - ct) + g(x + ct))`, :math:`g = e^{-x^2/2w^2}`.

        Args:
            coords: coordinates [m].
            time: time [s].
            width: :math:`w` [m].

        Source:
            J. le Rond d'Alembert (1747), Mémoires de l'Académie de Berlin 3, 214-219.
        """
        c = spread(self.speed, coords, "speed")
        q, p = torch.zeros_like(coords[:, :1]), torch.zeros_like(coords[:, :1])
        for speed in (c, -c):
            x = moving(coords, speed, time) / width
            hump = torch.exp(-x.square() / 2) / 2
            q, p = q + hump, p + speed / width * x * hump
        return torch.cat([q, p], dim=1)
