"""Gaps: what templates hold that is not read, and what is assumed in its place."""

from __future__ import annotations

from collections.abc import Iterator

from .landscape import Note
from .nested import NESTED
from .stacks import ANY_ACCOUNT, ANY_REGION, Stack, Stacks

# Macros of AWS whose work is read as far as it matters here, or noted where it is met.
_READ_MACROS = ("AWS::CodeDeployBlueGreen", "AWS::LanguageExtensions", "AWS::Serverless-2016-10-31")
_UNREAD_TYPES = {
    "AWS::CloudFormation::StackSet": "the stacks of this stack set are",
    "AWS::Serverless::Application": "the template of this application is",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "the template of this product is",
}
_NAMES = 5


def gaps(stacks: Stacks) -> Iterator[Note]:
    """Return a note for each thing that may make keys, roles or policies and is not read."""
    yield from _unplaced(stacks)
    for stack in stacks.all:
        yield from _macros(stack)
        for name in stack.section("Resources"):
            if name.startswith("Fn::"):
                yield Note(None, f"the resources that {name} makes in {stack.name} are not read")
        for logical_id, kind, _ in stack.resources():
            if kind == NESTED and logical_id not in stack.nested:
                yield Note(stack.source(logical_id), "the template of this nested stack is not read")
            elif kind in _UNREAD_TYPES:
                yield Note(stack.source(logical_id), f"{_UNREAD_TYPES[kind]} not read")
            elif kind.endswith("::MODULE"):
                yield Note(stack.source(logical_id), f"what the module {kind} makes is not read")


def _unplaced(stacks: Stacks) -> Iterator[Note]:
    for what, stand_in in (("account", ANY_ACCOUNT), ("region", ANY_REGION)):
        names = [one.name for one in stacks.all if getattr(one.environment, what) == stand_in and not one.parent]
        if names:
            shown = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if names[_NAMES:] else "")
            yield Note(None, f"no {what} is given for {shown}: read as all of one {what} {stand_in}, of nobody else")


def _macros(stack: Stack) -> Iterator[Note]:
    transform = stack.template.get("Transform")
    for macro in transform if isinstance(transform, list) else [transform]:
        name = macro.get("Name") if isinstance(macro, dict) else macro
        if isinstance(name, str) and name not in _READ_MACROS:
            yield Note(None, f"what the macro {name} changes in {stack.name} is not read")
    for name in stack.template:
        if name.startswith("Fn::"):
            yield Note(None, f"what {name} makes in {stack.name} is not read")
