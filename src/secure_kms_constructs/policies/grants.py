"""Grants, read as the statements that they are for whoever they name.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS, GRANT_OPERATIONS

from .documents import Policy
from .parsing import parse_key_policy
from .principals import Kind, parse_caller
from .verdicts import PolicyError, Unknown

# An account, or the unique id that takes the place of an ARN whose user or role is gone.
_ID = re.compile(r"\d{12}|A[A-Z0-9]{15,}")
_CONTEXT = "kms:EncryptionContext:"


def parse_grant(grant: Mapping[str, object], *, name: str | None = None) -> Policy:
    """Parse a grant, as ``ListGrants`` returns it.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html

    :param grant: with its grantee, ``Operations``, and what else it has.
    :param name: what reasons call it; by default ``grant <its id>``.
    :raises PolicyError: when it has no grantee or no operation, or a constraint that is none.
    """
    name = name or f"grant {grant.get('GrantId', 'without id')}"
    # The version without variables: a grant has none.
    statements = list(_statements(grant, name))
    return parse_key_policy({"Version": "2008-10-17", "Statement": statements}, name=name, stored=True)


def unknown_grants(why: Unknown, *, name: str = "grants") -> Policy:
    """Return what stands for grants that could not be read: anybody may have one.

    :param why: why they are not known.
    :param name: what reasons call them.
    """
    actions = [f"kms:{one}" for one in sorted(GRANT_OPERATIONS.value)]
    statement = {"Effect": "Allow", "Principal": why, "Action": actions, "Resource": "*"}
    return parse_key_policy({"Version": "2012-10-17", "Statement": [statement]}, name=name)


def _statements(grant: Mapping[str, object], name: str) -> Iterator[dict[str, object]]:
    actions = _operations(grant, name)
    grantee = _principal(grant.get("GranteePrincipal"), grant.get("GranteeServicePrincipal"), name)
    if grantee is None:
        raise PolicyError(f"{name} must have a GranteePrincipal or GranteeServicePrincipal, got neither")
    equals, subset, source = _constraints(grant.get("Constraints") or {}, name)
    about_source = {"ArnEquals": {"aws:SourceArn": source}} if source and "Service" in grantee else {}
    # Only services are documented to name a source: whether others may, and so whether such a grant is for nobody, no
    # page says.
    what: object = Unknown(f"whether others than services act for {source}") if source and not about_source else "*"
    about_context = _about(equals, subset)
    grants = [one for one in actions if one == "kms:CreateGrant"]
    # "Not applied to operations that do not support an encryption context":
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
    # Retiring has a context for policies, and a grant's constraint does not hold for it.
    unlimited = (*grants, "kms:RetireGrant")
    limited = [one for one in actions if one in ENCRYPTION_CONTEXT_ACTIONS.value and one not in unlimited]
    free = [one for one in actions if one not in limited and one not in grants]
    sid = {"Sid": grant["Name"]} if grant.get("Name") else {}
    for named, conditions in ((limited, (about_context, about_source)), (free, (about_source,))):
        if named:
            yield sid | _allow(grantee, named, conditions, what)
    if grants:
        yield sid | _allow(grantee, grants, (_stricter(actions, bool(equals)), about_context, about_source), what)
    retiring = _principal(grant.get("RetiringPrincipal"), grant.get("RetiringServicePrincipal"), name)
    if retiring is not None:
        yield sid | _allow(retiring, ["kms:RetireGrant"], ())


def _operations(grant: Mapping[str, object], name: str) -> list[str]:
    operations = grant.get("Operations")
    if not isinstance(operations, list | tuple) or not operations:
        raise PolicyError(f"{name} must have a list of Operations, got {operations!r}")
    for one in operations:
        if one not in GRANT_OPERATIONS.value:
            raise PolicyError(f"{name}: Operations must be of {', '.join(sorted(GRANT_OPERATIONS.value))}, got {one!r}")
    return [f"kms:{one}" for one in operations]


def _principal(principal: object, service: object, name: str) -> dict[str, object] | None:
    if isinstance(service, str) and service:
        return {"Service": service}
    if not isinstance(principal, str) or not principal:
        return None
    if _ID.fullmatch(principal):
        return {"AWS": principal}
    try:
        # For a service ListGrants gives the service principal as the grantee.
        caller = parse_caller(principal)
    except PolicyError:
        raise PolicyError(f"{name} must be for an account, user, role or service, got {principal!r}") from None
    return {"Service" if caller.kind is Kind.SERVICE else "AWS": principal}


def _constraints(value: object, name: str) -> tuple[dict[str, str], dict[str, str], str | None]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{name}: Constraints must be an object, got {value!r}")
    if unknown := set(value) - {"EncryptionContextEquals", "EncryptionContextSubset", "SourceArn"}:
        raise PolicyError(f"{name}: Constraints must be those that KMS documents, got {sorted(unknown)[0]!r}")
    equals, subset = (
        _pairs(value.get(kind), f"{name}: {kind}") for kind in ("EncryptionContextEquals", "EncryptionContextSubset")
    )
    source = value.get("SourceArn")
    if source is not None and not isinstance(source, str):
        raise PolicyError(f"{name}: SourceArn must be text, got {source!r}")
    return equals, subset, source


def _pairs(value: object, where: str) -> dict[str, str]:
    if value is None:
        return {}
    texts = isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)
    if not isinstance(value, Mapping) or not texts:
        raise PolicyError(f"{where} must be an object of texts, got {value!r}")
    return dict(value)


def _about(equals: Mapping[str, str], subset: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Return conditions on the encryption context: names in any case, values as they are."""
    pairs = {f"{_CONTEXT}{key}": value for key, value in (*subset.items(), *equals.items())}
    conditions: dict[str, dict[str, object]] = {"StringEquals": dict(pairs)} if pairs else {}
    if equals:
        conditions["ForAllValues:StringEqualsIgnoreCase"] = {"kms:EncryptionContextKeys": sorted(equals)}
    return conditions


def _stricter(actions: Iterable[str], equals: bool) -> dict[str, dict[str, object]]:
    """Return what a grant made by a grant must be: of its operations, and at least as strict.

    https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html#grant-creategrant
    """
    names = sorted(one.removeprefix("kms:") for one in actions)
    conditions: dict[str, dict[str, object]] = {
        "ForAllValues:StringEquals": {"kms:GrantOperations": names},
        "Null": {"kms:GrantOperations": "false"},
    }
    if equals:
        conditions["StringEquals"] = {"kms:GrantConstraintType": "EncryptionContextEquals"}
    return conditions


def _allow(
    principal: Mapping[str, object],
    actions: list[str],
    conditions: Iterable[Mapping[str, Mapping[str, object]]],
    resource: object = "*",
) -> dict[str, object]:
    merged: dict[str, dict[str, object]] = {}
    for block in conditions:
        for operator, keys in block.items():
            merged[operator] = {**merged.get(operator, {}), **keys}
    statement: dict[str, object] = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource}
    return {**statement, "Condition": merged} if merged else statement
