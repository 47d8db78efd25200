"""Milliseconds per step of the 2-D shear flow with tracer, beside hand-written code.

Both sides take central differences of order 2, the same projection by FFT and the same
steps, in one process: order 1 (Euler) and order 3 (SSPRK3), eager and compiled, forward
and forward plus backward. Runs are interleaved; medians of CPU time on one thread, with
the largest relative difference of the two solutions beside them.
"""

import argparse
import os
import statistics
import time

import torch

import physbias as pb
from physbias.data import shear_flow_initial_state
from physbias.data.generate import shear_flow_grid

VISCOSITY = 1e-4


def hand_written(num_points, lengths, dt, stages):
    """Return a step written with torch.roll, as one would in a notebook."""
    (nx, ny), (lx, ly) = num_points, lengths
    hx, hy = lx / nx, ly / ny
    kx = torch.sin(2 * torch.pi * torch.fft.fftfreq(nx))[:, None] / hx
    ky = torch.sin(2 * torch.pi * torch.fft.rfftfreq(ny))[None, :] / hy
    square = kx**2 + ky**2
    inverse = torch.where(square > 1e-9, 1 / square.clamp_min(1e-9), 0.0)

    def tendency(u):
        right, left = torch.roll(u, -1, -2), torch.roll(u, 1, -2)
        up, down = torch.roll(u, -1, -1), torch.roll(u, 1, -1)
        advection = u[:, 0:1] * (right - left) / (2 * hx)
        advection = advection + u[:, 1:2] * (up - down) / (2 * hy)
        diffusion = (right + left - 2 * u) / hx**2 + (up + down - 2 * u) / hy**2
        f = VISCOSITY * diffusion - advection
        a, b = torch.view_as_real(torch.fft.rfft2(f[:, :2])).unbind(1)
        p = (kx[..., None] * a + ky[..., None] * b) * inverse[..., None]
        a, b = a - kx[..., None] * p, b - ky[..., None] * p
        v = torch.view_as_complex(torch.stack([a, b], 1))
        v = torch.fft.irfft2(v, s=(nx, ny))
        return torch.cat([v, f[:, 2:]], 1)

    def euler(u):
        return u + dt * tendency(u)

    def ssprk3(u):
        a = u + dt * tendency(u)
        b = 0.75 * u + 0.25 * (a + dt * tendency(a))
        return u / 3 + 2 / 3 * (b + dt * tendency(b))

    return euler if stages == 1 else ssprk3


def forward(step, u, steps):
    """Return the state after some steps and the CPU milliseconds of one."""
    with torch.no_grad():
        start = time.process_time()
        for _ in range(steps):
            u = step(u)
    return u, 1e3 * (time.process_time() - start) / steps


def backward(step, u, steps):
    """Return the gradient of the mean square and the CPU milliseconds of one step."""
    u = u.clone().requires_grad_()
    start = time.process_time()
    v = u
    for _ in range(steps):
        v = step(v)
    v.square().mean().backward()
    return u.grad, 1e3 * (time.process_time() - start) / steps


def difference(a, b):
    return float((a - b).abs().max() / b.abs().max())


def compare(num_points, stepper, arguments):
    """Print the rows of one stepper."""
    grid = shear_flow_grid(num_points)
    dt = 0.2 / num_points[0]
    stages = len(stepper.tableau.b)
    plain = hand_written(num_points, grid.lengths, dt, stages)
    options = {
        "scheme": pb.FiniteDifference(2),
        "stepper": stepper,
        "dt": dt,
        "allow_unstable": True,  # Euler with central differences grows slowly
    }
    flow = pb.TracerFlow(VISCOSITY)
    eager = pb.Solver(flow, grid, **options)
    fused = pb.Solver(flow, grid, compile=True, **options)
    cases = {
        ("eager", "hand"): plain,
        ("eager", "physbias"): eager.step,
        ("compiled", "hand"): torch.compile(plain, fullgraph=True),
        ("compiled", "physbias"): fused.step,
    }
    u0 = shear_flow_initial_state(2, 4, 1.0, num_points=num_points)
    u0 = eager.system(u0).admit(u0)
    for way, run in (("forward", forward), ("forward + backward", backward)):
        results, times = {}, {case: [] for case in cases}
        for case, step in cases.items():
            results[case], _ = run(step, u0, 5)  # warm up, compile, compare
        for _ in range(arguments.repeats):
            for case, step in cases.items():
                times[case].append(run(step, u0, arguments.steps)[1])
        for mode in ("eager", "compiled"):
            hand, own = times[mode, "hand"], times[mode, "physbias"]
            ratios = sorted(b / a for a, b in zip(hand, own, strict=True))
            quarter = len(ratios) // 4
            error = difference(results[mode, "physbias"], results["eager", "hand"])
            print(
                f"| {num_points[0]} × {num_points[1]} | {stepper!r} | {way} | {mode} | "
                f"{statistics.median(hand):.2f} | {statistics.median(own):.2f} | "
                f"{statistics.median(ratios):.2f} "
                f"({ratios[quarter]:.2f}–{ratios[-1 - quarter]:.2f}) | {error:.0e} |",
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    columns = "points | stepper | | | hand ms | physbias ms | ratio (quartiles)"
    print(f"| {columns} | difference |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for stepper in (pb.Euler(), pb.SSPRK3()):
        compare((256, 512), stepper, arguments)


if __name__ == "__main__":
    main()
