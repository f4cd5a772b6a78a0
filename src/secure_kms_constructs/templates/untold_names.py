"""Names that a template gives and nobody can tell: which of them are the same, whatever their parameters are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable

from secure_kms_constructs.policies import Unknown

from .parameters import is_list
from .resource_types import IAM_NOUNS
from .resources import Described
from .stacks import Stack
from .texts import is_cut

_PART = re.compile(r"<([^<>]*)>")
_LITERAL = re.compile(r"[\w+=,.@-]*", re.ASCII)


def named_alike(resources: Collection[Described]) -> dict[tuple[str, str, str, Unknown], list[str]]:
    """Return the names by which roles, users and groups go here whose own cannot be told, but is the same elsewhere."""
    known = _scalars({one.stack for one in resources})
    found: dict[tuple[str, str, str, Unknown], list[str]] = defaultdict(list)
    for resource in (one.resource for one in resources):
        noun = IAM_NOUNS.get(resource.type)
        if noun and resource.arn:
            name = resource.properties.get(f"{noun.title()}Name")
            if isinstance(name, Unknown) and _is_one_name(name, known):
                key = (resource.partition, resource.account, noun, name)
                found[key].append(resource.arn.rpartition("/")[2])
    return found


def _scalars(stacks: Iterable[Stack]) -> frozenset[str]:
    """Return what values are called that are those of one parameter, and so are the same wherever they stand."""
    pending, found = list(stacks), set()
    while pending:
        stack = pending.pop()
        if stack.parent:
            pending.append(stack.parent[0])
        for name, declared in stack.section("Parameters").items():
            if isinstance(declared, dict) and not is_list(str(declared.get("Type"))):
                found.add(f"parameter {name} of {stack.name}")
    return frozenset(found)


def _is_one_name(name: Unknown, known: frozenset[str]) -> bool:
    """Tell whether names with this description are one: they are made of literal text and parameters alone.

    :param known: as ``_scalars`` returns them.
    """
    if name.description in known:
        return True
    pieces = _PART.split(name.description)
    literal, parts = pieces[::2], pieces[1::2]
    return (
        not is_cut(name.description)
        and bool(parts)
        and all(part in known for part in parts)
        and all(_LITERAL.fullmatch(one) for one in literal)
    )
