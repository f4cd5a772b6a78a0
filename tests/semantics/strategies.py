"""Hypothesis strategies for policies and requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from tests.semantics.pools import (
    ACTION_VALUES,
    ACTIONS,
    CALLERS,
    CONDITION_KEYS,
    FAMILIES,
    KEY,
    LISTS,
    LOGS,
    NAMED_IN_POLICIES,
    OTHER_KEY,
    OTHER_SESSION,
    REQUEST_VALUES,
    RESOURCES,
    ROLE,
    SESSION,
    STRING_OPERATORS,
    TRAIL,
    UNATTACHED,
    WITH_CONTEXT,
)

Json = dict[str, Any]

REQUESTS_PER_CASE = 5


class _Pick:
    """Picks from pools, as hypothesis wants it or by plain chance."""

    def __init__(self, choose: Callable[[tuple[Any, ...]], Any]) -> None:
        self._choose = choose

    def __call__(self, *pool: Any) -> Any:
        return self._choose(pool)

    def chance(self, one_in: int) -> bool:
        return bool(self(*range(one_in)) == one_in - 1)

    def some(self, pool: tuple[Any, ...], *, at_least: int, at_most: int) -> list[Any]:
        return [self(*pool) for _ in range(self(*range(at_least, at_most + 1)))]


# Made once a pool, because making a strategy costs more than drawing from it.
_sampled = lru_cache(maxsize=None)(st.sampled_from)


@st.composite
def cases(draw: st.DrawFn) -> list[Json]:
    """One set of policies drawn towards a request, and that request with one field after another changed."""
    if draw(st.booleans()):
        # Spreads wider than what hypothesis draws, and cannot be shrunk.
        return _case(_Pick(draw(st.randoms(use_true_random=True)).choice))
    return _case(_Pick(lambda pool: draw(_sampled(pool))))


def _case(pick: _Pick) -> list[Json]:
    theme = _request(pick)
    unattached = theme["principal"] in UNATTACHED
    shared = {
        "key_policy": _policy(pick, theme, key_policy=True),
        "identity_policies": [_policy(pick, theme) for _ in range(0 if unattached else pick(0, 1, 1, 2))],
        "boundary": _policy(pick, theme) if not unattached and pick.chance(3) else None,
    }
    requests = (theme, *(_neighbour(pick, theme) for _ in range(REQUESTS_PER_CASE - 1)))
    return [shared | _documented(request) for request in requests]


def _documented(request: Json) -> Json:
    """The request without the aws:PrincipalType of services, which no page tells."""
    service = request["principal"] in (LOGS, TRAIL)
    return request | {"context": request["context"] | ({"aws:PrincipalType": None} if service else {})}


def _request(pick: _Pick) -> Json:
    action = pick(*ACTIONS)
    possible = tuple(key for key in sorted(REQUEST_VALUES) if action in WITH_CONTEXT or "Encryption" not in key)
    return {
        "principal": pick(*CALLERS),
        "action": action,
        "key": pick(KEY, KEY, OTHER_KEY),
        "context": {key: _value_of(pick, key) for key in pick.some(possible, at_least=0, at_most=6)},
    }


def _value_of(pick: _Pick, key: str) -> Any:
    values = REQUEST_VALUES[key]
    return sorted(set(pick.some(values, at_least=1, at_most=2))) if key in LISTS else pick(*values)


def _neighbour(pick: _Pick, theme: Json) -> Json:
    """The request with one field changed."""
    field = pick("principal", "action", "key", "context", "context")
    if field == "context":
        key = pick(*(sorted(theme["context"]) or ["aws:SecureTransport"]))
        context = {one: value for one, value in theme["context"].items() if one != key}
        return theme | {"context": context if pick.chance(3) else context | {key: _value_of(pick, key)}}
    if field == "key":
        return theme | {"key": OTHER_KEY if theme["key"] == KEY else KEY}
    if field == "action":
        actions = WITH_CONTEXT if theme["action"] in WITH_CONTEXT else ACTIONS[len(WITH_CONTEXT) :]
        return theme | {"action": pick(*actions)}
    alike = (one for one in CALLERS if (one in UNATTACHED) is (theme["principal"] in UNATTACHED))
    return theme | {"principal": pick(*alike)}


def _policy(pick: _Pick, theme: Json, *, key_policy: bool = False) -> Json:
    statements = [_statement(pick, theme, key_policy=key_policy) for _ in range(pick(1, 2, 3))]
    return {
        "Version": pick("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"),
        "Statement": statements[0] if len(statements) == 1 else statements,
    }


def _statement(pick: _Pick, theme: Json, *, key_policy: bool) -> Json:
    statement: Json = {"Effect": pick("Allow", "Allow", "Allow", "Allow", "Deny")}
    if key_policy:
        statement |= _principal_element(pick, theme, statement["Effect"])
    if pick.chance(5):
        statement["NotAction"] = _one_or_more(pick, ACTION_VALUES)
    else:
        statement["Action"] = _towards(pick, (theme["action"], "kms:*"), ACTION_VALUES)
    resources = ("*", KEY, OTHER_KEY) if key_policy else RESOURCES
    if pick.chance(5):
        # What a variable without a value means there, no page says.
        statement["NotResource"] = _one_or_more(pick, tuple(one for one in resources if "$" not in one))
    else:
        statement["Resource"] = _towards(pick, (theme["key"], "*"), resources)
    block: Json = {}
    for _ in range(pick(0, 0, 0, 1, 1, 1, 2, 3)):
        operator, key, values = _condition(pick, theme)
        block.setdefault(operator, {})[key] = values
    return statement | {"Condition": block} if block else statement


def _one_or_more(pick: _Pick, pool: tuple[str, ...]) -> str | list[str]:
    values = pick.some(pool, at_least=1, at_most=3)
    return values[0] if len(values) == 1 and pick(True, False) else values


def _towards(pick: _Pick, matching: tuple[str, ...], pool: tuple[str, ...]) -> str | list[str]:
    """One value or more; three times in four one of them matches the theme."""
    values = _one_or_more(pick, pool)
    if pick.chance(4):
        return values
    return pick(*matching) if isinstance(values, str) else [*values[1:], pick(*matching)]


def _principal_element(pick: _Pick, theme: Json, effect: str) -> Json:
    caller = theme["principal"]
    if effect == "Deny" and pick.chance(3):
        # With its account, as AWS demands; what happens without it, no page says.
        spared = pick(*NAMED_IN_POLICIES[:-2], *((caller,) if caller.startswith("arn:") else ()))
        account = f"arn:aws:iam::{spared.split(':')[4]}:root"
        return {"NotPrincipal": {"AWS": [spared, account], "Service": pick(LOGS, TRAIL)}}
    shape = pick("anyone", "named", "named", "account")
    if shape == "anyone":
        return {"Principal": "*" if pick.chance(2) else {"AWS": "*"}}
    if caller in (LOGS, TRAIL):
        return {"Principal": {"Service": _towards(pick, (caller,), (LOGS, TRAIL))}}
    account = caller.split(":")[4]
    role = ROLE if caller in (SESSION, OTHER_SESSION) else caller
    matching = (caller, role) if shape == "named" else (account, f"arn:aws:iam::{account}:root")
    element = {"AWS": _towards(pick, matching, NAMED_IN_POLICIES)}
    return {"Principal": element | {"Service": LOGS} if pick.chance(8) else element}


def _condition(pick: _Pick, theme: Json) -> tuple[str, str, str | list[str]]:
    """An operator on a key; a list-valued key gets a set operator, as AWS demands."""
    present = tuple(key for key in theme["context"] if key in CONDITION_KEYS)
    key = pick(*present) if present and not pick.chance(4) else pick(*CONDITION_KEYS)
    cased = key.upper() if pick.chance(8) else key
    if pick.chance(10):
        return "Null", cased, pick("true", "false", "False")
    operators = next((operators for keys, operators in FAMILIES if key in keys), STRING_OPERATORS)
    prefix = pick("ForAllValues:", "ForAnyValue:") if key in LISTS or pick.chance(10) else ""
    # Whether ForAnyValue or IfExists decides when the key is absent, no page says.
    suffix = "IfExists" if prefix != "ForAnyValue:" and pick.chance(5) else ""
    pool = tuple(dict.fromkeys((*CONDITION_KEYS[key][0], *CONDITION_KEYS[key][1])))
    actual = theme["context"].get(key, CONDITION_KEYS[key][0])
    matching = (actual,) if isinstance(actual, str) else tuple(actual)
    return prefix + pick(*operators) + suffix, cased, _towards(pick, matching, pool)
