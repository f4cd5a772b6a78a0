"""What templates hold that is not read, and what is assumed in its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .applications import is_rotation
from .landscape import Note
from .macros import macros_of
from .nested import NESTED
from .resources import matters
from .stacks import ANY_ACCOUNT, ANY_REGION, Stack, Stacks

STACK_SET = "AWS::CloudFormation::StackSet"
_APPLICATION = "AWS::Serverless::Application"
_UNREAD_TYPES = {
    STACK_SET: "the stacks of this stack set are",
    _APPLICATION: "the template of this application is",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "the template of this product is",
}
_ROTATES = "the function with which AWS rotates a password is made elsewhere, with a role of its own: it is not shown"
_NAMES = 5
# Types that somebody else than AWS registered.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/registry.html
_REGISTERED = re.compile(r"(?!AWS::|Alexa::|Custom::)\w+::\w+::\w+(::MODULE)?", re.ASCII)
_REACHED = ("AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User", "AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_WORD = re.compile(r"[\w+=,.@-]+", re.ASCII)


@dataclass(frozen=True)
class Gap:
    """Something that is not read.

    :param stack: where it stands.
    :param logical_id: the resource that makes more resources; empty where it is none.
    :param changes: whether it may change everything in the stack, not only add to it.
    :param inside: whether what it adds stands in the same template, and so may refer to all that is there.
    """

    note: Note
    stack: Stack
    logical_id: str = ""
    changes: bool = False
    inside: bool = False


def gaps(stacks: Stacks) -> Iterator[Gap]:
    """Return each thing that may make or change keys, roles or policies and is not read."""
    for stack in stacks.all:
        yield from _macros(stack)
        yield from _resources(stack)


def unplaced(stacks: Iterable[Stack]) -> Iterator[Note]:
    """Return a note on the stacks of which nobody says where they go."""
    for what, stand_in in (("account", ANY_ACCOUNT), ("region", ANY_REGION)):
        names = [one.name for one in stacks if getattr(one.environment, what) == stand_in and not one.parent]
        if names:
            shown = ", ".join(names[:_NAMES]) + (f" and {len(names) - _NAMES} more" if names[_NAMES:] else "")
            yield Note(None, f"no {what} is given for {shown}: read as all of one {what}, {stand_in}")


def _resources(stack: Stack) -> Iterator[Gap]:
    for name, resource in stack.section("Resources").items():
        if name.startswith("Fn::"):
            note = Note(None, f"the resources that {name} makes in {stack.name} are not read", unread=True)
            yield Gap(note, stack, name, inside=True)
            continue
        whole = resource if isinstance(resource, dict) else {}
        kind = str(whole.get("Type"))
        function = next((inner for inner in whole if inner.startswith("Fn::")), None)
        is_missing = kind == NESTED and name not in stack.nested
        if not function and not is_missing and _is_of_aws(kind):
            if matters(kind, whole) and (function := _transform(whole.get("Properties"))):
                note = Note(stack.source(name), f"what {function} makes in this resource is not read", unread=True)
                # What is unknown there says so where it stands.
                yield Gap(note, stack)
            continue
        source = stack.source(name)
        if function:
            note = Note(source, f"what {function} changes in this resource is not read", unread=True)
            yield Gap(note, stack, name, inside=True)
        elif is_missing:
            yield Gap(Note(source, "the template of this nested stack is not read", unread=True), stack, name)
        elif kind == _APPLICATION and is_rotation(stack, name):
            yield Gap(Note(source, _ROTATES), stack)
        elif kind in _UNREAD_TYPES:
            yield Gap(Note(source, f"{_UNREAD_TYPES[kind]} not read", unread=True), stack, name)
        elif _REGISTERED.fullmatch(kind) and not kind.endswith("::MODULE"):
            if _reaches(whole, stack):
                yield Gap(Note(source, f"what the private type {kind} makes is not read", unread=True), stack, name)
        elif kind.endswith("::MODULE"):
            yield Gap(Note(source, f"what the module {kind} makes is not read", unread=True), stack, name)


@lru_cache(maxsize=4096)
def _is_of_aws(kind: str) -> bool:
    """Tell whether a type makes one thing of AWS, and nobody else's template."""
    return kind not in _UNREAD_TYPES and not _REGISTERED.fullmatch(kind)


def _reaches(whole: object, stack: Stack) -> bool:
    """Tell whether a resource names a role, user, group or key of its template."""
    text = json.dumps(whole)
    words = {*_WORD.findall(text), *re.findall("[A-Za-z0-9]+", text)}
    for logical_id, kind, _ in stack.resources():
        if kind in _REACHED:
            named = (stack.properties(logical_id).get(one) for one in ("RoleName", "UserName", "GroupName"))
            if logical_id in words or any(isinstance(one, str) and one in words for one in named):
                return True
    return False


def _macros(stack: Stack) -> Iterator[Gap]:
    for macro, changes in macros_of(stack.template):
        text = f"what {macro} changes in {stack.name} is not read"
        note = Note(None, text, unread=True) if changes else Note(None, f"{stack.name}: {_ROTATES}")
        yield Gap(note, stack, changes=changes)
    for section in ("Conditions", "Mappings", "Outputs"):
        for name in stack.section(section):
            if name.startswith("Fn::"):
                yield Gap(
                    Note(None, f"the {section} that {name} makes in {stack.name} are not read", unread=True), stack
                )


def _transform(properties: Any) -> str | None:
    # It goes through all that matters of a template, so it calls no function for what is no macro.
    pending = [properties]
    for value in pending:
        if value.__class__ is dict:
            for name in value:
                if name[:4] == "Fn::" and (name == "Fn::Transform" or name.startswith("Fn::ForEach")):
                    return str(name)
            pending += value.values()
        elif value.__class__ is list:
            pending += value
    return None
