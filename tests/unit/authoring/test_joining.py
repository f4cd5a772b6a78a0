"""Fewer statements say the same, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.joining import joined


def use(
    who: Any = "a", what: Any = "kms:Decrypt", via: Any = "sqs", operator: str = "StringEquals", **more: Any
) -> Any:
    return {
        "Sid": "AllowRoles",
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": what,
        "Resource": "*",
        "Condition": {operator: {"kms:ViaService": via}},
    } | more


def test_what_differs_in_one_list_is_one_statement() -> None:
    assert joined([use(), use("b")]) == [use(["a", "b"])]
    assert joined([use(), use(what=["kms:Decrypt", "kms:Encrypt"])]) == [use(what=["kms:Decrypt", "kms:Encrypt"])]
    assert joined([use(via="sns"), use()]) == [use(via=["sns", "sqs"])]
    assert joined([use(), use()]) == [use()]


def test_what_is_joined_may_be_joined_again_and_keeps_its_place() -> None:
    several = [use("a"), use("z", "kms:Encrypt"), use("b", via="sns"), use("b"), use("a", via="sns")]
    assert joined(several) == [use(["a", "b"], via=["sqs", "sns"]), use("z", "kms:Encrypt")]


@pytest.mark.parametrize(
    "other",
    [
        use("b", via="sns"),
        use("b", "kms:Encrypt"),
        use(what="kms:Encrypt", via="sns"),
        use(Effect="Deny"),
        use(operator="StringLike"),
        use(Condition={"StringEquals": {"kms:ViaService": "sqs", "kms:CallerAccount": "1"}}),
        use(Condition={}),
        use("b", Sid="AllowDeployerToDecrypt"),
        use(via="sns", Sid="AllowUseThroughSNS"),
        use(Principal={"Service": "a"}),
    ],
)
def test_what_would_say_more_together_stays_apart(other: Any) -> None:
    assert joined([use(), other]) == [use(), other]
    assert joined([other, use()]) == [other, use()]


@pytest.mark.parametrize("operator", ["StringNotEquals", "ForAllValues:StringEquals", "Bool", "Null"])
def test_operators_that_take_not_any_of_their_values_are_left(operator: str) -> None:
    several = [use(operator=operator), use(operator=operator, via="sns")]
    assert joined(several) == several
    assert joined([use(operator=operator), use("b", operator=operator)]) == [use(["a", "b"], operator=operator)]


def test_references_are_values_too() -> None:
    one, other = {"Resource": "S/A", "Attribute": "Arn"}, {"Resource": "S/B", "Attribute": "Arn"}
    assert joined([use(one), use(other), use(one)]) == [use([one, other])]


def test_everybody_as_principal_is_left_as_it_is() -> None:
    everybody = use(Principal="*")
    assert joined([everybody, use(), everybody]) == [everybody, use()]
