"""Recover a viscosity from two frames, through the solver."""

import torch

import physbias as pb

grid = pb.Grid((64,), (2 * torch.pi,), boundary=pb.Periodic())
u0 = 1 + torch.sin(grid.coords(dtype=torch.float64))
truth = pb.Solver(pb.Burgers(0.1), grid)(u0, [0.0, 1.0])[:, -1]

viscosity = torch.nn.Parameter(torch.tensor(0.3, dtype=torch.float64))
solve = pb.Solver(pb.Burgers(viscosity), grid, dt=5e-3)
optimiser = torch.optim.LBFGS([viscosity], lr=0.5, max_iter=20, tolerance_grad=1e-12)


def closure():
    optimiser.zero_grad()
    loss = (solve(u0, [0.0, 1.0])[:, -1] - truth).square().mean()
    loss.backward()
    return loss


optimiser.step(closure)
print(f"viscosity: found {viscosity.item():.5f}, true 0.1")
