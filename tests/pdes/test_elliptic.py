import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import Autodiff, FiniteDifference, Spectral
from physbias.pdes import Darcy, Elliptic, EllipticForm, Heat, Poisson
from physbias.pdes.elliptic import is_uniform, sample_field
from physbias.strong import EllipticSolver

F64 = torch.float64


def test_the_catalogue_says_which_equations_are_at_rest():
    assert isinstance(Poisson(), Elliptic)
    assert not isinstance(Heat(), Elliptic)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("walls", [True, False], ids=["walls", "periodic"])
def test_the_residual_of_the_truth_falls_by_the_order_inside(order, walls, observed):
    """a = exp(sin x), u = cos x: (a u_x)_x - 2 u = -a cos x (sin x + 1) - 2 cos x."""
    side = (Dirichlet(1.0), Neumann(0.0)) if walls else Periodic()
    errors, counts = [], (32, 48)
    for count in counts:
        grid = Grid((count,), (2 * torch.pi,), boundary=[side])
        d = FiniteDifference(order).bind(grid, dtype=F64)
        x = d.coords
        a, u = x.sin().exp(), x.cos()
        source = -a * x.cos() * (x.sin() + 1) - 2 * u
        residual = EllipticForm(a, -2.0, source).residual(u, d)[..., 8:-8]
        errors.append(float(residual.abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(order, abs=0.4)


def test_with_a_spectral_scheme_the_truth_has_no_residual():
    grid = Grid((48,), (2 * torch.pi,), boundary=Periodic())
    d = Spectral(None).bind(grid, dtype=F64)
    a, u = d.coords.sin().exp(), d.coords.cos()
    source = -a * d.coords.cos() * (d.coords.sin() + 1)
    assert float(EllipticForm(a, 0.0, source).residual(u, d).abs().max()) < 1e-11


def test_a_state_of_another_batch_is_refused():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    d = FiniteDifference(2).bind(grid)
    form = EllipticForm(1.0, 0.0, torch.ones(3, 1, 4))
    with pytest.raises(ShapeError, match=r"u: found shape \(1, 1, 4\).*\(3, 1, 4\)"):
        form.residual(torch.ones(1, 1, 4), d)


def test_fields_are_sampled_on_grids_and_at_points():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    d = FiniteDifference(2).bind(grid)
    assert sample_field(2.0, d, "source") == 2.0
    assert sample_field(torch.ones(3), d, "source").shape == (3, 1, 1)
    torch.testing.assert_close(sample_field(lambda x: 2 * x, d, "source"), 2 * d.coords)
    at_points = Autodiff(torch.rand(5, 1, requires_grad=True), 1)
    assert sample_field(lambda x: x, at_points, "source").shape == (5, 1)
    with pytest.raises(ArgumentError, match="a function that returns NoneType"):
        sample_field(lambda x: None, d, "source")
    with pytest.raises(ShapeError, match="found a field on a grid"):
        sample_field(torch.ones(1, 1, 4), at_points, "source")


def test_what_counts_as_uniform():
    grid = Grid((4,), (1.0,), boundary=Periodic())
    d = FiniteDifference(2).bind(grid)
    assert is_uniform(1.0, d)
    assert is_uniform(torch.ones(3, 1, 1), d)
    assert not is_uniform(torch.ones(3, 1, 4), d)
    at_points = Autodiff(torch.rand(5, 1, requires_grad=True), 1)
    assert not is_uniform(torch.ones(5, 1), at_points)


def test_coefficients_are_checked():
    with pytest.raises(
        ArgumentError, match="permeability: found 0, expected more than 0"
    ):
        Darcy(torch.tensor([1.0, 0.0]))
    with pytest.raises(ArgumentError, match="source: found NaN or infinity"):
        Poisson(float("nan"))
    assert Poisson(torch.sin).source is torch.sin


BOX = Grid((8, 8), (1.0, 1.0), boundary=Dirichlet())


def test_messages_name_the_coefficients_of_the_equation():
    uneven = Darcy(lambda coords: coords[:, :1] - 0.5)
    with pytest.raises(
        ArgumentError, match=r"permeability: found -0\.4375 .*, expected values above"
    ):
        EllipticSolver(uneven, BOX)()
    with pytest.raises(ArgumentError, match="permeability: found a function that ret"):
        EllipticSolver(Darcy(lambda coords: None), BOX)()
    with pytest.raises(ShapeError, match=r"permeability: found shape \(1, 1, 5, 5\)"):
        EllipticSolver(Darcy(torch.ones(1, 1, 5, 5)), BOX)()
    free = Grid((8,), (1.0,), boundary=Neumann(0.0))
    with pytest.raises(ArgumentError, match="source: found a net source of"):
        EllipticSolver(Poisson(1.0), free)()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Poisson(lambda coords, time: coords),
            r"source: found a function of \(coords, time\) \(missing .*time.*expected "
            r"a function that takes \(coords\); write lambda coords",
        ),
        (lambda: Darcy(lambda: 1.0), r"permeability: found a function of \(\)"),
        (lambda: Poisson(torch.Tensor), "source: found .*or a function of the coord"),
    ],
    ids=["time", "nothing", "class"],
)
def test_functions_of_something_else_are_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
