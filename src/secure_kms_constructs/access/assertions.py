"""Assertions about access for tests, with messages that say who, under which circumstances and by which statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from secure_kms_constructs.aws.facts import USE_ACTIONS

from .errors import AccessError
from .maps import AccessMap
from .parties import Party
from .rows import Row

# Leaves these lines out of what pytest shows of a failed assertion or a question about nothing; of a defect, none.
__tracebackhide__ = methodcaller("errisinstance", (AssertionError, ValueError))


@dataclass(frozen=True)
class Imported:
    """A principal of which the templates do not tell all policies, as ``assert_only`` takes it.

    :param principal: the principal; None for the role that deploys.
    """

    principal: object = None


# What DEPLOYER is where nobody is it.
_NO_DEPLOYER = "deployer"

ROOT = "root user"
"""The root user of the key's account, whom nearly every key policy admits."""

DEPLOYER = Imported()
"""The role with which CloudFormation deploys what CDK makes: ``cdk-*-cfn-exec-role-*`` with the key's account in it.

One that the templates themselves make is not meant.
"""


def imported(principal: object) -> Imported:
    """Return a principal that the app only imports, for ``assert_only``.

    What its other policies deny is in none of the templates, so it is never known for sure that it can.

    :param principal: the construct, its path or the unique end of that, or an ARN.
    """
    return Imported(principal)


def assert_only(access: AccessMap, action: str, key: object, expected: Iterable[object]) -> None:
    """Assert that some principals can do something with a key, under whatever circumstances, and nobody else.

    It fails, too, where it is not known whether somebody else can or whether one of those expected can. Of a
    multi-Region key it asks of the replicas in the templates as well, which decrypt what it encrypts.

    :param access: the map.
    :param action: a KMS action on a key, such as ``kms:Decrypt``.
    :param key: the construct, its path or the unique end of that, or the key's ARN.
    :param expected: all who can: constructs, paths, ARNs, names of services or of principals in rows; ``ROOT`` for
        the account's root user; ``DEPLOYER`` and ``imported(...)`` for those whose policies are not all in the
        templates, who can or might.
    :raises AccessError: when no key or principal is called so, or more than one.
    """
    if isinstance(expected, str | Imported):
        raise AccessError(f"expected must be a set of principals, got {expected!r}: put it in braces")
    expected = list(expected)
    rows = access.who_can(action, key)
    wanted = {name: one for one in expected for name in _names(access, one, key, rows)}
    others = [row for row in rows if row.principal not in wanted]
    problems = [f"{'too many' if row.allowed else 'unknown'}: {_told(access, row)}" for row in others]
    for name, one in wanted.items():
        its = [row for row in rows if row.principal == name]
        if not its:
            problems.append(f"missing: {_denied(access, name, action, key)}")
        elif not any(row.allowed for row in its) and not isinstance(one, Imported):
            problems += [f"unknown: {_told(access, row)}" for row in its]
    for other in _same_material(access, action, key):
        rows = access.who_can(action, other)
        there = {name for one in expected for name in _names_there(access, one, other, rows)}
        others = [row for row in rows if row.principal not in there]
        problems += [f"with {other}, which has its material: {_told(access, row)}" for row in others]
    _fail_for(problems, f"{action} on {access.find_key(key)} is not for those expected alone")


def assert_can(
    access: AccessMap,
    action: str,
    key: object,
    principal: object,
    *,
    via: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Assert that a principal can do something with a key under some circumstances; what is unknown fails.

    Of a name that stands for several each must.

    :param access: the map.
    :param action: a KMS action on a key, such as ``kms:Decrypt``.
    :param key: the construct, its path or the unique end of that, or the key's ARN.
    :param principal: a construct, a path, an ARN, the name of a service or of a principal in a row, or ``ROOT``.
    :param via: the service that asks for the principal, as in ``AccessMap.explain``.
    :param context: condition keys of the request, as in ``AccessMap.explain``.
    :raises AccessError: when no key or principal is called so, or more than one, or no service or condition key.
    """
    name = _name(access, principal, key)
    rows = access.when_can(name, action, key, via=via, context=context)
    problems = []
    for one in dict.fromkeys(party.name for party in access.parties_called(name, key)):
        its = [row for row in rows if row.principal == one]
        if not any(row.allowed and not row.when for row in its):
            problems += [_told(access, row) for row in its] or [_denied(access, one, action, key, via, context)]
    sure = f"it is not sure that {name} can" if rows else f"{name} cannot"
    _fail_for(problems, f"{sure} {action}{_as_asked(via, context)}")


def assert_cannot(
    access: AccessMap,
    action: str,
    key: object,
    principal: object,
    *,
    via: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Assert that a principal cannot do something with a key under any circumstances; what is unknown fails.

    Of a name that stands for several none may, of a multi-Region key with no replica of the templates either. Give
    ``ANYBODY_ELSE`` for all whom no template makes and the key policy does not name.

    :param access: the map.
    :param action: a KMS action on a key, such as ``kms:Decrypt``.
    :param key: the construct, its path or the unique end of that, or the key's ARN.
    :param principal: a construct, a path, an ARN, the name of a service or of a principal in a row, or ``ROOT``.
    :param via: the service that asks for the principal, as in ``AccessMap.explain``.
    :param context: condition keys of the request, as in ``AccessMap.explain``.
    :raises AccessError: when no key or principal is called so, or more than one, or no service or condition key.
    """
    name = _name(access, principal, key)
    rows = access.when_can(name, action, key, via=via, context=context)
    if not rows and via and via.isascii() and "." not in via:
        # A service may call from any region.
        rows = access.when_can(name, action, key, via=f"{via}.*.amazonaws.com", context=context)
    problems = [_told(access, row) for row in rows]
    for other in _same_material(access, action, key):
        for one in _names_there(access, Imported(principal), other, ()):
            rows = access.when_can(one, action, other, via=via, context=context)
            problems += [f"with {other}, which has its material: {_told(access, row)}" for row in rows]
    _fail_for(problems, f"{name} can {action}{_as_asked(via, context)}, or might")


def _same_material(access: AccessMap, action: str, key: object) -> tuple[str, ...]:
    """Return the other keys that have to be asked of, because what they do a key does."""
    used = {one.lower() for one in USE_ACTIONS}
    return access.related_to(key) if action.lower() in used else ()


def _names_there(access: AccessMap, one: object, key: str, rows: Iterable[Row]) -> list[str]:
    """Return what those expected are called beside another key; nothing where they are not there."""
    try:
        return list(_names(access, one, key, rows))
    except AccessError:
        return []


def _names(access: AccessMap, one: object, key: object, rows: Iterable[Row]) -> Iterator[str]:
    if one != DEPLOYER:
        yield _name(access, one.principal if isinstance(one, Imported) else one, key)
        return
    deployers = [row.principal for row in rows if row.party.is_deployer and _account_of(row.party) == row.side.account]
    yield from deployers or [_NO_DEPLOYER]


def _name(access: AccessMap, principal: object, key: object) -> str:
    return access.find_principal(access.root_of(key) if principal == ROOT else principal, key)


def _account_of(party: Party) -> str | None:
    return party.caller.account


def _told(access: AccessMap, row: Row) -> str:
    by = "".join(f"\n    by {one}" for one in row.statements)
    circumstances = access.words.circumstances(row)
    return f"{row.principal} {'can' if row.allowed else 'might'}{f' {circumstances}' if circumstances else ''}{by}"


def _as_asked(via: str | None, context: Mapping[str, Any] | None) -> str:
    return f"{f' via {via}' if via else ''}{f' with {dict(context)}' if context else ''}"


def _denied(
    access: AccessMap,
    name: str,
    action: str,
    key: object,
    via: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> str:
    if name == _NO_DEPLOYER:
        return "no cdk-*-cfn-exec-role-* of the key's account can"
    because = str(access.explain(name, action, key, via=via, context=context)).splitlines()[1:]
    return f"{name} cannot" + "".join(f"\n    because {line.strip()}" for line in because)


def _fail_for(problems: list[str], summary: str) -> None:
    if problems:
        raise AssertionError("\n  ".join([f"{summary}:", *(one.replace("\n", "\n  ") for one in problems)]))
