"""Reads what the policies of roles and users say of a key, and what the key policy says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import KEY_ACTIONS, METADATA_ACTIONS

from .apps import App, Looked, as_text, plain, referred
from .circles import generated_arn
from .reading import bound, is_account, listed, meant, statements_in
from .served_statements import filled
from .statements import Statement
from .usages import names_of

# Metadata is left to IAM policies, so it says nothing of whether the rest of a statement works.
TELLING = KEY_ACTIONS.value - set(METADATA_ACTIONS.value)
POLICIES = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
HOLDERS = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user"}
_ATTACHED = ("Roles", "Users")


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
                    found |= meant(statement.get("Action"), TELLING)
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
    for document in documents_of(policy):
        yield from statements_in(document)


def documents_of(policy: Looked) -> list[dict[str, Any]]:
    """Return the document of a policy, or those of the inline policies of a role or user."""
    found: list[Any] = []
    if policy.type in POLICIES:
        found = [policy.properties.get("PolicyDocument")]
    elif policy.type in HOLDERS:
        inline = policy.properties.get("Policies")
        found = [one.get("PolicyDocument") for one in listed(inline) if isinstance(one, dict)]
    return [one for one in found if isinstance(one, dict) and "Statement" in one]


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
    return set().union(*(meant(one.get("Action"), TELLING) for one in ways(app, holder, statement, key_policy)))


def ways(
    app: App, holder: Looked, statement: dict[str, Any], key_policy: Sequence[Statement]
) -> Iterator[dict[str, Any]]:
    """Yield the statements of a key policy by which one of a role's or user's own comes to something."""
    names = spellings(app, holder)
    via = services_of(plain(statement))
    for one in key_policy:
        if one.get("Effect") != "Allow" or not _may_meet(via, services_of(one)):
            continue
        tied, principal = bound(one), one.get("Principal")
        named = listed(principal.get("AWS")) if isinstance(principal, dict) else listed(principal)
        told = {str(it) for it in (*named, *listed(tied.get("aws:principalarn")))}
        # What is left to the account's IAM policies through a service is left to this role too.
        left = any(is_account(str(it)) for it in named) and "aws:principalarn" not in tied
        left = left and listed(tied.get("aws:principaltype")) != ["Account"]
        if left or names & {*told, *map(arns.identity, told)}:
            yield one


def _may_meet(some: set[str], others: set[str]) -> bool:
    """Tell whether a request may come through a service of each of two sets; none is any, and none at all."""
    if not some or not others:
        return True
    prefixes = [{one.partition(".")[0] for one in several} for several in (some, others)]
    return bool(prefixes[0] & prefixes[1]) or any(re.search(r"[*?$]", one) for both in prefixes for one in both)


def services_of(statement: dict[str, Any]) -> set[str]:
    """Return the services that a statement lets requests come through, as its ``kms:ViaService`` says it."""
    return {str(one) for one in listed(bound(statement).get("kms:viaservice"))}


def spellings(app: App, holder: Looked) -> set[str]:
    """Return how a key policy may name a role or user: by reference, or by a literal name."""
    found = {as_text({"Resource": holder.path, "Attribute": "Arn"})}
    kind = HOLDERS[holder.type]
    name, place = holder.properties.get(f"{kind.capitalize()}Name"), app.places.get(holder.stack)
    if isinstance(name, str) and place is not None:
        found.add(f"{kind}/{name} of {place.account}")
    if place is not None and (pattern := generated_arn(app, place, holder)):
        found.add(filled(pattern, place))
    return found
