"""The last look at a finished key policy: each problem is found, and each neighbour that is none passes."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.key_policy_checks import Deployment, delegates, problems
from secure_kms_constructs.aws.facts import KEY_POLICY_BYTES

ROOT = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::111122223333:root"]]}
ROOT_BY_SUB = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
ROLE = "arn:aws:iam::111122223333:role/r"
VIA = "secretsmanager.eu-west-1.amazonaws.com"


def allow(principal: Any, action: Any = "kms:Decrypt", condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Sid": "It", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {**statement, "Condition": condition} if condition else statement


OWNER = allow({"AWS": "arn:aws:iam::111122223333:role/deployer"}, "kms:PutKeyPolicy", Sid="Owner")


def without(part: str) -> dict[str, Any]:
    return {name: value for name, value in allow({"AWS": ROLE}).items() if name != part}


FOR_US = {"StringEquals": {"aws:SourceAccount": "111122223333"}}

PROBLEMS = [
    pytest.param(
        allow({"AWS": ROLE}, condition={"StringEqual": {"kms:ViaService": VIA}}),
        "KMS refuses the key policy: key policy statement 1: Condition must use the operators of IAM, got "
        "'StringEqual'; did you mean StringEquals?",
        id="an operator that IAM does not have",
    ),
    pytest.param(
        allow({"AWS": ROLE}, "kms=Decrypt"),
        "got 'kms=Decrypt'; did you mean kms:Decrypt?",
        id="an action without service",
    ),
    pytest.param(
        allow({"AWS": ROLE}, Conditions={}), "'Conditions'; did you mean Condition?", id="an element that policies lack"
    ),
    pytest.param(
        allow("*", condition={"StringEquals": {"kms:CallerAccount": "111122223333"}}),
        "admits everyone",
        id="everyone of one account",
    ),
    pytest.param(
        allow({"AWS": "*"}, condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
        "admits everyone",
        id="every role",
    ),
    pytest.param(allow({"Service": "logs.eu-west-1.amazonaws.com"}), "for anybody", id="a service"),
    pytest.param(
        allow({"Service": "sns.amazonaws.com"}, condition={"ArnLike": {"aws:SourceArn": "arn:*:*:*:*:*"}}),
        "admits sns.amazonaws.com for anybody: add aws:SourceAccount",
        id="a service for any source",
    ),
    pytest.param(
        allow({"AWS": "arn:aws:iam::111122223333:role/????"}), "takes no wildcard in a principal", id="some roles"
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"StringLike": {"aws:PrincipalArn": ROLE + "-${aws:PrincipalTag/team}"}}),
        "delegates",
        id="whoever carries a tag",
    ),
    pytest.param(allow({"AWS": ROOT}, "kms:*"), "delegates kms:*", id="root without a condition"),
    pytest.param(allow({"AWS": ROOT}), "delegates kms:Decrypt", id="one use for root without a condition"),
    pytest.param(allow({"AWS": "arn:aws:iam::111122223333:root"}), "delegates", id="root as a literal"),
    pytest.param(allow({"AWS": ROOT_BY_SUB}), "delegates", id="root written with Fn::Sub"),
    pytest.param(allow({"AWS": "111122223333"}), "delegates", id="an account id"),
    pytest.param(allow({"AWS": {"Ref": "AWS::AccountId"}}), "delegates", id="an account id by reference"),
    pytest.param(allow({"AWS": [ROLE, ROOT]}), "delegates", id="root among others"),
    pytest.param(
        allow({"AWS": ROOT}, "kms:*", {"StringNotEquals": {"aws:PrincipalType": "Account"}}),
        "delegates",
        id="root with a negated condition",
    ),
    pytest.param(
        allow({"AWS": ROOT}, "kms:*", {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}),
        "delegates",
        id="root for every role",
    ),
    pytest.param(
        allow({"AWS": ROOT}, "kms:*", {"StringEquals": {"aws:PrincipalType": ["Account", "AssumedRole"]}}),
        "delegates",
        id="root for the root user and every role",
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"StringEquals": {"kms:CallerAccount": "111122223333"}}),
        "delegates",
        id="root with the caller's account alone",
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"ArnLike": {"aws:PrincipalArn": "*"}}), "delegates", id="root for any ARN"
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"StringLike": {"kms:ViaService": "*"}}), "delegates", id="root via anything"
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
        "delegates",
        id="root for every role by pattern",
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"StringLike": {"kms:ViaService": "*.amazonaws.com"}}),
        "delegates",
        id="root via every service by pattern",
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"ArnEqualsIfExists": {"aws:PrincipalArn": ROLE}}),
        "delegates",
        id="root with a condition that is optional",
    ),
    pytest.param(allow("*"), "admits everyone", id="everyone"),
    pytest.param(allow({"AWS": "*"}), "admits everyone", id="everyone of AWS"),
    pytest.param(allow({"AWS": [ROLE, "*"]}), "admits everyone", id="everyone among others"),
    pytest.param(
        allow("*", condition={"StringEquals": {"kms:ViaService": VIA}}), "admits everyone", id="everyone via a service"
    ),
    pytest.param(without("Action"), "has no Action", id="no action"),
    pytest.param(without("Resource"), "has no Resource", id="no resource"),
    pytest.param(without("Principal"), "has no Principal", id="no principal"),
    pytest.param(without("Effect"), "has no Effect", id="no effect"),
    pytest.param(
        {name: value for name, value in allow("*").items() if name not in ("Principal", "Action")}
        | {"NotPrincipal": {"AWS": ROLE}, "Action": "kms:Decrypt"},
        "allows by exclusion",
        id="everyone but one",
    ),
    pytest.param(
        {**without("Action"), "NotAction": "kms:PutKeyPolicy"}, "allows by exclusion", id="everything but one action"
    ),
    pytest.param(
        {**allow("*", "kms:PutKeyPolicy"), "Effect": "Deny"}, "locks the key for good", id="Deny of policy updates"
    ),
    pytest.param({**allow({"AWS": "*"}, "kms:*"), "Effect": "Deny"}, "locks the key for good", id="Deny of everything"),
]

FINE = [
    pytest.param(allow({"AWS": ROLE}), id="a role"),
    pytest.param(allow({"AWS": "arn:aws:iam::111122223333:role/root"}), id="a role called root"),
    pytest.param(
        allow({"AWS": ROOT}, "kms:*", {"StringEquals": {"aws:PrincipalType": "Account"}}), id="root for the root user"
    ),
    pytest.param(allow({"AWS": ROOT}, ["kms:DescribeKey", "kms:GetKeyPolicy"]), id="root for metadata"),
    pytest.param(
        allow({"AWS": ROOT}, condition={"ArnEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["R", "Arn"]}}}),
        id="root for one role",
    ),
    pytest.param(
        allow(
            {"AWS": ROOT},
            condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/aws-reserved/*/Sso_Admin_*"}},
        ),
        id="root for the roles of one single sign-on permission set",
    ),
    pytest.param(
        allow({"AWS": ROOT}, condition={"StringEquals": {"KMS:viaservice": VIA}}), id="root via a service, any case"
    ),
    pytest.param(allow({"Service": "logs.eu-west-1.amazonaws.com"}, condition=FOR_US), id="a service for one account"),
    pytest.param(allow({"Service": "events.amazonaws.com"}), id="a service that says for whom it works never"),
    pytest.param({**allow("*", "kms:CreateGrant"), "Effect": "Deny"}, id="Deny of another action"),
    pytest.param(
        {**allow("*", "kms:PutKeyPolicy", {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}), "Effect": "Deny"},
        id="Deny of policy updates under a condition",
    ),
]


@pytest.mark.parametrize("statement, problem", PROBLEMS)
def test_a_problem_is_found(statement: dict[str, Any], problem: str) -> None:
    found = problems({"Statement": [OWNER, statement]})
    assert any(problem in text for text in found), found


@pytest.mark.parametrize("statement", FINE)
def test_what_is_no_problem_passes(statement: dict[str, Any]) -> None:
    assert problems({"Statement": [OWNER, statement]}) == []


def test_a_problem_names_its_statement() -> None:
    [found] = problems({"Statement": [OWNER, allow({"AWS": ROOT}, Sid="TooWide")]})
    assert found.startswith("statement 'TooWide' delegates")
    unnamed = allow("*")
    del unnamed["Sid"]
    [found] = problems({"Statement": [OWNER, unnamed]})
    assert found.startswith("statement 1 admits everyone")


@pytest.mark.parametrize("policy", [None, {}, {"Statement": []}, {"Statement": None}, "text", {"Ref": "Policy"}])
def test_no_statements_would_delegate_everything(policy: Any) -> None:
    [found] = problems(policy)
    assert "has no statements" in found


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(allow({"AWS": ROLE}), id="a role that may not"),
        pytest.param(
            allow({"AWS": ROOT}, "kms:*", {"StringEquals": {"aws:PrincipalType": "Account"}}), id="root alone"
        ),
        pytest.param(
            allow({"AWS": ROLE}, "kms:PutKeyPolicy", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            id="a role under a condition",
        ),
        pytest.param(allow({"AWS": ROOT}, "kms:*"), id="root without a condition"),
        pytest.param(allow("*", "kms:*"), id="everyone"),
        pytest.param({**OWNER, "Resource": ""}, id="a statement that is inert"),
        pytest.param(allow({"Service": "kms.amazonaws.com"}, "kms:*"), id="a service"),
    ],
)
def test_nobody_to_update_the_policy_is_a_lockout(owner: dict[str, Any]) -> None:
    assert any("could never be changed again" in text for text in problems({"Statement": [owner]}))


@pytest.mark.parametrize("action", ["kms:PutKeyPolicy", "kms:Put*", "kms:*", "*", "KMS:putkeypolicy"])
def test_an_owner_may_update_by_any_spelling(action: str) -> None:
    assert problems({"Statement": [{**OWNER, "Action": action}]}) == []


@pytest.mark.parametrize(
    "deny",
    [
        pytest.param({"Principal": OWNER["Principal"]}, id="the only owner by name"),
        pytest.param({"NotPrincipal": {"AWS": "arn:aws:iam::111122223333:role/gone"}}, id="everyone but another"),
        pytest.param({"Principal": "*", "NotAction": "kms:Decrypt", "Action": None}, id="every action but another"),
    ],
)
def test_a_deny_that_hits_the_only_owner_is_a_lockout(deny: dict[str, Any]) -> None:
    statement = {"Effect": "Deny", "Action": "kms:PutKeyPolicy", "Resource": "*", **deny}
    assert problems({"Statement": [OWNER, {name: value for name, value in statement.items() if value}]})


def sized(size: int) -> dict[str, Any]:
    policy = {"Statement": [{**OWNER, "Sid": ""}]}
    empty = len('{"Statement":[]}') + len(
        '{"Sid":"","Effect":"Allow","Principal":{"AWS":""},"Action":"kms:PutKeyPolicy","Resource":"*"}'
    )
    policy["Statement"][0]["Sid"] = "x" * (size - empty - len(OWNER["Principal"]["AWS"]))
    return policy


def test_a_policy_of_the_quota_passes_and_one_byte_more_does_not() -> None:
    quota = KEY_POLICY_BYTES.value
    assert problems(sized(quota)) == []
    [found] = problems(sized(quota + 1))
    assert f"{quota + 1} bytes long, and KMS takes {quota}" in found


def test_bytes_are_counted_not_characters() -> None:
    policy = sized(KEY_POLICY_BYTES.value)
    policy["Statement"][0]["Sid"] = "ü" + policy["Statement"][0]["Sid"][1:]
    assert problems(policy)


def test_a_reference_counts_as_long_as_it_can_become() -> None:
    roles = [{"Fn::GetAtt": [f"R{number}", "Arn"]} for number in range(260)]
    [found] = problems({"Statement": [OWNER, allow({"AWS": roles})]})
    assert "bytes long" in found


@pytest.mark.parametrize(
    "statement, delegated",
    [
        pytest.param(allow({"AWS": ROOT}, "kms:*"), True, id="everything for root"),
        pytest.param(allow({"AWS": ROOT}, ["kms:Decr*"]), True, id="decryption for root"),
        pytest.param(allow({"AWS": ROOT}, "kms:Encrypt"), False, id="another action for root"),
        pytest.param(
            allow({"AWS": ROOT}, "kms:*", {"StringEquals": {"aws:PrincipalType": "Account"}}),
            False,
            id="root under a condition",
        ),
        pytest.param(allow({"AWS": ROLE}, "kms:*"), False, id="everything for a role"),
        pytest.param({**allow({"AWS": ROOT}, "kms:*"), "Effect": "Deny"}, False, id="a Deny"),
    ],
)
def test_delegation_to_iam_is_told(statement: dict[str, Any], delegated: bool) -> None:
    assert delegates({"Statement": [OWNER, statement]}, "111122223333") is delegated


@pytest.mark.parametrize(
    "account, action, found",
    [
        ("444455556666", "kms:PutKeyPolicy", True),
        ("444455556666", "kms:*", True),
        ("444455556666", "kms:Decrypt", False),
        ("111122223333", "kms:DisableKey", False),
    ],
)
def test_what_kms_honours_for_no_other_account_is_found(account: str, action: str, found: bool) -> None:
    own = allow({"AWS": ROLE}, ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation"])
    other = allow({"AWS": f"arn:aws:iam::{account}:role/other"}, action)
    messages = problems({"Statement": [own, other]}, Deployment(ROLE, {}, {}, True))
    assert any("which KMS honours for no other account" in one for one in messages) is found


@pytest.mark.parametrize(
    "users, found",
    [
        pytest.param(allow({"AWS": ROLE}), True, id="as principal"),
        pytest.param(
            allow({"AWS": ROOT}, condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}), True, id="as one of an account"
        ),
        pytest.param(allow({"AWS": ROLE}, "kms:CreateGrant"), True, id="what is as good as a use"),
        pytest.param(allow({"AWS": ROLE}, "kms:DescribeKey"), False, id="what is no use"),
        pytest.param(allow({"AWS": f"{ROLE}2"}), False, id="somebody else"),
        pytest.param(allow({"AWS": ROLE}, Effect="Deny"), False, id="a Deny"),
        pytest.param(allow({"AWS": "arn:aws:iam::111122223333:role/deployer"}), False, id="the deployer"),
    ],
)
@pytest.mark.parametrize("sid", ["AllowAdministrators", "AllowPolicyAdministrators"])
def test_who_administers_the_key_uses_it_by_no_other_statement(users: dict[str, Any], found: bool, sid: str) -> None:
    deployer = "arn:aws:iam::111122223333:role/deployer"
    owner = {**OWNER, "Action": ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:EnableKeyRotation"]}
    administrators = allow({"AWS": [ROLE, deployer]}, ["kms:DisableKey", "kms:ReplicateKey"], Sid=sid)
    policy = {"Statement": [owner, administrators, users]}
    told = [one for one in problems(policy, Deployment(deployer, {}, {}, True, True)) if "administrator" in one]
    assert bool(told) is found
    assert [one for one in problems(policy, Deployment(deployer, {}, {}, True)) if "administrator" in one] == []
