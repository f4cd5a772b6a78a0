"""What a construct of CDK grants on the key along with its own resource: through its service, for that resource."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aws_cdk import ArnFormat, Reference, Resource, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SECRET_SUFFIX
from secure_kms_constructs.aws.services import Service

from .asking import name_of, node_of, stack_of
from .grantees import Grantee
from .names import note_name
from .places import is_known


class Asked(NamedTuple):
    """A grant method of a resource that the user has called: the resource, and for whom."""

    resource: Any
    grantee: iam.IGrantable


def principal_behind(principal: iam.IPrincipal, asked: Asked | None) -> iam.IGrantable | None:
    """Return the role or user that a ``ViaServicePrincipal`` stands for; None for an account or a service."""
    named = principal.policy_fragment.principal_json
    names = named.get("AWS", [])
    if set(named) != {"AWS"} or len(names) != 1 or str(names[0]).endswith((":root", "*")):
        return None
    token = Tokenization.reverse_string(names[0]).first_token
    if token is not None and Reference.is_reference(token):
        owner: Any = node_of(token.target).scope  # type: ignore[attr-defined]
        if isinstance(owner, (iam.Role, iam.User)):
            return owner
    if asked is not None and asked.grantee.grant_principal.policy_fragment.principal_json == named:
        return asked.grantee
    return iam.ArnPrincipal(names[0])


def is_through(principal: iam.IPrincipal) -> bool:
    """Tell whether a principal is one that comes through a service."""
    return isinstance(principal, kms.ViaServicePrincipal)


def asked_by_user(service: Service) -> Asked | None:
    """Return the resource whose grant method the user has called, and for whom; None where a construct has."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == f"aws_cdk.aws_{service.prefix}":
            resource, grantee = (frame.f_locals.get(name) for name in ("self", "grantee"))
            if resource is None or grantee is None:
                grantee = frame.f_locals.get("identity")
            return Asked(resource, grantee) if resource is not None and grantee is not None else None
        frame = frame.f_back  # type: ignore[assignment]
    return None


# What writes nothing before it comes to its key, and the property with its ARN.
_ARNS = {"kinesis": "stream_arn", "ssm": "parameter_arn"}


def contexts_of(grantee: Grantee, service: Service, asked: Asked | None, actions: Sequence[str]) -> list[str]:
    """Return the encryption contexts that the resource of the grant sends, where its construct has just named it.

    A bucket and a secret write what the grantee may do with them before they come to their key.

    :param actions: what is asked of the key.
    """
    if service.context_key is None:
        return []
    if service.prefix in _ARNS:
        arn = getattr(asked.resource, _ARNS[service.prefix], None) if asked else None
        return [str(arn)] if arn else []
    # Keys come one after the other: of the destinations of a replication, and then of its source.
    named = [one for one in _statements_of(grantee) if not _is_about(one, "kms")]
    if not named or not _is_about(named[-1], service.prefix):
        return []
    resources = _listed(named[-1]["Resource"])
    if _REPLICATES in _listed(named[-1]["Action"]):
        resources = _replicated(named, sends="kms:Encrypt" in actions)
    if service.prefix == "s3":
        # With a Bucket Key the context is the bucket, without it is the object.
        resources += [re.sub(r"/.*", "", one, flags=re.DOTALL) for one in resources]
    return list(dict.fromkeys(resources))


def resources_of(grantee: Grantee, service: Service) -> list[str]:
    """Return the resources of a service that the policy which constructs of CDK write for a grantee names."""
    named = [one for one in _statements_of(grantee) if one.get("Effect") == "Allow" and _is_about(one, service.prefix)]
    found = [resource for one in named for resource in _listed(one["Resource"])]
    return [one for one in dict.fromkeys(found) if one != "*"]


def _statements_of(grantee: Grantee) -> list[dict[str, Any]]:
    children = node_of(grantee.principal)
    # Of an imported role it is called otherwise.
    policy = children.try_find_child("DefaultPolicy") or children.try_find_child("Policy")
    return list((policy.document.to_json() or {}).get("Statement", [])) if isinstance(policy, iam.Policy) else []


def _is_about(statement: Mapping[str, Any], prefix: str) -> bool:
    return "Resource" in statement and all(one.startswith(f"{prefix}:") for one in _listed(statement.get("Action")))


_REPLICATES, _REPLICATED = "s3:ReplicateObject", "s3:GetReplicationConfiguration"


def _replicated(statements: Sequence[Mapping[str, Any]], *, sends: bool) -> list[str]:
    """Return the objects that a replication encrypts, or those that it decrypts.

    The objects of a destination come as one token each, which hides the wildcard at its end and would match as it
    stands; so the buckets are those that the user has named.

    :param sends: whether the key is that of a destination; else it is that of the source.
    """
    if sends:
        return [f"{arn}/*" for arn in _destinations()]
    sources = [one["Resource"] for one in statements if _REPLICATED in _listed(one.get("Action"))]
    return [f"{sources[-1]}/*"] if sources and isinstance(sources[-1], str) else []


def _destinations() -> list[str]:
    """Return the ARNs of the buckets that the bucket being made, or asked to grant, replicates to."""
    frame = sys._getframe(1)
    while frame is not None:
        several = frame.f_locals.get("replication_rules") or frame.f_locals.get("destinations")
        if frame.f_globals.get("__name__") == "aws_cdk.aws_s3" and several:
            buckets = [_bucket_of(one) for one in several]
            return list(dict.fromkeys(one.bucket_arn for one in buckets))
        frame = frame.f_back  # type: ignore[assignment]
    return []


def _bucket_of(one: Any) -> Any:
    """Return the bucket of a rule, or of a destination."""
    if isinstance(one, dict):
        return one.get("destination") or one["bucket"]
    return one.destination if hasattr(one, "destination") else one.bucket


_NAMED_BY = {"s3": "bucket_name", "secretsmanager": "secret_name", "kinesis": "stream_name"}


def literal_contexts(service: Service, asked: Asked | None) -> list[str]:
    """Return the encryption contexts of a resource whose name is literal, as a key policy can name them."""
    resource: Any = asked.resource if asked else None
    if service.prefix == "ssm" and hasattr(resource, "parameter_arn"):
        text = arns.as_text(stack_of(resource).resolve(resource.parameter_arn))
        return [resource.parameter_arn] if arns.only_pseudo_parameters(text) else []
    if not isinstance(resource, Resource) or not is_known(name := name_of(resource)):
        return []
    stack = stack_of(resource)
    if service.prefix in _NAMED_BY:
        note_name(stack, resource, node_of(resource).path, _NAMED_BY[service.prefix], name)
    if service.prefix == "s3":
        arn = stack.format_arn(service="s3", region="", account="", resource=name)
        return [arn, f"{arn}/*"]
    if service.prefix == "secretsmanager":
        named = f"{name}{SECRET_SUFFIX.value}"
        colon = ArnFormat.COLON_RESOURCE_NAME
        return [stack.format_arn(service="secretsmanager", resource="secret", resource_name=named, arn_format=colon)]
    if service.prefix == "kinesis":
        return [stack.format_arn(service="kinesis", resource="stream", resource_name=name)]
    return []


def _listed(value: Any) -> list[str]:
    return [str(one) for one in (value if isinstance(value, list) else [value])]
