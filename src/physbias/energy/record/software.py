"""Versions of what a figure rests on, found without importing any of it."""

import platform
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """Versions; ``None`` where a part is not installed or cannot be asked.

    Args:
        physbias: this package.
        python: the interpreter.
        torch: PyTorch.
        nvml_binding: the package ``nvidia-ml-py``.
        driver: the NVIDIA driver that the kernel has loaded.
    """

    physbias: str | None
    python: str | None
    torch: str | None
    nvml_binding: str | None
    driver: str | None


def installed_software(driver: Path = DRIVER) -> Software:
    """Return the versions in this environment.

    Args:
        driver: the kernel's file on the NVIDIA driver.
    """
    return Software(
        physbias=_version("physbias"),
        python=platform.python_version(),
        torch=_version("torch"),
        nvml_binding=_version("nvidia-ml-py"),
        driver=_driver(driver),
    )


@cache
def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _driver(path: Path) -> str | None:
    try:
        text = path.read_text()
    except (OSError, ValueError):
        return None
    found = re.search(
        r"Kernel Module\D*?(?:x86_64\s+|aarch64\s+|\s)(\d+(?:\.\d+)+)", text
    )
    return found.group(1) if found else None
