"""The policies of keys are asked once in a look at an app, and again in the next."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from secure_kms_constructs.cdk.findings import check_at_synth
from secure_kms_constructs.cdk.finished import finished_policies, look_anew
from secure_kms_constructs.cdk.node import Questions


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    """The keys of each question."""
    seen: list[list[Any]] = []
    ask = Questions.key_policies

    def seeing(stack: Stack, keys: list[Any]) -> Any:
        seen.append(list(keys))
        return ask(stack, keys)

    monkeypatch.setattr(Questions, "key_policies", seeing)
    return seen


def test_each_key_is_asked_about_once_in_a_look(stack: Stack, key: HardenedKey, asked: list[list[Any]]) -> None:
    other = HardenedKey(stack, "Other")
    first = finished_policies(stack, [key])
    both = finished_policies(stack, [other, key])
    assert asked == [[key], [other]]
    assert both == [*finished_policies(stack, [other]), *first]
    look_anew(stack)
    finished_policies(stack, [key])
    assert asked[2:] == [[key]]


def test_the_look_of_another_stack_is_its_own(
    stack: Stack, other_stack: Stack, key: HardenedKey, asked: list[list[Any]]
) -> None:
    finished_policies(stack, [key])
    look_anew(other_stack)
    finished_policies(stack, [key])
    assert asked == [[key]]


def test_what_changes_between_two_looks_is_seen(stack: Stack, key: HardenedKey, role: iam.Role) -> None:
    seen: list[Any] = []
    check_at_synth(stack, lambda: seen.append(finished_policies(stack, [key])[0].policy) or [])  # type: ignore[func-returns-value]
    stack.node.validate()
    key.grant_decrypt(role)
    stack.node.validate()
    assert len(seen[0]["Statement"]) < len(seen[1]["Statement"])
