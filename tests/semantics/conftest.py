from collections.abc import Iterator

import pytest

from tests.semantics.judge import Judge


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One judge for the whole run: starting it costs more than a thousand questions."""
    with Judge() as process:
        yield process
