"""The compact second-order operator div(a grad u), with any walls."""

from collections.abc import Callable

import torch
from torch import Tensor

from physbias.grid import Grid, Periodic

Faces = tuple[Tensor, ...]
Pad = Callable[[Tensor, int], Tensor]


def face_coefficients(grid: Grid, a: Tensor) -> Faces:
    r"""Return a coefficient on the faces of the cells, axis by axis.

    Between two cells it is their harmonic mean, which conserves the flux through a
    jump. On a wall it continues the logarithm of the two nearest differences, the
    smaller of them and none where their signs differ: of second order where the
    coefficient is smooth, the wall cell's own value where it is constant in pieces,
    and positive always.

    Args:
        grid: where the coefficient lives.
        a: positive coefficient.

    Shape:
        ``a``: ``(batch, 1, *space)``; results: one more face than cells along their
        axis. The first and the last face of a periodic axis are the same.

    Source:
        S. V. Patankar (1980), Numerical Heat Transfer and Fluid Flow, section 4.2-3.
    """
    faces = []
    for axis in range(grid.ndim):
        dim = a.ndim - grid.ndim + axis
        count = a.shape[dim]
        inner = _harmonic(a.narrow(dim, 0, count - 1), a.narrow(dim, 1, count - 1))
        if isinstance(grid.boundary[axis][0], Periodic):
            seam = _harmonic(a.narrow(dim, count - 1, 1), a.narrow(dim, 0, 1))
            faces.append(torch.cat([seam, inner, seam], dim))
        else:
            walls = _at_wall(a, dim), _at_wall(a.flip(dim), dim)
            faces.append(torch.cat([walls[0], inner, walls[1]], dim))
    return tuple(faces)


def diffuse(u: Tensor, faces: Faces, grid: Grid, *, pad: Pad | None = None) -> Tensor:
    """Return div(a grad u), from the coefficient on the faces.

    With walls that hold values it is affine: the part that does not depend on ``u``
    is what it makes of zeros.

    Args:
        u: state ``(batch, channel, *space)``.
        faces: from :func:`face_coefficients`.
        grid: where the state lives.
        pad: adds one ghost cell on both sides of an axis; the grid's own, which
            mirrors the field in its walls, if not given.
    """
    total = torch.zeros((), dtype=u.dtype, device=u.device)
    for axis, coefficient in enumerate(faces):
        dim = u.ndim - grid.ndim + axis
        padded = pad(u, axis) if pad else grid.pad(u, axis, 1)
        flux = coefficient * torch.diff(padded, dim=dim)
        total = total + torch.diff(flux, dim=dim) / grid.spacing[axis] ** 2
    return total


def diagonal(faces: Faces, grid: Grid) -> Tensor:
    """Return the diagonal of ``-div(a grad u)`` on a grid with homogeneous walls."""
    total = torch.zeros((), dtype=faces[0].dtype, device=faces[0].device)
    for axis, coefficient in enumerate(faces):
        dim = coefficient.ndim - grid.ndim + axis
        count = coefficient.shape[dim] - 1
        lower = coefficient.narrow(dim, 0, count)
        upper = coefficient.narrow(dim, 1, count)
        if not isinstance(grid.boundary[axis][0], Periodic):
            ones = torch.ones_like(lower)
            # a ghost is a multiple of its wall cell, which it couples to itself
            ghosts, rest = grid.pad(ones, axis, 1), ones.narrow(dim, 1, count - 1)
            first, last = ghosts.narrow(dim, 0, 1), ghosts.narrow(dim, count + 1, 1)
            lower = lower * torch.cat([1 - first, rest], dim)
            upper = upper * torch.cat([rest, 1 - last], dim)
        total = total + (lower + upper) / grid.spacing[axis] ** 2
    return total


def _harmonic(a: Tensor, b: Tensor) -> Tensor:
    return 2 * a * b / (a + b)


def _at_wall(a: Tensor, dim: int) -> Tensor:
    """Return the coefficient on the face before the first cell."""
    first = a.narrow(dim, 0, 1)
    if a.shape[dim] < 3:
        return first
    logs = a.narrow(dim, 0, 3).log()
    near = logs.narrow(dim, 0, 1) - logs.narrow(dim, 1, 1)
    far = logs.narrow(dim, 1, 1) - logs.narrow(dim, 2, 1)
    smaller = torch.where(near.abs() < far.abs(), near, far)
    growth = torch.where(near * far > 0, smaller, torch.zeros_like(near))
    return first * torch.exp(growth / 2)
