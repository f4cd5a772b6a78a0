"""CDK's constructs under a HardenedKey work as AWS's pages say, judged by an engine that is not ours."""

from __future__ import annotations

import pytest

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.services.judging import wrong
from tests.semantics.services.synthesized import WITH_ASKS


def test_enough_constructs_are_tried() -> None:
    assert len(WITH_ASKS) >= 110


@pytest.mark.parametrize("name", WITH_ASKS)
def test_a_construct_works_and_nothing_beside_it(deployments: dict[str, Deployment], judge: Judge, name: str) -> None:
    one = WITH_ASKS[name]
    assert one.asks
    found = list(wrong(deployments[name], judge, one, one.asks))
    assert not found, "\n".join(found)
