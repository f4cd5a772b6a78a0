"""Who is not told to be nobody: each case with a neighbour of whom it is certain."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap, assert_cannot
from secure_kms_constructs.policies import Unknown
from tests.unit.landscapes import ACCOUNT, ROOT_ARN, access, allow, deny, identity, key, role_arn

SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1"
SSO = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Adm_0123456789abcdef/alice"
NAMED = {"AWS": SESSION}
WITH_PATH = identity("app", arn=role_arn("team/app"))
X = Unknown("parameter X")
DENIED = {"AWS": [X, ROOT_ARN]}


def can(asked: AccessMap, who: str, **given: Any) -> bool | None:
    try:
        assert_cannot(asked, "kms:Decrypt", "App/Key", who, **given)
    except AssertionError as error:
        return None if "might" in str(error).splitlines()[1] else True
    return False


def arns(*paths: str) -> dict[str, list[str]]:
    return {"aws:PrincipalArn": [role_arn(one) for one in paths]}


@pytest.mark.parametrize("allowed, denied", [
    ([allow(NAMED, ArnEquals=arns("team/app"))], [allow(NAMED, ArnEquals=arns("app"))]),
    ([allow(NAMED), deny("*", ArnNotLike=arns("team/*"))], [allow(NAMED), deny("*", ArnNotLike=arns("other/*"))]),
    ([allow(NAMED), deny("*", ArnEquals=arns("app"))], [allow(NAMED), deny("*", ArnEquals=arns("team/app"))]),
])  # fmt: skip
def test_a_session_has_the_path_of_its_role(allowed: list[Any], denied: list[Any]) -> None:
    for name in (SESSION, "App/app"):
        assert can(access(key(*allowed), WITH_PATH), name) is True
        assert can(access(key(*denied), WITH_PATH), name) is False


def test_the_path_of_a_role_that_is_not_read_is_unknown() -> None:
    pattern = {"aws:PrincipalArn": role_arn("aws-reserved/sso.amazonaws.com/*")}
    assert can(access(key(allow({"AWS": SSO}, ArnLike=pattern))), SSO) is None
    assert can(access(key(allow({"AWS": SSO}, StringEquals={"aws:PrincipalType": "User"}))), SSO) is False


def test_an_encryption_context_is_spelled_as_it_is_asked() -> None:
    spelled = {"StringEquals": {"kms:EncryptionContext:appname": "x"}}
    policy = allow({"AWS": role_arn("app")}, **spelled, **{
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "AppName"}
    })  # fmt: skip
    asked = access(key(policy), identity("app"))
    for name in ("AppName", "kms:EncryptionContext:AppName"):
        assert can(asked, "App/app", context={name: "x"}) is True
    assert can(asked, "App/app", context={"appname": "x"}) is False


@pytest.mark.parametrize("who", [{"AWS": [X, "*"]}, {"AWS": X, "Service": "s3.amazonaws.com"}])
def test_what_is_known_beside_unknown_principals_is_told(who: dict[str, Any]) -> None:
    said = access(key(allow(who), deny(DENIED))).to_text(["kms:Decrypt"])
    assert "nobody" not in said
    assert "any AWS service" in said or "s3.amazonaws.com" in said
    assert "nobody" in access(key(allow(who), deny("*"))).to_text(["kms:Decrypt"])


def test_a_service_alone_means_it_in_any_region() -> None:
    elsewhere = {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}
    asked = access(key(allow({"AWS": role_arn("app")}, StringEquals=elsewhere)), identity("app"))
    assert can(asked, "App/app", via="dynamodb") is True
    assert can(asked, "App/app", via="dynamodb.us-east-1.amazonaws.com") is False
    assert can(asked, "App/app", via="sqs") is False


def test_a_service_is_in_no_organization() -> None:
    ours = {"aws:PrincipalOrgID": "o-ours"}
    said = access(key(allow("*", StringEquals=ours))).to_text(["kms:Decrypt"])
    assert "any AWS service" not in said
    assert "any AWS service" in access(key(allow("*", StringNotEquals=ours))).to_text(["kms:Decrypt"])


def test_a_service_in_another_case_may_be_that_service() -> None:
    assert can(access(key(allow({"Service": "Lambda.amazonaws.com"}))), "lambda.amazonaws.com") is None
    assert can(access(key(allow({"Service": "lambda.amazonaws.com"}))), "lambda.amazonaws.com") is True
