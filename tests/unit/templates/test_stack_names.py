"""Names that are made of the name of a stack, which a file does not tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.templates import read_templates

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
ROLES = f"arn:aws:iam::{ACCOUNT}:role/"
Json = dict[str, Any]
NAME = {"Fn::Sub": "${AWS::StackName}-app"}
OWN_ARN = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/${AWS::StackName}-app"}


def says(effect: str = "Allow", **more: Any) -> Json:
    statement = {"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def key(*principals: Any) -> Json:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": says(Principal={"AWS": list(principals)})}}


def like(pattern: str) -> Json:
    policy = says(Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": pattern}})
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}


def role(**properties: Any) -> Json:
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def attached(*roles: Any) -> Json:
    properties = {"PolicyName": "p", "PolicyDocument": says(), "Roles": list(roles)}
    return {"Type": "AWS::IAM::Policy", "Properties": properties}


ROOT = key(f"arn:aws:iam::{ACCOUNT}:root")
APP = role(RoleName=NAME)
OF_PARTS = role(RoleName={"Fn::Sub": "${AWS::StackName}-x-${AWS::StackName}"})
WITH_PATH = role(RoleName="app", Path={"Fn::Sub": "/${AWS::StackName}/"})
CASES: dict[str, tuple[Json, bool | None]] = {
    "a literal name of that form": ({"Key": key(f"{ROLES}prod-app"), "App": APP}, None),
    "a literal name of another form": ({"Key": key(f"{ROLES}prod-web"), "App": APP}, False),
    "what no stack can be called": ({"Key": key(f"{ROLES}my_prod-app"), "App": APP}, False),
    "that of another account": ({"Key": key(f"arn:aws:iam::{OTHER}:role/prod-app"), "App": APP}, False),
    "that of a user": ({"Key": key(f"arn:aws:iam::{ACCOUNT}:user/prod-app"), "App": APP}, False),
    "that of a session": ({"Key": key(f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-app/s"), "App": APP}, False),
    "the name of the file": ({"Key": key(f"{ROLES}T-app"), "App": APP}, None),
    "the same reference": ({"Key": key(OWN_ARN), "App": APP}, True),
    "the same reference beside a literal name": ({"Key": key(OWN_ARN, f"{ROLES}prod-app"), "App": APP}, True),
    "a name of its own": ({"Key": key(f"{ROLES}prod-app"), "App": role(RoleName="app")}, False),
    "a pattern of what begins so": ({"Key": like(f"{ROLES}prod-*"), "App": APP}, None),
    "a pattern of what ends so": ({"Key": like(f"{ROLES}*-app"), "App": APP}, True),
    "a pattern of what begins like the file": ({"Key": like(f"{ROLES}T-*"), "App": APP}, None),
    "a pattern of what ends otherwise": ({"Key": like(f"{ROLES}*-web"), "App": APP}, False),
    "the name twice": ({"Key": key(f"{ROLES}a-x-a"), "App": OF_PARTS}, None),
    "two names": ({"Key": key(f"{ROLES}a-x-b"), "App": OF_PARTS}, False),
    "a path of that form": ({"Key": key(f"{ROLES}prod/app"), "App": WITH_PATH}, None),
    "a path of another name": ({"Key": key(f"{ROLES}prod/web"), "App": WITH_PATH}, False),
    "a policy that is attached by a literal name": ({"Key": ROOT, "App": APP, "P": attached("prod-app")}, None),
    "a policy for another literal name": ({"Key": ROOT, "App": APP, "P": attached("prod-web")}, False),
    "a policy that is attached by the same reference": ({"Key": ROOT, "App": APP, "P": attached(NAME)}, True),
}


def may(resources: Json, who: str = "T/App", which: str = "T/Key", **more: Any) -> bool | None:
    templates = {"T": {"Resources": resources}, **more}
    access = AccessMap.from_templates(templates, account=ACCOUNT, region=REGION)
    found = {row.allowed for row in access.who_can("kms:Decrypt", which) if row.principal == who}
    return None if None in found or len(found) > 1 else True in found


@pytest.mark.parametrize("resources, expected", CASES.values(), ids=CASES)
def test_a_role_that_is_named_after_its_stack(resources: Json, expected: bool | None) -> None:
    assert may(resources) is expected


FAR: dict[str, Json] = {
    "another account": key(f"arn:aws:iam::{OTHER}:role/prod-app"),
    "another partition": key(f"arn:aws-cn:iam::{ACCOUNT}:role/prod-app"),
    "a user": key(f"arn:aws:iam::{ACCOUNT}:user/prod-app"),
    "another name": key(f"{ROLES}prod-web"),
    "no policy": key(ACCOUNT),
}


@pytest.mark.parametrize("policy", FAR.values(), ids=FAR)
def test_what_cannot_be_its_name_is_no_case(policy: Json) -> None:
    for whom, cases in ((policy, 1), (key(f"{ROLES}prod-app"), 2)):
        given = {"T": {"Resources": {"Key": whom, "App": APP}}}
        assert len(read_templates(given, account=ACCOUNT, region=REGION)) == cases


IN_PATH = role(RoleName=NAME, Path="/team/")


@pytest.mark.parametrize("app", [APP, IN_PATH])
def test_a_name_by_itself_says_nothing_of_the_path(app: Json) -> None:
    assert may({"Key": ROOT, "App": app, "P": attached("prod-app")}) is None
    assert may({"Key": ROOT, "App": app, "P": attached("prod-web")}) is False


@pytest.mark.parametrize("app", [APP, IN_PATH])
def test_a_session_of_a_role_that_is_named_after_its_stack(app: Json) -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-app/nightly"
    access = AccessMap.from_templates(
        {"T": {"Resources": {"Key": key(session), "App": app}}}, account=ACCOUNT, region=REGION
    )
    rows = {row.principal: row.allowed for row in access.who_can("kms:Decrypt", "T/Key")}
    assert rows == {session: None, "T/App as nightly": None}


def test_an_allow_and_a_deny_that_hold_for_one_name_of_the_stack_only_together() -> None:
    spares = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    spares["Condition"] = {"ArnNotEquals": {"aws:PrincipalArn": OWN_ARN}}
    given = key(f"{ROLES}prod-app")
    given["Properties"]["KeyPolicy"]["Statement"].append(spares)
    assert may({"Key": given, "App": APP}) is None


def test_a_manifest_tells_the_name_of_the_stack(tmp_path: Path) -> None:
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://{ACCOUNT}/{REGION}",
        "properties": {"templateFile": "T.json", "stackName": "prod"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"T": artifact}}))
    # Another role may have a name that is made up, and that decides nothing about the stack's.
    other = f"{ROLES}prod-Reader-1A2b3C4d5E6f"
    for principal, expected in ((f"{ROLES}prod-app", {True}), (f"{ROLES}dev-app", set())):
        resources = {"Key": key(principal, other), "App": APP, "Reader": role()}
        (tmp_path / "T.json").write_text(json.dumps({"Resources": resources}))
        rows = AccessMap.from_assembly(tmp_path).who_can("kms:Decrypt", "prod/Key")
        assert {row.allowed for row in rows if row.principal == "prod/App"} == expected
        assert {row.allowed for row in rows if row.principal == "prod/Reader"} == {None}


NESTED_ROLE = "prod-N-1A2B3C4D5E6F-App-1A2b3C4d5E6f"
NESTED: dict[str, tuple[Json, str, bool | None]] = {
    "a name that it may get": (role(), NESTED_ROLE, None),
    "that of another logical id": (role(), NESTED_ROLE.replace("App", "Web"), False),
    "a name made of that of the stack": (APP, "prod-N-1A2B3C4D5E6F-app", None),
    "a name of its own": (role(RoleName="app"), NESTED_ROLE, False),
}


@pytest.mark.parametrize("app, name, expected", NESTED.values(), ids=NESTED)
def test_a_role_of_a_nested_stack(app: Json, name: str, expected: bool | None) -> None:
    resources = {"Key": key(f"{ROLES}{name}"), "N": {"Type": "AWS::CloudFormation::Stack"}}
    assert may(resources, who="T/N/App", **{"T/N": {"Resources": {"App": app}}}) is expected


@pytest.mark.parametrize("arn, expected", [(f"{ROLES}prod-app", None), (f"{ROLES}prod-web", False)])
@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_a_policy_of_the_organization_may_say_such_a_name(arn: str, expected: bool | None, account: str | None) -> None:
    spared = says("Deny", Condition={"ArnNotEquals": {"aws:PrincipalArn": arn}})
    resources = {"Key": ROOT, "App": role(RoleName=NAME, Policies=[{"PolicyName": "p", "PolicyDocument": says()}])}
    access = AccessMap.from_templates({"T": {"Resources": resources}}, account=account, region=REGION, scps=[spared])
    rows = access.who_can("kms:Decrypt", "T/Key")
    assert {row.allowed for row in rows if row.principal == "T/App"} == ({None} if expected is None else set())
