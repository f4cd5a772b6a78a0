"""Arbitrary JSON raises nothing but our own error, and what Unknown stands for does not change a decision."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secure_kms_constructs.policies import PolicyError, Request, Unknown, evaluate
from tests.semantics.strategies import cases
from tests.unit.cases.case import DELEGATES, KEY, USES_KEY

ROLE = "arn:aws:iam::111122223333:role/app"

_WORDS = st.sampled_from(
    (
        *("Version", "Statement", "Effect", "Principal", "AWS", "Action", "Resource", "Condition"),
        *("2012-10-17", "Allow", "*", "kms:*", "${", "${a, 'b'}"),
        *("StringLike", "DateLessThan", "NumericEquals", "IpAddress", "ArnLike", "Null"),
    )
)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def _try(key_policy: Any, identity_policies: Any, boundary: Any, request: dict[str, Any]) -> None:
    try:
        asked = Request(**request)
        decision = evaluate(asked, key_policy=key_policy, identity_policies=identity_policies, boundary=boundary)
    except PolicyError:
        return
    assert decision.allowed in (True, False, None)
    assert str(decision)


@settings(max_examples=150, deadline=None)
@given(JSON, JSON | st.lists(JSON, max_size=2), JSON)
def test_arbitrary_json_raises_nothing_else(key_policy: Any, identity_policies: Any, boundary: Any) -> None:
    request = {"principal": ROLE, "action": "kms:Decrypt", "key": KEY}
    _try(key_policy, identity_policies, boundary, request)
    _try(DELEGATES, [boundary], None, request)


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, JSON, JSON, JSON)
def test_arbitrary_requests_raise_nothing_else(
    principal: Any, action: Any, key: Any, context: Any, account: Any
) -> None:
    good = {"principal": ROLE, "action": "kms:Decrypt", "key": KEY}
    given = {
        "principal": principal,
        "action": action,
        "key": key,
        "context": context,
        "resource_account": account,
    }
    for name, value in given.items():
        _try(DELEGATES, [USES_KEY], None, good | {name: value})


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, inner in items for place in _places(inner, (*path, name)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a JSON document with one part of it replaced."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


@settings(max_examples=150, deadline=None)
@given(cases(), st.data(), JSON)
def test_a_policy_with_one_part_replaced_by_arbitrary_json_raises_nothing_else(
    drawn: list[dict[str, Any]], data: st.DataObject, junk: Any
) -> None:
    case = drawn[0]
    place = data.draw(st.sampled_from(_places(case["key_policy"])))
    request = {name: case[name] for name in ("principal", "action", "key", "context")}
    _try(replaced(case["key_policy"], place, junk), case["identity_policies"], case["boundary"], request)


@settings(max_examples=250, deadline=None)
@given(cases(), st.data())
def test_what_is_decided_with_a_part_unknown_is_decided_alike_with_it_known(
    drawn: list[dict[str, Any]], data: st.DataObject
) -> None:
    """The meaning of Unknown: True and False hold whatever it stands for."""
    policies = {name: drawn[0][name] for name in ("key_policy", "identity_policies", "boundary")}
    values = [place for place in _places(policies) if len(place) > 1 and "Version" not in place]
    hidden = replaced(policies, data.draw(st.sampled_from(values)), Unknown("hidden"))
    for case in drawn:
        request = Request(case["principal"], case["action"], case["key"], case["context"])
        unsure = evaluate(request, **hidden)
        if unsure.allowed is not None:
            assert unsure.allowed is evaluate(request, **policies).allowed, str(unsure)
