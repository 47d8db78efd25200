import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ConvergenceError, DivergenceError
from physbias.numerics import NewtonKrylov
from physbias.numerics.newton_krylov import linearise

F64 = torch.float64


def coupled(matrix):
    """F(w) = M w - w³, over all values of a sample."""

    def tendency(w):
        return (w.flatten(1) @ matrix.T).reshape(w.shape) - w**3

    return tendency


def test_a_linear_system_against_a_direct_solve():
    """Not symmetric, so that products with the transpose show."""
    matrix = torch.randn(12, 12, dtype=F64)
    right, v = torch.randn(3, 2, 6, dtype=F64), torch.randn(3, 2, 6, dtype=F64)

    def tendency(w):
        return (w.flatten(1) @ matrix.T).reshape(w.shape)

    found = NewtonKrylov().solve(tendency, right, 0.1, torch.zeros_like(right))
    full = torch.eye(12, dtype=F64) - 0.1 * matrix
    exact = torch.linalg.solve(full, right.flatten(1).T).T.reshape(right.shape)
    torch.testing.assert_close(found, exact, rtol=1e-8, atol=1e-8)
    found = NewtonKrylov().transposed(tendency, right, 0.1, v)
    exact = torch.linalg.solve(full.T, v.flatten(1).T).T.reshape(v.shape)
    torch.testing.assert_close(found, exact, rtol=1e-8, atol=1e-8)


def test_restarts_reach_what_one_cycle_does_not():
    matrix = -torch.diag(torch.linspace(0, 300, 40, dtype=F64))
    right = torch.randn(2, 1, 40, dtype=F64)
    newton = NewtonKrylov(krylov_size=8, max_restarts=200)
    found = newton.solve(lambda w: w @ matrix, right, 0.1, right)
    exact = right / (1 + torch.linspace(0, 30, 40, dtype=F64))
    torch.testing.assert_close(found, exact, atol=1e-8, rtol=0)


def test_a_cubic_has_the_root_of_cardano():
    """w + w³ = 2 at w = 1, w + w³ = 10 at w = 2."""
    known = torch.tensor([2.0, 10.0], dtype=F64).reshape(2, 1, 1)
    found = NewtonKrylov().solve(lambda w: -(w**3), known, 1.0, known)
    assert found.flatten().tolist() == pytest.approx([1, 2], rel=1e-12)


def test_gradients_pass_by_the_iterations():
    """d root / d right and d root / d coefficient, against central differences."""
    matrix = (0.3 * torch.randn(4, 4, dtype=F64)).requires_grad_()
    right = torch.randn(2, 2, 2, dtype=F64, requires_grad=True)

    def root(m, r):
        return NewtonKrylov(rtol=1e-13).solve(coupled(m), r, 0.2, torch.zeros_like(r))

    assert torch.autograd.gradcheck(root, (matrix, right), atol=1e-7, nondet_tol=1e-10)
    # by hand: (1 + 3 s w²) dw = dr for one number
    r = torch.tensor([[[10.0]]], dtype=F64, requires_grad=True)
    w = NewtonKrylov().solve(lambda w: -(w**3), r, 1.0, r)
    w.backward()
    assert float(r.grad) == pytest.approx(1 / 13, rel=1e-9)


def test_the_graph_of_a_step_holds_no_iterations():
    """The tendency is evaluated once more with gradients, however many it took."""
    scale, seen = nn.Parameter(torch.tensor(-1.0, dtype=F64)), []

    def tendency(w):
        seen.append(w.requires_grad)
        return scale * w**3

    known = torch.full((1, 1, 2), 10.0, dtype=F64)
    root = NewtonKrylov().solve(tendency, known, 1.0, known)
    nodes, names = [root.grad_fn], []
    while nodes:
        node = nodes.pop()
        if node is not None:
            names.append(node.name())
            nodes += [parent for parent, _ in node.next_functions]
    assert len(names) < 12
    assert len(seen) > 4


def test_a_sample_does_not_see_how_hard_the_others_are():
    matrix = torch.diag(torch.linspace(-50, 0, 12, dtype=F64))
    right = torch.randn(3, 1, 12, dtype=F64)
    other = torch.cat([right[:1], 200 * right[1:]])
    newton = NewtonKrylov(krylov_size=5)
    one, two = (newton.solve(coupled(matrix), r, 0.5, r) for r in (right, other))
    assert torch.equal(one[0], two[0])
    assert not torch.equal(one[1], two[1])


def test_restarts_for_some_samples_leave_the_others_alone():
    """Near rounding, where some samples end within twice their target."""
    right, rates = torch.randn(12, 1, 30), torch.linspace(0, -400, 30)
    newton = NewtonKrylov(rtol=2e-6, krylov_size=6, max_restarts=100)

    def root(known):
        return newton.solve(lambda w: rates * w - w**3, known, 0.1, known)

    together = root(right)
    assert all(torch.equal(root(right[k : k + 1])[0], together[k]) for k in range(12))


def test_zero_is_its_own_solution():
    zero = torch.zeros(2, 1, 4)
    assert torch.equal(NewtonKrylov().solve(lambda w: -w, zero, 1.0, zero), zero)
    constant = NewtonKrylov().solve(torch.ones_like, zero, 0.5, zero)
    torch.testing.assert_close(constant, zero + 0.5)


def test_products_with_the_jacobian_by_hand():
    """F = (u² v, sin v) at one point."""
    u = torch.tensor([[[2.0], [0.5]]], dtype=F64)

    def function(w):
        a, b = w.split(1, dim=1)
        return torch.cat([a**2 * b, torch.sin(b)], 1)

    value, jvp, vjp = linearise(function, u)
    cos = float(torch.tensor(0.5, dtype=F64).cos())
    assert value.flatten().tolist() == pytest.approx([2.0, 0.479425538604203])
    v = torch.tensor([[[1.0], [3.0]]], dtype=F64)
    assert jvp(v).flatten().tolist() == pytest.approx([2 + 12, 3 * cos])
    assert vjp(v).flatten().tolist() == pytest.approx([2, 4 + 3 * cos])


def test_what_does_not_converge_is_an_error():
    known = torch.ones(2, 1, 3, dtype=F64)
    with pytest.raises(ConvergenceError, match=r"no convergence .*2 of 2.*smaller dt"):
        NewtonKrylov().solve(lambda w: w**2 + 1, known, 1.0, known)  # no real root
    with pytest.raises(DivergenceError, match=r"solution: found NaN .*implicit step"):
        NewtonKrylov().solve(torch.log, -known, 1.0, -known)


def test_a_gradient_that_does_not_converge_is_an_error():
    """Four different eigenvalues need four vectors, not one."""
    rates = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=F64)
    root = torch.ones(1, 1, 4, dtype=F64)
    with pytest.raises(ConvergenceError, match="the transposed system of a gradient"):
        NewtonKrylov(krylov_size=1, max_restarts=1).transposed(
            lambda w: -rates * w, root, 1.0, root
        )


def test_second_derivatives_are_refused():
    right = torch.ones(1, 1, 2, dtype=F64, requires_grad=True)
    root = NewtonKrylov().solve(lambda w: -w, right, 1.0, right)
    with pytest.raises(ArgumentError, match=r"gradient: found a second .*create_graph"):
        torch.autograd.grad(root.sum(), right, create_graph=True)


@pytest.mark.parametrize(
    "name", ["rtol", "max_corrections", "krylov_size", "max_restarts"]
)
def test_settings_are_positive(name):
    with pytest.raises(ArgumentError, match=rf"{name}: found -1, .*(positive|whole)"):
        NewtonKrylov(**{name: -1})
