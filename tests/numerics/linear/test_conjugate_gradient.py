import pytest
import torch

from physbias.errors import ArgumentError, ConvergenceError
from physbias.numerics.linear import conjugate_gradient

F64 = torch.float64


def apply(u, matrix):
    return torch.einsum("bij,bj->bi", matrix, u)


def spd(batch, size, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    m = torch.randn(batch, size, size, dtype=F64, generator=generator)
    return m @ m.mT + torch.eye(size, dtype=F64)


def test_it_solves_as_dense_elimination_does():
    matrix, b = spd(3, 12), torch.randn(3, 12, dtype=F64)
    found = conjugate_gradient(apply, b, [matrix])
    torch.testing.assert_close(found, torch.linalg.solve(matrix, b), atol=1e-8, rtol=0)


def test_in_exact_arithmetic_it_ends_after_as_many_steps_as_eigenvalues():
    """Three different eigenvalues need three steps, and two are too few."""
    d = torch.tensor([1.0, 2.0, 5.0, 1.0, 2.0, 5.0], dtype=F64)
    b = torch.randn(1, 6, dtype=F64)
    found = conjugate_gradient(lambda u: d * u, b, max_iterations=3)
    torch.testing.assert_close(found, b / d)
    with pytest.raises(ConvergenceError, match="after 2 iterations"):
        conjugate_gradient(lambda u: d * u, b, max_iterations=2)


def test_samples_do_not_see_each_other():
    """Also where their numbers of steps are far apart: one is solved at the start."""
    hard, b = spd(3, 20), torch.randn(3, 20, dtype=F64)
    other_matrix, other_b = hard.clone(), b.clone()
    other_matrix[1] = torch.eye(20, dtype=F64)
    other_b[2] = 0
    one = conjugate_gradient(apply, b, [hard])
    two = conjugate_gradient(apply, other_b, [other_matrix])
    assert torch.equal(one[0], two[0])
    torch.testing.assert_close(two[1], b[1])
    assert torch.equal(two[2], torch.zeros(20, dtype=F64))


def test_a_preconditioner_saves_steps_and_changes_nothing_else():
    scale = torch.logspace(0, 6, 30, dtype=F64)
    matrix = scale.sqrt()[:, None] * spd(2, 30) * scale.sqrt()
    b = torch.randn(2, 30, dtype=F64)
    inverse = 1 / matrix.diagonal(dim1=1, dim2=2)
    found = conjugate_gradient(
        apply, b, [matrix], preconditioner=lambda r: inverse * r, max_iterations=60
    )
    torch.testing.assert_close(apply(found, matrix), b, atol=1e-8, rtol=0)
    with pytest.raises(ConvergenceError):
        conjugate_gradient(apply, b, [matrix], max_iterations=60)


def test_a_singular_operator_is_solved_on_its_range():
    """The graph of a ring: constants are its null space."""

    def ring(u):
        return 2 * u - u.roll(1, 1) - u.roll(-1, 1)

    def project(r):
        return r - r.mean(1, keepdim=True)

    b = torch.randn(2, 9, dtype=F64)
    u = conjugate_gradient(ring, b, project=project)
    torch.testing.assert_close(ring(u), project(b))
    assert float(u.mean(1).abs().max()) < 1e-12


def test_gradients_to_both_orders():
    root = torch.randn(2, 4, 4, dtype=F64, requires_grad=True)
    b = torch.randn(2, 4, dtype=F64, requires_grad=True)

    def solve(b, root):
        matrix = root @ root.mT + torch.eye(4, dtype=F64)
        return conjugate_gradient(apply, b, [matrix], tolerance=1e-14)

    assert torch.autograd.gradcheck(solve, (b, root))
    assert torch.autograd.gradgradcheck(solve, (b, root), atol=1e-4)


def test_nothing_of_the_iterations_is_kept():
    """The graph holds the result and the coefficients, whatever their number."""
    kept = []

    def pack(tensor):
        kept.append(tensor.numel())
        return tensor

    matrix, b = spd(1, 40).requires_grad_(), torch.randn(1, 40, dtype=F64)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        conjugate_gradient(apply, b, [matrix])
    assert sum(kept) == 40 + 40 * 40


def test_single_precision_reaches_its_own_tolerance():
    matrix, b = spd(2, 10), torch.randn(2, 10, dtype=F64)
    found = conjugate_gradient(apply, b.float(), [matrix.float()])
    assert found.dtype == torch.float32
    truth = torch.linalg.solve(matrix, b)
    torch.testing.assert_close(found.double(), truth, atol=1e-4, rtol=0)


def test_the_error_names_the_worst_sample_and_its_residual():
    matrix = torch.stack([torch.eye(8, dtype=F64), spd(1, 8)[0]])
    message = r"relative residual of [\d.]+.* in sample 1 after 2 iter.*at most 1e-10"
    with pytest.raises(ConvergenceError, match=message):
        conjugate_gradient(
            apply, torch.ones(2, 8, dtype=F64), [matrix], max_iterations=2
        )


def test_an_operator_that_is_not_positive_and_a_nan_are_refused():
    b = torch.ones(2, 3, dtype=F64)
    sign = torch.tensor([[1.0], [-1.0]], dtype=F64)
    with pytest.raises(ArgumentError, match=r"u \. A u = -3 for some u in sample 1"):
        conjugate_gradient(lambda u: sign * u, b)
    b[0, 1] = torch.nan
    with pytest.raises(ArgumentError, match="nan for some u in sample 0"):
        conjugate_gradient(lambda u: u, b)


@pytest.mark.parametrize("name", ["tolerance", "max_iterations"])
def test_limits_must_be_positive(name):
    message = f"{name}: found 0, expected a (positive|whole)"
    with pytest.raises(ArgumentError, match=message):
        conjugate_gradient(lambda u: u, torch.ones(1, 2), **{name: 0})
