"""Finds secrets and parameters under a key that a reader is granted, and that a Deny or a boundary keeps from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.documents import Effect

from .apps import App, Looked, Place, plain, referred
from .identity_sides import holders_of, names_one, spellings, statements_of
from .reading import allows_or_denies, aws_principals, is_account, listed, meant, statements_in
from .restrictions import restrictions_of, text_of
from .statements import Statement
from .usages import names_of

# What reads. More comes along with each, and may be denied on purpose.
_READS = ("secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath")
_RESOURCE_POLICY = "AWS::SecretsManager::ResourcePolicy"
_THIS, _OTHER = "arn:aws:this:::one", "arn:aws:none:::other"


def denied_reads(app: App, key: str) -> Iterator[str]:
    """Yield one message for each grant beside a grant on a key that is denied for sure.

    :param key: path of the key's resource.
    """
    names = names_of(app, key)
    for policy in [*app.referring_to(names), *app.ours]:
        several = list(statements_of(policy))
        if not any(one.get("Effect") == "Allow" and names_one(one, names) for one in several):
            continue
        for statement in several:
            actions = sorted(meant(statement.get("Action"), _READS)) if statement.get("Effect") == "Allow" else []
            for holder in holders_of(app, policy) if actions else ():
                yield from _denied(app, policy, holder, statement, actions)


def _denied(app: App, policy: Looked, holder: Looked, statement: Statement, actions: Sequence[str]) -> Iterator[str]:
    for resource in listed(statement.get("Resource")):
        reasons = [_why(app, holder, policy.stack, resource, action) for action in actions]
        if all(reasons):
            yield (
                f"{policy.called} lets {holder.called} {', '.join(actions)}, and {reasons[0]}: take that out, let it "
                "allow this, or take out the grant"
            )
            return


def _why(app: App, holder: Looked, stack: str, resource: Any, action: str) -> str:
    """Return why an action is denied for sure; nothing where it may not be."""
    restrictions = restrictions_of(app, holder.path)

    def names(value: Any, of: str) -> str | Unknown:
        return _named(value, resource, app.places.get(of), app.places.get(stack), action)

    if restrictions.boundary and restrictions.boundary.partly and not action.startswith("secretsmanager:"):
        restrictions = restrictions._replace(boundary=None)
    denials, boundary = restrictions.policies(app, names)
    for one in (*denials, *((boundary,) if boundary else ())):
        if any(_applies(one, action, Effect.DENY)):
            return f"{one.name} denies {action}"
    if boundary is not None and not any(_may(boundary, action)):
        return f"{boundary.name} does not allow {action}"
    return next(_of_resource_policies(app, holder, resource, action), "")


def _untold(key: str) -> Unknown:
    return Unknown(key)


def _applies(policy: Policy, action: str, effect: Effect) -> Iterator[bool]:
    for statement, named in policy.about(action.lower()):
        yield named is True and statement.effect is effect and statement.applies(_THIS, _untold) is True


def _may(policy: Policy, action: str) -> Iterator[bool]:
    for statement, _ in policy.about(action.lower()):
        yield statement.effect is not Effect.DENY and statement.applies(_THIS, _untold) is not False


def _named(value: Any, resource: Any, place: Place | None, own: Place | None, action: str) -> str | Unknown:
    """Return what a value of a Resource element is: what the grant is for, something else, or unknown."""
    if value == resource or (isinstance(value, str) and set(value) == {"*"}):
        return _THIS
    text, this = text_of(value, place), text_of(resource, own)
    if text == this and not arns.has_placeholder(text):
        return _THIS
    parts = text.split(":")
    service = action.partition(":")[0]
    if parts[0] == "arn" and len(parts) > 2 and parts[2].isalnum() and parts[2] != service:
        return _OTHER
    if parts[0] == "arn" and len(parts) > 5 and parts[2] == service and all(set(one) <= {"*"} for one in parts[3:5]):
        # Every one there is, as "secret:*" and "*" name it.
        rest = ":".join(parts[5:])
        if rest in ("*", "secret:*", "parameter/*"):
            return _THIS
    return Unknown(text)


def _of_resource_policies(app: App, holder: Looked, resource: Any, action: str) -> Iterator[str]:
    """Yield which Deny in the policy of a secret is for everybody, or for this role or user."""
    for path in referred(resource):
        for policy in app.referring_to([path]):
            if (
                policy.type != _RESOURCE_POLICY
                or policy.condition
                or path not in referred(policy.properties.get("SecretId"))
            ):
                continue
            for statement in statements_in(policy.properties.get("ResourcePolicy")):
                if _is_for(app, holder, statement, action):
                    yield f"{policy.called} denies {action}"


def _is_for(app: App, holder: Looked, statement: dict[str, Any], action: str) -> bool:
    if statement.get("Effect") != "Deny" or statement.get("Condition") or "Principal" not in statement:
        return False
    if listed(statement.get("Resource")) != ["*"] or not allows_or_denies(plain(statement), action):
        return False
    named = aws_principals(plain(statement["Principal"]))
    place = app.places.get(holder.stack)
    account = place.account if place else ""
    everybody = any(one == "*" or (is_account(one) and account and account in one) for one in named)
    return everybody or bool(spellings(app, holder) & {*named, *map(arns.identity, named)})
