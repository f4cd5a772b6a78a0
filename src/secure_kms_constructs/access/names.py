"""Finds a key or principal by what a user calls it: its construct, the construct's path, the end of that, or an ARN."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from operator import methodcaller
from typing import TypeVar

from .errors import AccessError

# Leaves these lines out of what pytest shows of a question about what there is not.
__tracebackhide__ = methodcaller("errisinstance", AccessError)

T = TypeVar("T")

# What a construct tells of itself, where it is not left to the deployment.
_TOLD = ("role_arn", "user_arn", "key_arn", "role_name", "user_name")
# How CDK calls the role that it makes for a function, and the map whoever deploys.
_ROLE_OF_FUNCTION, _DEPLOYER = "/ServiceRole", "deployer "
# A construct that acts by its role: a function, a task, an instance.
_ROLES = ("role", "grant_principal")


def find(thing: object, what: str, by_name: Mapping[str, T], by_arn: Mapping[str, T]) -> T:
    """Return what is called so.

    :param thing: a construct, a path or the unique end of one, or an ARN.
    :param what: what is looked for, for the message.
    :raises AccessError: when nothing is called so, or more than one.
    """
    names = [*_names(thing)]
    if not names:
        raise AccessError(f"{what} must be a construct, the path of one, or an ARN, got {thing!r}")
    for name in names:
        if name in by_name or name in by_arn:
            return by_name[name] if name in by_name else by_arn[name]
    ending = sorted({full for full in by_name for name in names if full.endswith(f"/{name}")} or _meant(names, by_name))
    if len(ending) == 1:
        return by_name[ending[0]]
    if ending:
        raise AccessError(f"{what} {names[0]!r} may be any of {', '.join(ending)}: give more of the path")
    raise AccessError(f"no {what} is called {names[0]!r}{_hint(names[0], by_name, by_arn)}")


def _meant(names: Collection[str], known: Iterable[str]) -> set[str]:
    """Return whom a user means by a function, whose role has a path of its own, and by the deployer or its role."""
    return {
        full
        for full in known
        for name in names
        if f"/{full}".endswith(f"/{name}{_ROLE_OF_FUNCTION}")
        or (full.startswith(_DEPLOYER) and name in ("deployer", full.removeprefix(_DEPLOYER)))
    }


def _hint(name: str, by_name: Mapping[str, object], by_arn: Mapping[str, object]) -> str:
    known = [*by_name, *by_arn]
    close = get_close_matches(name, known, n=3, cutoff=0.4) or sorted(by_name)[:3]
    return f"; there are {', '.join(close)}{' and others' if len(by_name) > len(close) else ''}" if close else ""


def _names(thing: object) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
        return
    yield from names_of_construct(thing)
    for attribute in _ROLES:
        yield from names_of_construct(getattr(thing, attribute, None))


def names_of_construct(thing: object) -> list[str]:
    """Return what a construct tells of itself: its path, and ARNs and names that are not left to the deployment."""
    return [*_told(thing)]


def _told(thing: object) -> Iterator[str]:
    # Constructs are asked, not imported: loading aws_cdk starts a Node process.
    path = getattr(getattr(thing, "node", None), "path", None)
    if isinstance(path, str):
        yield path
    for attribute in _TOLD:
        told = getattr(thing, attribute, None)
        if isinstance(told, str):
            # One that only the deployment tells is a token, and equal to nothing.
            yield told
