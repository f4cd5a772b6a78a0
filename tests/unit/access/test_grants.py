"""Grants in the map of access: a third source beside key policy and identity policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.policies import PolicyError, Unknown, parse_grant
from secure_kms_constructs.policies.grants import unknown_grants
from tests.unit.landscapes import OTHER_ACCOUNT, ROOT_MAY, allow, deny, identity, key, landscape, role_arn

MANAGED = allow({"AWS": role_arn("Admin")}, "kms:PutKeyPolicy")
UNREAD = unknown_grants(Unknown("kms:ListGrants was denied"))


def grant(to: str, *operations: str, **more: Any) -> dict[str, Any]:
    return {"GrantId": f"of-{to.rpartition('/')[2]}", "GranteePrincipal": to, "Operations": list(operations), **more}


def with_grants(*grants: Any, statements: Any = (MANAGED,), identities: Any = None) -> AccessMap:
    parsed = tuple(one if not isinstance(one, dict) else parse_grant(one) for one in grants)
    known = identities or (identity("App"), identity("Other"))
    return AccessMap((landscape(replace(key(*statements), grants=parsed), *known),))


def who_can(access: AccessMap, action: str = "kms:Decrypt") -> list[str]:
    return access.to_text([action]).splitlines()[1:]


def test_a_grantee_is_told_and_others_are_not() -> None:
    access = with_grants(grant(role_arn("App"), "Decrypt"))
    assert who_can(access) == ["  App/App: Decrypt"]
    assert who_can(access, "kms:Encrypt") == ["  nobody"]


def test_without_grants_nobody_is_told() -> None:
    assert who_can(with_grants()) == ["  nobody"]


def test_the_statement_that_allows_is_the_grant() -> None:
    [row] = with_grants(grant(role_arn("App"), "Decrypt", Name="nightly")).who_can("kms:Decrypt", "Key")
    assert [str(one) for one in row.statements] == ["grant of-App statement 0 (nightly) allows kms:Decrypt"]


@pytest.mark.parametrize(
    "constraints, said",
    [
        ({"EncryptionContextSubset": {"Department": "IT"}}, "Decrypt if Department = IT"),
        (
            {"EncryptionContextEquals": {"Department": "IT"}},
            "Decrypt if Department = IT and kms:EncryptionContextKeys = [Department or DEPARTMENT] or none",
        ),
    ],
)
def test_constraints_are_circumstances(constraints: dict[str, Any], said: str) -> None:
    access = with_grants(grant(role_arn("App"), "Decrypt", Constraints=constraints))
    assert who_can(access) == [f"  App/App: {said}"]


def test_an_exact_context_is_asked_for_as_a_whole() -> None:
    access = with_grants(grant(role_arn("App"), "Decrypt", Constraints={"EncryptionContextEquals": {"A": "1"}}))
    exact, more = {"kms:EncryptionContext:A": "1"}, {"kms:EncryptionContext:A": "1", "kms:EncryptionContext:B": "2"}
    assert access.explain("App/App", "kms:Decrypt", "Key", context=exact).allowed is True
    assert access.explain("App/App", "kms:Decrypt", "Key", context=more).allowed is False


def test_a_foreign_grantee_might_because_its_own_policies_are_not_known() -> None:
    foreign = role_arn("Partner", OTHER_ACCOUNT)
    assert who_can(with_grants(grant(foreign, "Decrypt"))) == [f"? {foreign}: Decrypt"]


OF_EC2 = "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"
APP_MIGHT = "? App/App: Decrypt"


@pytest.mark.parametrize(
    "to, told",
    [
        # AWS's own session for the volumes of an instance: no role of the account, and not nobody.
        (OF_EC2, [f"? {OF_EC2}: Decrypt"]),
        ("arn:aws:sts::111122223333:assumed-role/App/me", ["  App/App as me: Decrypt"]),
        ("arn:aws:sts::111122223333:federated-user/ann", ["? arn:aws:sts::111122223333:federated-user/ann: Decrypt"]),
        # Without any policy of their own: a grant needs none, in another account neither.
        (OTHER_ACCOUNT, [f"? any principal of {OTHER_ACCOUNT}: Decrypt", f"  root user of {OTHER_ACCOUNT}: Decrypt"]),
        (
            f"arn:aws:iam::{OTHER_ACCOUNT}:root",
            [f"? any principal of {OTHER_ACCOUNT}: Decrypt", f"  root user of {OTHER_ACCOUNT}: Decrypt"],
        ),
        # What KMS has in the place of a role that is gone.
        ("AROAEXAMPLEEXAMPLEEXA", ["  nobody"]),
    ],
)
def test_every_kind_of_grantee_is_told(to: str, told: list[str]) -> None:
    assert who_can(with_grants(grant(to, "Decrypt"))) == told


SOURCE = {"Constraints": {"SourceArn": "arn:aws:lambda:us-east-1:111122223333:function:x"}}


def test_a_grant_to_a_role_that_acts_for_something_might_be_of_use() -> None:
    """Only services are documented to say for what they act."""
    assert who_can(with_grants(grant(role_arn("App"), "Decrypt", **SOURCE))) == [APP_MIGHT]
    assert who_can(with_grants(grant(role_arn("App"), "CreateGrant", **SOURCE)), "kms:CreateGrant") == [
        "? App/App: CreateGrant if kms:GrantOperations = [CreateGrant]"
    ]
    service = grant("lambda.amazonaws.com", "Decrypt", **SOURCE)
    assert who_can(with_grants(service)) == [
        "  lambda.amazonaws.com: Decrypt if aws:SourceArn = arn:aws:lambda:us-east-1:111122223333:function:x"
    ]


def test_a_service_that_is_a_grantee_is_told() -> None:
    access = with_grants(grant("dynamodb.us-east-1.amazonaws.com", "Decrypt"))
    assert who_can(access) == ["  dynamodb.us-east-1.amazonaws.com: Decrypt"]


def test_grants_that_were_not_read_leave_everybody_unknown() -> None:
    access = with_grants(UNREAD)
    told = who_can(access)
    assert {"? App/App: Decrypt", "? App/Other: Decrypt", "? any AWS service: Decrypt"} <= set(told)
    assert all(line.startswith("?") for line in told)
    assert access.explain("App/App", "kms:Decrypt", "Key").allowed is None
    assert who_can(access, "kms:ScheduleKeyDeletion") == ["  nobody"]


def test_a_denial_stands_above_a_grant() -> None:
    identities = (identity("App", deny(None)), identity("Other"))
    access = with_grants(grant(role_arn("App"), "Decrypt"), grant(role_arn("Other"), "Decrypt"), identities=identities)
    assert who_can(access) == ["  App/Other: Decrypt"]


def test_two_keys_do_not_share_their_grants() -> None:
    other = "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
    first = replace(key(MANAGED), grants=(parse_grant(grant(role_arn("App"), "Decrypt")),))
    second = replace(
        key(MANAGED, arn=other, path="App/Second"), grants=(parse_grant(grant(role_arn("Other"), "Decrypt")),)
    )
    access = AccessMap((landscape(first, second, identity("App"), identity("Other")),))
    assert [row.principal for row in access.who_can("kms:Decrypt", "App/Key")] == ["App/App"]
    assert [row.principal for row in access.who_can("kms:Decrypt", "App/Second")] == ["App/Other"]


def test_a_new_grant_is_a_difference() -> None:
    before = with_grants(statements=(ROOT_MAY,))
    after = with_grants(grant(role_arn("App"), "Decrypt"), statements=(ROOT_MAY,))
    assert str(before.diff(after)) == "App/Key\n  gained: App/App: Decrypt"
    assert str(after.diff(before)) == "App/Key\n  lost: App/App: Decrypt"


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"GranteePrincipal": None}, "must have a GranteePrincipal or GranteeServicePrincipal, got neither"),
        ({"GranteePrincipal": ["x"]}, "must have a GranteePrincipal or GranteeServicePrincipal, got neither"),
        ({"GranteePrincipal": "*"}, r"must be for an account, user, role or service, got '\*'"),
        ({"RetiringPrincipal": f"{role_arn('x')}*"}, r"must be for an account, user, role or service, got 'arn:.*\*'"),
        ({"Operations": []}, r"must have a list of Operations, got \[\]"),
        ({"Operations": ["PutKeyPolicy"]}, "Operations must be of .*, got 'PutKeyPolicy'"),
        ({"Constraints": {"Tag": "x"}}, "Constraints must be those that KMS documents, got 'Tag'"),
        ({"Constraints": "none"}, "Constraints must be an object, got 'none'"),
        ({"Constraints": {"EncryptionContextEquals": {"A": 1}}}, "EncryptionContextEquals must be an object of texts"),
        ({"Constraints": {"SourceArn": 1}}, "SourceArn must be text, got 1"),
    ],
)
def test_a_grant_that_is_none_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=f"^grant of-App:? ?{said}"):
        parse_grant(grant(role_arn("App"), "Decrypt") | wrong)
