"""Linear solves: direct by transforms, iterative for coefficients that vary.

:class:`HelmholtzTransforms` solves with a Laplacian and a shift, and no iteration;
:func:`conjugate_gradient` any symmetric positive operator, with :class:`Multigrid` or
transforms as its preconditioner. Gradients of iterative solves are one more solve.
"""

from physbias.numerics.linear.conjugate_gradient import conjugate_gradient
from physbias.numerics.linear.diffusion import diffuse, face_coefficients
from physbias.numerics.linear.implicit import implicit_solve
from physbias.numerics.linear.multigrid import Multigrid
from physbias.numerics.linear.transforms import HelmholtzTransforms

__all__ = [
    "HelmholtzTransforms",
    "Multigrid",
    "conjugate_gradient",
    "diffuse",
    "face_coefficients",
    "implicit_solve",
]
