"""Finds statements of roles that name a key and do nothing, because the key policy does not admit the role."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import CRYPTOGRAPHIC_ACTIONS, KEY_ACTIONS, METADATA_ACTIONS

from .apps import App, Looked, plain, referred
from .circles import generated_arn
from .reading import bound, is_account, listed, meant
from .served_statements import filled
from .statements import Statement
from .usages import names_of

_USES = CRYPTOGRAPHIC_ACTIONS | {"kms:CreateGrant"}
# Metadata is left to IAM policies, so it says nothing of whether the rest of a statement works.
_TELLING = KEY_ACTIONS.value - set(METADATA_ACTIONS.value)
POLICIES = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
HOLDERS = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user"}
_EVERY = re.compile(r"arn:[^:]+:kms:.*:key/\*")
_ATTACHED = ("Roles", "Users")


def unadmitted(app: App, key: str, statements: Sequence[Statement]) -> Iterator[str]:
    """Yield one message for each role or user that a policy of its own lets use a key, and the key policy does not.

    :param key: path of the key's resource.
    :param statements: the finished key policy, as text.
    """
    names = names_of(app, key)
    for policy in app.referring_to(names):
        for statement in statements_of(policy):
            if statement.get("Effect") != "Allow" or not names_one(statement, names):
                continue
            asked = meant(statement.get("Action"), _USES)
            for holder in holders_of(app, policy):
                telling = meant(statement.get("Action"), _TELLING)
                if asked and not telling & admitted(app, holder, statement, statements):
                    actions = ", ".join(map(str, listed(statement.get("Action"))))
                    yield (
                        f"{policy.called} allows {actions} on the key to {holder.called}, and the key policy does not "
                        f"admit it, so it does nothing: call key.grant({HOLDERS[holder.type]}, "
                        f"{', '.join(repr(one) for one in sorted(asked))})"
                    )


def unadmitted_widely(app: App, statements: Sequence[Statement]) -> Iterator[str]:
    """Yield one message for each role or user that a policy of its own lets use all keys, and the key policy does not.

    :param statements: the finished key policy, as text.
    """
    for policy, statement, asked in _about_all_keys(app):
        for holder in holders_of(app, policy):
            if not meant(statement.get("Action"), _TELLING) & admitted(app, holder, statement, statements):
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
        and (asked := sorted(meant(statement.get("Action"), _USES)))
    ]


def allowed(app: App, key: str, holder: Looked) -> set[str]:
    """Return the actions on a key that the policies of a role or user allow it.

    :param key: path of the key's resource.
    """
    names = names_of(app, key)
    found: set[str] = set()
    for policy in app.referring_to(names):
        if any(one.path == holder.path for one in holders_of(app, policy)):
            for statement in statements_of(policy):
                if statement.get("Effect") == "Allow" and names_one(statement, names):
                    found |= meant(statement.get("Action"), _TELLING)
    return found


def allowed_on(app: App, resource: str, actions: Sequence[str]) -> list[Looked]:
    """Return the roles and users that a policy lets do any of some actions with a resource by name."""
    found: dict[str, Looked] = {}
    for policy in app.referring_to([resource]):
        for statement in statements_of(policy):
            named = statement.get("Effect") == "Allow" and names_one(statement, {resource})
            if named and meant(statement.get("Action"), actions):
                found |= {one.path: one for one in holders_of(app, policy)}
    return list(found.values())


def statements_of(policy: Looked) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy, or of the inline policies of a role or user."""
    if policy.type in POLICIES:
        documents = [policy.properties.get("PolicyDocument")]
    elif policy.type in HOLDERS:
        inline = policy.properties.get("Policies")
        documents = [one.get("PolicyDocument") for one in listed(inline) if isinstance(one, dict)]
    else:
        return
    for document in documents:
        if isinstance(document, dict):
            yield from (one for one in listed(document.get("Statement")) if isinstance(one, dict))


def names_one(statement: dict[str, Any], names: set[str]) -> bool:
    """Tell whether a statement names any of some resources."""
    return any(path in names for path in referred(listed(statement.get("Resource"))))


def holders_of(app: App, policy: Looked) -> Iterator[Looked]:
    """Yield who has a policy; a role or user has its inline ones itself."""
    if policy.type in HOLDERS:
        yield policy
        return
    for part in _ATTACHED:
        for value in listed(policy.properties.get(part)):
            holder = app.at(value)
            if holder is not None and holder.type in HOLDERS:
                yield holder
    if policy.type == "AWS::IAM::ManagedPolicy":
        for holder in app.referring_to([policy.path]):
            if holder.type in HOLDERS and policy.path in referred(listed(holder.properties.get("ManagedPolicyArns"))):
                yield holder


def admitted(app: App, holder: Looked, statement: dict[str, Any], key_policy: Sequence[Statement]) -> set[str]:
    """Return the actions that a key policy leaves to a role or user, in whatever way."""
    found: set[str] = set()
    names = spellings(app, holder)
    via = services_of(plain(statement))
    for one in key_policy:
        if one.get("Effect") != "Allow":
            continue
        tied, principal = bound(one), one.get("Principal")
        named = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
        told = {str(it) for it in (*named, *listed(tied.get("aws:principalarn")))}
        # What is left to the account's IAM policies through a service is left to this role too.
        left = any(is_account(str(it)) for it in named) and "aws:principalarn" not in tied
        left = left and listed(tied.get("aws:principaltype")) != ["Account"]
        left = left and (not via or not services_of(one) or bool(via & services_of(one)))
        if left or names & {*told, *map(arns.identity, told)}:
            found |= meant(one.get("Action"), _TELLING)
    return found


def services_of(statement: dict[str, Any]) -> set[str]:
    """Return the services that a statement lets requests come through, as its ``kms:ViaService`` says it."""
    return {str(one) for one in listed(bound(statement).get("kms:viaservice"))}


def spellings(app: App, holder: Looked) -> set[str]:
    """Return how a key policy may name a role or user: by reference, or by a literal name."""
    found = {"${" + f"{holder.path}.Arn" + "}"}
    kind = HOLDERS[holder.type]
    name, place = holder.properties.get(f"{kind.capitalize()}Name"), app.places.get(holder.stack)
    if isinstance(name, str) and place is not None:
        found.add(f"{kind}/{name} of {place.account}")
    if place is not None and (pattern := generated_arn(app, place, holder)):
        found.add(filled(pattern, place))
    return found
