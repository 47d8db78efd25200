"""One Burgers equation as a solver, a loss on a grid and a loss at points."""

import torch

import physbias as pb

viscosity = 0.5
grid = pb.Grid((64,), (2 * torch.pi,), boundary=pb.Periodic())
burgers = pb.Burgers(viscosity)
x = grid.coords()
u0 = pb.pdes.cole_hopf(x, 0.0, viscosity)

solve = pb.Solver(burgers, grid, stepper=pb.RK4())
times = [0.0, 0.1, 0.2]
u = solve(u0, times)
error = (u[:, -1] - pb.pdes.cole_hopf(x, times[-1], viscosity)).abs().max()
print(f"solver: largest error {error:.1e}")

residual = pb.weak.ResidualLoss(burgers, grid, dt=0.1)
truth = torch.stack([pb.pdes.cole_hopf(x, t, viscosity) for t in times], dim=1)
print(f"grid residual: solver {residual(u):.1e}, truth {residual.floor(truth):.1e}")


class Truth(torch.nn.Module):
    """The exact solution in the place of a network."""

    def forward(self, points):
        """Return the solution at points of x and t."""
        return pb.pdes.cole_hopf(points[:, :1], points[:, 1:], viscosity)


points = torch.rand(256, 2) * torch.tensor([2 * torch.pi, 1.0])
print(f"residual at points: {pb.weak.CollocationLoss(burgers)(Truth(), points):.1e}")
