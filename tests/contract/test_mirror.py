"""Every source module has a test file at the same path."""

from pathlib import Path

import physbias.errors

SOURCE = Path(physbias.errors.__file__).parent
TESTS = Path(__file__).parents[1]


def test_every_module_has_its_mirror():
    missing = []
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        if path.name == "__init__.py":  # exports only, which the contract tests read
            continue
        mirror = TESTS / place.parent / f"test_{path.name}"
        if not mirror.exists():
            missing.append(place.as_posix())
    assert not missing
