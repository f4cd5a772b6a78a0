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
    OTHER_CASE,
    OTHER_KEY,
    OTHER_SESSION,
    REQUEST_VALUES,
    RESOURCES,
    ROLE,
    SESSION,
    STRING_OPERATORS,
    TRAIL,
    UNATTACHED,
    UNSETTLED,
    WITH_CONTEXT,
)

Json = dict[str, Any]

REQUESTS_PER_CASE = 5
_OF_KEYS = ("*", KEY, OTHER_KEY)
# Incomplete ARNs are filled in identity policies; of others no page says.
_WHOLE = tuple(one for one in RESOURCES if one.count(":") >= 5 or one == "*")


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


def is_settled(case: Json) -> bool:
    """Tell whether pages say what everything in a case does."""
    policies = [case["key_policy"], *case["identity_policies"], *case["session_policies"], *case["scps"]]
    policies += [one for one in (*case["rcps"], case["boundary"], case["endpoint_policy"]) if one]
    statements = [one for policy in policies for one in _listed(policy["Statement"])]
    blocks = [block for one in statements for block in one.get("Condition", {}).items()]
    odd = [
        keys
        for named, keys in blocks
        for operator, key, values in UNSETTLED
        if (named, keys.get(key)) == (operator, values)
    ]
    spared = [one["NotPrincipal"]["AWS"] for one in statements if "NotPrincipal" in one]
    alone = any(all(one.endswith(":root") for one in named) for named in spared)
    # What account a service's own call has, no page says.
    is_service = not case["principal"].startswith("arn:")
    unowned = is_service and any(one in str(policies) for one in ("kms:CallerAccount", "aws:PrincipalAccount"))
    return not odd and not alone and not unowned and OTHER_CASE not in str(case["key_policy"])


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
    shared |= {
        "session_policies": [_policy(pick, theme) | {"Version": "2012-10-17"} for _ in range(pick(0, 0, 0, 1, 2))],
        "scps": [_policy(pick, theme, resources=_WHOLE) for _ in range(pick(0, 0, 0, 1, 2))],
        "rcps": [_rcp(pick, theme) for _ in range(pick(0, 0, 0, 1))],
        "endpoint_policy": _for_everybody(_policy(pick, theme, resources=_WHOLE)) if pick.chance(6) else None,
    }
    if shared["session_policies"]:
        shared["key_policy"] = _without_sessions(shared["key_policy"])
    requests = (theme, *(_neighbour(pick, theme) for _ in range(REQUESTS_PER_CASE - 1)))
    return [shared | _sessions(request, shared) | _documented(request) for request in requests]


def _sessions(request: Json, shared: Json) -> Json:
    """Session policies where there is a session."""
    is_session = request["principal"] in (SESSION, OTHER_SESSION)
    return {"session_policies": shared["session_policies"] if is_session else []}


def _without_sessions(key_policy: Json) -> Json:
    """The policy without Allows for sessions and everybody, which session policies do not limit."""

    def change(statement: Json) -> Json:
        if statement["Effect"] == "Deny":
            return statement
        principal = statement["Principal"] if isinstance(statement["Principal"], dict) else {"AWS": "*"}
        named = principal.get("AWS", [])
        roles = [ROLE if one in ("*", SESSION, OTHER_SESSION) else one for one in _listed(named)]
        return statement | {"Principal": principal | {"AWS": roles}}

    return key_policy | {"Statement": [change(one) for one in _listed(key_policy["Statement"])]}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rcp(pick: _Pick, theme: Json) -> Json:
    """A resource control policy: it only denies, and everybody, actions of services that it names."""

    def denial(statement: Json) -> Json:
        actions = statement.pop("Action", None) or statement.pop("NotAction")
        return statement | {"Effect": "Deny", "Action": [one for one in _listed(actions) if one != "*"] or "kms:*"}

    policy = _for_everybody(_policy(pick, theme, resources=_OF_KEYS))
    return {"Version": "2012-10-17", "Statement": [denial(one) for one in policy["Statement"]]}


def _for_everybody(policy: Json) -> Json:
    return policy | {"Statement": [one | {"Principal": "*"} for one in _listed(policy["Statement"])]}


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


def _policy(pick: _Pick, theme: Json, *, key_policy: bool = False, resources: tuple[str, ...] | None = None) -> Json:
    resources = resources or (_OF_KEYS if key_policy else RESOURCES)
    statements = [_statement(pick, theme, key_policy=key_policy, resources=resources) for _ in range(pick(1, 2, 3))]
    return {
        "Version": pick("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"),
        "Statement": statements[0] if len(statements) == 1 else statements,
    }


def _statement(pick: _Pick, theme: Json, *, key_policy: bool, resources: tuple[str, ...]) -> Json:
    statement: Json = {"Effect": pick("Allow", "Allow", "Allow", "Allow", "Deny")}
    if key_policy:
        statement |= _principal_element(pick, theme, statement["Effect"])
    if pick.chance(5):
        statement["NotAction"] = _one_or_more(pick, ACTION_VALUES)
    else:
        statement["Action"] = _towards(pick, (theme["action"], "kms:*"), ACTION_VALUES)
    if pick.chance(5):
        # What a variable without a value means there, no page says.
        statement["NotResource"] = _one_or_more(pick, tuple(one for one in resources if "$" not in one))
    else:
        statement["Resource"] = _towards(pick, (theme["key"], "*"), resources)
    block: Json = {}
    if pick.chance(12):
        operator, key, values = UNSETTLED[pick(*range(len(UNSETTLED)))]
        block[operator] = {key: values}
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
        # With its account, as AWS demands; what happens without it, or with the account alone, no page says.
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
    element = {"AWS": OTHER_CASE if pick.chance(12) else _towards(pick, matching, NAMED_IN_POLICIES)}
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
