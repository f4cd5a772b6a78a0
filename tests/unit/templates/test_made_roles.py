"""The roles that nobody writes down: of functions of the Serverless Application Model and of permission sets."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.checks import check_templates

ACCOUNT = "111122223333"
Json = dict[str, Any]
USES = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}
READS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
KEY = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [ROOT]}}}
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def function(**properties: Any) -> Json:
    return {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b", **properties}}


def machine(**properties: Any) -> Json:
    return {"Type": "AWS::Serverless::StateMachine", "Properties": properties}


def permission_set(**properties: Any) -> Json:
    return {"Type": "AWS::SSO::PermissionSet", "Properties": {"Name": "Ops", **properties}}


def managed(name: str, policy: Json) -> Json:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"ManagedPolicyName": name, "PolicyDocument": policy}}


def template(thing: Json, function_globals: Json | None = None, **others: Json) -> Json:
    shared = {"Globals": {"Function": function_globals}} if function_globals else {}
    return {"Transform": "AWS::Serverless-2016-10-31", **shared, "Resources": {"Key": KEY, "Thing": thing, **others}}


def decrypts(given: Json) -> bool | None:
    access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region="eu-west-1")
    its = [row.allowed for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/Thing"]
    assert "T/Thing" in access.principals
    return its[0] if its else False


# Whether the role may decrypt with a key that leaves it to identity policies: each case has a neighbour.
ROLES: dict[str, tuple[Json, bool | None]] = {
    "an inline policy of a function": (template(function(Policies=[USES])), True),
    "one that is about something else": (template(function(Policies=[READS])), False),
    "an inline policy that is no list": (template(function(Policies=USES)), True),
    "an inline policy of a state machine": (template(machine(Policies=[READS, USES])), True),
    "a state machine without policies": (template(machine()), False),
    "a policy of AWS by its ARN": (template(function(Policies=[ADMIN])), True),
    "a policy of AWS by its name": (template(function(Policies="AdministratorAccess")), True),
    "a policy of AWS without keys": (template(function(Policies=[BASIC])), False),
    "a policy of AWS whose text is not known": (template(function(Policies=["AWSBackupFullAccess"])), None),
    "a policy template": (template(function(Policies=[{"KMSDecryptPolicy": {"KeyId": "x"}}])), None),
    "an inline policy beside a policy template": (template(function(Policies=[{"S3ReadPolicy": {}}, USES])), None),
    "an event source that may bring its own policy": (template(function(Events={"M": {"Type": "MQ"}})), None),
    "a boundary": (template(function(Policies=[USES], PermissionsBoundary=BASIC)), False),
    "a boundary of the globals": (template(function(Policies=[USES]), {"PermissionsBoundary": BASIC}), False),
    "a boundary of its own": (
        template(function(Policies=[USES], PermissionsBoundary=ADMIN), {"PermissionsBoundary": BASIC}),
        True,
    ),
    "policies of the globals": (template(function(Policies=[READS]), {"Policies": [USES]}), True),
    "a permission set with an inline policy": (template(permission_set(InlinePolicy=USES)), True),
    "a permission set without": (template(permission_set(InlinePolicy=READS)), False),
    "a permission set with a policy of AWS": (template(permission_set(ManagedPolicies=[ADMIN])), True),
    "a permission set with a policy of the account": (
        template(
            permission_set(CustomerManagedPolicyReferences=[{"Name": "m", "Path": "/"}]), Managed=managed("m", USES)
        ),
        True,
    ),
    "a permission set with a policy that no template makes": (
        template(permission_set(CustomerManagedPolicyReferences=[{"Name": "m"}])),
        None,
    ),
    "a permission set within a boundary of AWS": (
        template(permission_set(InlinePolicy=USES, PermissionsBoundary={"ManagedPolicyArn": BASIC})),
        False,
    ),
    "a permission set within a boundary of the account": (
        template(
            permission_set(
                InlinePolicy=USES, PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "m", "Path": "/"}}
            ),
            Managed=managed("m", READS),
        ),
        False,
    ),
}


@pytest.mark.parametrize("name", ROLES)
def test_the_role_of(name: str) -> None:
    given, expected = ROLES[name]
    assert decrypts(given) is expected


def test_a_function_with_a_role_has_no_other() -> None:
    for given in (template(function(Role="arn:aws:iam::444455556666:role/x")), template(function(), {"Role": "r"})):
        access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region="eu-west-1")
        assert "T/Thing" not in access.principals


@pytest.mark.parametrize("region, infix", [("us-east-1", ""), ("eu-west-1", "eu-west-1/")])
def test_the_role_of_a_permission_set_is_called_as_identity_center_calls_it(region: str, infix: str) -> None:
    access = AccessMap.from_templates(
        {"T": template(permission_set(InlinePolicy=USES))}, account=ACCOUNT, region=region
    )
    [party] = {row.party.principal for row in access.who_can("kms:Decrypt", "Key") if row.principal == "T/Thing"}
    start = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{infix}AWSReservedSSO_Ops_"
    assert party.startswith(start)
    assert len(party) == len(start) + 16


@pytest.mark.parametrize(
    "thing, location",
    [
        (function(Policies=[READS, USES]), "Properties.Policies[1].Statement[0].Resource"),
        (function(Policies=USES), "Properties.Policies.Statement[0].Resource"),
        (permission_set(InlinePolicy=USES), "Properties.InlinePolicy.Statement[0].Resource"),
    ],
)
def test_rules_look_at_policies_that_are_written_there(thing: Json, location: str) -> None:
    report = check_templates({"T": template(thing)}, account=ACCOUNT, region="eu-west-1")
    assert [(one.path, one.location) for one in report.findings if one.rule == "KLP101"] == [("T/Thing", location)]


def test_it_is_said_which_policy_of_aws_lets_a_role_decrypt() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [ADMIN]}}
    access = AccessMap.from_templates({"T": template(role)}, account=ACCOUNT, region="eu-west-1")
    [row] = [row for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/Thing"]
    assert row.allowed is True
    assert [one.policy for one in row.statements] == ["key policy of T/Key", f"policy {ADMIN}"]


def named(*principals: str) -> Json:
    statement = {**ROOT, "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/{one}" for one in principals]}}
    return {**KEY, "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]}}}


TEAM = {"RolePath": "/team/"}
NOT_KNOWN = {"Ref": "Nothing"}
SSO = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Ops_0123456789abcdef"
# Whom the key names literally, and whether the role that is made may be that one.
NAMES: dict[str, tuple[Json, str, bool | None]] = {
    "a function's role by a name that it may get": (function(), "Shop-ThingRole-1A2b3C4d5E6f", None),
    "a state machine's": (machine(), "Shop-ThingRole-1A2b3C4d5E6f", None),
    "that of another resource": (function(), "Shop-OtherRole-1A2b3C4d5E6f", False),
    "one that is too short": (function(), "Shop-ThingRole-1A2b3C4d", False),
    "without the path of the globals": (function(**TEAM), "Shop-ThingRole-1A2b3C4d5E6f", False),
    "with its path": (function(**TEAM), "team/Shop-ThingRole-1A2b3C4d5E6f", None),
    "with a path that is not known": (function(RolePath=NOT_KNOWN), "team/Shop-ThingRole-1A2b3C4d5E6f", None),
    "with what is no path": (function(RolePath="team"), "team/Shop-ThingRole-1A2b3C4d5E6f", None),
    "with a path, of another resource": (function(RolePath=NOT_KNOWN), "team/Shop-OtherRole-1A2b3C4d5E6f", False),
    "a permission set's": (permission_set(), SSO, None),
    "that of another permission set": (permission_set(), SSO.replace("Ops", "Dev"), False),
    "that of a permission set in another region": (permission_set(), SSO.replace("eu-west-1/", ""), False),
    "that of a permission set without a known name": (permission_set(Name=NOT_KNOWN), SSO, None),
    "a permission set's, one character less": (permission_set(), SSO[:-1], False),
}


@pytest.mark.parametrize("thing, name, expected", NAMES.values(), ids=NAMES)
def test_a_literal_name_may_be_that_of_a_role_that_is_made(thing: Json, name: str, expected: bool | None) -> None:
    assert decrypts(template(thing, Key=named(name))) is expected


def test_a_permission_set_of_a_region_that_is_not_known_may_have_either_path() -> None:
    for path in (SSO, SSO.replace("eu-west-1/", "")):
        given = template(permission_set(), Key=named(path))
        access = AccessMap.from_templates({"T": given}, account=ACCOUNT)
        assert [row.allowed for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/Thing"] == [None]
