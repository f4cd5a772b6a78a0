"""Literals in place of what only the deployment tells, so that finished policies can be evaluated before it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS
from secure_kms_constructs.policies import Decision, Outcome, Policy, Request, Unknown, evaluate

_ACCOUNT = "000000000000"
_REGION = "us-east-1"
_PSEUDO = {
    "${AWS.Partition}": "aws",
    "${AWS.AccountId}": _ACCOUNT,
    "${AWS.Region}": _REGION,
    "${AWS.URLSuffix}": "amazonaws.com",
}
# Not a policy variable, which has a colon in it or is ${*}, ${?} or ${$}.
_PLACEHOLDER = re.compile(r"\$\{[^}:*?$]+\}")


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """Return a value with literals in place of its intrinsics, the same for the same.

    :param value: resolved, as in a template.
    :param known: what some texts, or pseudo parameters among them, stand for.
    """
    return _filled(arns.plain(value), known)


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    if isinstance(value, dict):
        return {name: _filled(item, known) for name, item in value.items()}
    return literal(value, known) if isinstance(value, str) else value


def hidden(text: str, condition_key: str) -> dict[str, str | Unknown]:
    """Return what a request has under a condition key: a stand-in must not be compared with real names."""
    return {condition_key: Unknown(condition_key) if arns.has_placeholder(text) else text}


def told_of(principal: str, account: str) -> dict[str, str | Unknown]:
    """Return what of a principal is not known, as condition keys, where its ARN or account is not literal."""
    unknown = ["aws:PrincipalArn", "aws:username"] if arns.has_placeholder(principal) else []
    if arns.has_placeholder(account):
        unknown += ["aws:PrincipalAccount", "aws:ResourceAccount", "kms:CallerAccount"]
    return {name: Unknown(name) for name in unknown}


def with_known(text: str, known: Mapping[str, str]) -> str:
    """Return a text with what is known in place of its placeholders, and nothing made up."""
    return _PLACEHOLDER.sub(lambda match: known.get(match[0], match[0]), known.get(text, text))


def literal(text: str, known: Mapping[str, str]) -> str:
    """Return a text with literals in place of its placeholders."""
    if text in known:
        return known[text]
    if _is_hidden(text):
        # Most often the ARN of something; as a principal it has to look like one.
        return f"arn:aws:iam::{_ACCOUNT}:role/{_slug(text)}"
    return _PLACEHOLDER.sub(lambda match: known.get(match[0]) or _PSEUDO.get(match[0]) or _slug(match[0]), text)


def literals(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return literals for several texts by the same names; what only the deployment tells is numbered.

    So two grants that differ in nothing else read the same.
    """
    hidden = {text: f"arn:aws:iam::{_ACCOUNT}:role/Hidden{number}" for number, text in enumerate(texts.values())}
    return {
        name: hidden[text] if _is_hidden(text) and text not in known else literal(text, known)
        for name, text in texts.items()
    }


def _is_hidden(text: str) -> bool:
    return text not in _PSEUDO and _PLACEHOLDER.fullmatch(text) is not None


def key_beside(principal: str) -> str:
    """Return the ARN of a key in the account of a principal."""
    _, partition, _, _, account, _ = principal.split(":", 5)
    return f"arn:{partition}:kms:{_REGION}:{account}:key/00000000-0000-0000-0000-000000000000"


def _slug(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "-", text).strip("-")


class Answer(NamedTuple):
    """What is told of a request before the deployment.

    :param allowed: None where it depends on what nobody knows yet.
    :param reasons: why it is not allowed for sure.
    """

    allowed: bool | None
    reasons: tuple[str, ...]


def answered(
    principal: str,
    action: str,
    key: str,
    context: Mapping[str, str | Unknown | None],
    key_policy: Policy,
    identity_policies: Sequence[Policy] = (),
) -> Answer:
    """Return whether a request is allowed, and why not.

    :param context: the condition keys that are known; of others a policy asks for, it is not known.
    """
    decision = _decision(principal, action, key, context, key_policy, identity_policies)
    if decision.allowed is None:
        return Answer(None, _reasons(decision, Outcome.UNDECIDED))
    return Answer(decision.allowed, _why_denied(decision))


def denied(
    principal: str,
    action: str,
    key: str,
    context: Mapping[str, str | Unknown | None],
    key_policy: Policy,
    identity_policies: Sequence[Policy] = (),
    boundary: Policy | None = None,
) -> tuple[str, ...]:
    """Return why a request is denied for sure; nothing where it is allowed, or depends on what nobody knows yet."""
    return _why_denied(_decision(principal, action, key, context, key_policy, identity_policies, boundary))


def allowed(
    principal: str,
    action: str,
    key: str,
    context: Mapping[str, str | Unknown | None],
    key_policy: Policy,
    identity_policies: Sequence[Policy] = (),
) -> tuple[str, ...]:
    """Return which statements allow a request for sure; nothing where it is denied, or depends on what is unknown."""
    decision = _decision(principal, action, key, context, key_policy, identity_policies)
    return _reasons(decision, Outcome.ALLOWS, Outcome.DELEGATES) if decision.allowed is True else ()


def _decision(
    principal: str,
    action: str,
    key: str,
    context: Mapping[str, str | Unknown | None],
    key_policy: Policy,
    identity_policies: Sequence[Policy],
    boundary: Policy | None = None,
) -> Decision:
    asked = {
        condition.key.lower()
        for policy in (key_policy, *identity_policies, *((boundary,) if boundary else ()))
        for statement in policy.statements
        for condition in statement.conditions
    }
    given = {name.lower() for name in context}
    plain = Request(principal, action, key, dict(context))
    unknown = {
        name: Unknown(name)
        for name in asked
        if name and name not in given and plain.value(name) is None and _may_have(action, name)
    }
    request = Request(principal, action, key, {**context, **unknown}) if unknown else plain
    return evaluate(request, key_policy=key_policy, identity_policies=list(identity_policies), boundary=boundary)


def _why_denied(decision: Decision) -> tuple[str, ...]:
    # Reasons take longer than the decision.
    if decision.allowed is not False:
        return ()
    # Not each statement that has nothing to do with it: a Deny, or the rule by which nothing allows it.
    telling = [one for one in decision.reasons if one.outcome is Outcome.DENIES or one.statement is None]
    return tuple(map(str, telling or decision.reasons))


def _reasons(decision: Decision, *outcomes: Outcome) -> tuple[str, ...]:
    return tuple(str(one) for one in decision.reasons if one.outcome in outcomes)


def _may_have(action: str, condition_key: str) -> bool:
    """Tell whether a request may have a condition key: most actions of KMS take no encryption context."""
    return not condition_key.startswith("kms:encryptioncontext") or action in ENCRYPTION_CONTEXT_ACTIONS.value
