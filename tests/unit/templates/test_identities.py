"""Who has which policies, whichever of the ways the templates say it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from secure_kms_constructs.policies import Request, evaluate
from secure_kms_constructs.templates import Identity, Landscape, read_templates

ACCOUNT, REGION = "111122223333", "eu-west-1"
Text = dict[str, Any]
USES = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}
READS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
ROLE: Text = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app"}}
USER: Text = {"Type": "AWS::IAM::User", "Properties": {"UserName": "ann"}}
GROUP: Text = {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "team"}}


def read(*templates: Text) -> Landscape:
    stacks = {f"S{place}": {"Resources": resources} for place, resources in enumerate(templates)}
    [landscape] = read_templates(stacks, account=ACCOUNT, region=REGION)
    return landscape


def of(kind: str, **properties: Any) -> Text:
    return {"Type": f"AWS::IAM::{kind}", "Properties": properties}


def having(resource: Text, **properties: Any) -> Text:
    return resource | {"Properties": resource["Properties"] | properties}


def identity(landscape: Landscape, arn: str) -> Identity:
    [found] = [one for one in landscape.identities if one.arn == f"arn:aws:iam::{ACCOUNT}:{arn}"]
    return found


def may(landscape: Landscape, arn: str) -> bool | None:
    """Whether an identity may decrypt with a key that leaves it to identity policies."""
    return allowed(identity(landscape, arn))


def allowed(one: Identity) -> bool | None:
    """The same of one that is at hand."""
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    delegates = {"Statement": {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}}
    request = Request(one.arn, "kms:Decrypt", key)
    return evaluate(request, key_policy=delegates, identity_policies=one.policies, boundary=one.boundary).allowed


# Each way to give a role or user a policy, with a neighbour that gives it to nobody or somebody else.
WAYS: dict[str, tuple[str, Text, Text]] = {
    "an inline policy": (
        "role/app",
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}])},
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": READS}])},
    ),
    "the second of two inline policies of one name": (
        "role/app",
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": it} for it in (READS, USES)])},
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": it} for it in (READS, READS)])},
    ),
    "a policy for a role": (
        "role/app",
        {"R": ROLE, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=[{"Ref": "R"}])},
        {"R": ROLE, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["other"])},
    ),
    "a policy for a user": (
        "user/ann",
        {"U": USER, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Users=["ann"])},
        {"U": USER, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["ann"])},
    ),
    "a role policy": (
        "role/app",
        {"R": ROLE, "P": of("RolePolicy", PolicyName="p", PolicyDocument=USES, RoleName="app")},
        {"R": ROLE, "P": of("UserPolicy", PolicyName="p", PolicyDocument=USES, UserName="app")},
    ),
    "a user policy": (
        "user/ann",
        {"U": USER, "P": of("UserPolicy", PolicyName="p", PolicyDocument=USES, UserName="ann")},
        {"U": USER, "P": of("GroupPolicy", PolicyName="p", PolicyDocument=USES, GroupName="ann")},
    ),
    "a group policy": (
        "user/ann",
        {"U": having(USER, Groups=["team"]), "G": GROUP, "P": of("GroupPolicy", PolicyDocument=USES, GroupName="team")},
        {"U": having(USER, Groups=["team"]), "G": GROUP, "P": of("GroupPolicy", PolicyDocument=USES, GroupName="x")},
    ),
    "a group's inline policy": (
        "user/ann",
        {
            "U": having(USER, Groups=[{"Ref": "G"}]),
            "G": having(GROUP, Policies=[{"PolicyName": "p", "PolicyDocument": USES}]),
        },
        {"U": USER, "G": having(GROUP, Policies=[{"PolicyName": "p", "PolicyDocument": USES}])},
    ),
    "an addition to a group": (
        "user/ann",
        {
            "U": USER,
            "A": of("UserToGroupAddition", GroupName={"Ref": "G"}, Users=["ann"]),
            "G": having(GROUP, Policies=[{"PolicyName": "p", "PolicyDocument": USES}]),
        },
        {
            "U": USER,
            "A": of("UserToGroupAddition", GroupName={"Ref": "G"}, Users=["bob"]),
            "G": having(GROUP, Policies=[{"PolicyName": "p", "PolicyDocument": USES}]),
        },
    ),
    "a managed policy that names the role": (
        "role/app",
        {"R": ROLE, "M": of("ManagedPolicy", PolicyDocument=USES, Roles=["app"])},
        {"R": ROLE, "M": of("ManagedPolicy", PolicyDocument=USES, Users=["app"])},
    ),
    "a managed policy that the role names": (
        "role/app",
        {"R": having(ROLE, ManagedPolicyArns=[{"Ref": "M"}]), "M": of("ManagedPolicy", PolicyDocument=USES)},
        {"R": having(ROLE, ManagedPolicyArns=[{"Ref": "M"}]), "M": of("ManagedPolicy", PolicyDocument=READS)},
    ),
    "a managed policy by its literal ARN": (
        "role/app",
        {
            "R": having(ROLE, ManagedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/x/m"]),
            "M": of("ManagedPolicy", ManagedPolicyName="m", Path="/x/", PolicyDocument=USES),
        },
        {
            "R": having(ROLE, ManagedPolicyArns=[{"Ref": "M"}]),
            "M": of("ManagedPolicy", ManagedPolicyName="m", Path="/x/", PolicyDocument=READS),
        },
    ),
    "a managed policy for a group": (
        "user/ann",
        {
            "U": having(USER, Groups=["team"]),
            "G": having(GROUP, ManagedPolicyArns=[{"Ref": "M"}]),
            "M": of("ManagedPolicy", PolicyDocument=USES),
        },
        {
            "U": USER,
            "G": having(GROUP, ManagedPolicyArns=[{"Ref": "M"}]),
            "M": of("ManagedPolicy", PolicyDocument=USES),
        },
    ),
    "AdministratorAccess": (
        "role/app",
        {"R": having(ROLE, ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])},
        {"R": having(ROLE, ManagedPolicyArns=["arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"])},
    ),
    "a boundary that leaves it in": (
        "role/app",
        {
            "R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}], PermissionsBoundary={"Ref": "B"}),
            "B": of("ManagedPolicy", PolicyDocument=USES),
        },
        {
            "R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}], PermissionsBoundary={"Ref": "B"}),
            "B": of("ManagedPolicy", PolicyDocument=READS),
        },
    ),
    "a document as text": (
        "role/app",
        {"R": ROLE, "P": of("RolePolicy", RoleName="app", PolicyDocument=str(USES).replace("'", '"'))},
        {"R": ROLE, "P": of("RolePolicy", RoleName="app", PolicyDocument=str(READS).replace("'", '"'))},
    ),
}


@pytest.mark.parametrize("arn, given, not_given", WAYS.values(), ids=WAYS)
def test_an_identity_has_a_policy(arn: str, given: Text, not_given: Text) -> None:
    assert may(read(given), arn) is True
    assert may(read(not_given), arn) is False


UNKNOWN: dict[str, Text] = {
    "a managed policy that no template makes": {"R": having(ROLE, ManagedPolicyArns=["arn:aws:iam::1:policy/x"])},
    "an AWS-managed policy of which nothing is known": {
        "R": having(ROLE, ManagedPolicyArns=["arn:aws:iam::aws:policy/job-function/Billing"])
    },
    "a policy of the account with the name of AWS's": {
        "R": having(ROLE, ManagedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/service-role/AWSLambdaBasicExecutionRole"])
    },
    "managed policies by parameter": {"R": having(ROLE, ManagedPolicyArns={"Fn::Split": [",", {"Ref": "Nothing"}]})},
    "inline policies that make no sense": {"R": having(ROLE, Policies=["p"])},
    "a policy with a misspelt element": {
        "R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": {"Statements": []}}])
    },
    "a policy that is no object": {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": 1}])},
    "properties by macro": {
        "R": {"Type": "AWS::IAM::Role", "Properties": {"Fn::Transform": {"Name": "M"}, "RoleName": "app"}}
    },
    "a boundary that no template makes": {
        "R": having(
            ROLE,
            Policies=[{"PolicyName": "p", "PolicyDocument": USES}],
            PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/x",
        )
    },
}


@pytest.mark.parametrize("resources", UNKNOWN.values(), ids=UNKNOWN)
def test_what_cannot_be_told_is_not_denied(resources: Text) -> None:
    landscape = read(resources)
    assert {may(landscape, one.arn.split(":", 5)[5]) for one in landscape.identities} == {None}


def test_a_role_of_another_stack_is_known_by_its_name() -> None:
    landscape = read({"R": ROLE}, {"P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["app"])})
    assert may(landscape, "role/app") is True
    assert len(landscape.identities) == 1


def test_a_role_that_no_template_makes_may_have_more() -> None:
    landscape = read({"P": of("Policy", PolicyName="p", PolicyDocument=READS, Roles=["app"])})
    one = identity(landscape, "role/app")
    assert one.source is None
    assert [policy.name for policy in one.policies] == ["policy S0/P", f"other policies of {one.arn}"]
    assert may(landscape, "role/app") is None


def test_a_group_that_no_template_makes_may_have_more() -> None:
    assert may(read({"U": having(USER, Groups=["team"])}), "user/ann") is None


def test_a_role_that_cannot_be_told_is_one_more() -> None:
    landscape = read({"R": ROLE, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=[{"Ref": "Nothing"}])})
    assert may(landscape, "role/app") is None
    [other] = [one for one in landscape.identities if one.source is None]
    assert re.search(r"role/unknown-role-[A-Z]{12}$", other.arn)
    assert "S0/P is about a role that cannot be told" in landscape.notes[-1].text


def key(statement: Text) -> Text:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [statement]}}}


ADMIT: Text = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
OUTSIDE = "arn:aws:iam::444455556666:role/team/app"


@pytest.mark.parametrize(
    "statement",
    [
        ADMIT | {"Principal": {"AWS": OUTSIDE}},
        ADMIT | {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": [OUTSIDE, "arn:aws:iam::*:role/x"]}}},
    ],
    ids=["as principal", "in a condition"],
)
def test_a_role_that_a_key_policy_names_is_there(statement: Text) -> None:
    landscape = read({"K": key(statement), "R": ROLE})
    assert [one.arn for one in landscape.identities if one.source is None] == [OUTSIDE]


def test_a_role_that_is_named_with_its_path_is_one() -> None:
    inner = OUTSIDE.replace("444455556666", ACCOUNT)
    policy = of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["app"])
    landscape = read({"K": key(ADMIT | {"Principal": {"AWS": inner}}), "P": policy})
    assert [one.arn for one in landscape.identities] == [inner]


def test_a_role_of_the_templates_keeps_its_path() -> None:
    made = having(ROLE, Path="/service/")
    landscape = read({"R": made, "K": key(ADMIT | {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}})})
    assert [one.arn for one in landscape.identities] == [f"arn:aws:iam::{ACCOUNT}:role/service/app"]


@pytest.mark.parametrize("principal", [f"arn:aws:iam::{ACCOUNT}:role/a*", f"arn:aws:iam::{ACCOUNT}:root", "*"])
def test_whom_a_pattern_means_is_nobody_in_particular(principal: str) -> None:
    condition = {"ArnLike": {"aws:PrincipalArn": principal}}
    assert read({"K": key(ADMIT | {"Principal": {"AWS": principal}, "Condition": condition})}).identities == ()


@pytest.mark.parametrize("name", ["a:b", "team/app", "", 1])
def test_a_name_that_no_role_has_means_a_role_that_cannot_be_told(name: object) -> None:
    landscape = read({"P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=[name])})
    [one] = landscape.identities
    assert "role/unknown-role-" in one.arn


NAMESAKES: dict[str, tuple[Text, Text, bool | None, bool | None]] = {
    "an inline policy": (
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}])},
        {"R": ROLE},
        True,
        False,
    ),
    "a boundary": (
        {"R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}])},
        {
            "B": of("ManagedPolicy", ManagedPolicyName="b", PolicyDocument=READS),
            "R": having(
                ROLE,
                Policies=[{"PolicyName": "p", "PolicyDocument": USES}],
                PermissionsBoundary={"Ref": "B"},
            ),
        },
        True,
        False,
    ),
    "a boundary of one name": (
        {
            "B": of("ManagedPolicy", ManagedPolicyName="b", PolicyDocument=USES),
            "R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}], PermissionsBoundary={"Ref": "B"}),
        },
        {
            "B": of("ManagedPolicy", ManagedPolicyName="b", PolicyDocument=READS),
            "R": having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}], PermissionsBoundary={"Ref": "B"}),
        },
        True,
        False,
    ),
    "a policy attached in its stack": (
        {"R": ROLE, "P": of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["app"])},
        {"R": ROLE},
        True,
        False,
    ),
}


@pytest.mark.parametrize("name", NAMESAKES)
def test_of_two_roles_of_one_name_each_has_its_own(name: str) -> None:
    first, second, *expected = NAMESAKES[name]
    landscape = read(first, second)
    found = {one.source.stack: one for one in landscape.identities if one.source}
    assert [allowed(found[stack]) for stack in ("S0", "S1")] == expected
    assert "S1/R has the name of S0/R: read as another one, of another account" in [n.text for n in landscape.notes]


def test_a_policy_of_a_third_stack_may_be_of_either_of_two_roles_of_one_name() -> None:
    policy = of("Policy", PolicyName="p", PolicyDocument=USES, Roles=["app"])
    landscape = read({"R": ROLE}, {"R": ROLE}, {"P": policy})
    assert [allowed(one) for one in landscape.identities] == [None, None]
    assert [allowed(one) for one in read({"R": ROLE}, {}, {"P": policy}).identities] == [True]


def test_a_managed_policy_of_a_third_stack_may_be_either_of_two_of_one_name() -> None:
    made = of("ManagedPolicy", ManagedPolicyName="m", PolicyDocument=USES)
    role = having(ROLE, ManagedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/m"])
    assert may(read({"M": made}, {"M": made}, {"R": role}), "role/app") is None
    assert may(read({"M": made}, {}, {"R": role}), "role/app") is True


def test_reasons_lead_to_the_template() -> None:
    role = having(ROLE, Policies=[{"PolicyName": "p", "PolicyDocument": USES}])
    landscape = read({"R": role, "M": of("ManagedPolicy", PolicyDocument=USES, Roles=["app"])})
    names = [policy.name for policy in identity(landscape, "role/app").policies]
    assert names == ["policy p of S0/R", "policy S0/M"]
    assert [landscape.sources[name].logical_id for name in names] == ["R", "M"]
