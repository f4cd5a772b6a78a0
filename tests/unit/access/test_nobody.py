"""Who is not told to be nobody: each case with a neighbour of whom it is certain."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessError, AccessMap, assert_cannot
from secure_kms_constructs.policies import Decision, Request, Unknown, evaluate, parse_key_policy
from secure_kms_constructs.templates.landscape import Key
from tests.unit.landscapes import (
    ACCOUNT,
    KEY,
    OTHER_ACCOUNT,
    ROOT_ARN,
    access,
    allow,
    deny,
    document,
    identity,
    key,
    role_arn,
    source,
)

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


ROLE_ID, USER_ID, GROUP_ID = "AROAEXAMPLEEXAMPLE123", "AIDAEXAMPLEEXAMPLE123", "AGPAEXAMPLEEXAMPLE123"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
OF_IDS: list[tuple[Any, str, bool | None]] = [
    (ROLE_ID, "App/app", None),
    (f"{ROLE_ID}:nightly", "App/app", None),
    (ROLE_ID, SESSION, None),
    (ROLE_ID, "App/ann", False),
    (ROLE_ID, ROOT_ARN, False),
    (USER_ID, "App/ann", None),
    (USER_ID, "App/app", False),
    (GROUP_ID, "App/app", False),
    (GROUP_ID, "App/ann", False),
    ("AROAEXAMPLE", "App/app", False),
    (ROLE_ID.lower(), "App/app", False),
    ([ROLE_ID, role_arn("app")], "App/app", True),
]


@pytest.mark.parametrize("whom, who, expected", OF_IDS)
def test_a_unique_id_may_be_that_of_somebody_of_its_kind(whom: Any, who: str, expected: bool | None) -> None:
    ann, app = identity("ann", arn=USER), identity("app")
    assert can(access(key(allow({"AWS": whom}), allow({"AWS": SESSION}, "kms:Encrypt")), app, ann), who) is expected


def test_a_unique_id_may_be_the_one_that_is_denied_or_spared() -> None:
    everyone, app = allow({"AWS": role_arn("app")}), identity("app")
    assert can(access(key(everyone, deny({"AWS": ROLE_ID})), app), "App/app") is None
    assert can(access(key(everyone, deny({"AWS": USER_ID})), app), "App/app") is True
    spared = {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE_ID}, "Action": "kms:*", "Resource": "*"}
    assert can(access(key(everyone, spared), app), "App/app") is None
    assert can(access(key(everyone, {**spared, "NotPrincipal": {"AWS": USER_ID}}), app), "App/app") is False


def test_a_unique_id_that_aws_returned_is_of_somebody_who_is_gone() -> None:
    written = document(allow({"AWS": ROLE_ID}))
    for stored, expected in ((False, None), (True, False)):
        policy = parse_key_policy(written, name="policy of App/Key", stored=stored)
        asked = access(Key(KEY, policy, source("App/Key")), identity("app"))
        assert can(asked, "App/app") is expected
    said = str(access(key(allow({"AWS": ROLE_ID})), identity("app")).explain("App/app", "kms:Decrypt", "App/Key"))
    assert f"whether KMS takes the unique id {ROLE_ID} for the principal, no page says" in said


LOGS = "logs.us-east-1.amazonaws.com"


def logs(*statements: Any) -> Decision:
    return evaluate(Request(LOGS, "kms:Decrypt", KEY), key_policy=document(*statements))


# A condition, and whether a service may what everybody may under it.
ACCOUNTS: list[tuple[dict[str, Any], bool | None]] = [
    ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, False),
    ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
    ({"StringEqualsIgnoreCase": {"kms:CallerAccount": ACCOUNT}}, False),
    ({"StringEquals": {"kms:CallerAccount": [ACCOUNT, OTHER_ACCOUNT]}}, None),
    ({"StringEquals": {"kms:CallerAccount": OTHER_ACCOUNT}}, None),
    ({"StringNotEquals": {"kms:CallerAccount": ACCOUNT}}, True),
    ({"StringNotEquals": {"kms:CallerAccount": OTHER_ACCOUNT}}, None),
    ({"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}}, None),
    ({"StringLike": {"kms:CallerAccount": "*"}}, None),
    ({"StringNotLike": {"kms:CallerAccount": "1*"}}, None),
    ({"ForAnyValue:StringNotEquals": {"kms:CallerAccount": ACCOUNT}}, None),
    ({"Null": {"kms:CallerAccount": "true"}}, None),
    ({"Null": {"aws:PrincipalAccount": "false"}}, None),
]


@pytest.mark.parametrize("condition, expected", ACCOUNTS)
def test_a_service_is_no_identity_of_an_account_that_a_policy_lets_in(
    condition: dict[str, Any], expected: bool | None
) -> None:
    for everybody in ("*", {"AWS": "*"}, {"AWS": "*", "Service": "ses.amazonaws.com"}):
        assert logs(allow(everybody, **condition)).allowed is expected
    assert can(access(key(allow("*", **condition))), "any AWS service") is expected


@pytest.mark.parametrize("condition", [condition for condition, _ in ACCOUNTS])
@pytest.mark.parametrize(
    "principal",
    [{"Service": LOGS}, {"Service": LOGS.title()}, {"Service": LOGS, "AWS": "*"}, {"AWS": ["*", Unknown("whom")]}],
    ids=["by its name", "in another case", "beside everybody", "perhaps"],
)
def test_whether_a_service_that_is_named_has_an_account_no_page_says(principal: Any, condition: dict[str, Any]) -> None:
    assert logs(allow(principal, **condition)).allowed is None


@pytest.mark.parametrize("condition", [condition for condition, _ in ACCOUNTS])
def test_nor_does_one_say_whether_it_is_denied_or_spared_for_its_account(condition: dict[str, Any]) -> None:
    named = allow({"Service": LOGS})
    assert logs(named, deny("*", **condition)).allowed is None
    assert can(access(key(named, deny("*", **condition))), LOGS) is None
    spares = {"Effect": "Deny", "NotPrincipal": {"AWS": ROOT_ARN}, "Action": "kms:*", "Resource": "*"}
    assert logs(named, {**spares, "Condition": condition}).allowed is None
    assert logs({**spares, "Effect": "Allow", "Condition": condition}).allowed is None


def test_an_account_that_a_question_gives_is_that_of_the_service() -> None:
    for principal in ("*", {"Service": LOGS}):
        policy = document(allow(principal, StringEquals={"kms:CallerAccount": ACCOUNT}))
        for account, expected in ((ACCOUNT, True), (OTHER_ACCOUNT, False), (None, False)):
            request = Request(LOGS, "kms:Decrypt", KEY, {"kms:CallerAccount": account})
            assert evaluate(request, key_policy=policy).allowed is expected


def test_what_is_said_of_a_service_that_is_named_with_an_account() -> None:
    only = {"kms:CallerAccount": ACCOUNT}
    said = str(access(key(allow({"Service": LOGS}, StringEquals=only))).explain(LOGS, "kms:Decrypt", "App/Key"))
    assert f"might allow kms:Decrypt: StringEquals kms:CallerAccount wants {ACCOUNT}, the request has unknown" in said
    said = str(logs(allow("*", StringEquals=only)))
    assert f"does not apply: StringEquals kms:CallerAccount wants {ACCOUNT}, the request has unknown" in said


def test_kinds_that_may_the_same_under_other_circumstances_are_told_apart() -> None:
    def of(kind: str, team: str) -> Any:
        return allow("*", StringEquals={"aws:PrincipalType": kind, "aws:PrincipalTag/team": team})

    said = access(key(of("User", "red"), of("AssumedRole", "blue"))).to_text(["kms:Decrypt"])
    assert f"any user of {ACCOUNT}: Decrypt if aws:PrincipalTag/team = red" in said
    assert f"any role of {ACCOUNT}: Decrypt if aws:PrincipalTag/team = blue" in said
    alike = access(key(of("User", "red"), of("AssumedRole", "red"), of("FederatedUser", "red")))
    assert f"any principal of {ACCOUNT}: Decrypt if aws:PrincipalTag/team = red" in alike.to_text(["kms:Decrypt"])


@pytest.mark.parametrize("name", [ROOT_ARN, f"root user of {ACCOUNT}", "root user of another account"])
def test_a_root_user_may_be_whom_a_policy_that_is_not_known_admits(name: str) -> None:
    unread = access(key())
    assert can(unread, name) is None
    assert can(access(key(allow({"AWS": role_arn("app")}))), name) is False


def test_a_pattern_of_services_is_asked_as_the_policy_has_it() -> None:
    asked = access(
        key(allow({"AWS": role_arn("app")}, StringLike={"kms:ViaService": "*.us-east-1.amazonaws.com"})),
        identity("app"),
    )
    assert can(asked, "App/app", via="*.us-east-1.amazonaws.com") is True
    with pytest.raises(AccessError, match="no service that calls KMS for others is called"):
        can(asked, "App/app", via="*.eu-west-1.amazonaws.com")
