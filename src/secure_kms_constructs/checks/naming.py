"""Which KMS actions and which keys a statement names, wildcards and all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from secure_kms_constructs.aws.condition_keys import ACCOUNT_ACTIONS, KMS_CONDITION_KEYS, TAGGING_CONDITION_KEYS
from secure_kms_constructs.aws.facts import KEY_ACTIONS, METADATA_ACTIONS, SERVICE_CALL_KEYS
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.patterns import ANY, ONE, Text, like
from secure_kms_constructs.policies.requests import Request
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of

ALL_ACTIONS = KEY_ACTIONS.value | ACCOUNT_ACTIONS.value
_LOWERED = {action.lower(): action for action in sorted(ALL_ACTIONS)}
_METADATA = frozenset(METADATA_ACTIONS.value)
_OPEN = Unknown("any value")
_OF_SERVICE_CALLS = frozenset(name.lower() for name in SERVICE_CALL_KEYS.value)
_TABLE = {**KMS_CONDITION_KEYS.value, **TAGGING_CONDITION_KEYS.value}
# Keys that have nothing in common but that they are keys.
_ANY_KEYS = (
    *("key/1234abcd-12ab-34cd-56ef-1234567890ab", "key/mrk-0987dcba09fe87dc65baab0987654321"),
    "key/fedcba98-7654-4321-8fed-cba987654321",
)


@lru_cache(maxsize=1024)
def actions_like(pattern: str) -> frozenset[str]:
    """Return the KMS actions that a pattern, in lower case, names."""
    return frozenset(action for lowered, action in _LOWERED.items() if like(pattern, lowered))


def named_actions(statement: Statement) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Return each value of ``Action`` with the KMS actions that it names, None where it is not known.

    Values that name none are left out. ``NotAction`` is one value.
    """
    if statement.actions.negated:
        named = frozenset(
            action for lowered, action in _LOWERED.items() if statement.actions.matches_action(lowered) is not False
        )
        yield "NotAction", None if any(isinstance(one, Unknown) for one in statement.actions.values) else named
        return
    for value in statement.actions.values:
        if isinstance(value, Unknown):
            yield str(value), None
        elif named := actions_like(value.fixed or ""):
            yield next(iter(named)) if len(named) == 1 and "*" not in value.written else value.written, named


def names(statement: Statement, *actions: str) -> Verdict:
    """Tell whether a statement names one of some actions."""
    return any_of(statement.actions.matches_action(action.lower()) for action in actions)


def names_kms(statement: Statement) -> bool:
    """Tell whether a statement names KMS actions by their prefix, not only as some of all actions."""
    return any(isinstance(one, Text) and one.written.startswith("kms:") for one in statement.actions.values)


def beyond_metadata(statement: Statement) -> Verdict:
    """Tell whether a statement names an action on keys that does more than read their metadata."""
    return any_of(
        None if named is None else bool((named & KEY_ACTIONS.value) - _METADATA)
        for _, named in named_actions(statement)
    )


def is_every_key(value: Text | Unknown) -> Verdict:
    """Tell whether a value of ``Resource`` names every key, of an account and region or of all."""
    return None if isinstance(value, Unknown) else _is_every_key(value.written)


@lru_cache(maxsize=16384)
def _is_every_key(pattern: str) -> bool:
    if re.fullmatch(r"\*+", pattern):
        return True
    parts = pattern.split(":", 5)
    if parts[0] not in ("arn", "*") or not like_part(parts, 2, "kms"):
        return False
    # Identity policies fill what an ARN lacks with *.
    return len(parts) < 6 or all(like_part(parts, 5, one) for one in _ANY_KEYS)


def like_part(parts: list[str], place: int, text: str) -> bool:
    """Tell whether one part of an ARN's pattern takes a text, or is left out."""
    return len(parts) <= place or like(parts[place].replace("*", ANY).replace("?", ONE), text)


def holds_for(statement: Statement, request: Request) -> Verdict:
    """Tell whether the conditions hold for a principal whatever else the request is; None where it depends."""

    def context(key: str) -> object:
        value = request.value(key)
        return _OPEN if value is None or key == "aws:viaawsservice" else value

    return all_of(one.matches(context) for one in statement.conditions)  # type: ignore[arg-type]


def holds_always(statement: Statement, request: Request) -> bool:
    """Tell whether the conditions hold for a principal whatever else the request is, or where it has no more."""
    return all(_holds_always(one, request) for one in statement.conditions)


def _holds_always(condition: Condition, request: Request) -> bool:
    key = condition.key.lower()
    if not key:
        return False
    never = key in _OF_SERVICE_CALLS or request.action not in _TABLE.get(_base(key), ALL_ACTIONS)
    if never or request.value(key) is not None:
        return condition.matches(request.value) is True
    return False


def _base(key: str) -> str:
    return ":".join(key.split("/")[0].split(":")[:2])


def absent(_key: str) -> None:
    """Answer as a request without any condition key."""


def depends_on(
    statement: Statement,
    is_key: Callable[[str], bool],
    is_bounding: Callable[[Condition], bool] = lambda _condition: True,
) -> bool:
    """Tell whether a statement holds only if one of some condition keys has one of certain values."""
    return any(
        bool(one.key)
        and is_key(one.key.lower())
        and one.matches(absent) is False
        and one.matches(lambda _key: "anything") is not True
        and is_bounding(one)
        for one in statement.conditions
    )


def is_unknown(statement: Statement) -> bool:
    """Tell whether the conditions of a statement are not known."""
    return any(not one.key for one in statement.conditions)
