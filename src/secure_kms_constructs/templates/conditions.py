"""The conditions of templates: what they compare, and what follows from what is assumed about it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from secure_kms_constructs.policies import Unknown

from .parameters import given
from .resolution import Resolver
from .stacks import ANY_ACCOUNT, ANY_REGION, Stack
from .texts import NO_VALUE, as_text

_LEVELS = 50
_LOGICAL = ("Fn::And", "Fn::Or", "Fn::Not")


@dataclass(frozen=True, order=True)
class Variable:
    """Something that the templates leave open: a parameter, an environment, or a comparison that cannot be made."""

    kind: str
    stack: str
    name: str


# What is assumed: the value of a variable, None for one that differs from all that it is compared with.
Assumed = Mapping[Variable, str | None]
# A comparison: of a variable with a text, or one whose outcome is a variable itself, "true" or "false".
Comparison = tuple[Variable, str]


def verdict(resolver: Resolver, stack: Stack, name: str, assumed: Assumed | None = None) -> bool | None:
    """Return whether a condition holds; None where that depends on a variable without an assumption."""
    return _Verdicts(resolver, stack, assumed or {}).of({"Condition": name}, _LEVELS)


def comparisons(resolver: Resolver, stack: Stack, name: str) -> Iterator[Comparison]:
    """Return the comparisons with variables that a condition consists of."""
    pending: list[tuple[object, int]] = [({"Condition": name}, _LEVELS)]
    seen: set[str] = set()
    while pending:
        expression, levels = pending.pop()
        function, argument = _parts(expression)
        if function == "Condition":
            if levels and str(argument) not in seen:
                seen.add(str(argument))
                pending.append((_declared(stack, str(argument)), levels - 1))
        elif function in _LOGICAL and isinstance(argument, list):
            pending.extend((one, levels - 1) for one in argument if levels)
        else:
            compared = _comparison(resolver, stack, expression)
            if not isinstance(compared, bool):
                yield compared


class _Verdicts:
    """What the conditions of a stack come to under some assumptions, each told once."""

    def __init__(self, resolver: Resolver, stack: Stack, assumed: Assumed) -> None:
        self.resolver, self.stack, self.assumed = resolver, stack, assumed
        self.told: dict[str, bool | None] = {}

    def of(self, expression: object, levels: int) -> bool | None:
        """Return whether an expression holds; a chain of conditions that does not end is open."""
        function, argument = _parts(expression)
        if function == "Condition":
            name = str(argument)
            if name not in self.told:
                self.told[name] = None
                declared = _declared(self.stack, name)
                self.told[name] = self.of(declared, levels - 1) if levels else None
            return self.told[name]
        if function in _LOGICAL and isinstance(argument, list):
            inner = [self.of(one, levels - 1) if levels else None for one in argument]
            if function == "Fn::Not":
                return None if len(inner) != 1 or inner[0] is None else not inner[0]
            decisive = function == "Fn::Or"
            return decisive if decisive in inner else (None if None in inner else not decisive)
        compared = _comparison(self.resolver, self.stack, expression)
        if isinstance(compared, bool):
            return compared
        variable, text = compared
        return self.assumed[variable] == text if variable in self.assumed else None


def _declared(stack: Stack, name: str) -> object:
    """Return the expression of a condition; of one that a macro may make or change, an expression of its own."""
    section = stack.section("Conditions")
    made = name not in section or any(one.startswith("Fn::") for one in section)
    return {"Fn::Transform": name} if made else section[name]


def _parts(expression: object) -> tuple[str, object]:
    if isinstance(expression, dict) and len(expression) == 1:
        [(function, argument)] = expression.items()
        return function, argument
    return "", None


def _comparison(resolver: Resolver, stack: Stack, expression: object) -> bool | Comparison:
    """Return the outcome of ``Fn::Equals``, or what it depends on."""
    match expression:
        case {"Fn::Equals": [one, other]}:
            left, right = _operand(resolver, stack, one), _operand(resolver, stack, other)
            if isinstance(left, str) and isinstance(right, str):
                return left == right
            if left == right and left is not None:
                return True
            if isinstance(left, Variable) and isinstance(right, str):
                return left, right
            if isinstance(right, Variable) and isinstance(left, str):
                return right, left
    # Whatever it is: the same text has the same outcome.
    return Variable("comparison", stack.name, json.dumps(expression, sort_keys=True)), "true"


def _operand(resolver: Resolver, stack: Stack, value: object) -> str | Variable | None:
    """Return a text, a variable, or None for what can only be compared as a whole."""
    match value:
        case {"Ref": str(name)} if name in stack.section("Parameters"):
            return _parameter(resolver, stack, name)
        case {"Ref": "AWS::StackName"} if not stack.has_known_name:
            return Variable("stack", stack.name, "AWS::StackName")
        case {"Ref": "AWS::AccountId"} if stack.environment.account == ANY_ACCOUNT:
            return Variable("environment", "", "AWS::AccountId")
        case {"Ref": "AWS::Region" | "AWS::Partition" | "AWS::URLSuffix" as name}:
            if stack.environment.region == ANY_REGION:
                return Variable("environment", "", name)
    outer, resolver.consulted = resolver.consulted, set()
    resolved = resolver.value(value, stack)
    is_open, resolver.consulted = bool(resolver.consulted), outer
    return None if is_open else as_text(resolved)


def _parameter(resolver: Resolver, stack: Stack, name: str) -> str | Variable | None:
    if stack.parent is None:
        value = given(resolver, stack, name)
        declared = stack.section("Parameters")[name]
        kind = declared.get("Type") if isinstance(declared, dict) else None
        if value is NO_VALUE or str(kind).startswith("AWS::SSM::"):
            return Variable("parameter", stack.name, name)
        return as_text(value)
    parent, logical_id = stack.parent
    match parent.properties(logical_id).get("Parameters"):
        case {"Ref": _}:
            return None
        case dict(passed) if name in passed:
            return _operand(resolver, parent, passed[name])
    value = given(resolver, stack, name)
    return None if isinstance(value, Unknown) else as_text(value)
