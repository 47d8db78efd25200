import torch

from physbias.numerics.linear import implicit_solve

F64 = torch.float64


def dense(b, matrix):
    return implicit_solve(
        lambda u, m: torch.einsum("bij,bj->bi", m + m.mT, u),
        lambda r: torch.linalg.solve((matrix + matrix.mT).detach(), r[..., None])[
            ..., 0
        ],
        b,
        [matrix],
    )


def test_gradients_to_both_orders_are_those_of_a_dense_solve():
    matrix = torch.randn(2, 3, 3, dtype=F64) + 4 * torch.eye(3, dtype=F64)
    b = torch.randn(2, 3, dtype=F64)
    inputs = (b.requires_grad_(), matrix.requires_grad_())
    assert torch.autograd.gradcheck(dense, inputs)
    assert torch.autograd.gradgradcheck(dense, inputs)


def test_by_hand():
    """u = b / a: du/db = 1 / a, du/da = -b / a^2, d2u/da2 = 2 b / a^3."""
    a = torch.tensor([4.0], dtype=F64, requires_grad=True)
    b = torch.tensor([8.0], dtype=F64, requires_grad=True)
    u = implicit_solve(lambda u, a: a * u, lambda r: r / a.detach(), b, [a])
    to_b, to_a = torch.autograd.grad(u, (b, a), create_graph=True)
    (twice,) = torch.autograd.grad(to_a, a)
    assert [u.item(), to_b.item(), to_a.item(), twice.item()] == [2.0, 0.25, -0.5, 0.25]


def test_coefficients_that_want_no_gradient_get_none():
    a, b = torch.tensor([4.0]), torch.tensor([8.0], requires_grad=True)
    implicit_solve(lambda u, a: a * u, lambda r: r / a, b, [a]).sum().backward()
    assert b.grad.item() == 0.25
    assert a.grad is None
