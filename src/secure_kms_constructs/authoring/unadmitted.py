"""Finds what policies of roles and users allow with a key and its policy does not admit, so that it does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from secure_kms_constructs.aws.facts import USE_ACTIONS

from .apps import App, Looked, plain
from .identity_sides import HOLDERS, TELLING, admitted, holders_of, names_one, services_of, statements_of, ways
from .reading import TOLD, bound, listed, meant
from .statements import Statement
from .usages import names_of

_EVERY = re.compile(r"arn:[^:]+:kms:.*:key/\*")
# What a grant through a service is called in a key policy; its other side has the service as a condition.
_THROUGH = re.compile("Allow[A-Z][a-z]+Through")


class Unadmitted(NamedTuple):
    """What is allowed and not admitted.

    :param refusals: what nothing can come of.
    :param findings: what only a part can come of, or only in a way that may not be meant, with an id.
    """

    refusals: list[str]
    findings: list[tuple[str, str]]


def unadmitted(app: App, key: str, statements: Sequence[Statement]) -> Unadmitted:
    """Return what policies let roles and users do with a key, and its policy does not.

    :param key: path of the key's resource.
    :param statements: the finished key policy, as text.
    """
    found, names = Unadmitted([], []), names_of(app, key)
    for policy in app.referring_to(names):
        for statement in statements_of(policy):
            if statement.get("Effect") != "Allow" or not names_one(statement, names):
                continue
            patterns = [one for one in map(str, listed(statement.get("Action"))) if meant(one, USE_ACTIONS)]
            for holder in holders_of(app, policy) if patterns else ():
                _compare(found, policy, holder, patterns, statement, list(ways(app, holder, statement, statements)))
    return found


def _compare(
    found: Unadmitted,
    policy: Looked,
    holder: Looked,
    patterns: Sequence[str],
    statement: Statement,
    admitting: Sequence[Statement],
) -> None:
    """Compare what a statement allows with what admits its holder, action by action and way by way."""
    every = [one for one in map(str, listed(statement.get("Action"))) if meant(one, TELLING)]
    dead = [one for one in patterns if not _met(one, admitting)]
    through = services_of(plain(statement))
    as_meant = [one for one in admitting if through or not services_of(one)]
    alive = [one for one in patterns if _met(one, as_meant)]
    if dead and (not any(_met(one, admitting) for one in every) or (not alive and meant(dead, TOLD))):
        found.refusals.append(_nothing(policy, holder, dead))
    elif dead:
        found.findings.append(("deadActions", f"{_nothing(policy, holder, dead)}, or take it out"))
    elif not alive and all(_THROUGH.match(str(one.get("Sid"))) for one in _about(patterns, admitting)):
        services = sorted({one for it in _about(patterns, admitting) for one in services_of(it)})
        found.findings.append(
            (
                "indirectUse",
                f"{policy.called} allows {', '.join(patterns)} on the key to {holder.called}, which the key policy "
                f"admits through {', '.join(services)} only, and never directly: where direct use is meant, call "
                f"key.grant({HOLDERS[holder.type]}, {_actions(patterns)})",
            )
        )


def _about(patterns: Sequence[str], admitting: Sequence[Statement]) -> list[Statement]:
    return [one for one in admitting if meant(patterns, USE_ACTIONS) & meant(one.get("Action"), USE_ACTIONS)]


def _met(pattern: str, admitting: Sequence[Statement]) -> bool:
    return any(meant(pattern, TELLING) & meant(one.get("Action"), TELLING) for one in admitting)


def _nothing(policy: Looked, holder: Looked, patterns: Sequence[str]) -> str:
    return (
        f"{policy.called} allows {', '.join(patterns)} on the key to {holder.called}, and the key policy does not "
        f"admit it, so it does nothing: call key.grant({HOLDERS[holder.type]}, {_actions(patterns)})"
    )


def _actions(patterns: Sequence[str]) -> str:
    return ", ".join(map(repr, sorted(meant(list(patterns), USE_ACTIONS))))


def unadmitted_widely(app: App, statements: Sequence[Statement]) -> Iterator[str]:
    """Yield one message for each role or user that a policy of its own lets use all keys, and the key policy does not.

    :param statements: the finished key policy, as text.
    """
    for policy, statement, asked in _about_all_keys(app):
        for holder in holders_of(app, policy):
            if not meant(statement.get("Action"), TELLING) & admitted(app, holder, statement, statements):
                actions = ", ".join(map(str, listed(statement.get("Action"))))
                yield (
                    f"{policy.called} allows {actions} on all keys (key/*) to {holder.called}, and the policy of "
                    "this key does not admit it: where it means this key, call "
                    f"key.grant({HOLDERS[holder.type]}, {', '.join(map(repr, asked))})"
                )


# As many keys ask the same of one app.
@lru_cache(maxsize=1)
def _about_all_keys(app: App) -> list[tuple[Looked, dict[str, Any], list[str]]]:
    return [
        (policy, statement, asked)
        for policy in app.resources.values()
        for statement in statements_of(policy)
        if statement.get("Effect") == "Allow"
        and any(_EVERY.fullmatch(str(one)) for one in listed(plain(statement.get("Resource"))))
        # By its alias it may mean another key.
        and not any("alias" in name for name in bound(statement))
        and (asked := sorted(meant(statement.get("Action"), USE_ACTIONS)))
    ]
