"""The independent solver's trajectories, where they are at hand."""

from pathlib import Path

import pytest

SHEAR_FLOW = Path(__file__).parents[2].parent / "shared" / "data" / "shear_flow"


@pytest.fixture(scope="session")
def shear_flow_folder():
    """Root of the Dedalus trajectories in The Well's layout."""
    if not SHEAR_FLOW.is_dir():
        pytest.skip("the Dedalus trajectories (../shared/data/shear_flow) are absent")
    return SHEAR_FLOW
