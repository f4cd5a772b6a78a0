"""Tells which role or user stands behind what a grant was given, or refuses it."""

from __future__ import annotations

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring import principals
from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service

from .asking import account_of, arn_of, asked_once, principal_of, stack_of
from .findings import PRINCIPAL, check_no_text
from .grantees import Grantee


@asked_once
def _owned(principal: iam.Role | iam.User) -> Grantee:
    stack = stack_of(principal)
    kind = "role" if isinstance(principal, iam.Role) else "user"
    return Grantee(principal, kind, account_of(stack), arn_of(principal), "", stack, stack)


def check_plain(principal: iam.IPrincipal, service: Service) -> None:
    """Check that no principal around a role or user hides it, which would get use of the key beside the service.

    :raises ValueError: for a composite, and for a role or user with conditions or session tags.
    """
    if not isinstance(principal, iam.PrincipalBase) or isinstance(
        principal, (iam.ArnPrincipal, kms.ViaServicePrincipal)
    ):
        return
    try:
        named = principal.policy_fragment.principal_json
    except RuntimeError as error:
        raise ValueError(f"grant to each role or user by itself, got {type(principal).__name__}: {error}") from error
    users = [str(one) for one in named.get("AWS", []) if not str(one).endswith((":root", "*"))]
    if users:
        raise ValueError(
            f"a grant of {service.name} takes one role or user as it is, got {type(principal).__name__} of {users}, "
            "which the key could not hold to the service: grant to each role or user by itself (iam.Role, "
            "iam.ArnPrincipal), with key.add_to_resource_policy(...) for conditions of its own"
        )


def resolve_grantee(grantee: iam.IGrantable, scope: Construct, *, name: str = "grantee") -> Grantee:
    """Return the role or user behind a grantee.

    :param name: what the caller's parameter is called, for messages.
    :raises ValueError: where it is neither, or which one cannot be told.
    """
    check_no_text(name, grantee, PRINCIPAL)
    principal = principal_of(grantee)
    if isinstance(principal, (iam.Role, iam.User)):
        return _owned(principal)
    if isinstance(principal, iam.Group):
        raise ValueError(
            f"{name} must be a role or a user, got the group {principal.node.path}: "
            "aws:PrincipalArn is never a group, grant to a role that its members assume"
        )
    try:
        fragment = principal.policy_fragment
    except RuntimeError as error:
        raise ValueError(f"{name} has no role of its own, pass the role itself: {error}") from error
    named = fragment.principal_json
    if set(named) != {"AWS"} or len(named["AWS"]) != 1 or fragment.conditions:
        told = arns.plain(stack_of(scope).resolve(named))
        raise ValueError(
            f"{name} must be one role or user without conditions, got {json.dumps(told, sort_keys=True)}"
            f"{' with conditions' if fragment.conditions else ''}: grant to a role that the service or caller assumes"
        )
    stack, arn = stack_of(scope), named["AWS"][0]
    text = arns.as_text(stack.resolve(arn))
    parsed = arns.principal_arn(text)
    if parsed is None or not principals.is_one(text):
        raise ValueError(
            f"{name} must be a role or user whose ARN can be told, one of one account, got {text!r}: "
            "pass a role of this app itself (not without_policy_updates()), or iam.Role.from_role_arn(...) or "
            "iam.ArnPrincipal(...) with the full ARN of one role or user"
        )
    if principals.lacks_path(text):
        raise ValueError(
            f"{name} must be a role of Identity Center by its whole ARN, got {text!r}: import it with "
            "iam.Role.from_role_arn(...) and the ARN that IAM shows, with its path "
            "aws-reserved/sso.amazonaws.com/<region>/ (without the region in us-east-1)"
        )
    account = parsed[0].account
    if arns.has_placeholder(account):
        home = account_of(stack)
    else:
        home = Account(stack.format_arn(service="iam", region="", account=account, resource="root"), account)
    return Grantee(principal, parsed[1], home, arn, text, None, stack)
