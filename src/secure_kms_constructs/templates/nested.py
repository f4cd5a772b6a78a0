"""Nested stacks: each is a stack of its own, in the environment of its parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .loading import Template, TemplateError
from .stacks import Stack

NESTED = "AWS::CloudFormation::Stack"
_STACKS = 2_000
_LEVELS = 20
_RESOURCE = ".NestedStackResource"

# Answers with the template of a nested stack, None where it cannot be had.
Finder = Callable[[Stack, str], Template | None]


def with_nested(stack: Stack, find: Finder, paths: Iterable[tuple[str, str]] = ()) -> list[Stack]:
    """Return a stack and, after it, all nested ones, each with its place in its parent.

    :param paths: construct paths with logical ids, of the stack and of all that are nested in it.
    :raises TemplateError: when they nest without end.
    """
    stack.paths, below = _own(paths)
    stacks = [stack]
    pending = [(stack, below, 0)]
    while pending:
        parent, below, level = pending.pop()
        for logical_id, kind, _ in parent.resources():
            template = find(parent, logical_id) if kind == NESTED else None
            if template is None:
                continue
            if level > _LEVELS or len(stacks) > _STACKS:
                raise TemplateError(f"{stack.name} must not nest stacks without end")
            child = Stack(
                f"{parent.name}/{logical_id}",
                parent.stack_name,
                template,
                parent.environment,
                parent=(parent, logical_id),
                is_named=parent.is_named,
            )
            child.paths, further = _own(below.get(logical_id, ()))
            parent.nested[logical_id] = child
            stacks.append(child)
            pending.append((child, further, level + 1))
    return stacks


def _own(paths: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Divide construct paths: those of a stack by logical id, and those of each stack nested in it."""
    given = list(paths)
    # The resource P/N.NestedStack/N.NestedStackResource stands for the construct P/N.
    nested = sorted(
        (path.rpartition("/")[0].removesuffix(".NestedStack") + "/", logical_id)
        for path, logical_id in given
        if path.endswith(_RESOURCE)
    )
    own: dict[str, str] = {}
    below: dict[str, list[tuple[str, str]]] = {logical_id: [] for _, logical_id in nested}
    for path, logical_id in given:
        inner = next((its_id for prefix, its_id in nested if path.startswith(prefix)), None)
        if inner is None:
            own.setdefault(logical_id, path)
        else:
            below[inner].append((path, logical_id))
    return own, below
