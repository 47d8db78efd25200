"""Train a small network and say what it cost, part by part."""

import torch

import physbias as pb

grid = pb.Grid((32, 64), (1.0, 2.0), boundary=pb.Periodic())
net = pb.none.FNO(grid, 1, 1, width=8, num_modes=(8, 8), num_layers=2)
optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
u = torch.randn(16, 1, *grid.num_points)

with pb.EnergyMeter(estimate=True) as meter:
    for _ in range(10):
        with meter.region("forward"):
            loss = (net(u) - u.roll(3, -1)).square().mean()
        with meter.region("backward"):
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

print(meter)
for region in meter.result.regions:
    print(f"{region.name}: {region.joules:.2f} J in {region.seconds:.2f} s")
