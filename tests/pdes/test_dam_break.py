import pytest
import torch

from physbias.errors import ArgumentError
from physbias.pdes import ritter, stoker

F64 = torch.float64
G = 9.81


def test_ritter_at_the_dam_and_at_its_ends():
    """At the dam 4/9 of the depth and 8/27 c h; the front runs at 2 c."""
    c = (G * 2.0) ** 0.5
    x = torch.tensor([-1.01 * c, -c, 0.0, 2 * c, 3 * c], dtype=F64)
    h, q = ritter(x, 1.0, depth=2.0)
    assert h.tolist() == pytest.approx([2.0, 2.0, 8 / 9, 0.0, 0.0])
    assert float(q[2]) == pytest.approx(8 / 27 * c * 2.0)
    assert q[[0, 1, 3, 4]].tolist() == pytest.approx([0, 0, 0, 0])


@pytest.mark.parametrize("solution", ["ritter", "stoker"])
def test_both_obey_the_equations_where_they_are_smooth(solution):
    x = torch.linspace(-4.0, 1.0, 30, dtype=F64, requires_grad=True)
    t = torch.tensor(1.3, dtype=F64, requires_grad=True)
    if solution == "ritter":
        h, q = ritter(x, t, depth=2.0)
    else:
        h, q = stoker(x, t, depths=(2.0, 0.3))
    f = q * q / h + G * h * h / 2

    def along(value, to):
        return torch.autograd.grad(value, to, torch.ones_like(value), retain_graph=True)

    for n in range(30):
        h_t = torch.autograd.grad(h[n], t, retain_graph=True)[0]
        q_t = torch.autograd.grad(q[n], t, retain_graph=True)[0]
        assert abs(float(h_t + along(q, x)[0][n])) < 1e-12
        assert abs(float(q_t + along(f, x)[0][n])) < 1e-11


def test_stoker_has_a_bore_that_keeps_mass_and_momentum():
    x = torch.linspace(-20, 20, 400001, dtype=F64)
    h, q = stoker(x, 1.0, depths=(2.0, 0.3))
    inside = (h > 0.3) & (x > 0)
    front, level, flow = (float(v[inside][-1]) for v in (x, h, q))
    assert front * (level - 0.3) == pytest.approx(flow, rel=1e-4)
    push = flow**2 / level + G * (level**2 - 0.09) / 2
    assert front * flow == pytest.approx(push, rel=1e-4)
    volume = float(torch.trapezoid(h, x))
    assert volume == pytest.approx(20 * 2.3, rel=1e-5)


def test_depths_in_the_wrong_order():
    with pytest.raises(ArgumentError, match=r"depths: found \(1.0, 2.0\), expected"):
        stoker(torch.zeros(1), 1.0, depths=(1.0, 2.0))
