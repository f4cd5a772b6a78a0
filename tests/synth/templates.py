"""Reads synthesized templates the way a reviewer would: one key policy, one statement, one readable ARN."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match, Template
from constructs import Construct

ACCOUNT, REGION = "111122223333", "eu-west-1"
OTHER_ACCOUNT = "999999999999"
KEY_ID = "0a1b2c3d-0000-1111-2222-333344445555"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"

ROOT = f"arn:<AWS::Partition>:iam::{ACCOUNT}:root"
DEPLOYER = f"arn:<AWS::Partition>:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"

VIA_SECRETS = f"secretsmanager.{REGION}.amazonaws.com"
PARTIAL = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db"
COMPLETE = f"{PARTIAL}-AbCdEf"
# The ARN of a secret of this account that is called app/db.
NAMED = f"arn:<AWS::Partition>:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db-??????"
READ_SID = "AllowReadThroughSecretsManager"
SECRET_CONTEXT = "kms:EncryptionContext:SecretARN"


def environment(region: str = REGION, account: str = ACCOUNT) -> Environment:
    return Environment(account=account, region=region)


def stack_in(region: str, account: str = ACCOUNT) -> Stack:
    return Stack(App(), "Stack", env=environment(region, account))


def make_role(scope: Construct, id: str = "Role", **options: Any) -> iam.Role:
    return iam.Role(scope, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), **options)


def imported_secret(scope: Construct, arn: str = COMPLETE, id: str = "Imported") -> secretsmanager.ISecret:
    return secretsmanager.Secret.from_secret_complete_arn(scope, id, arn)


def template(stack: Stack) -> dict[str, Any]:
    """Synthesize the app; CDK's own checks and ours run."""
    return Template.from_stack(stack).to_json()


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


def key_policy(stack: Stack) -> list[dict[str, Any]]:
    """Return the statements of the only key of a stack, readable."""
    [key] = resources(template(stack), "AWS::KMS::Key").values()
    return readable(key["KeyPolicy"]["Statement"])


def policy_so_far(key: Any) -> list[dict[str, Any]]:
    """Return the statements of a key's policy before synth, after which CDK allows no change."""
    return readable(key.stack.resolve(key.node.default_child.key_policy)["Statement"])


def by_sid(statements: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in statements if "Sid" in statement}


def identity_statements(stack: Stack) -> list[dict[str, Any]]:
    """Return the statements of every identity policy of a stack, readable."""
    made = template(stack)
    policies = [*resources(made, "AWS::IAM::Policy").values(), *resources(made, "AWS::IAM::ManagedPolicy").values()]
    return [readable(statement) for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def kms_statements(stack: Stack) -> list[dict[str, Any]]:
    """Return the identity statements that are about KMS."""
    return [s for s in identity_statements(stack) if any(a.startswith("kms:") for a in listed(s["Action"]))]


def admitted(stack: Stack, who: str) -> list[str]:
    """Return the actions that the key policy admits somebody to by name."""
    return sorted(action for one in naming(key_policy(stack), who) for action in listed(one["Action"]))


def granted(stack: Stack) -> list[str]:
    """Return the actions on the key that identity policies of a stack allow."""
    statements = kms_statements(stack)
    assert {one["Resource"] for one in statements} <= {"<Key.Arn>"}
    return sorted(action for one in statements for action in listed(one["Action"]))


def naming(statements: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Return the statements in which a text occurs."""
    return [statement for statement in statements if text in str(statement)]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def readable(value: Any) -> Any:
    """Replace each intrinsic by text, a reference by ``<name>``; logical ids lose their hash."""
    if isinstance(value, list):
        return [readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["Ref"]:
        return f"<{_short(value['Ref'])}>"
    if list(value) == ["Fn::GetAtt"]:
        return f"<{_short(value['Fn::GetAtt'][0])}.{value['Fn::GetAtt'][1]}>"
    if list(value) == ["Fn::Join"]:
        return value["Fn::Join"][0].join(readable(value["Fn::Join"][1]))
    if list(value) == ["Fn::ImportValue"]:
        return f"<import {value['Fn::ImportValue']}>"
    if len(value) == 1 and next(iter(value)).startswith("Fn::"):
        return f"<{json.dumps(value)}>"
    return {name: readable(item) for name, item in value.items()}


def _short(logical_id: str) -> str:
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("Ref", "Condition") and isinstance(item, str):
                yield item
            elif name == "Fn::GetAtt":
                yield item[0] if isinstance(item, list) else item.split(".")[0]
            elif name == "Fn::Sub":
                text = item[0] if isinstance(item, list) else item
                yield from (match.split(".")[0] for match in re.findall(r"\$\{([^!}][^}]*)\}", text))
                yield from references(item[1:] if isinstance(item, list) else [])
            else:
                yield from references(item)


def cycle(template: dict[str, Any]) -> list[str]:
    """Return the logical ids of a circular dependency, none if CloudFormation can order the resources."""
    made = template.get("Resources", {})
    edges = {
        name: {*references(one.get("Properties", {})), *listed(one.get("DependsOn", []))} & set(made)
        for name, one in made.items()
    }
    while free := [name for name, needs in edges.items() if not needs]:
        for name in free:
            del edges[name]
        for needs in edges.values():
            needs.difference_update(free)
    return sorted(edges)


def info(stack: Stack) -> list[str]:
    """Return the informational findings."""
    found = Annotations.from_stack(stack).find_info("*", Match.any_value())
    return [str(message.entry.data) for message in found]


def warnings(stack: Stack) -> list[str]:
    """Return the warnings."""
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return [str(message.entry.data) for message in found]
