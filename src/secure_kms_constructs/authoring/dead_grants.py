"""Finds what a key policy admits somebody to and denies again, for sure: the grant that wrote it does nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS, SERVICE_CALL_KEYS
from secure_kms_constructs.policies import PolicyError, Unknown, parse_identity_policy, parse_key_policy

from . import stand_ins
from .reading import TOLD, aws_principals, bound, is_account, listed, meant, statements_in
from .statements import Statement

_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_DENIES = re.compile(" denies ")


def problems(policy: Any, deployer: str, known: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    """Yield one message for each statement whose use is denied to a principal that it names.

    :param policy: the key policy as plain data, with placeholders.
    :param deployer: the ARN of the principal that CloudFormation acts as, which is asked elsewhere.
    :param known: what pseudo parameters stand for.
    :param names: what is equal for every spelling of principals; of one that is not told, the name is not known.
    """
    statements = statements_in(policy)
    denials = [one for one in statements if one.get("Effect") == "Deny" and meant(one.get("Action"), TOLD)]
    if not denials:
        return
    for statement in statements:
        if statement.get("Effect") != "Allow" or "Principal" not in statement:
            continue
        for name in _named(statement):
            if name != deployer and (message := _denied(policy, statement, name, denials, known, names)):
                yield message
                break


def _named(statement: Statement) -> list[str]:
    """Return the roles and users of a statement: its principals, or who of an account."""
    tied = [str(one) for one in listed(bound(statement).get("aws:principalarn")) if not re.search("[*?]", str(one))]
    return tied or [one for one in aws_principals(statement["Principal"]) if one != "*" and not is_account(one)]


def _denied(
    policy: Any,
    statement: Statement,
    name: str,
    denials: list[Statement],
    known: Mapping[str, str],
    names: Mapping[str, str],
) -> str | None:
    tied = bound(statement)
    principal, told = _stand_in(name, tied, denials, known, names)
    try:
        parsed = parse_key_policy(stand_ins.filled(policy, {**known, name: principal}))
    except PolicyError:
        # What it will be cannot be told.
        return None
    for action in sorted(meant(statement.get("Action"), TOLD)):
        context: dict[str, str | Unknown | None] = {
            **told,
            **dict.fromkeys(SERVICE_CALL_KEYS.value),
            **_sent(tied, action),
        }
        key = stand_ins.key_beside(principal)
        everything = [parse_identity_policy(_EVERYTHING)]
        reasons = [
            one
            for one in stand_ins.denied(principal, action, key, _told(context, known), parsed, everything)
            if _DENIES.search(one)
        ]
        if reasons:
            said = statement.get("Sid") or "without Sid"
            return (
                f"statement {said!r} lets {name} {action}, and {'; '.join(reasons)}: take one of them out, or "
                f'exempt it, "ArnNotEquals": {{"aws:PrincipalArn": ["{name}"]}}'
            )
    return None


def _stand_in(
    name: str, tied: Mapping[str, Any], denials: list[Statement], known: Mapping[str, str], names: Mapping[str, str]
) -> tuple[str, dict[str, str | Unknown]]:
    """Return what stands for a principal, and which condition keys are not known for it."""
    text = stand_ins.with_known(name, known)
    if arns.parse(text):
        return stand_ins.literal(text, known), stand_ins.told_of(text, text.split(":")[4])
    account = str(next(iter(listed(tied.get("kms:calleraccount"))), "${AWS.AccountId}"))
    slug = re.sub("[^A-Za-z0-9]+", "-", name).strip("-")
    made_up = stand_ins.literal(f"arn:${{AWS.Partition}}:iam::{account}:role/{slug}", known)
    # A generated name is none that a Deny names, but may be one that a pattern means; of a literal one the path is not
    # told.
    patterns = any(re.search(r"(role|user)/[^\"]*[*?]|\$\{|[*?][^\"]*(role|user)", json.dumps(one)) for one in denials)
    is_generated = names.get(name, "").startswith("${")
    return made_up, stand_ins.told_of(made_up if is_generated and not patterns else "${Name}", account)


def _sent(tied: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Return what a use that a statement admits sends; a pattern of an encryption context is not known."""
    via = [str(one) for one in listed(tied.get("kms:viaservice"))]
    sent: dict[str, Any] = {"kms:ViaService": via[0] if via else None}
    for name, values in tied.items():
        if name.startswith("kms:encryptioncontext:") and action in ENCRYPTION_CONTEXT_ACTIONS.value:
            value = str(listed(values)[0])
            sent[name] = Unknown(name) if re.search("[*?]", value) else value
    return sent


def _told(context: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Return a context without what the deployment tells: a stand-in must not be compared with real names."""
    told: dict[str, Any] = {}
    for name, value in context.items():
        told |= stand_ins.hidden(stand_ins.with_known(value, known), name) if isinstance(value, str) else {name: value}
    return told
