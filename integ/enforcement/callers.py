"""Who is calling, as KMS sees it."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

import ministack.app as app
from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam

# The access key of the current request, and the role that CloudFormation acts as. Tasks inherit both.
access_key: ContextVar[str] = ContextVar("access_key", default="")
service_role_arn: ContextVar[str] = ContextVar("service_role_arn", default="")


def acting_principal() -> evaluator.PrincipalInfo | None:
    """The principal a service acts for: CloudFormation's role where one was given, else the caller."""
    if service_role_arn.get():
        return role_session(service_role_arn.get(), "AWSCloudFormation")
    principal = evaluator.resolve_principal(access_key.get(), get_account_id())
    return None if isinstance(principal, evaluator.AuthError) else principal


def role_session(role_arn: str, session: str) -> evaluator.PrincipalInfo:
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        type="AssumedRole",
        account=account,
        policies=evaluator._gather_role_policies(name, account),
        limits=evaluator._permissions_boundary(iam._roles, name, account),
    )


def patch() -> None:
    # aws:PrincipalArn of an assumed role is the role's ARN, path included, not the session's
    # (IAM User Guide, "AWS global condition context keys").
    resolve_condition_key = evaluator._resolve_condition_key

    def resolve(key: str, context: evaluator.EvalContext) -> Any:
        value = resolve_condition_key(key, context)
        session = re.match(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/", str(value))
        if key.lower() == "aws:principalarn" and session:
            role = iam._roles.get_scoped(session[1], None, session[2])
            return role["Arn"] if role else f"arn:aws:iam::{session[1]}:role/{session[2]}"
        return value

    evaluator._resolve_condition_key = resolve

    # AWS is reached over TLS. Plain http on loopback stands in for it, else the bucket policy of
    # `cdk bootstrap` (Deny unless aws:SecureTransport) refuses every deployment.
    pin_request_origin = evaluator.pin_request_origin

    def pin_as_secure(source_ip: str, _secure_transport: bool) -> None:
        pin_request_origin(source_ip, True)

    evaluator.pin_request_origin = app.pin_request_origin = pin_as_secure
