"""Assertions about access for tests, with messages that say who, under which circumstances and by which statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import AccessError
from .maps import AccessMap
from .parties import Party
from .rows import Row


@dataclass(frozen=True)
class Imported:
    """A principal of which the templates do not tell all policies, as ``assert_only`` takes it.

    :param principal: the principal; None for the role that deploys.
    """

    principal: object = None


ROOT = "root user"
"""The root user of the key's account, whom nearly every key policy admits."""

DEPLOYER = Imported()
"""The role with which CloudFormation deploys what CDK makes, ``cdk-*-cfn-exec-role-*`` of the key's account."""


def imported(principal: object) -> Imported:
    """Return a principal that the app only imports, for ``assert_only``.

    What its other policies deny is in none of the templates, so it is never known for sure that it can.

    :param principal: the construct, its path or the unique end of that, or an ARN.
    """
    return Imported(principal)


def assert_only(access: AccessMap, action: str, key: object, expected: Iterable[object]) -> None:
    """Assert that some principals can do something with a key, under whatever circumstances, and nobody else.

    It fails, too, where it is not known whether somebody else can or whether one of those expected can.

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
    """Assert that a principal can do something with a key; what is unknown fails.

    :param access: the map.
    :param action: a KMS action on a key, such as ``kms:Decrypt``.
    :param key: the construct, its path or the unique end of that, or the key's ARN.
    :param principal: a construct, a path, an ARN, the name of a service or of a principal in a row, or ``ROOT``.
    :param via: the service that asks for the principal; with neither this nor ``context`` any circumstances will do.
    :param context: condition keys of the request, by their IAM names.
    :raises AccessError: when no key or principal is called so, or more than one.
    """
    name = _name(access, principal, key)
    if via is not None or context is not None:
        explained = access.explain(name, action, key, via=via, context=context)
        _fail_for([] if explained.allowed is True else [str(explained)], f"{name} cannot {action}")
        return
    its = [row for row in access.who_can(action, key) if row.principal == name]
    if not any(row.allowed and not row.when for row in its):
        problems = [_told(access, row) for row in its] or [_denied(access, name, action, key)]
        _fail_for(problems, f"it is not sure that {name} can {action}" if its else f"{name} cannot {action}")


def assert_cannot(
    access: AccessMap,
    action: str,
    key: object,
    principal: object,
    *,
    via: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """Assert that a principal cannot do something with a key; what is unknown fails.

    :param access: the map.
    :param action: a KMS action on a key, such as ``kms:Decrypt``.
    :param key: the construct, its path or the unique end of that, or the key's ARN.
    :param principal: a construct, a path, an ARN, the name of a service or of a principal in a row, or ``ROOT``.
    :param via: the service that asks for the principal; with neither this nor ``context`` no circumstances may do.
    :param context: condition keys of the request, by their IAM names.
    :raises AccessError: when no key or principal is called so, or more than one.
    """
    name = _name(access, principal, key)
    if via is not None or context is not None:
        explained = access.explain(name, action, key, via=via, context=context)
        _fail_for([] if explained.allowed is False else [str(explained)], f"{name} can {action}, or might")
        return
    its = [row for row in access.who_can(action, key) if row.principal == name]
    _fail_for([_told(access, row) for row in its], f"{name} can {action}, or might")


def _names(access: AccessMap, one: object, key: object, rows: Iterable[Row]) -> Iterator[str]:
    if one != DEPLOYER:
        yield _name(access, one.principal if isinstance(one, Imported) else one, key)
        return
    deployers = [row.principal for row in rows if row.party.is_deployer and _account_of(row.party) == row.side.account]
    yield from deployers or ["deployer"]


def _name(access: AccessMap, principal: object, key: object) -> str:
    return access.find_principal(access.root_of(key) if principal == ROOT else principal, key)


def _account_of(party: Party) -> str | None:
    return party.caller.account


def _told(access: AccessMap, row: Row) -> str:
    by = "".join(f"\n    by {one}" for one in row.statements)
    circumstances = access.words.circumstances(row)
    return f"{row.principal} {'can' if row.allowed else 'might'}{f' {circumstances}' if circumstances else ''}{by}"


def _denied(access: AccessMap, name: str, action: str, key: object) -> str:
    if name == "deployer":
        return "no cdk-*-cfn-exec-role-* of the key's account can"
    because = str(access.explain(name, action, key)).splitlines()[1:]
    return f"{name} cannot" + "".join(f"\n    because {line.strip()}" for line in because)


def _fail_for(problems: list[str], summary: str) -> None:
    if problems:
        raise AssertionError("\n  ".join([f"{summary}:", *(one.replace("\n", "\n  ") for one in problems)]))
