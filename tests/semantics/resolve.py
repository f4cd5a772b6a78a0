"""CloudFormation's intrinsic functions. What cannot be resolved raises, because a guess proves nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.semantics.stack import Stack

NO_VALUE = object()  # what Ref AWS::NoValue gives; removed from the list or object that holds it
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([^}]+)\}\}")


class UnresolvableError(ValueError):
    """A value that is known at deployment only, or a function this resolver does not know."""


def resolve(value: Any, stack: Stack) -> Any:
    """`value` with every intrinsic function and dynamic reference replaced."""
    if isinstance(value, dict):
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in _FUNCTIONS:
                return _dynamic(_FUNCTIONS[name](argument, stack), stack)
            if name.startswith("Fn::"):
                raise UnresolvableError(f"{name} is not known here, got {argument}")
        resolved = {key: resolve(item, stack) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}
    if isinstance(value, list):
        return [item for item in (resolve(it, stack) for it in value) if item is not NO_VALUE]
    return _dynamic(value, stack)


def holds(condition: Any, stack: Stack) -> bool:
    """Whether a template condition is true."""
    if isinstance(condition, dict) and len(condition) == 1:
        [(name, argument)] = condition.items()
        match name:
            case "Condition":
                return stack.condition(argument)
            case "Fn::Equals":
                left, right = resolve(argument, stack)
                return bool(left == right)
            case "Fn::And":
                return all(holds(it, stack) for it in argument)
            case "Fn::Or":
                return any(holds(it, stack) for it in argument)
            case "Fn::Not":
                return not holds(argument[0], stack)
    raise UnresolvableError(f"not a condition: {condition}")


def _dynamic(value: Any, stack: Stack) -> Any:
    return _DYNAMIC.sub(lambda it: stack.dynamic(it[1]), value) if isinstance(value, str) else value


def _get_att(argument: Any, stack: Stack) -> Any:
    logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
    return stack.attribute(logical_id, attribute)


def _join(argument: Any, stack: Stack) -> str:
    separator, parts = argument
    return str(separator).join(_text(part, argument) for part in resolve(parts, stack))


def _split(argument: Any, stack: Stack) -> list[str]:
    separator, text = argument
    return _text(resolve(text, stack), argument).split(separator)


def _select(argument: Any, stack: Stack) -> Any:
    index, values = resolve(argument, stack)
    if not int(index) < len(values):
        raise UnresolvableError(f"Fn::Select of item {index}, got {values}")
    return values[int(index)]


def _sub(argument: Any, stack: Stack) -> str:
    text, local = (argument, {}) if isinstance(argument, str) else argument

    def replacement(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in local:
            return _text(resolve(local[name], stack), argument)
        return _text(_get_att(name, stack) if "." in name else stack.ref(name), argument)

    return _PLACEHOLDER.sub(replacement, text)


def _if(argument: Any, stack: Stack) -> Any:
    name, yes, no = argument
    return resolve(yes if stack.condition(name) else no, stack)


def _text(value: Any, origin: Any) -> str:
    if not isinstance(value, str | int):
        raise UnresolvableError(f"a text is needed, got {value} in {origin}")
    return str(value)


_FUNCTIONS: dict[str, Callable[[Any, Stack], Any]] = {
    "Ref": lambda argument, stack: stack.ref(argument),
    "Fn::GetAtt": _get_att,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::ImportValue": lambda argument, stack: stack.imported(resolve(argument, stack)),
    "Fn::GetStackOutput": lambda argument, stack: stack.output(resolve(argument, stack)),
    "Fn::FindInMap": lambda argument, stack: stack.mapped(*resolve(argument, stack)),
}
