"""Intrinsic functions that look around in their stack, or in others.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Callable

from secure_kms_constructs.policies import Unknown

from . import references
from .functions import PLACEHOLDER, malformed
from .resolution import Resolver
from .stacks import Stack
from .texts import joined, unknown


def _get_att(resolver: Resolver, argument: object, stack: Stack) -> object:
    match argument:
        case str(text) if "." in text:
            logical_id, name = text.split(".", 1)
            return resolver.attribute(logical_id, name, stack)
        case [str(logical_id), *names] if names:
            path = joined([resolver.value(one, stack) for one in names], ".")
            return resolver.attribute(logical_id, path, stack) if isinstance(path, str) else path
    return malformed("Fn::GetAtt")


def _sub(resolver: Resolver, argument: object, stack: Stack) -> object:
    match argument:
        case str(text):
            local: dict[str, object] = {}
        case [str(text), dict(local)]:
            pass
        case _:
            return malformed("Fn::Sub")
    pieces: list[object] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        pieces.append(text[end : match.start()])
        end = match.end()
        literal, name = match[1], match[2].strip()
        if literal:
            pieces.append(f"${{{match[2]}}}")
        elif name in local:
            pieces.append(resolver.value(local[name], stack))
        elif "." in name:
            pieces.append(_get_att(resolver, name, stack))
        else:
            pieces.append(resolver.ref(name, stack))
    pieces.append(text[end:])
    return resolver.text(pieces, stack)


def _if(resolver: Resolver, argument: object, stack: Stack) -> object:
    match argument:
        case [name, yes, no]:
            outcome = resolver.condition(name, stack)
            if outcome is not None:
                return resolver.value(yes if outcome else no, stack)
            # Both, so that everything they depend on is consulted.
            resolver.value([yes, no], stack)
            return unknown(f"what condition {name} of {stack.name} decides")
    return malformed("Fn::If")


def _find_in_map(resolver: Resolver, argument: object, stack: Stack) -> object:
    match resolver.value(argument, stack):
        case [str(_), str(_), str(_) | int(_), *rest] as found if len(rest) < 2:
            return references.mapped(resolver, stack, found)
        case [*parts] if any(isinstance(part, Unknown) for part in parts):
            return joined(["Fn::FindInMap of ", next(part for part in parts if isinstance(part, Unknown))])
    return malformed("Fn::FindInMap")


IN_STACKS: dict[str, Callable[[Resolver, object, Stack], object]] = {
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetStackOutput": lambda resolver, argument, stack: references.stack_output(
        resolver, stack, resolver.value(argument, stack)
    ),
    "Fn::If": _if,
    "Fn::ImportValue": lambda resolver, argument, stack: references.imported(
        resolver, stack, resolver.value(argument, stack)
    ),
    "Fn::Sub": _sub,
}
