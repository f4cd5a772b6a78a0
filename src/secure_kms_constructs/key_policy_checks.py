"""The last look at a finished key policy, whoever wrote its statements."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from . import arns
from .facts import KEY_POLICY_BYTES, METADATA_ACTIONS

# Conditions that bind a statement for an account's root to something narrower than "any IAM policy says so".
_NARROWING = {"aws:principalarn", "aws:principaltype", "kms:viaservice"}
_POSITIVE = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


def problems(resolved: Any) -> list[str]:
    """Return what would make a key policy ineffective, too wide, undeployable or a lockout.

    :param resolved: the key policy with CloudFormation intrinsics, as in a template.
    """
    policy = arns.plain(resolved)
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list) or not statements:
        return ["the key policy has no statements, so KMS would delegate kms:* to every IAM policy of the account"]
    found = [p for index, statement in enumerate(statements) for p in _of_statement(_name(statement, index), statement)]
    if not any(_admits_policy_update(statement) for statement in statements):
        found.append(
            "no principal besides root may kms:PutKeyPolicy, so the key could never be changed again: "
            "give the HardenedKey a deployer or policy_administrators"
        )
    found.extend(
        f"statement {_name(statement, index)} denies kms:PutKeyPolicy to everyone, which locks the key for good"
        for index, statement in enumerate(statements)
        if statement.get("Effect") == "Deny"
        and not statement.get("Condition")
        and _matches(statement, "kms:PutKeyPolicy")
        and "*" in _principals(statement)
    )
    size = len(arns.bounded(json.dumps(policy, separators=(",", ":"))).encode())
    if size > KEY_POLICY_BYTES.value:
        found.append(
            f"the key policy can be {size} bytes long, and KMS takes {KEY_POLICY_BYTES.value}: "
            "serve the readers with delegate_via, or spread them over several keys"
        )
    return found


def delegates(resolved: Any, action: str = "kms:Decrypt") -> bool:
    """Tell whether a key policy leaves an action to the account's IAM policies without condition."""
    policy = arns.plain(resolved)
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and _matches(statement, action)
        and any(p.endswith(":root") for p in _principals(statement))
        for statement in policy.get("Statement", [])
    )


def _of_statement(name: str, statement: dict[str, Any]) -> Iterable[str]:
    missing = [part for part in ("Effect", "Resource") if not statement.get(part)]
    missing += [] if statement.get("Action") or statement.get("NotAction") else ["Action"]
    missing += [] if statement.get("Principal") or statement.get("NotPrincipal") else ["Principal"]
    if missing:
        yield f"statement {name} has no {' and no '.join(missing)}: KMS accepts it and ignores it"
        return
    if statement["Effect"] != "Allow":
        return
    if "NotAction" in statement or "NotPrincipal" in statement:
        yield f"statement {name} allows by exclusion (NotAction or NotPrincipal), which admits what nobody has listed"
        return
    narrowed = _narrowing_keys(statement)
    if "*" in _principals(statement) and "aws:principalarn" not in narrowed and "kms:calleraccount" not in narrowed:
        yield f"statement {name} admits everyone: name principals, or an account's root with aws:PrincipalArn"
    delegates = any(p.endswith(":root") or p.isdigit() for p in _principals(statement))
    if delegates and not _NARROWING & narrowed and not set(_actions(statement)) <= set(METADATA_ACTIONS.value):
        yield (
            f"statement {name} delegates {', '.join(_actions(statement))} to every IAM policy of an account: "
            "narrow it with aws:PrincipalArn or kms:ViaService"
        )


def _name(statement: dict[str, Any], index: int) -> str:
    return repr(statement.get("Sid") or index)


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _actions(statement: dict[str, Any]) -> list[str]:
    return _listed(statement.get("Action", []))


def _principals(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    if isinstance(principal, dict):
        return [p for kind, value in principal.items() if kind != "Service" for p in _listed(value)]
    return _listed(principal)


def _narrowing_keys(statement: dict[str, Any]) -> set[str]:
    """Return the condition keys that a positive operator binds to values other than a bare wildcard."""
    return {
        key.lower()
        for operator, block in (statement.get("Condition") or {}).items()
        if operator in _POSITIVE
        for key, value in block.items()
        if "*" not in _listed(value) and (key.lower() != "aws:principaltype" or _listed(value) == ["Account"])
    }


def _matches(statement: dict[str, Any], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _actions(statement))


def _admits_policy_update(statement: dict[str, Any]) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and bool(statement.get("Resource"))
        and _matches(statement, "kms:PutKeyPolicy")
        and any(not p.endswith(":root") and p != "*" for p in _principals(statement))
    )
