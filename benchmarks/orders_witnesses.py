"""Every equation of the catalogue with its witness.

Imported by `orders.py`.
"""

from math import pi, sqrt

from orders_equations import (
    Witness,
    dam,
    darcy,
    fitzhugh_rest,
    front,
    growth,
    helmholtz,
    known,
    line,
    periodic,
    poisson,
    sod,
    steady,
    steepening,
)
from orders_rows import Table

import physbias as pb
from physbias import pdes

TEXT = """Error at the end of a run against the witness: the largest, relative to the
largest value, or where a line says *mean* the mean absolute one over the mean. *Growth
by hand*: a wave of 1e-6 about a state of rest against the exponential of the Jacobian,
which is written down in the script. In brackets the largest error that is admitted.
Beside published values stand the [Taylor–Green vortex](taylor-green.md) and the
lid-driven cavity, beside an independent program the [shear flow](accuracy.md)."""


V, W = fitzhugh_rest()
# the state with catalyst at feed 0.02 and kill 0.04
FED = (1 - sqrt(1 - 4 * 0.06**2 / 0.02)) / 2
MADE = 0.02 * (1 - FED) / 0.06
PLANE, LINE = (24, 20), (64,)
SP, FD = "Spectral", "FiniteDifference(8)"


RK, E4, Y4 = f"{SP}, RK4", f"{SP}, ETDRK4", f"{SP}, Yoshida4"
WALLS, SOLVE = f"{FD}, RK4", "EllipticSolver"
BY_HAND, SOURCE = "growth by hand", "manufactured source"
CUBE = (16, 16, 16)
NLS, KDV = pdes.CubicSchroedinger(1.0, 2.0), pdes.KortewegDeVries()
SPEED = 8 * pi / 40  # a period of the soliton's phase fits the line
YOSHIDA = pb.Yoshida4()
RATES = [
    [1 - V**2 - 0.5, -1.0],
    [0.08, -0.08 * 0.8 - 0.1],
]
FEEDING = [
    [-(MADE**2) - 0.02 - 0.2, -2 * FED * MADE],
    [MADE**2, 2 * FED * MADE - 0.06 - 0.1],
]
TURNING = [[2.5 - 1 - 0.3, 1.2**2], [-2.5, -(1.2**2) - 1.5]]

WITNESSES = (
    Witness(
        "Advection",
        "plane wave",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pdes.Advection((1.0, -0.5)), "plane_wave", periodic, dt=0.01),
    ),
    Witness(
        "AdvectionDiffusion",
        "plane wave",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pb.AdvectionDiffusion(0.1, (1.0, -0.5)), "plane_wave", periodic, dt=0.01),
    ),
    Witness(
        "AllenCahn",
        "border at rest",
        (96,),
        WALLS,
        1.0,
        1e-5,
        front(pdes.AllenCahn(0.5, 1.0), "kink"),
    ),
    Witness(
        "AllenCahn",
        BY_HAND,
        LINE,
        E4,
        2.0,
        1e-5,
        growth(pdes.AllenCahn(0.3, 2.0), [0.0], 1.5, [[2.0 - 0.3 * 1.5**2]]),
    ),
    Witness(
        "BoussinesqFlow",
        "internal wave",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pdes.BoussinesqFlow(0.02, 0.05, 2.0), "internal_wave", periodic, dt=0.01),
    ),
    Witness(
        "Brusselator",
        BY_HAND,
        LINE,
        E4,
        2.0,
        1e-4,
        growth(pdes.Brusselator(0.3, 1.5, 1.2, 2.5), [1.2, 2.5 / 1.2], 1.0, TURNING),
    ),
    Witness(
        "Burgers",
        "Cole–Hopf solution",
        LINE,
        E4,
        1.0,
        1e-8,
        known(
            pb.Burgers(0.3), "potential_flow", periodic, stepper=pb.ETDRK4(), dt=0.01
        ),
    ),
    Witness(
        "Burgers",
        "Cole–Hopf solution",
        (48, 40),
        E4,
        1.0,
        1e-8,
        known(
            pb.Burgers(0.3), "potential_flow", periodic, stepper=pb.ETDRK4(), dt=0.02
        ),
    ),
    Witness(
        "Burgers",
        "viscous shock",
        (128,),
        WALLS,
        1.0,
        1e-4,
        front(pb.Burgers(0.2), "shock"),
    ),
    Witness(
        "CahnHilliard",
        BY_HAND,
        LINE,
        E4,
        1.0,
        1e-5,
        growth(pdes.CahnHilliard(0.5, 0.1), [0.0], 2.0, [[-0.5 * 4 * (0.1 * 4 - 1)]]),
    ),
    Witness(
        "CompressibleEuler",
        "density wave",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pdes.CompressibleEuler(), "density_wave", periodic, dt=0.01),
    ),
    Witness(
        "CompressibleEuler",
        "Sod’s tube, exact; mean of the density",
        (200,),
        "MUSCL with HLLC, SSPRK3",
        0.2,
        1e-2,
        sod,
    ),
    Witness(
        "CubicSchroedinger",
        "soliton",
        (256,),
        RK,
        1.0,
        1e-6,
        known(NLS, "soliton", line(40.0), dt=0.002, given={"speed": SPEED}),
    ),
    Witness("Darcy", SOURCE, (64, 96), SOLVE, 0.0, 1e-3, steady(darcy)),
    Witness(
        "FisherKPP",
        "front",
        (128,),
        WALLS,
        1.0,
        1e-6,
        front(pdes.FisherKPP(1.0, 1.0), "front"),
    ),
    Witness(
        "FitzHughNagumo",
        BY_HAND,
        LINE,
        E4,
        2.0,
        1e-4,
        growth(pdes.FitzHughNagumo(0.5, 0.1), [V, W], 1.0, RATES),
    ),
    Witness(
        "GrayScott",
        BY_HAND,
        LINE,
        E4,
        2.0,
        1e-4,
        growth(pdes.GrayScott(0.2, 0.1, 0.02, 0.04), [FED, MADE], 1.0, FEEDING),
    ),
    Witness(
        "GrayScott",
        "substrate alone",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pdes.GrayScott(0.2, 0.1), "barren", periodic, dt=0.01),
    ),
    Witness(
        "Heat",
        "mode",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pb.Heat(0.2), "mode", periodic, dt=0.02),
    ),
    Witness("Helmholtz", SOURCE, (64, 96), SOLVE, 0.0, 1e-3, steady(helmholtz)),
    Witness(
        "InviscidBurgers",
        "characteristics",
        (160,),
        "WENO5, RK4",
        1.0,
        1e-4,
        steepening,
    ),
    Witness(
        "KleinGordon",
        "plane wave",
        PLANE,
        Y4,
        1.0,
        1e-6,
        known(
            pdes.KleinGordon(1.0, 0.5), "plane_wave", periodic, dt=0.01, stepper=YOSHIDA
        ),
    ),
    Witness(
        "KortewegDeVries",
        "two solitons that pass, from t = −4",
        (384,),
        E4,
        4.0,
        1e-5,
        known(
            KDV, "two_solitons", line(80.0), dt=0.005, start=-4.0, stepper=pb.ETDRK4()
        ),
    ),
    Witness(
        "KuramotoSivashinsky",
        BY_HAND,
        LINE,
        E4,
        4.0,
        1e-5,
        growth(pdes.KuramotoSivashinsky(), [0.0], 0.7, [[0.7**2 - 0.7**4]]),
    ),
    Witness(
        "Maxwell",
        "plane wave",
        PLANE,
        Y4,
        1.0,
        1e-6,
        known(pdes.Maxwell(1.0, 2.0), "plane_wave", periodic, dt=0.01, stepper=YOSHIDA),
    ),
    Witness(
        "Nagumo",
        "front",
        (128,),
        WALLS,
        1.0,
        1e-6,
        front(pdes.Nagumo(1.0, 2.0), "front"),
    ),
    Witness(
        "NavierStokes",
        "Taylor’s vortices in a wind",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(
            pdes.NavierStokes(0.05),
            "taylor_green",
            periodic,
            dt=0.02,
            given={"wind": (0.7, -0.4)},
        ),
    ),
    Witness(
        "NavierStokes",
        "ABC flow",
        CUBE,
        RK,
        0.5,
        1e-6,
        known(pdes.NavierStokes(0.05), "beltrami", periodic, dt=0.02),
    ),
    Witness("Poisson", SOURCE, (64, 96), SOLVE, 0.0, 1e-3, steady(poisson)),
    Witness(
        "Schroedinger",
        "Gaussian packet",
        (128,),
        Y4,
        1.0,
        1e-6,
        known(pdes.Schroedinger(), "packet", line(32.0), dt=0.005, stepper=YOSHIDA),
    ),
    Witness(
        "ShallowWater",
        "Stoker’s dam, exact; mean of the depth",
        (200,),
        "MUSCL with HLL, SSPRK3",
        1.0,
        1e-2,
        dam,
    ),
    Witness(
        "SineGordon",
        "breather",
        (384,),
        Y4,
        2.0,
        1e-6,
        known(pdes.SineGordon(), "breather", line(80.0), dt=0.02, stepper=YOSHIDA),
    ),
    Witness(
        "SwiftHohenberg",
        BY_HAND,
        LINE,
        E4,
        2.0,
        1e-5,
        growth(pdes.SwiftHohenberg(0.3), [0.0], 1.3, [[0.3 - (1 - 1.3**2) ** 2]]),
    ),
    Witness(
        "TracerFlow",
        "Taylor’s vortices with a tracer",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pb.TracerFlow(0.05, 0.1), "taylor_green", periodic, dt=0.02),
    ),
    Witness(
        "VorticityFlow",
        "Taylor’s vortices",
        PLANE,
        RK,
        1.0,
        1e-7,
        known(pdes.VorticityFlow(0.05, 0.1), "taylor_green", periodic, dt=0.02),
    ),
    Witness(
        "VorticityFlow",
        "Kolmogorov’s flow from rest",
        PLANE,
        RK,
        1.0,
        1e-6,
        known(pdes.VorticityFlow(0.05, 0.1, 1.0), "kolmogorov", periodic, dt=0.01),
    ),
    Witness(
        "Wave",
        "d’Alembert’s pulses",
        (128,),
        Y4,
        2.0,
        1e-6,
        known(pdes.Wave(1.5), "pulses", line(32.0), dt=0.01, stepper=YOSHIDA),
    ),
)


def table() -> Table:
    """Return the table of all equations."""
    rows = tuple(witness.row() for witness in WITNESSES)
    head = ("equation", "witness", "points", "how", "t", "error")
    return Table("Equations", TEXT, head, rows)
