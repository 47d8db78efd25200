"""What ``MODULE:NAME`` on a command line names."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from physbias.errors import ArgumentError, explain


def locate(place: str) -> Any:  # noqa: ANN401 (whatever is named)
    """Return what ``MODULE:NAME`` names; MODULE may be a file.

    Args:
        place: such as ``physbias.pdes:Heat`` or ``my_physics.py:heat``.

    Raises:
        ArgumentError: there is no such module, file or name.
    """
    module_name, colon, name = place.rpartition(":")
    if not colon or not name or not module_name:
        raise ArgumentError(
            explain(
                "MODULE:NAME",
                found=repr(place),
                expected="a module or file, a colon and a name",
                remedy="write, for example, physbias.pdes:Heat or my_physics.py:heat",
            )
        )
    found = _module(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise ArgumentError(
                explain(
                    "MODULE:NAME",
                    found=f"no {part!r} in {module_name}",
                    expected="a name that it defines",
                    remedy="correct the spelling",
                )
            )
        found = getattr(found, part)
    return found


def _module(name: str) -> ModuleType:
    if name.endswith(".py"):
        path = Path(name)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if not path.exists() or spec is None or spec.loader is None:
            raise ArgumentError(
                explain(
                    "MODULE:NAME",
                    found=f"no file {name}",
                    expected="a Python file",
                    remedy="correct the path",
                )
            )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    if "" not in sys.path:
        sys.path.insert(0, "")  # a command does not see the current folder otherwise
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ArgumentError(
            explain(
                "MODULE:NAME",
                found=f"no module {error.name}",
                expected="a module that can be imported from here",
                remedy="correct the spelling, or name the file, such as my_physics.py",
            )
        ) from error
