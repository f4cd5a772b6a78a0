"""CDK's constructs under a HardenedKey work as AWS's pages say, judged by an engine that is not ours."""

from __future__ import annotations

import pytest

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.services.asks import Ask, Construction
from tests.semantics.services.synthesized import ALL, question

STRANGE = "a stranger with every permission"


def granted(ask: Ask, one: Construction) -> bool:
    """Whether an L2's own grant on the key is what admits a role, to more than its page asks."""
    return one.by_grant and not ask.is_service and ask.who != "deployer"


def test_enough_constructs_are_tried() -> None:
    assert len(ALL) >= 110


@pytest.mark.parametrize("name", ALL)
def test_a_construct_works_and_nothing_beside_it(deployments: dict[str, Deployment], judge: Judge, name: str) -> None:
    deployment, one = deployments[name], ALL[name]
    wrong = []
    for ask in one.asks:
        if not judge.ask(question(deployment, ask)).allowed:
            wrong.append(f"denied: {ask} {ask.context} {ask.sent}")
        for what, neighbour in ask.neighbours():
            if not (granted(ask, one) and what != STRANGE) and judge.ask(question(deployment, neighbour)).allowed:
                wrong.append(f"allowed {what}: {neighbour} {neighbour.context} {neighbour.sent}")
    assert not wrong, "\n".join(wrong)
