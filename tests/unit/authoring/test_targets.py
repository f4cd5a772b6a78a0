"""What a grant is for, grouped by key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from secure_kms_constructs.authoring.targets import Target, UsedKey, Whose, by_key, key_policy_contexts, kms_identity
from secure_kms_constructs.aws.services import Service, Use

ONE, OTHER = (
    UsedKey(SimpleNamespace(node=SimpleNamespace(path=path)), f"arn:aws:kms:eu-west-1:111122223333:key/{path}", whose)
    for path, whose in (("One", Whose.HARDENED), ("Other", Whose.IMPORTED))
)


def target(name: str, key: UsedKey | None = ONE, *, exact: bool = True, known: str | None = "arn") -> Target:
    return Target(None, True, name, exact, "eu-west-1", "111122223333", key, lambda: known)


def test_targets_are_grouped_by_their_key_and_those_without_are_left_out() -> None:
    a, b, c, d = target("a"), target("b", OTHER), target("c"), target("d", None)
    assert by_key([a, b, c, d]) == [(ONE, [a, c]), (OTHER, [b])]


def test_a_key_serves_one_region() -> None:
    abroad = Target(None, True, "b", True, "us-east-1", "111122223333", ONE, lambda: None)
    with pytest.raises(ValueError, match="one key serves one region, got One for several: one construct a region"):
        by_key([target("a"), abroad])
    assert len(by_key([target("a", OTHER), abroad])) == 2


def test_a_key_policy_names_all_contexts_or_none() -> None:
    assert key_policy_contexts([target("a", known="x"), target("b", known="y")]) == ["x", "y"]
    assert key_policy_contexts([target("a", known="x"), target("b", known=None)]) == []


def test_what_is_known_is_asked_once() -> None:
    asked: list[None] = []
    one = Target(None, True, "a", True, "eu-west-1", "111122223333", ONE, lambda: asked.append(None) or "x")  # type: ignore[func-returns-value]
    assert (one.known_arn, one.known_arn, len(asked)) == ("x", "x", 1)


def test_exact_arns_are_compared_and_patterns_matched() -> None:
    several = [target("a"), target("b-??????", exact=False), target("c"), target("d", OTHER)]
    contexts = [one["Condition"] for one in kms_identity(Service.SECRETS_MANAGER, Use.READ, several)]
    name = "kms:EncryptionContext:SecretARN"
    assert [one["StringEquals"].get(name) or one["StringLike"][name] for one in contexts] == [
        ["a", "c"],
        "b-??????",
        "d",
    ]
    assert {one["StringEquals"]["kms:ViaService"] for one in contexts} == {"secretsmanager.eu-west-1.amazonaws.com"}


@pytest.mark.parametrize("whose, admits", [(one, one is not Whose.MANAGED) for one in Whose])
def test_every_key_but_one_that_aws_manages_admits_by_name(whose: Whose, admits: bool) -> None:
    assert ONE._replace(whose=whose).admits is admits
