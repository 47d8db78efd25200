"""The recipe of every evolution equation of the library, in one table.

Boxes, times and amplitudes are chosen so that a sample shows what the equation does,
resolved by the default grid, and steps so that half of them changes little.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import physbias.pdes as equations
from physbias.generate.drawing import Waves
from physbias.generate.recipe import Recipe
from physbias.generate.states import (
    InitialState,
    NearRest,
    RandomGas,
    RandomLight,
    RandomPatches,
    RandomWater,
    RandomWaves,
)
from physbias.numerics import (
    ETDRK4,
    HLL,
    HLLC,
    MUSCL,
    RK4,
    SSPRK3,
    Scheme,
    Spectral,
    Stepper,
    Yoshida4,
)
from physbias.pdes import PDE

PRODUCTS, CUBES = Spectral(), Spectral(1 / 2)


def _recipe(
    equation: type[PDE],
    initial_state: InitialState,
    *,
    box: tuple[int, int, float],
    span: tuple[float, int, float],
    scheme: Scheme = PRODUCTS,
    stepper: Stepper | None = None,
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> Recipe:
    """Return a recipe in a cube.

    Args:
        equation: the equation.
        initial_state: draws initial states.
        box: number of axes, points along each, length of each [m].
        span: duration [s], frames, step [s].
        scheme: how derivatives are taken.
        stepper: how time is stepped; ``ETDRK4`` if not given.
        parameters: where they differ from the equation's default.
    """
    ndim, points, length = box
    duration, frames, dt = span
    return Recipe(
        equation=equation,
        initial_state=initial_state,
        num_points=(points,) * ndim,
        lengths=(length,) * ndim,
        duration=duration,
        num_frames=frames,
        dt=dt,
        scheme=scheme,
        stepper=stepper or ETDRK4(),
        parameters=parameters,
    )


TWO_PI = 6.283185307179586
RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            _recipe(
                equations.Advection,
                RandomWaves(8),
                box=(1, 128, 1.0),
                span=(1.0, 51, 2e-3),
                stepper=RK4(),
            ),
            _recipe(
                equations.AdvectionDiffusion,
                RandomWaves(8),
                box=(1, 128, 1.0),
                span=(1.0, 51, 2e-3),
                parameters={"diffusivity": 1e-3},
            ),
            _recipe(
                equations.AllenCahn,
                RandomWaves(10, amplitude=0.3),
                box=(2, 128, 1.0),
                span=(40.0, 41, 0.1),
                scheme=CUBES,
                parameters={"diffusivity": 5e-4},
            ),
            _recipe(
                equations.BoussinesqFlow,
                RandomWaves(4, amplitude={"velocity": 0.2, "buoyancy": 1.0}),
                box=(2, 64, TWO_PI),
                span=(16.0, 41, 0.04),
                parameters={"viscosity": 1e-2},
            ),
            _recipe(
                equations.Brusselator,
                NearRest(6, amplitude=0.1),
                box=(2, 128, 48.0),
                span=(50.0, 51, 0.05),
                scheme=CUBES,
            ),
            _recipe(
                equations.Burgers,
                RandomWaves(4),
                box=(1, 256, 1.0),
                span=(1.0, 51, 1e-3),
                parameters={"viscosity": 0.01},
            ),
            _recipe(
                equations.CahnHilliard,
                RandomWaves(12, amplitude=0.1),
                box=(2, 128, 64.0),
                span=(50.0, 51, 0.05),
                scheme=CUBES,
                parameters={"tension": 2.0},
            ),
            _recipe(
                equations.CompressibleEuler,
                RandomGas(4, contrast=0.3, speed=0.4),
                box=(2, 64, 1.0),
                span=(0.5, 26, 1e-3),
                scheme=MUSCL(riemann=HLLC()),
                stepper=SSPRK3(),
            ),
            _recipe(
                equations.CubicSchroedinger,
                RandomWaves(6, amplitude=0.5),
                box=(1, 256, 40.0),
                span=(10.0, 51, 1e-2),
                scheme=CUBES,
                stepper=RK4(),
            ),
            _recipe(
                equations.FisherKPP,
                RandomPatches(4, {"u": 0.0}, {"u": 1.0}, threshold=1.5),
                box=(2, 128, 64.0),
                span=(6.0, 51, 0.06),
            ),
            _recipe(
                equations.FitzHughNagumo,
                RandomWaves(5, amplitude={"voltage": 1.3, "recovery": 0.5}),
                box=(2, 128, 128.0),
                span=(100.0, 51, 0.1),
                scheme=CUBES,
            ),
            _recipe(
                equations.GrayScott,
                RandomPatches(
                    4,
                    {"substrate": 1.0, "catalyst": 0.0},
                    {"substrate": 0.5, "catalyst": 0.25},
                ),
                box=(2, 128, 0.8),
                span=(3000.0, 51, 4.0),
            ),
            _recipe(
                equations.Heat,
                RandomWaves(8),
                box=(1, 128, 1.0),
                span=(1.0, 51, 0.02),
                parameters={"diffusivity": 0.01},
            ),
            _recipe(
                equations.InviscidBurgers,
                RandomWaves(4),
                box=(1, 256, 1.0),
                span=(0.5, 51, 1e-3),
                scheme=MUSCL(),
                stepper=SSPRK3(),
            ),
            _recipe(
                equations.KleinGordon,
                RandomWaves(6, amplitude={"q": 1.0}),
                box=(1, 256, 20.0),
                span=(20.0, 101, 0.02),
                scheme=CUBES,
                stepper=Yoshida4(),
                parameters={"cubic": 1.0},
            ),
            _recipe(
                equations.KortewegDeVries,
                RandomWaves(4),
                box=(1, 256, 32.0),
                span=(10.0, 101, 1e-3),
            ),
            _recipe(
                equations.KuramotoSivashinsky,
                RandomWaves(8),
                box=(1, 128, 64.0),
                span=(100.0, 101, 0.05),
            ),
            _recipe(
                equations.Maxwell,
                RandomLight(6),
                box=(2, 64, 1.0),
                span=(1.0, 51, 2e-3),
                stepper=Yoshida4(),
            ),
            _recipe(
                equations.Nagumo,
                RandomPatches(4, {"u": 0.0}, {"u": 1.0}),
                box=(2, 128, 64.0),
                span=(40.0, 51, 0.2),
                scheme=CUBES,
            ),
            _recipe(
                equations.NavierStokes,
                RandomWaves(4),
                box=(2, 64, TWO_PI),
                span=(10.0, 51, 0.02),
                parameters={"viscosity": 1e-2},
            ),
            _recipe(
                equations.Schroedinger,
                RandomWaves(6),
                box=(1, 128, 20.0),
                span=(5.0, 51, 1e-2),
                stepper=Yoshida4(),
            ),
            _recipe(
                equations.ShallowWater,
                RandomWater(4, depth=1.0, contrast=0.1),
                box=(2, 64, 10.0),
                span=(4.0, 41, 0.02),
                scheme=MUSCL(riemann=HLL()),
                stepper=SSPRK3(),
            ),
            _recipe(
                equations.SineGordon,
                RandomWaves(4, amplitude={"q": 2.0}),
                box=(1, 256, 40.0),
                span=(40.0, 101, 0.05),
                scheme=CUBES,
                stepper=Yoshida4(),
            ),
            _recipe(
                equations.SwiftHohenberg,
                RandomWaves(12, amplitude=0.1),
                box=(2, 128, 64.0),
                span=(100.0, 51, 0.25),
                scheme=CUBES,
            ),
            _recipe(
                equations.TracerFlow,
                RandomWaves(4),
                box=(2, 64, TWO_PI),
                span=(10.0, 51, 0.02),
                parameters={"viscosity": 1e-2},
            ),
            _recipe(
                equations.VorticityFlow,
                RandomWaves(4),
                box=(2, 64, TWO_PI),
                span=(12.0, 51, 0.02),
                parameters={
                    "viscosity": 2e-2,
                    "drag": 0.1,
                    "forcing": 1.0,
                    "wavenumber": Waves(4, axis=1),
                },
            ),
            _recipe(
                equations.Wave,
                RandomWaves(6, amplitude={"q": 1.0}),
                box=(2, 64, 1.0),
                span=(1.0, 51, 2.5e-3),
                stepper=Yoshida4(),
            ),
        )
    }
)
"""A recipe for each evolution equation, by the name of its class."""
