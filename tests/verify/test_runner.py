"""The report names the probe that sees each planted flaw, and passes what is right."""

from math import pi
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

import physbias as pb
from physbias import verify as called
from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import RK4, FiniteDifference, Spectral, Staggered
from physbias.pdes import (
    PDE,
    AdvectionDiffusion,
    Burgers,
    Heat,
    NavierStokes,
    TracerFlow,
    pde,
)
from physbias.verify import PROBES, verify

NU = 0.3


def cole_hopf(coords: Tensor, time: Tensor) -> Tensor:
    """-2 nu phi_x / phi of phi = 2 + e^(-nu t) cos x."""
    x, a = coords[:, :1], torch.exp(-NU * torch.as_tensor(time))
    return 2 * NU * a * torch.sin(x) / (2 + a * torch.cos(x))


def decay(coords: Tensor, time: Tensor) -> Tensor:
    """A mode of the heat equation on a plane of 2 pi by 3, at diffusivity NU."""
    x, y = coords[:, :1], coords[:, 1:]
    rate = NU * (1 + (2 * pi / 3) ** 2)
    return torch.exp(-rate * torch.as_tensor(time)) * torch.sin(x + 2 * pi * y / 3)


def driven(coords: Tensor, time: Tensor) -> Tensor:
    """u_t = NU u_xx + cos(3 t): a decaying mode and sin(3 t) / 3."""
    mode = torch.exp(-NU * torch.as_tensor(time)) * torch.sin(coords[:, :1])
    return mode + torch.sin(3 * torch.as_tensor(time)) / 3


def equation(rhs, fields="u"):
    return pde(rhs, fields)


RIGHT = {
    "burgers": equation(lambda u, d: NU * d.laplacian(u) - u * d.x(u)),
    "heat": equation(lambda u, d: NU * d.laplacian(u)),
    "driven": equation(
        lambda u, d: NU * d.laplacian(u) + torch.cos(3 * d.time) + 0 * u
    ),
}


@pytest.mark.parametrize(
    ("rhs", "witness", "where"),
    [
        pytest.param(
            lambda u, d: NU * d.laplacian(u) + u * d.x(u), cole_hopf, "line", id="sign"
        ),
        pytest.param(
            lambda u, d: -NU * d.laplacian(u) - u * d.x(u),
            cole_hopf,
            "line",
            id="sign of diffusion",
        ),
        pytest.param(
            lambda u, d: NU * d.laplacian(u) - d.x(u * u),
            cole_hopf,
            "line",
            id="factor two",
        ),
        pytest.param(
            lambda u, d: 2 * NU * d.partial(u, 0, 2), decay, "plane", id="wrong axis"
        ),
        pytest.param(
            lambda u, d: NU * d.laplacian(u) + 1 + 0 * u, driven, "line", id="no clock"
        ),
    ],
)
def test_with_a_witness_wrong_physics_is_named(rhs, witness, where, request):
    report = verify(equation(rhs), request.getfixturevalue(where), witness=witness)
    assert "witness: residual" in report.failed
    assert "witness: solver" in report.failed
    # every use shares the formula: else only growth of short waves can be seen
    others = set(report.failed) - {"witness: residual", "witness: solver"}
    assert others <= {"well-posedness"}
    assert report["witness: residual"].value > 0.05


@pytest.mark.parametrize(
    ("name", "witness", "where"),
    [
        ("burgers", cole_hopf, "line"),
        ("heat", decay, "plane"),
        ("driven", driven, "line"),
    ],
)
def test_with_a_witness_right_physics_passes(name, witness, where, request):
    report = verify(RIGHT[name], request.getfixturevalue(where), witness=witness)
    report.raise_if_failed()
    assert report["witness: residual"].value < 1e-12
    assert report["witness: solver"].value < 1e-4


@pytest.mark.parametrize(
    ("flaw", "where", "named"),
    [
        ("end_point_counted_twice", "line", "order in space"),
        ("one_spacing_for_all", "plane", "order in space"),
        ("axes_swapped", "plane", "order in space"),
        ("half", "line", "order in space"),
        ("one_sided", "line", "symmetry"),
        ("slopes_of_sample_zero", "line", "batch independence"),
        ("clock_stands_still", "line", "agreement of uses"),
        ("values_taken_for_slopes", "rod", "boundary closures"),
        ("another_value", "rod", "boundary closures"),
    ],
)
def test_flaws_of_a_scheme_are_named(flaw, where, named, flawed, request):
    physics = RIGHT["driven"] if "clock" in flaw else RIGHT["burgers"]
    if where == "plane":
        physics = AdvectionDiffusion(NU, (1.0, 0.5))
    grid, scheme = request.getfixturevalue(where), flawed[flaw]
    assert verify(physics, grid).ok
    report = verify(physics, grid, scheme=scheme)
    assert named in report.failed
    assert not report


def hard_wired(u: Tensor, _) -> Tensor:
    """Its own stencil, with the spacing of one grid that repeats its end point."""
    h = 2 * pi / 23
    return NU * (u.roll(1, 2) - 2 * u + u.roll(-1, 2)) / h**2


@pytest.mark.parametrize(
    ("rhs", "named"),
    [
        pytest.param(
            lambda u, d: NU * d.laplacian(u) - u.mean() * d.x(u),
            "batch independence",
            id="mean over the batch",
        ),
        pytest.param(
            lambda u, d: NU * d.laplacian(u) - u[:1] * d.x(u),
            "batch independence",
            id="speed of sample zero",
        ),
        pytest.param(
            lambda u, d: NU * d.laplacian(u) - u.detach() * d.x(u),
            "gradients",
            id="detach",
        ),
        pytest.param(
            lambda u, d: NU * d.laplacian(u) - u.abs().amax().item() * d.x(u),
            "gradients",
            id="item",
        ),
        pytest.param(hard_wired, "agreement of uses", id="its own stencil"),
    ],
)
def test_flaws_of_an_equation_are_named(rhs, named, line):
    report = verify(equation(rhs), line)
    assert named in report.failed
    assert report[named].remedy


def test_a_coefficient_that_gets_no_gradient_is_named(line):
    class Detached(PDE):
        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.speed = nn.Parameter(torch.tensor(0.7))

        def rhs(self, u, d):
            return 0.1 * d.laplacian(u) - self.speed.detach() * d.x(u)

    report = verify(Detached(), line)
    assert report.failed == ("gradients",)
    assert "speed" in report["gradients"].meaning


def test_a_coefficient_that_mixes_samples_up_is_named():
    class Careless(PDE):
        """It broadcasts coefficients along the last axis, as three points allow."""

        fields: ClassVar = {"u": 1}

        def __init__(self):
            super().__init__()
            self.speed = 0.7

        def rhs(self, u, d):
            speed = torch.as_tensor(self.speed, dtype=u.dtype)
            return -(speed.mean() if speed.ndim else speed) * d.x(u) - u

    grid = Grid((24,), (1.0,), boundary=Periodic())
    report = verify(Careless(), grid)
    assert report.failed == ("coefficients per sample",)


def test_a_grid_with_another_boundary_than_the_problem_is_named():
    """sin(pi x) vanishes on both walls; its slope does not."""

    def mode(coords, time):
        decay = torch.exp(-NU * pi**2 * torch.as_tensor(time))
        return decay * torch.sin(pi * coords[:, :1])

    right, wrong = (
        Grid((24,), (1.0,), boundary=side) for side in (Dirichlet(0.0), Neumann(0.0))
    )
    assert verify(Heat(NU), right, witness=mode).ok
    report = verify(Heat(NU), wrong, witness=mode)
    assert set(report.failed) == {"witness: boundary", "witness: solver"}


WALLS = [(Dirichlet(1.0), Neumann(2.0)), Periodic()]


@pytest.mark.parametrize(
    ("physics", "grid", "options"),
    [
        (Burgers(0.1), Grid((24,), (3.0,), boundary=Periodic()), {"stepper": RK4()}),
        (
            Burgers(0.1),
            Grid((32,), (3.0,), boundary=Periodic()),
            {"scheme": Spectral()},
        ),
        (
            AdvectionDiffusion(0.2, (1.0, 0.5)),
            Grid((18, 16), (1.0, 2.0), boundary=WALLS),
            {"scheme": FiniteDifference(2)},
        ),
        (
            Heat(0.2),
            Grid((24,), (1.0,), boundary=Neumann(0.0)),
            {"scheme": FiniteDifference(2, mirror=True)},
        ),
        (TracerFlow(0.1, 0.2), Grid((14, 16), (2.0, 3.0), boundary=Periodic()), {}),
    ],
    ids=["burgers", "spectral", "walls", "mirror", "flow"],
)
def test_right_equations_pass_every_probe(physics, grid, options):
    report = verify(physics, grid, **options)
    report.raise_if_failed()
    assert [finding.probe for finding in report] == list(PROBES)


def test_the_folder_is_called_like_its_function(line):
    report = pb.verify(Heat(0.1), line, probes=("order in space",))
    assert report.ok
    assert called.verify is verify
    assert len(list(report)) == 1


def test_the_equation_is_left_as_it_was(line):
    physics = Heat(torch.tensor(0.1))
    physics.train()
    verify(physics, line)
    assert physics.diffusivity.dtype == torch.float32
    assert physics.training


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"probes": ("magic",)}, "probes: found 'magic', expected of: order in space"),
        ({"symmetries": ("time",)}, "symmetries: found 'time', expected of: trans"),
        ({"probes": "symmetry"}, "probes: found 'symmetry', expected tuple or list"),
        ({"symmetries": None}, "symmetries: found None, expected tuple or list; write"),
        ({"stepper": "rk4"}, "stepper: found 'rk4', expected Stepper or DormandPrince"),
        (
            {"witness": 1.0},
            r"witness: found 1\.0, expected a function; leave it out, or",
        ),
        ({"invariants": {}}, "invariants: found {}, expected a function"),
        ({"mean": "a"}, "mean: found 'a', expected finite numbers"),
        ({"mean": (0.0, torch.nan)}, r"mean: found 0\.0, nan, expected finite numbers"),
        ({"amplitude": None}, "amplitude: found None, expected finite numbers"),
        ({"start": torch.inf}, "start: found inf, expected finite numbers"),
        ({"order": "4"}, "order: found '4', expected a positive number; leave"),
        ({"duration": -1.0}, r"duration: found -1\.0, expected a positive number"),
        ({"seed": 1.5}, r"seed: found 1\.5, expected a whole number of at least 0"),
    ],
)
def test_options_without_sense_are_refused(options, message, line):
    with pytest.raises(ArgumentError, match=message):
        verify(Heat(0.1), line, **options)


def test_parts_that_are_none_are_refused(line):
    with pytest.raises(ArgumentError, match=r"the class Heat.*instance: Heat\("):
        verify(Heat, line)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        verify(Heat(0.1), None)


def test_a_staggered_scheme_is_refused(box):
    with pytest.raises(ArgumentError, match=r"scheme: found Staggered\(\)"):
        verify(NavierStokes(0.1), box, scheme=Staggered())


def test_an_equation_that_raises_is_a_finding(line):
    def rhs(u, d):
        message = "no such term"
        raise KeyError(message)

    report = verify(equation(rhs), line, probes=("order in space", "symmetry"))
    line_number = rhs.__code__.co_firstlineno + 2
    place = f"(file {__file__}, line {line_number}, in rhs)"
    meaning = report["order in space"].meaning
    assert meaning == f"It raises KeyError {place}: 'no such term'."
    assert report["symmetry"].meaning == "It raises the same as 'order in space'."
    assert report.failed == ("order in space", "symmetry")


@pytest.mark.parametrize("mean", [(1, 2, 3), ()])
def test_levels_for_other_channels_are_refused(mean, line):
    message = rf"mean: found {len(mean)} numbers, expected one, or one per channel \(1"
    with pytest.raises(ArgumentError, match=message):
        verify(Heat(0.1), line, mean=mean)
