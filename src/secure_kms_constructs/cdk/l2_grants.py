"""What a construct of CDK grants on the key along with its own resource: through its service, for that resource."""

from __future__ import annotations

import re
import sys
from typing import Any, NamedTuple

from aws_cdk import ArnFormat, Reference, Resource, Tokenization
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import SECRET_SUFFIX
from secure_kms_constructs.aws.services import Service

from .asking import name_of, node_of, stack_of
from .grantees import Grantee
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


def contexts_of(grantee: Grantee, service: Service, asked: Asked | None) -> list[str]:
    """Return the encryption contexts that the resource of the grant sends, where its construct has just named it.

    A bucket and a secret write what the grantee may do with them before they come to their key.
    """
    if service.context_key is None:
        return []
    if service.prefix in _ARNS:
        arn = getattr(asked.resource, _ARNS[service.prefix], None) if asked else None
        return [str(arn)] if arn else []
    children = node_of(grantee.principal)
    # Of an imported role it is called otherwise.
    policy = children.try_find_child("DefaultPolicy") or children.try_find_child("Policy")
    statements = (policy.document.to_json() or {}).get("Statement", []) if isinstance(policy, iam.Policy) else []
    if not statements:
        return []
    actions, resources = (_listed(statements[-1].get(name)) for name in ("Action", "Resource"))
    if not all(action.startswith(f"{service.prefix}:") for action in actions):
        return []
    if service.prefix == "s3":
        if any(_is_opaque(one) for one in resources):
            # The objects of a replication come as one token each, which would match as it stands.
            resources = [f"{arn}/*" for arn in _replicated_to()]
        # With a Bucket Key the context is the bucket, without it is the object.
        resources += [re.sub(r"/.*", "", one, flags=re.DOTALL) for one in resources]
    return list(dict.fromkeys(resources))


def _is_opaque(resource: str) -> bool:
    """Tell whether a resource is one token that hides the wildcard at its end."""
    if not re.fullmatch(r"\$\{Token\[[^\]]*\]\}", resource):
        return False
    token = Tokenization.reverse_string(resource).first_token
    return token is not None and not Reference.is_reference(token)


def _replicated_to() -> list[str]:
    """Return the ARNs of the buckets that the bucket being made replicates to."""
    frame = sys._getframe(1)
    while frame is not None:
        rules = frame.f_locals.get("replication_rules")
        if frame.f_globals.get("__name__") == "aws_cdk.aws_s3" and rules:
            destinations = [one["destination"] if isinstance(one, dict) else one.destination for one in rules]
            return list(dict.fromkeys(one.bucket_arn for one in destinations))
        frame = frame.f_back  # type: ignore[assignment]
    return []


def literal_contexts(service: Service, asked: Asked | None) -> list[str]:
    """Return the encryption contexts of a resource whose name is literal, as a key policy can name them."""
    resource: Any = asked.resource if asked else None
    if service.prefix == "ssm" and hasattr(resource, "parameter_arn"):
        text = arns.as_text(stack_of(resource).resolve(resource.parameter_arn))
        return [resource.parameter_arn] if arns.only_pseudo_parameters(text) else []
    if not isinstance(resource, Resource) or not is_known(name := name_of(resource)):
        return []
    stack = stack_of(resource)
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
