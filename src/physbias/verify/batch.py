"""Samples of a batch must not see each other."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from physbias.errors import PhysbiasError
from physbias.numerics import DormandPrince
from physbias.pdes import PDE
from physbias.strong import Solver
from physbias.verify.case import BATCH, TIME, Case, largest, size
from physbias.verify.finding import Finding, judged, skipped
from physbias.weak import ResidualLoss

NAME = "batch independence"
COEFFICIENTS = "coefficients per sample"
ROUNDING = 1e-12
FACTORS = (1.0, 1.3, 0.8)
Use = Callable[[PDE, Tensor], Tensor]


def probe(case: Case) -> Finding:
    """Change one sample and compare all others; take each sample alone."""
    worst, where = 0.0, ""
    for name, use in _uses(case).items():
        found = _leak(lambda u, use=use: use(case.pde, u), case.states(case.base))
        if found > worst:
            worst, where = found, name
    passed = worst <= ROUNDING
    meaning = (
        "Changing one sample leaves the others as they were, in the right-hand side, "
        "the residual on the grid and the solver."
        if passed
        else f"Changing one sample changes another by {worst:.1e} of its size in the "
        f"{where}."
    )
    return judged(
        NAME,
        passed=passed,
        value=worst,
        criterion=f"relative change at most {ROUNDING:g}",
        meaning=meaning,
        remedy="Look for a mean, a maximum or an index that runs over axis 0, or for a "
        "state that is kept between calls.",
    )


def probe_coefficients(case: Case) -> Finding:
    """Give each sample its own coefficient and compare with separate runs."""
    names = [name for name, _ in _numbers(case.pde)]
    if not names:
        return skipped(
            COEFFICIENTS,
            "No attribute of the equation is a coefficient that is a number; what a "
            "function holds otherwise cannot be exchanged.",
        )
    worst, where, refused = 0.0, "", []
    for name in names:
        try:
            found = _mix_up(case, name)
        except (PhysbiasError, RuntimeError, TypeError, ValueError):
            refused.append(name)
            continue
        if found > worst:
            worst, where = found, name
    if len(refused) == len(names):
        return skipped(
            COEFFICIENTS,
            f"Tensors (batch,) are refused, not misread, for: {', '.join(refused)}.",
            remedy="Wrap coefficients in d.coefficient(...) to have one per sample.",
        )
    passed = worst <= ROUNDING
    kept = ", ".join(name for name in names if name not in refused)
    meaning = f"Tensors (batch,) equal separate runs for: {kept}."
    if refused:
        meaning += f" They are refused for: {', '.join(refused)}."
    if not passed:
        meaning = (
            f"{where} as a tensor (batch,) differs from separate "
            f"runs by {worst:.1e} of their size."
        )
    return judged(
        COEFFICIENTS,
        passed=passed,
        value=worst,
        criterion=f"relative difference at most {ROUNDING:g}",
        meaning=meaning,
        remedy=f"Wrap {where} in d.coefficient(...) where it multiplies states: a bare "
        "tensor (batch,) broadcasts along the last space axis.",
    )


def _uses(case: Case) -> dict[str, Use]:
    grid = case.base
    d = case.bind(grid).at(TIME)
    if not case.evolves:
        return {"residual": lambda pde, u: pde.residual(u, d)}
    radius = case.spectral_radius(grid)
    step = 0.2 / radius

    def residual(pde: PDE, u: Tensor) -> Tensor:
        loss = ResidualLoss(pde, grid, step, scheme=case.scheme)
        return loss.residual(torch.stack([u, 0.9 * u, 1.1 * u], 1), start=TIME)

    def solver(pde: PDE, u: Tensor) -> Tensor:
        solve = Solver(
            pde,
            grid,
            scheme=case.scheme,
            stepper=case.stepper,
            dt=step,
            allow_unstable=True,
        )
        return solve(u, [TIME, TIME + 2 * step])[:, -1]

    uses: dict[str, Use] = {
        "right-hand side": lambda pde, u: pde.tendency(u, d),
        "residual on the grid": residual,
    }
    if not isinstance(case.stepper, DormandPrince):
        uses["solver"] = solver
    return uses


@torch.no_grad()
def _leak(use: Callable[[Tensor], Tensor], u: Tensor) -> float:
    """Return the largest change of a sample that was not touched."""
    whole = use(u)
    if len(whole) != len(u):
        return float("inf")
    scale, worst = size(whole), 0.0
    for touched in range(len(u)):
        other = u.clone()
        other[touched] = 0.7 * u[touched] + 0.3 * u[(touched + 1) % len(u)]
        change = (use(other) - whole).abs().flatten(1).amax(1) / scale
        change[touched] = 0.0
        alone = use(u[touched : touched + 1])
        if alone.shape[1:] != whole.shape[1:] or len(alone) != 1:
            return float("inf")
        apart = largest(alone[0] - whole[touched]) / scale
        worst = max(worst, float(change.max()), apart)
    return worst


@torch.no_grad()
def _mix_up(case: Case, name: str) -> float:
    """Return how far samples with a coefficient each are from separate runs."""
    u = case.states(case.base)
    values = [_get(case.pde, name) * factor for factor in FACTORS[:BATCH]]
    together = _with(case.pde, name, torch.tensor(values, dtype=u.dtype))
    owner, own_name = _owner(case.pde, name)
    is_tensor = isinstance(getattr(owner, own_name), Tensor)
    worst = 0.0
    for use in _uses(case).values():
        found = use(together, u)
        for n, value in enumerate(values):
            single = torch.tensor(value, dtype=u.dtype) if is_tensor else value
            alone = use(_with(case.pde, name, single), u[n : n + 1])
            worst = max(worst, largest(found[n : n + 1] - alone) / size(alone))
    return worst


def _numbers(pde: PDE) -> Iterator[tuple[str, float]]:
    """Yield the coefficients of an equation and its modules that are one number."""
    for path, module in pde.named_modules():
        if type(module).__module__.startswith("torch.nn."):
            continue  # a layer's settings are no coefficients
        held = {
            **vars(module),
            **dict(module.named_buffers(recurse=False)),
            **dict(module.named_parameters(recurse=False)),
        }
        for own_name, value in held.items():
            if own_name.startswith("_"):
                continue
            name = f"{path}.{own_name}" if path else own_name
            single = isinstance(value, Tensor) and value.ndim == 0
            if isinstance(value, float) or (single and value.is_floating_point()):
                number = value.detach() if isinstance(value, Tensor) else value
                yield name, float(number)


def _owner(pde: PDE, name: str) -> tuple[nn.Module, str]:
    """Return the module that has a coefficient, and the coefficient's name there."""
    path, _, own_name = name.rpartition(".")
    return pde.get_submodule(path), own_name


def _get(pde: PDE, name: str) -> float:
    return dict(_numbers(pde))[name]


def _with(pde: PDE, name: str, value: Tensor | float) -> PDE:
    """Return a copy of the equation with another coefficient."""
    other = copy.deepcopy(pde)
    owner, own_name = _owner(other, name)
    if isinstance(getattr(owner, own_name), nn.Parameter):
        delattr(owner, own_name)
    setattr(owner, own_name, value)
    return other
