"""How large a template's policies become once deployed, and which AWS quotas they break.

Plain Python over the template, without the library's own arithmetic, so that both sides are weighed alike.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from secure_kms_constructs import facts

_ACCOUNT = "111122223333"


def role_and_key_policies(template: dict[str, Any]) -> dict[str, Any]:
    """Return the number and the characters of all policies of roles and keys, and the quotas they break."""
    resources = template["Resources"]
    inline: dict[str, int] = defaultdict(int)
    managed: dict[str, list[int]] = defaultdict(list)
    key_policies = []
    policies = 0
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::KMS::Key":
            key_policies.append(_characters(properties["KeyPolicy"], resources))
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            policies += 1
            size = _characters(properties["PolicyDocument"], resources)
            for role in properties["Roles"]:
                if resource["Type"] == "AWS::IAM::Policy":
                    inline[role["Ref"]] += size
                else:
                    managed[role["Ref"]].append(size)
        elif resource["Type"] == "AWS::IAM::Role":
            policies += len(properties.get("Policies", []))
    # A managed policy that CDK makes for overflow is attached on either side: by its Roles or by the role.
    for logical_id, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role" and resource["Properties"].get("ManagedPolicyArns"):
            raise AssertionError(f"{logical_id} attaches policies itself, count them too")
    return {
        "policies": policies,
        "identity": sum(inline.values()) + sum(map(sum, managed.values())),
        "key": max(key_policies, default=0),
        "broken": sorted(_broken(inline, managed, key_policies)),
    }


def _broken(inline: dict[str, int], managed: dict[str, list[int]], key_policies: list[int]) -> set[str]:
    most = facts.MANAGED_POLICIES_PER_IDENTITY.value
    found = {f"{len(sizes)} of {most} managed policies" for sizes in managed.values() if len(sizes) > most}
    checks = (
        ("inline", facts.INLINE_POLICY_CHARACTERS.value["role"], inline.values()),
        ("managed", facts.MANAGED_POLICY_CHARACTERS.value, [size for sizes in managed.values() for size in sizes]),
        ("key policy", facts.KEY_POLICY_BYTES.value, key_policies),
    )
    for what, limit, sizes in checks:
        largest = max(sizes, default=0)
        if largest > limit:
            found.add(f"{what} {largest} of {limit} characters")
    return found


def _characters(policy: Any, resources: dict[str, Any]) -> int:
    return len(json.dumps(_deployed(policy, resources), separators=(",", ":")))


def _deployed(value: Any, resources: dict[str, Any]) -> Any:
    """Return a value with each reference as long as CloudFormation would fill it in."""
    match value:
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": name} | {"Fn::GetAtt": [name, "Arn"]}:
            return _ARNS[resources[name]["Type"]].format(account=_ACCOUNT, name=f"Bench-{name}"[:51], id="x" * 12)
        case {"Fn::Join": [separator, parts]}:
            return separator.join(_deployed(part, resources) for part in parts)
        case dict():
            return {key: _deployed(item, resources) for key, item in value.items()}
        case list():
            return [_deployed(item, resources) for item in value]
    return value


_ARNS = {
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}-{id}",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:{account}:key/00000000-0000-0000-0000-000000000000",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-{id}-xxxxxx",
}
