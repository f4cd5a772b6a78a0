"""What a question gives of a request: whatever it leaves out counts, and what nobody knows is an error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from secure_kms_constructs.access import AccessError, AccessMap, assert_can, assert_cannot
from tests.unit.cases.access_rows import ONE_SECRET, ROOT_ALONE, VIA_ONE, for_reader
from tests.unit.landscapes import (
    KEY,
    PARAMETER_STORE,
    SECRET,
    SECRETS_MANAGER,
    access,
    allow,
    identity,
    key,
    landscape,
    role_arn,
    secret,
)

PARAMETER = {"kms:EncryptionContext:PARAMETER_ARN": "arn:aws:ssm:us-east-1:111122223333:parameter/db"}
OF_S3 = {"kms:ViaService": "s3.*.amazonaws.com"}


def reader(*statements: dict[str, Any]) -> AccessMap:
    return access(key(ROOT_ALONE, for_reader()), identity("reader", *statements), secret())


ONE = reader(allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET))


def answers(asked: AccessMap, action: str = "kms:Decrypt", **given: Any) -> bool | None:
    """The answer of the explanation; both assertions say the same."""
    told = asked.explain("App/reader", action, "App/Key", **given).allowed
    for function, passes in ((assert_can, told is True), (assert_cannot, told is False)):
        try:
            function(asked, action, "App/Key", "App/reader", **given)
        except AssertionError:
            assert not passes
        else:
            assert passes
    return told


@pytest.mark.parametrize("via, condition", [
    ("secretsmanager", VIA_ONE | ONE_SECRET),
    ("ssm", {"kms:ViaService": PARAMETER_STORE} | PARAMETER),
    ("dynamodb", {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com", "aws:PrincipalTag/team": "red"}),
    ("logs", {"kms:ViaService": "logs.us-east-1.amazonaws.com", "kms:EncryptionContext:aws:logs:arn": SECRET}),
])  # fmt: skip
def test_a_service_alone_may_carry_any_context(via: str, condition: dict[str, Any]) -> None:
    asked = reader(allow(resource=KEY, StringEquals=condition))
    assert answers(asked, via=via) is True
    assert answers(asked, via="sqs") is False
    assert answers(asked, context={}) is False
    assert answers(asked) is True


def test_a_grant_may_be_for_a_resource_of_a_service() -> None:
    for_service = allow({"AWS": role_arn("reader")}, "kms:CreateGrant", Bool={"kms:GrantIsForAWSResource": "true"})
    asked = access(key(ROOT_ALONE, for_service), identity("reader"))
    assert answers(asked, "kms:CreateGrant", via="rds") is True
    assert answers(asked, "kms:CreateGrant", via="rds", context={"kms:GrantIsForAWSResource": False}) is False


def test_an_explanation_says_with_which_context() -> None:
    said = str(ONE.explain("reader", "kms:Decrypt", "Key", via="secretsmanager"))
    assert said.startswith("allowed if SecretARN = App/Secret: App/reader kms:Decrypt App/Key\n")
    denied = str(ONE.explain("reader", "kms:Decrypt", "Key", via="ssm"))
    assert denied.startswith("denied: App/reader kms:Decrypt App/Key\n")
    assert f"wants {SECRETS_MANAGER}, the request has {PARAMETER_STORE}" in denied


@pytest.mark.parametrize("via", ["secretsmanager", SECRETS_MANAGER])
@pytest.mark.parametrize("name", ["SecretARN", "kms:EncryptionContext:SecretARN", "kms:encryptioncontext:secretarn"])
@pytest.mark.parametrize("value", [SECRET, "App/Secret", SimpleNamespace(node=SimpleNamespace(path="App/Secret"))])
def test_names_and_values_are_taken_as_rows_print_them(via: str, name: str, value: object) -> None:
    assert answers(ONE, via=via, context={name: value}) is True
    assert answers(ONE, via=via, context={name: f"{SECRET}0"}) is False


def test_a_pattern_is_any_value_that_it_matches() -> None:
    asked = reader(allow(resource=KEY, StringLike=OF_S3))
    assert answers(asked, via="s3.*.amazonaws.com") is True
    assert answers(asked, via="s3.us-*.amazonaws.com") is True
    assert answers(asked, via="sqs.*.amazonaws.com") is False
    tagged = reader(allow(resource=KEY, StringLike={"aws:PrincipalTag/team": "red-*"}))
    assert answers(tagged, context={"aws:PrincipalTag/team": "red-*"}) is True
    assert answers(tagged, context={"aws:PrincipalTag/team": "blue-*"}) is False
    assert answers(tagged, context={"aws:PrincipalTag/other": "blue-*"}) is True


def test_a_key_that_is_given_as_none_is_absent() -> None:
    asked = reader(allow(resource=KEY, Null={"aws:SourceVpce": "false"}))
    assert answers(asked) is True
    assert answers(asked, context={"aws:SourceVpce": None}) is False
    assert answers(asked, context={"aws:SourceVpce": "vpce-1"}) is True


def test_several_values_are_a_set() -> None:
    asked = reader(allow(resource=KEY, **{"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}))
    assert answers(asked, context={"aws:TagKeys": ["a"]}) is True
    assert answers(asked, context={"aws:TagKeys": ["a", "c"]}) is False


def test_the_context_of_a_direct_call_is_all_of_it() -> None:
    asked = reader(allow(resource=KEY, StringEquals={"kms:EncryptionContext:a": "1", "kms:EncryptionContext:b": "2"}))
    assert answers(asked, context={"kms:EncryptionContext:a": "1"}) is False
    assert answers(asked, context={"a": "1", "b": "2"}) is True
    assert answers(asked, context={"aws:SecureTransport": True}) is True
    both = reader(allow(resource=KEY, StringEquals=VIA_ONE | {"kms:EncryptionContext:a": "1"} | ONE_SECRET))
    assert answers(both, via="secretsmanager", context={"a": "1"}) is True


def test_any_service_in_whatever_way_it_is_named() -> None:
    asked = reader(allow(resource=KEY, Bool={"aws:ViaAWSService": "true"}))
    assert answers(asked, via="sqs") is True
    assert answers(asked, context={"kms:ViaService": "sqs"}) is True
    assert answers(asked, context={"kms:ViaService": None}) is False


@pytest.mark.parametrize("given, message", [
    ({"via": "secretmanager"}, "no service that calls KMS for others is called 'secretmanager'; there are s"),
    ({"via": "secretmanager.us-east-1.amazonaws.com"}, "there are secretsmanager"),
    ({"context": {"kms:ViaService": "smm"}}, "no service that calls KMS for others is called 'smm'; there are s"),
    ({"via": ""}, "via must be the name of a service"),
    ({"via": 7}, "via must be the name of a service"),
    ({"context": {"SecretArm": SECRET}}, "no condition key of a request to KMS is called 'SecretArm'; there are s"),
    ({"context": {"kms:EncryptionContext:SecretArm": SECRET}}, "no policy is about an encryption context 'SecretArm'"),
    ({"context": {"aws:SourceVcp": "vpc-1"}}, "is called 'aws:SourceVcp'; there are aws:sourcevp"),
    ({"context": {"aws:PrincipalTag": "x"}}, None),
    ({"context": {"SecretARN": "App/Secrt"}}, "must be an ARN or a path, got 'App/Secrt'; there are App/Secret"),
    ({"context": {"SecretARN": object()}}, "must be text, or a construct that the templates make"),
    ({"context": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}}, "which the principal, the key and via tell"),
    ({"context": {"aws:ViaAWSService": "true"}}, "which the principal, the key and via tell"),
    ({"context": {7: "x"}}, "context must map condition keys to values, got 7"),
    ({"context": {"SecretARN": SECRET, "kms:EncryptionContext:SecretARN": SECRET}}, "name each condition key once"),
    ({"via": "ssm", "context": {"kms:ViaService": "ssm"}}, "as via or as kms:ViaService of context, not both"),
])  # fmt: skip
def test_what_nobody_knows_is_an_error(given: dict[str, Any], message: str | None) -> None:
    for function in (assert_can, assert_cannot):
        if message is None:
            assert ONE.explain("reader", "kms:Decrypt", "Key", **given).allowed is False
            continue
        with pytest.raises(AccessError) as raised:
            function(ONE, "kms:Decrypt", "App/Key", "App/reader", **given)
        assert message in str(raised.value)


def test_names_that_no_catalogue_has_but_a_policy_are_known() -> None:
    asked = reader(
        allow(resource=KEY, StringEquals={"kms:ViaService": "new.us-east-1.amazonaws.com", "aws:NewKey": "1"})
    )
    assert answers(asked, via="new", context={"aws:NewKey": "1"}) is True
    assert answers(asked, via="new", context={"aws:NewKey": "2"}) is False
    assert answers(asked, context={"kms:EncryptionContext:tenant": "x"}) is False


def test_what_depends_on_a_condition_of_the_templates_is_told_with_it() -> None:
    statements = (allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET),)
    things = (key(ROOT_ALONE, for_reader()), secret())
    asked = AccessMap(
        (
            landscape(*things, identity("reader", *statements), assumes={"C": True}),
            landscape(*things, identity("reader"), assumes={"C": False}),
        )
    )
    assert answers(asked, via="secretsmanager") is None
    said = str(asked.explain("reader", "kms:Decrypt", "Key", via="secretsmanager"))
    assert "allowed if SecretARN = App/Secret when C: App/reader" in said
    assert "denied when not C: App/reader" in said
