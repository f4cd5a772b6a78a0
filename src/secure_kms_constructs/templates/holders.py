"""Who has which policies, while it is put together from several resources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from secure_kms_constructs.policies import Policy, Unknown

from .documents import Documents
from .inline import SAM_TYPES, inline_policies, listed
from .landscape import Resource, Source
from .made_roles import Told, roles_for
from .resources import Described

# Partition and account, "role", "user" or "group", and the name, which is theirs alone whatever the path.
HolderKey = tuple[str, str, str, str]

# What the Serverless Application Model adds to a role for one of these is about services that have nothing to do
# with keys. For others, such as events of a message broker, it allows kms:Decrypt.
# https://github.com/aws/serverless-application-model/blob/develop/samtranslator/model/sam_resources.py
_WITHOUT_KEYS = frozenset(
    {
        *("Architectures", "AssumeRolePolicyDocument", "AutoPublishAlias", "CodeUri", "Definition", "DefinitionUri"),
        *("Description", "Environment", "EphemeralStorage", "FunctionName", "Handler", "ImageUri", "InlineCode"),
        *("Layers", "MemorySize", "Metadata", "Name", "PackageType", "PermissionsBoundary", "Policies", "RolePath"),
        *("Runtime", "Tags", "Timeout", "Tracing", "Type", "VpcConfig"),
    }
)


@dataclass
class Holder:
    """Someone with policies.

    :param managed: ARNs of managed policies, or what is not known of them.
    :param boundary: the ARN of the permissions boundary.
    :param stack: the stack that says so.
    :param top: the same, or the one that it is nested in.
    :param is_named: whether the template gives the name.
    :param doubt: why it is not known whether this is so; None where it is.
    :param is_there: whether the template surely makes them; not under a condition that is not tried.
    """

    arn: str | None = None
    source: Source | None = None
    policies: list[Policy] = field(default_factory=list)
    managed: list[object] = field(default_factory=list)
    boundary: object = None
    groups: list[HolderKey] = field(default_factory=list)
    stack: str = ""
    top: str = ""
    is_named: bool = False
    doubt: Unknown | None = None
    is_there: bool = True


def inline_of(resource: Resource, documents: Documents) -> list[Policy]:
    """Return the inline policies of a resource, parsed."""
    return [documents.identity_policy(one.document, one.title, resource.source) for one in inline_policies(resource)]


def made_for(
    one: Described, accounts: set[str], documents: Documents, told: Told
) -> Iterator[tuple[HolderKey, Holder]]:
    """Return the roles that are made for a resource.

    :param accounts: those in which an IAM Identity Center may make the role of a permission set.
    :param told: what is assumed of names.
    """
    given = one.resource.properties.get("Role")
    is_of_sam = one.resource.type in SAM_TYPES
    if is_of_sam and given is not None and not (isinstance(given, Unknown) and _may_have_none(one)):
        return
    for role in roles_for(one, accounts, told):
        holder = _of_sam(one, documents) if is_of_sam else _of_permission_set(one, role.account, documents)
        doubt = Unknown(f"whether a role is made for {one.resource.source.path}") if given is not None else None
        key = (role.partition, role.account, "role", role.name)
        yield key, replace(holder, arn=role.arn, doubt=doubt if is_of_sam else None, is_there=bool(one.exists))


def _may_have_none(one: Described) -> bool:
    """Tell whether a role that cannot be told may be left out: nothing that is given from outside is."""
    written = (one.stack.properties(one.resource.source.logical_id).get("Role"), one.stack.section("Globals"))
    return "AWS::NoValue" in json.dumps(written)


def _of_sam(one: Described, documents: Documents) -> Holder:
    resource = one.resource
    source, partition = resource.source, resource.partition
    policies = inline_of(resource, documents)
    managed: list[object] = []
    untold = sorted(resource.properties.keys() - _WITHOUT_KEYS)
    for policy in listed(resource.properties.get("Policies")):
        if isinstance(policy, str):
            # By ARN, or by the name of a policy of AWS: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
            managed.append(policy if policy.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{policy}")
        elif not (isinstance(policy, dict) and "Statement" in policy):
            untold.append(next(iter(policy), "Policies") if isinstance(policy, dict) else "Policies")
    if untold:
        title = f"policies of {source.path}"
        why = Unknown(f"{title}, which a macro writes for {', '.join(dict.fromkeys(untold))}")
        policies.append(documents.identity_policy(why, title, source))
    boundary = resource.properties.get("PermissionsBoundary")
    return Holder(None, source, policies, managed, boundary, stack=one.stack.name, top=one.stack.top)


def _of_permission_set(one: Described, account: str, documents: Documents) -> Holder:
    resource = one.resource
    properties, partition = resource.properties, resource.partition
    managed = [
        *listed(properties.get("ManagedPolicies")),
        *(_by_name(policy, partition, account) for policy in listed(properties.get("CustomerManagedPolicyReferences"))),
    ]
    boundary: object = None
    match properties.get("PermissionsBoundary"):
        case None:
            pass
        case {"ManagedPolicyArn": boundary}:
            pass
        case {"CustomerManagedPolicyReference": reference}:
            boundary = _by_name(reference, partition, account)
        case _:
            boundary = Unknown(f"the permissions boundary of {resource.source.path}")
    policies = inline_of(resource, documents)
    return Holder(None, resource.source, policies, managed, boundary, stack=one.stack.name, top=one.stack.top)


def _by_name(reference: object, partition: str, account: str) -> object:
    match reference:
        case {"Name": str(name), **more} if isinstance(path := more.get("Path", "/"), str):
            return f"arn:{partition}:iam::{account}:policy{path}{name}"
    return reference if isinstance(reference, Unknown) else Unknown("a policy that a permission set refers to")
