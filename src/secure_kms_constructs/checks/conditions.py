"""Rules on conditions that can never hold, so that a statement does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from secure_kms_constructs.aws.condition_keys import (
    CROSS_SERVICE_CONDITION_KEYS,
    GLOBAL_CONDITION_KEYS,
    IDENTITY_CENTER_PREFIXES,
    KMS_CONDITION_KEYS,
    TAGGING_CONDITION_KEYS,
    VIA_SERVICE_PREFIXES,
)
from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition

from .context import Context
from .documents import Written
from .examples import ACCOUNT, REGION, ROOT, VIA, VIA_SECRETS, allow, keyed
from .findings import Found, Severity
from .naming import ALL_ACTIONS, absent, named_actions, names_kms
from .rule import Rule

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
_GLOBAL = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
_SOURCES = frozenset(name.lower() for name in SERVICE_CALL_KEYS.value)
_TABLE = {**KMS_CONDITION_KEYS.value, **TAGGING_CONDITION_KEYS.value}
_KNOWN = frozenset(KMS_CONDITION_KEYS.value) | GLOBAL_CONDITION_KEYS.value
_VIA = re.compile(r"([a-z0-9*?-]+)\.([a-z0-9*?-]+)\.amazonaws\.com")
_CONTEXT = ("kms:encryptioncontext", "kms:encryptioncontextkeys")
_DESCRIBES = {"kms:DescribeKey", "kms:DescribeCustomKeyStores"}
# Pieces that a value with wildcards may still become the value of a call by.
_WILD = re.compile(r"[*?]")


def _statements(context: Context) -> Iterator[Written]:
    yield from (one for one in context.identity_statements if one.statement.conditions and names_kms(one.statement))
    yield from context.key_statements


def conditions(context: Context) -> Iterator[tuple[Written, Condition]]:
    """Return the conditions of statements about KMS, each with its statement."""
    return ((one, condition) for one in _statements(context) for condition in one.statement.conditions)


def _via_service(context: Context) -> Iterator[Found]:
    for one, condition in conditions(context):
        if not condition.key:
            yield one.found(
                f"may hold a kms:ViaService that never matches: {condition.values[0]}", "Condition", undecided=True
            )
        if condition.key.lower() != "kms:viaservice" or condition.operator.lower() == "null":
            continue
        if one.statement.principals.services and condition.matches(absent) is False:
            # AWS publishes it for applications of Identity Center alone.
            yield one.found(
                "asks for kms:ViaService, which a call by a service itself may not have", "Condition", undecided=True
            )
        for value in condition.values:
            wrong, doubt = _wrong_via(value, condition.operator.lower())
            if wrong:
                yield one.found(f"kms:ViaService {value} {wrong}", "Condition", undecided=doubt)


def _wrong_via(value: str | Unknown, operator: str) -> tuple[str, bool]:
    if isinstance(value, Unknown):
        return "may never match", True
    if "like" not in operator and _WILD.search(value):
        return "never matches: this operator takes * and ? as they are, use StringLike", False
    text = value.lower() if "ignorecase" in operator else value
    match = _VIA.fullmatch(text)
    if not match:
        if _WILD.search(text):
            return ("", False) if text.endswith(("*", ".amazonaws.com")) else (_SUFFIX, False)
        return _SUFFIX, False
    if not _WILD.search(match[1]) and match[1] not in VIA_SERVICE_PREFIXES.value | IDENTITY_CENTER_PREFIXES.value:
        return f"may never match: no page lists the service {match[1]}", True
    return "", False


_SUFFIX = "never matches: it is <service>.<region>.amazonaws.com in lower case, in every partition"


def _encryption_context(context: Context) -> Iterator[Found]:
    for one, condition in conditions(context):
        if _base(condition.key) not in _CONTEXT or condition.matches(absent) is not False:
            continue
        without = _without(one, condition)
        # Services try kms:DescribeKey and do without it; the rest of the statement works.
        rest = len(without) < sum(1 for _ in named_actions(one.statement))
        for name, named in without:
            message = f"{name} has no encryption context, so {condition.key} never holds for it"
            yield one.found(message, "Action", harmless=rest and named <= _DESCRIBES)
        if any(named is None for _, named in named_actions(one.statement)):
            yield one.found(
                f"may name actions without the encryption context of {condition.key}", "Action", undecided=True
            )


def _without(one: Written, condition: Condition) -> list[tuple[str, frozenset[str]]]:
    """The values of Action, with what they name, whose requests never have a condition key."""
    fitting = _TABLE.get(_base(condition.key), ALL_ACTIONS)
    return [(name, named) for name, named in named_actions(one.statement) if named is not None and not named & fitting]


def _base(key: str) -> str:
    return ":".join(key.lower().split("/")[0].split(":")[:2])


def _source_of_role(context: Context) -> Iterator[Found]:
    for one, condition in conditions(context):
        if condition.key.lower() not in _SOURCES or condition.matches(absent) is not False or one.allows is False:
            continue
        principals = one.statement.principals
        if one.document.policy.is_key_policy and not principals.partly_unknown:
            if "*" in principals.aws or not principals.aws:
                continue
        elif one.document.policy.is_key_policy and principals.services:
            continue
        undecided = principals.partly_unknown or one.allows is None
        what = "may never hold" if undecided else "never holds"
        message = f"{condition.key} {what} for users and roles: only calls by a service itself have it"
        yield one.found(message, "Condition", undecided=undecided)


def _unknown_key(context: Context) -> Iterator[Found]:
    for one, condition in conditions(context):
        key, base = condition.key, _base(condition.key)
        if not key:
            yield one.found(
                f"may hold a condition key that KMS does not have: {condition.values[0]}", "Condition", undecided=True
            )
        elif base in _CONTEXT or key.lower() in _SOURCES or base in CROSS_SERVICE_CONDITION_KEYS.value:
            continue
        elif base not in _KNOWN:
            close = get_close_matches(base, _KNOWN, n=1, cutoff=0.85)
            hint = f"; did you mean {close[0]}?" if close else ""
            message = f"{key} is {'no' if close else 'perhaps no'} condition key of a request to KMS{hint}"
            yield one.found(message, "Condition", undecided=not close)
        elif condition.matches(absent) is False:
            lost = "; it denies nothing" if one.denies else ""
            for name, _ in _without(one, condition):
                yield one.found(f"{name} never has {key}, so the condition never holds for it{lost}", "Condition")


_ANY_CONTEXT = {"kms:EncryptionContext:SecretARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"}


def _via(value: str, operator: str = "StringEquals") -> dict[str, object]:
    condition = {operator: {"kms:ViaService": value, "kms:CallerAccount": ACCOUNT}}
    return keyed(dict(VIA_SECRETS, Condition=condition))


def _with_context(actions: list[str]) -> dict[str, object]:
    return keyed(allow(ROOT, actions, {"StringEquals": {**VIA, **_ANY_CONTEXT}}))


RULES = (
    Rule(
        id="KLP301",
        name="via-service-never-matches",
        title="A kms:ViaService that no call ever has",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The statement does nothing. The value ends with .amazonaws.com in China too, is in lower case, and "
        "StringEquals takes a * as it is.",
        fix="Write <service>.<region>.amazonaws.com, with StringLike where the region is a *.",
        source=f"{_KMS}#conditions-kms-via-service",
        broken=_via("secretsmanager.*.amazonaws.com"),
        clean=_via("secretsmanager.*.amazonaws.com", "StringLike"),
        check=_via_service,
    ),
    Rule(
        id="KLP302",
        name="action-without-encryption-context",
        title="A condition on the encryption context of an action that has none",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The condition never holds for that action. kms:DescribeKey beside others that work is told as info: AWS "
        "publishes such a statement for CloudWatch Logs.",
        fix="Put the action into a statement of its own, without the encryption context.",
        source=f"{_KMS}#conditions-kms-encryption-context",
        broken=_with_context(["kms:Decrypt", "kms:GetPublicKey"]),
        clean=_with_context(["kms:Decrypt"]),
        check=_encryption_context,
    ),
    Rule(
        id="KLP303",
        name="source-of-a-role",
        title="aws:SourceArn or aws:SourceAccount where roles and users are allowed",
        severity=Severity.ERROR,
        controls=("ours",),
        why="Only calls that a service makes for itself have these keys, so the statement allows nothing.",
        fix="Use kms:ViaService for calls through a service, aws:PrincipalArn or aws:PrincipalOrgID for principals.",
        source=f"{_GLOBAL}#condition-keys-sourcearn",
        broken=keyed(allow(ROOT, "kms:Decrypt", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})),
        clean=keyed(VIA_SECRETS),
        check=_source_of_role,
    ),
    Rule(
        id="KLP304",
        name="unknown-condition-key",
        title="A condition key that requests for the action never have",
        severity=Severity.ERROR,
        controls=("ours",),
        why="A condition on a key that is not there never holds, and a negated one always does.",
        fix="Take a condition key that the action has, by the service authorization reference.",
        source=KMS_CONDITION_KEYS.source,
        broken=keyed(dict(VIA_SECRETS, Condition={"StringEquals": {**VIA, "kms:GrantOperations": "Decrypt"}})),
        clean=keyed(VIA_SECRETS),
        check=_unknown_key,
    ),
)
