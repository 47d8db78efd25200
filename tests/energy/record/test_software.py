import platform
from importlib.metadata import version

import pytest

from physbias.energy.record.software import installed_software

CLOSED = """NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 2024
GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)
"""
OPEN = """NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Build
"""
ARM = """NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  535.104.05  Build
"""


def test_versions_of_this_environment(tmp_path):
    found = installed_software(tmp_path / "none")
    assert found.python == platform.python_version()
    assert found.torch == version("torch")
    assert found.nvml_binding == version("nvidia-ml-py")
    assert found.physbias == version("physbias")
    assert found.driver is None


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        (CLOSED, "550.54.15"),
        (OPEN, "570.86.10"),
        (ARM, "535.104.05"),
        ("nothing of the kind", None),
    ],
)
def test_driver_from_the_kernels_file(tmp_path, text, driver):
    path = tmp_path / "version"
    path.write_text(text)
    assert installed_software(path).driver == driver
