"""How large the templates' policies are once deployed, and which AWS quotas they break.

Without the library's own arithmetic, so that both sides are weighed alike.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from secure_kms_constructs.aws import facts

_ARNS = {
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/Bench-{}-xxxxxxxxxxxx",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:{}-xxxxxxxxxxxx-xxxxxx",
}


def policies_of(templates: list[dict[str, Any]]) -> dict[str, Any]:
    """Return number and characters of the roles' policies, bytes of the largest key policy, and broken quotas."""
    each = [_of_template(template) for template in templates]
    return {
        "policies": sum(one["policies"] for one in each),
        "identity": sum(one["identity"] for one in each),
        "key": max(one["key"] for one in each),
        "broken": list(dict.fromkeys(broken for one in each for broken in one["broken"])),
    }


def _of_template(template: dict[str, Any]) -> dict[str, Any]:
    inline: dict[str, list[int]] = defaultdict(list)
    managed: dict[str, list[int]] = defaultdict(list)
    key_policies = [0]
    resources = template.get("Resources", {})
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::KMS::Key":
            key_policies.append(_size(properties["KeyPolicy"], resources))
        elif resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            of_kind = inline if resource["Type"] == "AWS::IAM::Policy" else managed
            for role in properties["Roles"]:
                of_kind[role["Ref"]].append(_size(properties["PolicyDocument"], resources))
    attached = [*inline.values(), *managed.values()]
    limits = (
        ("managed policies", facts.MANAGED_POLICIES_PER_IDENTITY, map(len, managed.values())),
        ("characters a managed policy", facts.MANAGED_POLICY_CHARACTERS, map(max, managed.values())),
        ("characters inline", facts.INLINE_POLICY_CHARACTERS, map(sum, inline.values())),
        ("bytes of key policy", facts.KEY_POLICY_BYTES, key_policies),
    )
    broken = []
    for what, fact, found in limits:
        limit = fact.value["role"] if isinstance(fact.value, dict) else fact.value
        if (most := max(found, default=0)) > limit:
            broken.append(f"{most} of {limit} {what}")
    return {
        "policies": sum(map(len, attached)),
        "identity": sum(map(sum, attached)),
        "key": max(key_policies),
        "broken": broken,
    }


def _size(policy: Any, resources: dict[str, Any]) -> int:
    return len(json.dumps(_deployed(policy, resources), separators=(",", ":")))


def _deployed(value: Any, resources: dict[str, Any]) -> Any:
    """Return a value with each reference as long as CloudFormation would fill it in."""
    match value:
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": name} | {"Fn::GetAtt": [name, "Arn"]}:
            return _ARNS[resources[name]["Type"]].format(name)
        case {"Fn::ImportValue": _}:
            return _ARNS["AWS::KMS::Key"]
        case {"Fn::Join": [separator, parts]}:
            return separator.join(_deployed(part, resources) for part in parts)
        case dict():
            return {key: _deployed(item, resources) for key, item in value.items()}
        case list():
            return [_deployed(item, resources) for item in value]
    return value
