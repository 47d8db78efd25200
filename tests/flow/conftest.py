"""A spectral Leray projector, and the divergence by which it is judged."""

import pytest
import torch


def wavenumbers(u):
    """Return k per axis, without the Nyquist frequency, shaped for ``u``'s FFT."""
    k = []
    for axis, n in enumerate(u.shape[2:]):
        frequency = torch.fft.fftfreq(n, 1 / n, dtype=u.dtype)
        if n % 2 == 0:
            frequency[n // 2] = 0
        shape = [1] * (u.ndim - 2)
        shape[axis] = n
        k.append(frequency.reshape(shape).expand(u.shape[2:]))
    return torch.stack(k)


def project(u):
    """Remove the gradient part of a periodic velocity ``(batch, axis, *space)``."""
    axes = tuple(range(2, u.ndim))
    k = wavenumbers(u)
    u_hat = torch.fft.fftn(u, dim=axes)
    square = k.square().sum(0)
    along = (k * u_hat).sum(1, keepdim=True) / torch.where(square == 0, 1, square)
    return torch.fft.ifftn(u_hat - k * along, dim=axes).real


def measure(u):
    """Return the norm of div u over the norm of grad u."""
    axes = tuple(range(2, u.ndim))
    k = wavenumbers(u)
    u_hat = torch.fft.fftn(u, dim=axes)
    gradient = (k.square().sum(0) * u_hat.abs().square()).sum().sqrt()
    return ((k * u_hat).sum(1).norm() / gradient).item()


@pytest.fixture(scope="session")
def leray():
    return project


@pytest.fixture(scope="session")
def relative_divergence():
    return measure
