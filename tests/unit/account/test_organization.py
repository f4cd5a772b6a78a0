"""The policies of the organization: they bind the account's own, its keys, and neither services nor keys of AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_kms_constructs import AccessMap
from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from tests.unit.account.accounts import APP, MANAGED, SHUT, allow, document, fake_account, key_arn, role_arn
from tests.unit.account.fake_aws import ACCOUNT, FakeAws, Json

FULL = document(allow("*"))
NO_DECRYPT = document(allow("*"), {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
RCP = document({"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})


def organized(scps: dict[str, Json], rcps: dict[str, Json], management: str = "444455556666") -> FakeAws:
    """An account below a root and a unit, with a policy of each kind by the id of its place."""
    aws = fake_account()

    def listed(asked: Json) -> Json:
        kind = "scp" if asked["Filter"] == "SERVICE_CONTROL_POLICY" else "rcp"
        there = scps if kind == "scp" else rcps
        place = asked["TargetId"]
        return {"Policies": [{"Id": f"{kind}-{place}", "Name": f"{kind} of {place}"}] if place in there else []}

    def described(asked: Json) -> Json:
        kind, _, place = asked["PolicyId"].partition("-")
        return {"Policy": {"Content": json.dumps((scps if kind == "scp" else rcps)[place])}}

    aws.answers["organizations", "ListPoliciesForTarget"] = listed
    aws.answers["organizations", "DescribePolicy"] = described
    aws.answers["organizations", "DescribeOrganization"] = lambda _: {"Organization": {"MasterAccountId": management}}
    return aws


def read(aws: FakeAws) -> Snapshot:
    return take_snapshot(Options(parts=["organization"]), session=aws.session())


def decrypts(aws: FakeAws, who: str, key: str = APP, **more: Any) -> bool | None:
    return AccessMap.from_account(read(aws)).explain(who, "kms:Decrypt", key_arn(key), **more).allowed


@pytest.mark.parametrize("place", ["r-1", "ou-1", ACCOUNT])
def test_a_denial_of_any_place_counts(place: str) -> None:
    assert decrypts(organized({place: FULL}, {}), role_arn("Reader")) is True
    assert decrypts(organized({place: NO_DECRYPT}, {}), role_arn("Reader")) is False


def test_each_place_must_allow() -> None:
    others = document(allow("s3:*"))
    assert decrypts(organized({"r-1": FULL, "ou-1": others}, {}), role_arn("Reader")) is False
    assert decrypts(organized({"r-1": FULL, "ou-1": FULL}, {}), role_arn("Reader")) is True


def test_a_grant_is_bound_too() -> None:
    context = {"kms:EncryptionContext:Department": "IT"}
    assert decrypts(organized({"r-1": FULL}, {}), role_arn("Reader"), SHUT, context=context) is True
    assert decrypts(organized({"r-1": NO_DECRYPT}, {}), role_arn("Reader"), SHUT, context=context) is False


def test_a_service_is_bound_by_resource_control_policies_alone() -> None:
    service = "dynamodb.us-east-1.amazonaws.com"
    assert decrypts(organized({"r-1": NO_DECRYPT}, {}), service, SHUT) is True
    assert decrypts(organized({}, {"r-1": RCP}), service, SHUT) is False


def test_a_key_of_aws_is_not_bound_by_resource_control_policies() -> None:
    assert decrypts(organized({}, {"r-1": RCP}), role_arn("Reader")) is False
    assert decrypts(organized({}, {"r-1": RCP}), role_arn("Reader"), MANAGED, via="secretsmanager") is True
    assert decrypts(organized({"r-1": NO_DECRYPT}, {}), role_arn("Reader"), MANAGED, via="secretsmanager") is False


def test_the_management_account_is_bound_by_none() -> None:
    assert decrypts(organized({"r-1": NO_DECRYPT}, {"r-1": RCP}, management=ACCOUNT), role_arn("Reader")) is True


@pytest.mark.parametrize(
    "operation", ["DescribeOrganization", "ListParents", "ListPoliciesForTarget", "DescribePolicy"]
)
def test_what_was_not_read_may_deny(operation: str) -> None:
    aws = organized({"r-1": FULL}, {})
    aws.refuse["organizations", operation] = "AccessDeniedException"
    assert decrypts(aws, role_arn("Reader")) is None
    told = str(AccessMap.from_account(read(aws)).explain(role_arn("Reader"), "kms:Decrypt", key_arn(APP)))
    assert f"allow organizations:{operation}" in told


def test_what_was_not_asked_for_is_no_part_of_it() -> None:
    aws = organized({"r-1": NO_DECRYPT}, {})
    snapshot = take_snapshot(session=aws.session())
    access = AccessMap.from_account(snapshot)
    assert access.explain(role_arn("Reader"), "kms:Decrypt", key_arn(APP)).allowed is True
