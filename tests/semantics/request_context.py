"""What AWS puts into a request context by itself; the judge fills in nothing."""

from __future__ import annotations

from collections.abc import Mapping

# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
_GRANT_ACTIONS = {"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"}
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
_WITHOUT_CALLER_ACCOUNT = {"kms:GenerateRandom", "kms:ListAliases", "kms:ListKeys", "kms:ListRetirableGrants"}
_SOURCE_KEYS = {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}

ContextValue = str | list[str]


def request_context(
    *, principal: str, action: str, resource: str, via: str | None, encryption_context: Mapping[str, str]
) -> dict[str, ContextValue]:
    """The keys of a request by `principal`; `via` is the service that calls KMS in its name."""
    kms = action.startswith("kms:")
    if via and not kms:
        raise ValueError(f"kms:ViaService exists on KMS actions only, got {action}")
    if via and is_service(principal):
        raise ValueError(f"kms:ViaService exists in a role's or user's name only, got {principal}")
    context = _of_service(principal) if is_service(principal) else _of_identity(principal)
    if kms and not is_service(principal) and action not in _WITHOUT_CALLER_ACCOUNT:
        context["kms:CallerAccount"] = account_of(principal)
    context["aws:ViaAWSService"] = _bool(bool(via))
    context["aws:SecureTransport"] = "true"
    if resource != "*":
        _, _, _, region, account, _ = resource.split(":", 5)
        context |= {"aws:ResourceAccount": account, "aws:RequestedRegion": region}
        if via:
            # The suffix is .amazonaws.com in every partition.
            context["kms:ViaService"] = via if "." in via else f"{via}.{region}.amazonaws.com"
    if encryption_context:
        context["kms:EncryptionContextKeys"] = sorted(encryption_context)
    if action in _GRANT_ACTIONS:
        context["kms:GrantIsForAWSResource"] = _bool(bool(via))
    if action == "kms:PutKeyPolicy":
        context["kms:BypassPolicyLockoutSafetyCheck"] = "false"
    return context


def is_service(principal: str) -> bool:
    """Whether a principal is a service (`logs.us-east-1.amazonaws.com`), not an ARN."""
    return principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def account_of(principal: str) -> str:
    """The account of an IAM principal."""
    return principal.split(":")[4]


def reject_impossible(principal: str, context: Mapping[str, object]) -> None:
    """Refuse keys that AWS never sends for this principal: a question about them proves nothing."""
    source_keys = sorted(key for key in context if key.lower() in _SOURCE_KEYS)
    if source_keys and not is_service(principal):
        raise ValueError(f"{source_keys} exist in calls of a service principal only, got {principal}")


def _of_identity(principal: str) -> dict[str, ContextValue]:
    kind, name = _kind_and_name(principal)
    # For an assumed role aws:PrincipalArn is the role's ARN, not the session's.
    context: dict[str, ContextValue] = {
        "aws:PrincipalArn": principal,
        "aws:PrincipalAccount": account_of(principal),
        "aws:PrincipalType": {"root": "Account", "role": "AssumedRole", "user": "User"}[kind],
        "aws:PrincipalIsAWSService": "false",
    }
    if kind == "user":
        context["aws:username"] = name
    return context


def _of_service(principal: str) -> dict[str, ContextValue]:
    # AWS documents neither aws:PrincipalType, PrincipalArn, PrincipalAccount nor kms:CallerAccount for these
    # calls, so they are absent; aws:SourceArn and aws:SourceAccount are the asker's to give.
    return {
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": principal,
        "aws:PrincipalServiceNamesList": [principal],
    }


def _kind_and_name(principal: str) -> tuple[str, str]:
    parts = principal.split(":", 5)
    kind, _, name = parts[5].partition("/") if len(parts) == 6 and parts[2] == "iam" else ("", "", "")
    if kind not in {"root", "role", "user"}:
        raise ValueError(f"a principal is a role, user or root ARN or a service, got {principal}")
    return kind, name.rpartition("/")[2]


def _bool(value: bool) -> str:
    return "true" if value else "false"
