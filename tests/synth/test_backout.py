"""What a HardenedKey makes beside the key is the same resource under a stock key, as docs/backout.md says."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import HardenedKey
from tests.synth.templates import environment, resources, template


def ids(kind: str, build: Any) -> list[str]:
    stack = Stack(App(), "Stack", env=environment())
    build(stack)
    return list(resources(template(stack), kind))


def added(stack: Stack) -> None:
    kms.Key(stack, "Key").add_alias("alias/app")


@pytest.mark.parametrize("after", [lambda stack: kms.Key(stack, "Key", alias="alias/app"), added])
def test_an_alias_keeps_its_id_where_the_stock_key_has_it(after: Any) -> None:
    before = ids("AWS::KMS::Alias", lambda stack: HardenedKey(stack, "Key", alias="alias/app"))
    assert ids("AWS::KMS::Alias", after) == before != []


def test_an_alias_beside_the_key_is_another_resource() -> None:
    def beside(stack: Stack) -> None:
        kms.Alias(stack, "Alias", alias_name="alias/app", target_key=kms.Key(stack, "Key"))

    before = ids("AWS::KMS::Alias", lambda stack: HardenedKey(stack, "Key", alias="alias/app"))
    assert ids("AWS::KMS::Alias", beside) != before


def test_a_published_arn_keeps_its_parameter() -> None:
    def by_hand(stack: Stack) -> None:
        key = kms.Key(stack, "Key")
        ssm.StringParameter(key, "Arn-keys-app", parameter_name="/keys/app", string_value=key.key_arn)

    before = ids("AWS::SSM::Parameter", lambda stack: HardenedKey(stack, "Key").publish_arn("/keys/app"))
    assert ids("AWS::SSM::Parameter", by_hand) == before != []
