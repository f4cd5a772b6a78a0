"""What is deployed, read back as a map of access: the same constructs, with the policies that AWS now has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from deployment import Deployment

from secure_kms_constructs import AccessMap
from secure_kms_constructs.policies import Policy, parse_identity_policy, parse_key_policy
from secure_kms_constructs.templates.landscape import Identity, Key, Resource

# How the ARN of a resource begins, before its physical id, of those that grants name.
_ARNS = {"AWS::SecretsManager::Secret": "", "AWS::S3::Bucket": "arn:aws:s3:::"}


def deployed_map(deployment: Deployment) -> AccessMap:
    """The map of the app's templates, with every key, role and ARN of them replaced by what is deployed."""
    [landscape] = AccessMap.from_assembly(deployment.assembly).landscapes
    names = {stack: deployment.physical_ids(stack) for stack in deployment.stacks()}
    return AccessMap(
        (
            replace(
                landscape,
                keys=tuple(_key(deployment, names, one) for one in landscape.keys),
                identities=tuple(_identity(deployment, names, one) for one in landscape.identities),
                resources=tuple(_resource(names, one) for one in landscape.resources),
            ),
        )
    )


def _key(deployment: Deployment, names: dict[str, dict[str, str]], key: Key) -> Key:
    if key.source is None:
        return key
    kms = deployment.emulator.client("kms", region=deployment.stacks()[key.source.stack])
    arn = kms.describe_key(KeyId=names[key.source.stack][key.source.logical_id])["KeyMetadata"]["Arn"]
    document = json.loads(kms.get_key_policy(KeyId=arn)["Policy"])
    return replace(key, arn=arn, policy=parse_key_policy(document, name=key.policy.name))


def _identity(deployment: Deployment, names: dict[str, dict[str, str]], identity: Identity) -> Identity:
    if identity.source is None:
        return identity
    iam = deployment.emulator.client("iam")
    role = names[identity.source.stack][identity.source.logical_id]
    return replace(
        identity, arn=iam.get_role(RoleName=role)["Role"]["Arn"], policies=tuple(_policies_of(iam, role, identity))
    )


def _policies_of(iam: Any, role: str, identity: Identity) -> Iterator[Policy]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        yield parse_identity_policy(document, name=name)
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        if ":iam::aws:policy/" in arn:
            # The emulator makes up what AWS's own policies say; what the templates' reader knows of them stays.
            yield from (one for one in identity.policies if one.name.endswith(attached["PolicyName"]))
            continue
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        yield parse_identity_policy(document, name=attached["PolicyName"])


def _resource(names: dict[str, dict[str, str]], resource: Resource) -> Resource:
    physical = names[resource.source.stack].get(resource.source.logical_id, "")
    start = _ARNS.get(resource.type)
    return resource if start is None else replace(resource, arn=start + physical)
