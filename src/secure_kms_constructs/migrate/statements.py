"""Statements that allow exactly what was observed: each key by its ARN, its service and its encryption context."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS
from secure_kms_constructs.evidence.requests import WITH_CONTEXT
from secure_kms_constructs.evidence.uses import Use, stands_for_objects

from .plans import Json

_CONTEXT = "kms:EncryptionContext:"
_GRANTS = ENCRYPTION_CONTEXT_ACTIONS.value - WITH_CONTEXT
# One name and value of an encryption context, and whether the value is a pattern.
_Pair = tuple[str, "str | None"]
# An encryption context; None where it is not told.
_Context = tuple[_Pair, ...] | None


def names_alike(uses: Iterable[Use]) -> frozenset[str]:
    """Return names in encryption contexts that differ in case alone from others of these uses."""
    spelled: dict[str, set[str]] = defaultdict(set)
    for use in uses:
        for name, _ in _pairs(use):
            spelled[name.lower()].add(name)
    return frozenset(name for names in spelled.values() if len(names) > 1 for name in names)


def unwritable(use: Use, alike: frozenset[str] = frozenset()) -> str | None:
    """Return why no statement can say a use exactly; None where one can.

    :param alike: names that other uses spell in another case.
    """
    names = [name for name, _ in _pairs(use)]
    if len({name.lower() for name in names}) != len(names) or alike.intersection(names):
        return "its encryption context has names that differ in case alone, and conditions do not tell them apart"
    if any("${" in name for name in names):
        return "its encryption context has a name with ${, which a policy reads as a variable"
    return None


def statements_of(uses: Iterable[Use]) -> list[Json]:
    """Return the statements that allow uses, and nothing that was not observed."""
    alike: dict[tuple[str, bool, str | None], list[Use]] = defaultdict(list)
    for use in uses:
        assert use.key is not None
        alike[use.key, use.direct, use.via].append(use)
    return [
        _statement(key, actions, [_came(direct, via), condition])
        for (key, direct, via), some in sorted(alike.items(), key=repr)
        for actions, condition in _of_one_way(some, via)
    ]


def key_statement(principal: str, uses: Iterable[Use]) -> list[Json]:
    """Return what the policy of a key could say to admit a principal for uses alone; who still needs its own policy."""
    account = principal.split(":")[4]
    partition = principal.split(":")[1]
    who = {"ArnEquals": {"aws:PrincipalArn": principal}}
    made = []
    for one in statements_of(uses):
        condition = _merged([who, one.get("Condition", {})])
        equal = condition.setdefault("StringEquals", {})
        equal["kms:CallerAccount"] = account
        made.append(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": one["Action"],
                "Resource": "*",
                "Condition": condition,
            }
        )
    return made


def _pairs(use: Use) -> list[_Pair]:
    return list((use.context or {}).items())


def _came(direct: bool, via: str | None) -> Json:
    """Return the condition on how calls came; without one, a statement for direct calls would admit every service."""
    if direct:
        return {"Null": {"kms:ViaService": "true"}}
    return {"StringEquals": {"kms:ViaService": via}} if via else {}


def _of_one_way(uses: list[Use], via: str | None) -> Iterator[tuple[list[str], Json]]:
    """Return actions with the condition that they share beside the way they came."""
    by_context: dict[_Context, set[str]] = defaultdict(set)
    plain: set[str] = set()
    for use in uses:
        if use.action in WITH_CONTEXT:
            by_context[_context(use)].add(use.action)
        elif use.action not in _GRANTS:
            plain.add(use.action)
    granting = sorted({use.action for use in uses} & _GRANTS)
    if plain:
        yield sorted(plain), {}
    if granting:
        yield granting, {"Bool": {"kms:GrantIsForAWSResource": "true"}} if via else {}
    by_actions: dict[tuple[str, ...], list[_Context]] = defaultdict(list)
    for context, actions in by_context.items():
        by_actions[tuple(sorted(actions))].append(context)
    for names, contexts in sorted(by_actions.items()):
        for condition in _conditions(contexts):
            yield list(names), condition


def _context(use: Use) -> _Context:
    return None if use.context is None else tuple(sorted(use.context.items(), key=lambda pair: pair[0]))


def _conditions(contexts: list[_Context]) -> Iterator[Json]:
    """Return the conditions under which encryption contexts are these: lists where one value alone differs."""
    if None in contexts:
        yield {}
    shapes: dict[tuple[str, ...], list[tuple[_Pair, ...]]] = defaultdict(list)
    for context in contexts:
        if context is not None:
            shapes[tuple(name for name, _ in context)].append(context)
    for names, alike in sorted(shapes.items()):
        if not names:
            yield {"Null": {"kms:EncryptionContextKeys": "true"}}
            continue
        # The name with most values is the one that a list is made of.
        varying = max(names, key=lambda name: len({dict(one)[name] for one in alike}))
        groups: dict[tuple[tuple[_Pair, ...], str], list[str | None]] = defaultdict(list)
        for one in alike:
            value = dict(one)[varying]
            others = tuple(pair for pair in one if pair[0] != varying)
            groups[others, _operator(varying, value)].append(value)
        for (others, _), values in sorted(groups.items(), key=repr):
            yield _merged([*(_condition(name, [value]) for name, value in others), _condition(varying, values)])


def _operator(name: str, value: str | None) -> str:
    if value is None:
        return "Null"
    return "StringLike" if stands_for_objects(name, value) else "StringEquals"


def _condition(name: str, values: list[str | None]) -> Json:
    operator = _operator(name, values[0])
    if operator == "Null":
        return {"Null": {f"{_CONTEXT}{name}": "false"}}
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    texts = sorted({one.replace("${", "${$}{") for one in values if one is not None})
    return {operator: {f"{_CONTEXT}{name}": texts[0] if len(texts) == 1 else texts}}


def _merged(conditions: Iterable[Json]) -> Json:
    made: dict[str, dict[str, Any]] = {}
    for condition in conditions:
        for operator, keys in condition.items():
            made[operator] = {**made.get(operator, {}), **keys}
    return made


def _statement(key: str, actions: list[str], conditions: list[Json]) -> Json:
    condition = _merged(conditions)
    statement: Json = {"Effect": "Allow", "Action": actions[0] if len(actions) == 1 else actions, "Resource": key}
    return {**statement, "Condition": condition} if condition else statement
