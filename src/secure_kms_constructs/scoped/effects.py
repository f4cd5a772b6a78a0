"""Whether grants still work in the finished policies, whoever added what to the key policy after them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring import stand_ins
from secure_kms_constructs.authoring.statements import Statement, document
from secure_kms_constructs.authoring.targets import Target, UsedKey
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.cdk.asking import asked_once, resolve_each, resolved_in, stack_of
from secure_kms_constructs.cdk.findings import check_at_synth
from secure_kms_constructs.cdk.finished import finished_policies
from secure_kms_constructs.cdk.grantees import Grantee, account_text
from secure_kms_constructs.cdk.rendering import known_partition
from secure_kms_constructs.policies import Policy, PolicyError, Unknown, parse_identity_policy, parse_key_policy

from . import wider
from .wider import Granted

# Each target has the same statements but for its name; a Deny that meets one of these few would be for that name.
_TRIED = 5


@dataclass(frozen=True)
class _Grant:
    """One grantee's use of one key through a service, as both sides were written."""

    scope: Construct
    grantee: Grantee
    key: kms.Key
    key_arn: str
    named: str
    service: Service
    use: Use
    via: str
    targets: list[list[str]]
    identity: Sequence[Statement]


def expect(
    scope: Construct,
    grantee: Grantee,
    used: UsedKey,
    admission: Sequence[Statement],
    service: Service,
    use: Use,
    under: Sequence[Target],
    identity: Sequence[Statement],
    *,
    named: bool,
) -> None:
    """Check at synth that a grant on a key of this app works.

    :param admission: what was written into the key policy; nothing where it delegates to IAM policies.
    :param under: what the key encrypts.
    :param identity: the grantee's identity statements, as written here or required of its owner; none where the key
        policy alone admits it.
    :param named: whether the key policy names what the key encrypts.
    """
    if isinstance(used.key, kms.Key):
        targets = [[target.arn, (target.known_arn if named else None) or ""] for target in under[:_TRIED]]
        via = service.via(under[0].region)
        _grants_on(stack_of(used.key)).append(
            _Grant(
                scope,
                grantee,
                used.key,
                used.arn,
                _named_in(admission),
                service,
                use,
                via,
                targets,
                identity,
            )
        )


def expect_alone(
    scope: Construct, grantee: Grantee, service: Service, targets: Sequence[Target], identity: Sequence[Statement]
) -> None:
    """Warn at synth of wider ways beside a grant under keys that are not of this app, most often one of AWS."""
    arns_of = [target.arn for target in targets[:_TRIED]]
    if arns_of and service is Service.SECRETS_MANAGER:
        _alone_in(stack_of(scope)).append(Granted(scope, grantee, "", None, service, arns_of, identity))


@asked_once
def _alone_in(stack: Stack) -> list[Granted]:
    granted: list[Granted] = []
    check_at_synth(stack, lambda: _warn_of(stack, granted))
    return granted


def _warn_of(stack: Stack, granted: Sequence[Granted]) -> list[str]:
    wider.warn_of_ways(stack, granted, {}, known_partition(stack))
    return []


def _named_in(admission: Sequence[Statement]) -> str:
    """Return the grantee's ARN as a key policy names it."""
    if not admission:
        return ""
    tied = admission[0].get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn")
    return str(tied or admission[0]["Principal"]["AWS"])


@asked_once
def _grants_on(stack: Stack) -> list[_Grant]:
    """Return the grants on keys of a stack."""
    grants: list[_Grant] = []
    check_at_synth(stack, lambda: _problems(stack, grants))
    return grants


def _problems(stack: Stack, grants: Sequence[_Grant]) -> list[str]:
    # One question for each stack, because each costs a call into Node.
    sides = [
        (stack_of(one.scope), [one.key_arn, one.via, one.targets, [it for it in one.identity if _is_about_kms(it)]])
        for one in grants
    ]
    told = resolve_each([*sides, *((stack, pair) for pair in _spellings(stack, grants))])
    written, named = told[: len(grants)], told[len(grants) :]
    # The name of a role of this app takes four calls into Node, and seldom matters. Without it the first look takes
    # stand-ins for names; where these are compared with real names, are denied anything, or a key policy cannot be read
    # without a name, the second look decides.
    looked = _look(stack, grants, named, written, made_up=True)
    if looked.denied or not looked.sure:
        known = resolved_in(stack, [one.grantee.known_arn() for one in grants])
        named = [[*pair, name] for pair, name in zip(named, known, strict=True)]
        looked = _look(stack, grants, named, written, made_up=False)
    wider.warn_of_ways(
        stack,
        [
            Granted(
                one.scope, one.grantee, principal, one.key, one.service, [arn for arn, _ in one.targets], one.identity
            )
            for one, principal in zip(grants, looked.principals, strict=True)
        ],
        looked.policies,
        looked.known,
    )
    return looked.denied


def _spellings(stack: Stack, grants: Sequence[_Grant]) -> list[list[str]]:
    """Return how the key policy names each grantee, and its own stack."""
    return [[one.named, one.grantee.arn_in(stack) if one.grantee.stack is stack else ""] for one in grants]


def _is_about_kms(statement: Statement) -> bool:
    """Tell whether one of our own identity statements, which all allow, is about a key and not about the resource."""
    actions = statement["Action"]
    return any(one.startswith("kms:") for one in ([actions] if isinstance(actions, str) else actions))


class _Looked(NamedTuple):
    """What a look at the finished policies has found.

    :param denied: what is denied to grantees.
    :param sure: whether that holds whatever the grantees are called.
    :param principals: what stands for each grant's grantee.
    :param policies: the key policies; None for one that cannot be read.
    :param known: what placeholders stand for.
    """

    denied: list[str]
    sure: bool
    principals: list[str]
    policies: dict[kms.Key, Policy | None]
    known: dict[str, str]


def _look(
    stack: Stack, grants: Sequence[_Grant], named: Sequence[Sequence[Any]], written: Sequence[Any], *, made_up: bool
) -> _Looked:
    """Look at what the finished policies say of grants.

    :param named: the spellings of each grantee's ARN, resolved; nothing for one that is not told.
    :param written: what the grants wrote, resolved.
    :param made_up: whether conditions are asked of the stand-ins of grantees; otherwise what is not told is unknown.
    """
    keys = list(dict.fromkeys(grant.key for grant in grants))
    documents = [one.policy for one in finished_policies(stack, keys)]
    known = _place(stack, [one for pair in named for one in pair])
    principals: list[tuple[str, str]] = []
    spelled: dict[str, str] = {}
    for grant, pair in zip(grants, named, strict=True):
        texts = [text for text in map(arns.as_text, pair) if text]
        # One stand-in for all grants of a role, whatever the spelling.
        principal = spelled.get(grant.grantee.identity) or _principal(len(spelled), grant, texts, known)
        spelled.update(dict.fromkeys([grant.grantee.identity, *texts], principal))
        text = principal if made_up else texts[-1] if texts else "${Principal}"
        principals.append((principal, text))
    policies = {key: _parsed(stack, one, {**known, **spelled}, known) for key, one in zip(keys, documents, strict=True)}
    found: list[str] = []
    for grant, (principal, text), sides in zip(grants, principals, written, strict=True):
        policy = policies[grant.key]
        # What the evaluator cannot read, it cannot tell.
        with suppress(PolicyError):
            if policy:
                found += _denials(grant, principal, text, policy, sides, known)
    granted = set(spelled.values())
    sure = all(policy is not None and _speaks_of(granted, policy) for policy in policies.values())
    return _Looked(found, sure, [principal for principal, _ in principals], policies, {**known, **spelled})


def _speaks_of(granted: set[str], policy: Policy) -> bool:
    """Tell whether a key policy ties nothing to names, and denies none, but the stand-ins of grantees."""
    for statement in policy.statements:
        denied = statement.principals.aws - {"*"} if statement.effect.value != "Allow" else set()
        if denied - granted:
            return False
        for condition in statement.conditions:
            key, values = condition.key.lower(), set(condition.values)
            if statement.effect.value == "Allow" and condition.operator in ("ArnEquals", "StringEquals"):
                # Whom it admits by name beside the grantees, it takes nothing from these.
                continue
            by_name = key in ("aws:username", "aws:userid") or (key == "aws:principalarn" and values - granted)
            if by_name or any("${" in str(value) for value in values):
                return False
    return True


def _parsed(stack: Stack, document: Any, spelled: dict[str, str], known: dict[str, str]) -> Policy | None:
    """Parse a key policy; None where it cannot be told whose accounts it names."""
    account = stand_ins.with_known(account_text(stack), known)
    if arns.has_placeholder(account) and re.search(r"\b\d{12}\b", str(arns.plain(document))):
        return None
    try:
        return parse_key_policy(stand_ins.filled(document, spelled))
    except PolicyError:
        return None


@lru_cache
def _identity_policy(text: str) -> Policy:
    # Roles that read the same have the same policy.
    return parse_identity_policy(json.loads(text))


def _place(stack: Stack, named: Sequence[Any]) -> dict[str, str]:
    """Return what the pseudo parameters stand for: what is literal elsewhere is taken for the same."""
    known = dict(known_partition(stack))
    literal = [one for one in map(arns.parse, map(arns.as_text, named)) if one]
    partitions = [one.partition for one in literal if not arns.has_placeholder(one.partition)]
    accounts = [one.account for one in literal if not arns.has_placeholder(one.account)]
    if partitions:
        known.setdefault("${AWS.Partition}", partitions[0])
    if accounts and arns.has_placeholder(account_text(stack)):
        known["${AWS.AccountId}"] = accounts[0]
    return known


def _principal(number: int, grant: _Grant, texts: Sequence[str], known: dict[str, str]) -> str:
    if texts and arns.parse(texts[-1]):
        return stand_ins.literal(texts[-1], known)
    root = stand_ins.literal(f"arn:${{AWS.Partition}}:iam::{grant.grantee.account_text}", known)
    return f"{root}:{grant.grantee.kind}/Grantee{number}"


def _denials(
    grant: _Grant,
    principal: str,
    text: str,
    key_policy: Policy,
    sides: tuple[Any, Any, Any, Any],
    known: dict[str, str],
) -> Iterator[str]:
    arn, via, targets, identity = sides
    own = f"arn:${{AWS.Partition}}:iam::{account_text(stack_of(grant.key))}:root"
    key = stand_ins.key_beside(stand_ins.literal(own, known))
    # Of a name that ends in a pattern the pattern itself, which it matches too.
    texts = {arns.as_text(one): arns.as_text(name or one) for one, name in targets}
    filled = {**known, **stand_ins.literals(texts, known), arns.as_text(arn): key}
    policies = [_identity_policy(json.dumps(stand_ins.filled(document(identity), filled)))] if identity else []
    account = stand_ins.with_known(grant.grantee.account_text, known)
    through = {
        **stand_ins.told_of(stand_ins.with_known(text, known), account),
        **stand_ins.hidden(stand_ins.with_known(arns.as_text(via), known), "kms:ViaService"),
    }
    for action in grant.service.actions_for(grant.use):
        for name in texts.values():
            sent: dict[str, str | Unknown] = {}
            if grant.service.context_key and action in ENCRYPTION_CONTEXT_ACTIONS.value:
                context_key = f"kms:EncryptionContext:{grant.service.context_key}"
                sent = stand_ins.hidden(stand_ins.with_known(name, known), context_key)
            reasons = stand_ins.denied(principal, action, key, {**through, **sent}, key_policy, policies)
            if reasons:
                yield (
                    f"{grant.scope.node.path}: {grant.grantee.name} would be denied {action} with "
                    f"{grant.key.node.path} through {grant.service.name}, whatever the grant says: "
                    f"{'; '.join(reasons)}: take the statement out, or the grant"
                )
                return
