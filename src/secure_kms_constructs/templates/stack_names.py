"""Names of stacks that only a deployment tells, where names of roles and users are made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from secure_kms_constructs.policies.patterns import ANY, ONE, like

from .forms import common
from .physical_names import arn_of
from .resolution import Resolver
from .resource_types import IAM_NOUNS, TYPES
from .stacks import Stack

_NAME = "AWS::Stack"
# Stands for the name of a stack, by its place among all; as long as no name is cut for it.
_MARK = re.compile(r"xqz(\d+)zqx")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
_POSSIBLE = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,127}")
_ARN = re.compile(r"arn:([^:]*):iam::([^:]*):(role|user|group)/(.+)", re.DOTALL)
# One of them is unlike a pattern that does not take all.
_FILLERS = ("x", "Zz", "a0")


def named_after(stacks: Iterable[Stack], fresh: Callable[[], Resolver]) -> dict[tuple[str, str], str]:
    """Return the ARNs of what has the name of a stack in its own or in its path, with a mark in the place of it.

    :param fresh: makes a resolver that knows nothing yet.
    """
    stacks = tuple(stacks)
    unnamed = {place: one for place, one in enumerate(stacks) if not one.has_known_name and _NAME in one.text}
    if not unnamed:
        return {}
    with assumed(stacks, {(stack.name, ""): f"xqz{place}zqx" for place, stack in unnamed.items()}):
        resolver = fresh()
        return {
            (stack.name, logical_id): arn
            for stack in stacks
            for logical_id, kind, _ in stack.resources()
            if kind in IAM_NOUNS
            and not stack.properties(logical_id).keys().isdisjoint((TYPES[kind].named_by, "Path"))
            and (arn := arn_of(resolver, stack, logical_id, kind))
            and _MARK.search(arn)
        }


@contextmanager
def assumed(stacks: Iterable[Stack], names: Mapping[tuple[str, str], str]) -> Iterator[None]:
    """Let stacks have names, by stack and an empty logical id."""
    given = {one.name: one for one in stacks}
    named = {given[name]: assumed for (name, logical_id), assumed in names.items() if not logical_id}
    try:
        for stack, name in named.items():
            stack.assumed_name = name
        yield
    finally:
        for stack in named:
            stack.assumed_name = None


def says(stacks: Iterable[Stack], name: str) -> bool:
    """Tell whether templates say a name literally."""
    return any(name in one.text for one in stacks)


def suggested(marked: str, text: re.Match[str], base: str) -> Iterator[tuple[int, str]]:
    """Return names of stacks, by their places, with which something is told from what it is called without them.

    :param marked: its ARN, with marks.
    :param text: an ARN, or a pattern of some, taken apart: partition, account, noun, and path and name.
    :param base: its ARN where nobody knows the names.
    """
    whole = _ARN.fullmatch(marked)
    if whole is None or not _is_near(text, whole):
        return
    own, its, now = whole[4], text[4], base.partition("/")[2]
    if text[3] == "assumed-role":
        its = its.split("/")[0]
    if text[3] == "assumed-role" or ":name::" in text[0]:
        own, now = own.rpartition("/")[2], now.rpartition("/")[2]
    if not _may_be(its, now):
        yield from _found(own, common(_MARK.sub("*", own), its) or "")
    else:
        filler = next((one for one in _FILLERS if not _may_be(its, _MARK.sub(one, own))), None)
        yield from ((int(one), filler) for one in dict.fromkeys(_MARK.findall(own)) if filler)


def _is_near(text: re.Match[str], whole: re.Match[str]) -> bool:
    partition, account, noun, _ = text.groups()
    return noun.removeprefix("assumed-") == whole[3] and _may_be(partition, whole[1]) and _may_be(account, whole[2])


def _found(marked: str, text: str) -> Iterator[tuple[int, str]]:
    """Return what stands in the places of the marks in a text of that form."""
    places = _MARK.findall(marked)
    pieces = _MARK.split(marked)[::2]
    pattern, seen = re.escape(pieces[0]), set()
    for place, piece in zip(places, pieces[1:], strict=True):
        pattern += f"(?P=m{place})" if place in seen else f"(?P<m{place}>.*)"
        pattern += re.escape(piece)
        seen.add(place)
    match = re.fullmatch(pattern, text)
    found = {place: match[f"m{place}"] for place in places} if match else {}
    yield from ((int(place), name) for place, name in found.items() if _POSSIBLE.fullmatch(name))


def _may_be(pattern: str, text: str) -> bool:
    return like(pattern.replace("*", ANY).replace("?", ONE), text)
