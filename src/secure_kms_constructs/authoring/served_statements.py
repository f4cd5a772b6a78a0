"""The statements that serve a need of the catalogue, with ``{region}`` and the like for where the key is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.catalogue import Grants, Need
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS, METADATA_ACTIONS

from .apps import Place, reference
from .reading import bound, is_account, listed, meant
from .statements import Statement, key_statement, merged, one_or_many

_GRANTS: dict[Grants, dict[str, Any]] = {
    Grants.ANY: {},
    Grants.FOR_SERVICES: {"Bool": {"kms:GrantIsForAWSResource": "true"}},
    Grants.FOR_DECRYPT: {"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}},
    Grants.FOR_DATA: {
        "ForAllValues:StringEquals": {
            "kms:GrantOperations": ["CreateGrant", "Decrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"]
        }
    },
}


def statements_for(
    need: Need, name: str, principal: dict[str, Any], sid: str, tie: dict[str, Any] | None = None
) -> Iterator[Statement]:
    """Yield the statements of one need: no action stands under a condition that can never match it.

    :param name: literal name of the resource, ``*`` for one that CloudFormation makes up.
    :param tie: a condition beside those of the need.
    """
    condition = merged(tie or {}, _source(need, name), _via(need))
    context = _context(need, name)
    parts: dict[str, list[str]] = {}
    for action in need.actions:
        if action == "kms:CreateGrant":
            kind = "grant"
        else:
            kind = "context" if context and action in ENCRYPTION_CONTEXT_ACTIONS.value else "plain"
        parts.setdefault(kind, []).append(action)
    blocks = {
        "grant": merged(condition, context, _GRANTS[need.grants]),
        "context": merged(condition, context),
        "plain": condition,
    }
    for kind, actions in parts.items():
        yield key_statement(sid or f"AllowDeployerTo{actions[0][4:]}", principal, actions, blocks[kind])


def for_source(statement: Statement, account: str, region: str) -> Statement:
    """Return a statement for what a service works for in another account or region than the key's."""
    if (account, region) == ("{account}", "{region}") or "Condition" not in statement:
        return statement
    condition = {
        operator: {
            key: value.replace("{account}", account).replace("{region}", region)
            if key.startswith("aws:Source") and isinstance(value, str)
            else value
            for key, value in block.items()
        }
        for operator, block in statement["Condition"].items()
    }
    return {**statement, "Condition": condition}


def _via(need: Need) -> dict[str, Any]:
    if not need.via:
        return {}
    region = "*" if need.any_region else "{region}"
    values = one_or_many(f"{prefix}.{region}.amazonaws.com" for prefix in need.via)
    return {"StringLike" if need.any_region else "StringEquals": {"kms:ViaService": values}}


def _source(need: Need, name: str) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    if need.source_account:
        condition["StringEquals"] = {"aws:SourceAccount": "{account}"}
    if need.source_arn:
        condition["ArnLike"] = {"aws:SourceArn": need.source_arn.replace("{name}", name)}
    return condition


def _context(need: Need, name: str) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for key, value in need.context:
        text = value.replace("{name}", name)
        # Any bucket there is: a bucket's ARN has no account in it.
        if re.fullmatch(r"arn:[^:]+:s3:::\*(/\*)?", text):
            continue
        operator = "StringLike" if "*" in text or "?" in text else "StringEquals"
        condition.setdefault(operator, {})[f"kms:EncryptionContext:{key}"] = text
    return condition


def filled(value: Any, place: Place) -> Any:
    """Return a statement with the place of its key filled in."""
    if isinstance(value, str):
        for name, text in place._asdict().items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [filled(one, place) for one in value]
    if isinstance(value, dict) and not reference(value):
        return {filled(name, place): filled(one, place) for name, one in value.items()}
    return value


def is_said(statement: Statement, there: Iterable[Statement]) -> bool:
    """Tell whether other statements say what a statement says, no narrower; all as text."""
    ((kind, who),) = statement["Principal"].items()
    # The account's root is whoever the condition names.
    who = bound(statement).get("aws:principalarn", who)
    left = set(listed(statement["Action"]))
    for one in there:
        if one.get("Effect") == "Allow" and _names(one, kind, who) and _no_narrower(one, statement):
            left -= meant(one.get("Action"), left)
    return not left


def is_granted(need: Need, statements: Iterable[Statement], deployer: str, names: Set[str] | None = None) -> bool:
    """Tell whether a key policy, as text, lets roles or users do what a need asks.

    :param deployer: who manages the key, and is none of them.
    :param names: how it may name one of them; None for whoever they are.
    """
    left = set(need.actions) - set(METADATA_ACTIONS.value)
    for one in statements:
        principal, tied = one.get("Principal"), bound(one)
        via = {str(value).partition(".")[0] for value in listed(tied.get("kms:viaservice"))}
        named = {str(who) for who in listed(principal.get("AWS"))} if isinstance(principal, dict) else set()
        by_name = {str(who) for who in listed(tied.get("aws:principalarn"))}
        # What is left to the IAM policies of the account is left for one service.
        if any(map(is_account, named)) and not by_name and not via:
            continue
        whom = (by_name or named) - {deployer}
        if names is not None and not any(map(is_account, whom)):
            whom = {who for who in whom if who in names or arns.identity(who) in names}
        if one.get("Effect") == "Allow" and whom and (not via or via & set(need.via)):
            left -= meant(one.get("Action"), left)
    return not left


def _names(statement: Statement, kind: str, who: str) -> bool:
    principal = statement.get("Principal")
    named = listed(principal.get(kind)) if isinstance(principal, dict) else []
    # A role may also be named by aws:PrincipalArn, with an identity policy of its own beside it.
    return who in named or who in listed(bound(statement).get("aws:principalarn"))


def _matches(value: Any, pattern: str, operator: str) -> bool:
    if operator.endswith("Like") or operator == "ArnEquals":
        return bool(meant(pattern, [str(value)]))
    return str(value) == pattern


def _no_narrower(there: Statement, asked: Statement) -> bool:
    wanted = {name.lower(): value for block in asked.get("Condition", {}).values() for name, value in block.items()}
    for operator, block in (there.get("Condition") or {}).items():
        for name, value in block.items():
            if name.lower() in ("aws:principalarn", "kms:calleraccount"):
                continue
            if operator.startswith("ForAnyValue") or name.lower() not in wanted:
                return False
            patterns = [str(one) for one in listed(value)]
            if not all(any(_matches(one, it, operator) for it in patterns) for one in listed(wanted[name.lower()])):
                return False
    return True
