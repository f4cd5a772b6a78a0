"""The last look at a finished key policy, whoever wrote its statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import CROSS_ACCOUNT_ACTIONS, KEY_POLICY_BYTES, METADATA_ACTIONS
from secure_kms_constructs.policies import PolicyError, parse_key_policy

from . import dead_grants, deployability, stand_ins
from .deployability import Found
from .reading import (
    ADMINISTRATION,
    USES,
    allows_or_denies,
    aws_principals,
    bound,
    is_account,
    is_tied_to_source,
    listed,
    meant,
    names_principals,
)


class Deployment(NamedTuple):
    """Who deploys a key, and what is told of it.

    :param deployer: the ARN of the principal that CloudFormation acts as, with placeholders.
    :param known: what pseudo parameters stand for.
    :param created: the actions that the deployer needs to create resources, by ``kms:ViaService``.
    :param rotates: whether the key rotates.
    :param separates: whether who administers the key may not use it.
    :param names: what is equal for every spelling of some principals, by their spelling in the policy.
    """

    deployer: str
    known: Mapping[str, str]
    created: Mapping[str, Sequence[str]]
    rotates: bool
    separates: bool = False
    names: Mapping[str, str] = MappingProxyType({})


def problems(resolved: Any, deployment: Deployment | None = None) -> list[str]:
    """Return what would make a key policy ineffective, too wide, undeployable or a lockout.

    :param resolved: the key policy with CloudFormation intrinsics, as in a template.
    :param deployment: who deploys it. Default: any owner that the policy names may change it.
    """
    return look(resolved, deployment).problems


def look(resolved: Any, deployment: Deployment | None = None) -> Found:
    """Return the problems of a key policy, and what may be one where the deployment decides."""
    doubts: list[str] = []
    policy = arns.plain(resolved)
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list) or not statements:
        none = "the key policy has no statements, so KMS would delegate kms:* to every IAM policy of the account"
        return Found([none], [])
    if None in statements:
        null = "an override leaves null in the place of a statement, which CloudFormation refuses: leave it out"
        return Found([null], [])
    if hidden := [place for index, one in enumerate(statements) for place in _hidden(one, index)]:
        return Found(
            [
                f"an intrinsic function hides {place} of the key policy: write out what it stands for"
                for place in hidden
            ],
            [],
        )
    own = _account_in(deployment.deployer) if deployment else ""
    found = [
        p for index, statement in enumerate(statements) for p in _of_statement(_name(statement, index), statement, own)
    ]
    found += _mistakes(policy)
    if deployment is not None and deployment.separates:
        found += _both_duties(statements, deployment.deployer)
    owners = [name for statement in statements if _admits_policy_update(statement) for name in _named(statement)]
    if not owners:
        found.append(
            "no principal besides root may kms:PutKeyPolicy, so the key could never be changed again: "
            "give the HardenedKey a deployer or policy_administrators"
        )
    elif not found and deployment is None:
        found += _lockouts(policy, owners)
    elif not found and deployment is not None:
        certain, doubts = deployability.look(
            policy, deployment.deployer, deployment.known, deployment.created, rotates=deployment.rotates
        )
        found += certain or dead_grants.problems(policy, deployment.deployer, deployment.known, deployment.names)
    size = len(arns.bounded(json.dumps(policy, separators=(",", ":"))).encode())
    if size > KEY_POLICY_BYTES.value:
        found.append(
            f"the key policy can be {size} bytes long, and KMS takes {KEY_POLICY_BYTES.value}: "
            "serve the readers with delegate_via, or spread them over several keys"
        )
    return Found(found, doubts)


def overridden(resolved: Any, before: Any) -> list[str]:
    """Return which statements an override of the L1 has removed or changed; others may be beside them.

    :param resolved: the key policy as the template has it.
    :param before: the policy without overrides; None where there are none.
    """
    if before is None:
        return []
    policy = arns.plain(resolved)
    if not isinstance(policy, dict):
        return [
            "an override of the key's L1 removes or replaces the whole key policy: leave the override out, and add "
            "statements of your own with add_to_resource_policy"
        ]
    left = listed(policy.get("Statement"))
    return [
        f"an override of the key's L1 removes or changes statement {_name(statement, index)}: leave the override out, "
        "and add statements of your own with add_to_resource_policy"
        for index, statement in enumerate(listed(arns.plain(before).get("Statement")))
        if statement not in left
    ]


def _hidden(statement: Any, index: int) -> Iterator[str]:
    """Yield which parts of a statement, as text, are no more than an intrinsic function."""
    if not isinstance(statement, dict):
        yield f"statement {index}"
        return
    condition = statement.get("Condition") or {}
    if not isinstance(condition, dict) or not all(isinstance(one, dict) for one in condition.values()):
        yield f"the Condition of statement {_name(statement, index)}"


def delegates(resolved: Any, account: str, action: str = "kms:Decrypt") -> bool:
    """Tell whether a key policy leaves an action to the IAM policies of an account without condition."""
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and allows_or_denies(statement, action)
        and any(is_account(name) and account in name for name in aws_principals(statement.get("Principal")))
        for statement in arns.plain(resolved).get("Statement", [])
    )


def _is_foreign(principal: str, own: str) -> bool:
    parsed = arns.parse(principal)
    return bool(parsed) and bool(own) and arns.contradict(parsed.account if parsed else "", own)


def _of_statement(name: str, statement: dict[str, Any], own: str = "") -> Iterable[str]:
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
    principals, tied = aws_principals(statement["Principal"]), bound(statement)
    if "*" in principals:
        yield f"statement {name} admits everyone: name principals, or an account's root with aws:PrincipalArn"
    actions = [str(action) for action in listed(statement["Action"])]
    for one in principals:
        if "?" in one or ("*" in one and one != "*"):
            yield f"statement {name} names {one}, and KMS takes no wildcard in a principal: name each role"
    services = statement["Principal"].get("Service") if isinstance(statement["Principal"], dict) else None
    for service in map(str, listed(services)):
        if not is_tied_to_source(service, tied):
            yield f"statement {name} admits {service} for anybody: add aws:SourceAccount"
    dead = sorted(
        action for action in actions if action in ("*", "kms:*") or not meant(action, CROSS_ACCOUNT_ACTIONS.value)
    )
    foreign = [one for one in principals if _is_foreign(one, own)]
    if foreign and dead:
        yield f"statement {name} admits {foreign[0]} to {', '.join(dead)}, which KMS honours for no other account"
    if any(map(is_account, principals)) and not _narrow(tied) and not set(actions) <= set(METADATA_ACTIONS.value):
        yield (
            f"statement {name} delegates {', '.join(actions)} to every IAM policy of an account: "
            "narrow it with aws:PrincipalArn or kms:ViaService"
        )


def _narrow(tied: dict[str, Any]) -> bool:
    """Tell whether conditions tie an account's statement to less than "any IAM policy says so"."""
    via_values = listed(tied.get("kms:viaservice"))
    through_one = bool(via_values) and not any(re.match(r"[^.]*[*?]", str(value)) for value in via_values)
    return names_principals(tied) or through_one or listed(tied.get("aws:principaltype")) == ["Account"]


def _name(statement: dict[str, Any], index: int) -> str:
    return repr(statement.get("Sid") or index)


def _admits_policy_update(statement: dict[str, Any]) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and bool(statement.get("Resource"))
        and allows_or_denies(statement, "kms:PutKeyPolicy")
    )


def _named(statement: dict[str, Any]) -> list[str]:
    return [p for p in aws_principals(statement.get("Principal")) if p != "*" and not is_account(p)]


def _both_duties(statements: list[dict[str, Any]], deployer: str) -> Iterable[str]:
    """Yield which administrator uses the key by another statement, whatever its spelling there."""
    owners = {
        spelling
        for statement in statements
        if statement.get("Sid") in ADMINISTRATION
        for name in _named(statement)
        for spelling in (name, arns.identity(name))
    }
    for index, statement in enumerate(statements):
        uses = statement.get("Effect") == "Allow" and meant(statement.get("Action"), USES)
        if not uses or statement.get("Sid") in ADMINISTRATION:
            continue
        named = [*_named(statement), *map(str, listed(bound(statement).get("aws:principalarn")))]
        both = [name for name in named if name != deployer and owners & {name, arns.identity(name)}]
        if both:
            yield (
                f"statement {_name(statement, index)} lets the administrator {both[0]} use the key: use two "
                "principals, or pass separation_of_duties=False to the HardenedKey"
            )


def _mistakes(policy: dict[str, Any]) -> list[str]:
    """Return what makes no sense to KMS, such as an operator that IAM does not have."""
    try:
        filled = stand_ins.filled(policy, {})
    except PolicyError:
        return []
    parsed = parse_key_policy(filled, lenient=True)
    # An intrinsic function in place of an element is none yet.
    return [f"KMS refuses the key policy: {text}" for _, text in parsed.broken if not arns.has_placeholder(text)]


def _lockouts(policy: dict[str, Any], owners: list[str]) -> list[str]:
    """Return why no owner of the key policy may change it, if none may."""
    try:
        parsed = parse_key_policy(stand_ins.filled(policy, {}))
    except PolicyError:
        # An intrinsic function in place of a statement, say: what it will be cannot be told.
        return []
    reasons: tuple[str, ...] = ()
    for owner in owners:
        principal = stand_ins.literal(owner, {})
        context = {"kms:BypassPolicyLockoutSafetyCheck": "false", **stand_ins.told_of(owner, _account_in(owner))}
        reasons = stand_ins.denied(principal, "kms:PutKeyPolicy", stand_ins.key_beside(principal), context, parsed)
        if not reasons:
            return []
    return [f"nobody but root may kms:PutKeyPolicy, which locks the key for good: {'; '.join(reasons)}"]


def _account_in(principal: str) -> str:
    parsed = arns.parse(principal)
    return parsed.account if parsed else principal
