"""What is wrong with a construction, by requests that AWS documents and their neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.services.asks import Ask, Construction
from tests.semantics.services.synthesized import question

STRANGE = "a stranger with every permission"
OTHER_KIND = "a source of another kind"
#: What CDK writes of its own for the service names no source, so this library adds the account, which any source of it
#: has. Whom it works for is left to the policies of the queue, topic or bucket.
BY_ACCOUNT = {
    *(
        "app_uploads",
        "bucket_to_queue",
        "bucket_to_queue_same_key",
        "bucket_to_topic",
        "rule_to_queue",
        "topic_to_queue",
    ),
}


def granted(ask: Ask, one: Construction) -> bool:
    """Whether an L2's own grant on the key is what admits a role, to more than its page asks."""
    return one.by_grant and not ask.is_service and ask.who != "deployer"


def wrong(deployment: Deployment, judge: Judge, one: Construction, asks: Iterable[Ask]) -> Iterator[str]:
    """Yield each request that is denied, and each neighbour that is allowed."""
    for ask in asks:
        if not judge.ask(question(deployment, ask)).allowed:
            yield f"{one.name}: denied: {ask} {ask.context} {ask.sent}"
        for what, neighbour in ask.neighbours():
            if what == OTHER_KIND and one.name in BY_ACCOUNT:
                continue
            if not (granted(ask, one) and what != STRANGE) and judge.ask(question(deployment, neighbour)).allowed:
                yield f"{one.name}: allowed {what}: {neighbour} {neighbour.context} {neighbour.sent}"
