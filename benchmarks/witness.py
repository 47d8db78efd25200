"""Error of the library's solver against trajectories of an independent program.

Starts each scheme from the analytic initial state of the test trajectories at Reynolds
1e4 and Schmidt 1, computed with Dedalus, and prints the VRMSE after band-limiting to
the stored 64 x 128 points. `--fields DIR` is the folder of those files.
"""

import argparse
import time
from math import inf
from pathlib import Path

import h5py
import torch

import physbias as pb
from physbias.data import band_limit, read_well, shear_flow_initial_state
from physbias.data.generate import shear_flow_grid
from physbias.metrics import vrmse

FIELDS = ("velocity", "tracer", "pressure")
DEFAULT = Path(__file__).parents[2] / "shared" / "data" / "shear_flow"
NAME = "shear_flow_Reynolds_{reynolds}_Schmidt_{schmidt}.hdf5"


def reference(folder, *, reynolds="1e4", schmidt="1e0", split="test"):
    """Return stored trajectories, their initial states and their parameters."""
    name = NAME.format(reynolds=reynolds, schmidt=schmidt)
    path = Path(folder) / "data" / split / name
    with h5py.File(path) as file:
        triples = [t.split(",") for t in str(file.attrs["initial_states"]).split(";")]
    states = [(int(n), int(m), float(w)) for n, m, w in triples]
    return read_well(path, fields=FIELDS), states


@torch.no_grad()
def errors(folder, scheme, num_points, times, *, schmidt="1e0", dt=None):
    """Return the VRMSE ``(time, trajectory, channel)`` and the CPU seconds."""
    stored, states = reference(folder, schmidt=schmidt)
    viscosity = 1 / float(stored.parameters["Reynolds"][0])
    pde = pb.TracerFlow(viscosity, viscosity / float(stored.parameters["Schmidt"][0]))
    solver = pb.Solver(
        pde, shear_flow_grid(num_points), scheme=scheme, stepper=pb.RK4(), dt=dt
    )
    u0 = torch.cat(
        [
            shear_flow_initial_state(*s, num_points=num_points, dtype=torch.float64)
            for s in states
        ]
    )
    start, found = time.process_time(), []
    for instant, u in zip([0.0, *times], solver.stream(u0, [0.0, *times]), strict=True):
        full = torch.cat([u, solver.diagnose(u)["pressure"]], dim=1)
        frame = int((stored.times - instant).abs().argmin())
        truth = stored.fields[:, frame].double()
        found.append(vrmse(band_limit(full, stored.num_points), truth, ndim=2))
    return torch.stack(found[1:]), time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=Path, default=DEFAULT)
    parser.add_argument("--quick", action="store_true", help="t = 2 on 128 x 256 only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    grids = [(128, 256)] if arguments.quick else [(128, 256), (256, 512)]
    times = [2.0] if arguments.quick else [2.0, 10.0]
    schemes = [pb.Spectral(), *(pb.FiniteDifference(k) for k in (2, 4, 6, 8))]
    print("| scheme | points | t | u_x | u_y | tracer | pressure | CPU s, whole run |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for num_points in grids:
        for scheme in schemes:
            if isinstance(scheme, pb.Spectral) and num_points != grids[0]:
                continue
            found, seconds = errors(arguments.fields, scheme, num_points, times)
            for instant, error in zip(times, found, strict=True):
                worst = " | ".join(f"{value:.1e}" for value in error.amax(dim=0))
                points = " × ".join(map(str, num_points))
                name = type(scheme).__name__
                label = name if scheme.order == inf else f"{name}({scheme.order})"
                print(
                    f"| {label} | {points} | {instant:g} | {worst} | {seconds:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
