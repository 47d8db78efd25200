"""Every equation of the library passes the proof that users run on their own."""

import inspect
from math import pi

import pytest

import physbias.pdes as catalogue
from physbias.grid import Grid, Periodic
from physbias.pdes import PDE
from physbias.verify import PROBES, verify

GRIDS = {
    1: Grid((24,), (2 * pi,), boundary=Periodic()),
    2: Grid((16, 20), (2 * pi, 3.0), boundary=Periodic()),
    3: Grid((12, 10, 9), (2 * pi, 3.0, 4.0), boundary=Periodic()),
}
# where an equation needs more than its defaults
ARGUMENTS = {
    "Advection": lambda ndim: {"velocity": (1.0, 0.5)[:ndim]},
    "AdvectionDiffusion": lambda ndim: {"wind": (1.0, 0.5)[:ndim]},
}
OPTIONS = {
    "CompressibleEuler": lambda ndim: {
        "mean": (1.5, *[0.3] * ndim, 4.0),
        "amplitude": 0.2,
    },
    "ShallowWater": lambda ndim: {"mean": (1.5, *[0.3] * ndim), "amplitude": 0.2},
}
LOWEST = {"BoussinesqFlow": 2, "NavierStokes": 2, "TracerFlow": 2, "VorticityFlow": 2}
QUICK = (
    "order in space",
    "batch independence",
    "gradients",
    "symmetry",
    "witness: residual",
)
ONE_AXIS = ("KortewegDeVries", "KuramotoSivashinsky")


def equations() -> list[str]:
    return [
        name
        for name in catalogue.__all__
        if inspect.isclass(getattr(catalogue, name))
        and issubclass(getattr(catalogue, name), PDE)
        and getattr(catalogue, name).fields
    ]


def prove(name: str, ndim: int, probes: tuple[str, ...] | None = None) -> None:
    physics = getattr(catalogue, name)(**ARGUMENTS.get(name, lambda _: {})(ndim))
    options = OPTIONS.get(name, lambda _: {})(ndim)
    verify(physics, GRIDS[ndim], probes=probes, **options).raise_if_failed()


@pytest.mark.parametrize("name", [n for n in equations() if n not in LOWEST])
def test_it_passes_every_probe(name):
    prove(name, 1)


@pytest.mark.parametrize("name", LOWEST)
def test_it_passes_the_quick_probes(name):
    prove(name, LOWEST[name], QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in equations() if n not in ONE_AXIS])
def test_it_passes_every_probe_in_a_plane(name):
    prove(name, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Heat", "Burgers", "NavierStokes", "Wave"])
def test_it_passes_in_three_dimensions(name):
    prove(name, 3, tuple(name for name in PROBES if not name.startswith("witness")))
