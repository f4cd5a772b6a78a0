from collections.abc import Iterator

import pytest

from tests.semantics.judge import Judge
from tests.semantics.placed import Scene, build_scene
from tests.semantics.placements import REGIONS


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One judge for the whole run: starting it costs more than a thousand questions."""
    with Judge() as process:
        yield process


@pytest.fixture(scope="session", params=REGIONS)
def scene(request: pytest.FixtureRequest) -> Scene:
    """All placements of one partition."""
    return build_scene(request.param)
