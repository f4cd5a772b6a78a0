"""Which construct of this library is about what somebody was seen to do, and gives nothing that it has not today."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from secure_kms_constructs.authoring.statements import (
    log_group_management,
    parameter_access,
    secret_access,
    secret_rotation,
)
from secure_kms_constructs.aws.facts import LOG_GROUP_NAME
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.evidence.uses import Use as Seen
from secure_kms_constructs.policies import Policy, parse_identity_policy
from secure_kms_constructs.policies.documents import Effect

from .plans import Fits, Held, Thing

_LOG_GROUP = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:(.+)")
_SECRET = re.compile(r"arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:[^*?]+-\w{6}")
_PARAMETER = re.compile(r"arn:[\w-]+:ssm:[\w-]+:\d{12}:parameter/[^*?]+")
_SERVICES = {one.prefix: one for one in (Service.SECRETS_MANAGER, Service.PARAMETER_STORE, Service.CLOUDWATCH_LOGS)}


class Fit(str, Enum):
    """A construct."""

    READER = "ScopedSecretReader"
    ROTATOR = "ScopedSecretRotator"
    PARAMETERS = "ScopedParameterReader"
    LOG_GROUPS = "ScopedLogGroupManager"


def by_thing(uses: Iterable[Seen], services: Mapping[str, Service] = _SERVICES) -> dict[Thing, list[Seen]]:
    """Return uses by key, service and the one thing that their encryption context names; None where it is not one."""
    found: dict[Thing, list[Seen]] = defaultdict(list)
    for use in uses:
        service = services.get((use.via or "").split(".")[0])
        name = service.context_key if service else None
        context = use.context or {}
        value = context[name] if name and set(context) == {name} else None
        found[use.key or "", use.via, None if value and set(value) & set("*?") else value].append(use)
    return found


def fits_of(needed: Iterable[Seen], held: Iterable[Held]) -> Fits:
    """Return what constructs are about.

    A construct gives what its service asks, and the right to read the thing itself. Who only writes a secret is seen to
    decrypt it too, and must not become its reader: so today's policies have to allow all of it, without a condition.

    :param held: all policies that somebody has today.
    """
    policies = [parse_identity_policy(one.document, name=one.name) for one in held if one.document is not None]
    return {
        thing: fit.value
        for thing, uses in by_thing(needed).items()
        if (fit := _fit(thing, {one.action for one in uses})) is not None
        and all(_allowed(policies, action, resource) for action, resource in _given(fit, thing))
    }


def _fit(thing: Thing, actions: set[str]) -> Fit | None:
    _, via, arn = thing
    service = _SERVICES.get((via or "").split(".")[0])
    if service is Service.SECRETS_MANAGER and arn and _SECRET.fullmatch(arn):
        if actions == set(service.actions_for(Use.READ)):
            return Fit.READER
        return Fit.ROTATOR if actions == set(service.actions_for(Use.WRITE)) else None
    if service is Service.PARAMETER_STORE and arn and _PARAMETER.fullmatch(arn):
        return Fit.PARAMETERS if actions == set(service.actions_for(Use.READ)) else None
    if service is Service.CLOUDWATCH_LOGS and arn and (named := _LOG_GROUP.fullmatch(arn)):
        # Whoever only reads was seen to decrypt alone.
        writes = actions - {"kms:Decrypt"} and actions <= set(service.actions_for(Use.PROVISION))
        return Fit.LOG_GROUPS if writes and re.fullmatch(LOG_GROUP_NAME.value, named[1]) else None
    return None


def _given(fit: Fit, thing: Thing) -> Iterator[tuple[str, str]]:
    """Return what a construct allows beyond what was seen, as actions and resources."""
    key, _, named = thing
    arn = named or ""
    statements: Mapping[Fit, list[dict[str, object]]] = {
        Fit.READER: secret_access([arn], None),
        Fit.ROTATOR: secret_rotation([arn]),
        Fit.PARAMETERS: parameter_access([arn]),
        Fit.LOG_GROUPS: log_group_management(arn),
    }
    for statement in statements[fit]:
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            yield str(action), str(statement["Resource"])
    if fit is Fit.LOG_GROUPS:
        for action in Service.CLOUDWATCH_LOGS.actions_for(Use.PROVISION):
            yield action, key
        # The manager's groups are those whose names begin so.
        for action in ("CreateLogGroup", "AssociateKmsKey", "PutRetentionPolicy", "TagResource"):
            yield f"logs:{action}", f"{arn}-another"


def _allowed(policies: Iterable[Policy], action: str, resource: str) -> bool:
    return any(
        statement.effect is Effect.ALLOW and not statement.conditions and statement.applies(resource, _nothing) is True
        for policy in policies
        for statement, certain in policy.about(action.lower())
        if certain is True
    )


def _nothing(_key: str) -> None:
    return None
