"""Each row of the pages of AWS holds on the constructions that it names, and nothing beside it is allowed."""

from __future__ import annotations

import re

import pytest

from secure_kms_constructs.aws import catalogue
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.services.judging import wrong
from tests.semantics.services.pages import COVERED, ROWS, Row
from tests.semantics.services.synthesized import ALL, WITH_ASKS


@pytest.mark.parametrize("row", COVERED, ids=lambda row: row.service)
def test_what_a_page_documents_is_allowed_and_nothing_beside_it(
    deployments: dict[str, Deployment], judge: Judge, row: Row
) -> None:
    found = [line for name, asks in row.asks.items() for line in wrong(deployments[name], judge, ALL[name], asks)]
    assert not found, "\n".join(found)


# Whom the grants of these constructs admit: what the page of each says, a role asks of the key through the service.
OF_GRANTS = {
    "AWS::S3::Bucket": ("bucket_read", "bucket_write", "bucket_with_bucket_key"),
    "AWS::Kinesis::Stream": ("stream_get", "stream_put"),
    "AWS::SQS::Queue": ("queue_receive", "queue_send"),
    "AWS::SNS::Topic": ("topic_publish",),
    "AWS::SecretsManager::Secret": ("secret_read",),
    "AWS::Bedrock::Guardrail": ("guardrail",),
}


@pytest.mark.parametrize("kind", OF_GRANTS)
def test_who_uses_a_resource_asks_what_its_page_says(kind: str) -> None:
    asks = [ask for row in ROWS for name in OF_GRANTS[kind] for ask in row.asks.get(name, ()) if not ask.is_service]
    rows = [need for path in catalogue.key_paths(kind) for need in catalogue.needs_of(kind, path)]
    [row] = {need for need in rows if need.who is catalogue.Who.CALLER}
    assert {ask.action for ask in asks} == set(row.actions)
    assert {ask.via for ask in asks} == set(row.via)
    for name, pattern in row.context:
        assert all(name in ask.context for ask in asks)
        # With its own name where it has one: no other of the account.
        assert "{name}" in pattern
        assert row.named_by


def test_every_row_is_asked_or_says_why_not() -> None:
    assert len({row.service for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.asks or row.not_asked, row.service
        assert all(row.asks.values()), row.service
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", row.page), row.service


def test_how_many_rows_are_asked() -> None:
    left_out = [row.service for row in ROWS if not row.asks]
    assert (len(COVERED), left_out) == (
        98,
        [
            *("Hosted rotation", "DAX", "QLDB", "EC2 Image Builder", "Transfer Family host keys"),
            "App Runner",
        ],
    )


def test_a_construction_without_requests_of_its_own_is_asked_by_a_page() -> None:
    asked = {name for row in ROWS for name in row.asks}
    assert asked <= ALL.keys()
    assert ALL.keys() - WITH_ASKS.keys() <= asked


def test_most_requests_have_several_neighbours() -> None:
    asks = [ask for row in ROWS for several in row.asks.values() for ask in several]
    assert len(asks) > 500
    for ask in asks:
        found = [what for what, _ in ask.neighbours()]
        # Metadata is left to IAM policies, so only a service's has neighbours.
        assert found or ask.action == "kms:DescribeKey", ask
