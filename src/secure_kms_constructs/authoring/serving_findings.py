"""What the look says of a key whose policy is finished: what is open, not known, or used by nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from secure_kms_constructs.aws import arns, catalogue
from secure_kms_constructs.aws.catalogue import Who

from . import executed
from . import serving_words as words
from .apps import ROLE, as_text, referred, value_at
from .identity_sides import TELLING, spellings
from .reading import bound, listed, meant
from .selections import Candidate
from .served_keys import Serving
from .served_statements import is_granted
from .statements import Statement
from .unread_names import unread_names
from .usages import Usage

_USES = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:Sign", "kms:GenerateMac"}
# The role of their function, which they do not name, uses what they name.
_BY_FUNCTION = {"AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"}
# What a page may bind a service by, beside the account, which none is known to say.
_OF_PAGES = ("aws:sourcearn", "kms:encryptioncontext:")


def say_bonds(serving: Serving, statements: Sequence[Statement]) -> None:
    """Say which services are bound to nothing, or to what no page says they send.

    Not where a page says that nothing can be bound: the policy of the topic is what tells them apart.
    """
    by_page = [one for one in statements if any(key.startswith(_OF_PAGES) for key in bound(one))]
    sourceless = {use.need.principal for use in serving.decision.uses if use.need.sourceless}
    for statement in statements:
        tied = bound(statement)
        for service in _services(statement):
            told = catalogue.source_of(service.replace(f".{serving.key.place.region}.", ".{region}."))
            if not any(key.startswith(("aws:source", "kms:encryptioncontext:")) for key in tied):
                if meant(statement.get("Action"), TELLING) and service not in sourceless:
                    serving.say("unboundService", words.unbound_service(service, statement))
            elif told is None and "aws:sourceaccount" in tied:
                left = {str(action) for action in listed(statement.get("Action"))}
                for one in by_page:
                    left -= meant(one.get("Action"), left) if service in _services(one) else set()
                if left:
                    serving.say("assumedSource", words.assumed_source(service))


def say_unread(serving: Serving, unread: Iterable[Usage], statements: Sequence[Statement]) -> None:
    """Say of what nobody knows the needs, unless its role or its service has been admitted."""
    for use in unread:
        if not serving.key.adds(use.need) and not _is_admitted(serving, use, statements):
            serving.say("unreadNeeds", words.unread(use))


def say_handled(serving: Serving, handled: Iterable[Usage], statements: Sequence[Statement]) -> None:
    """Say of what nobody knows who uses it once it is made, unless its role or its service has been admitted."""
    for use in handled:
        if not _is_admitted(serving, use, statements):
            serving.say("handlersOnly", words.handled(use))


def say_unread_names(serving: Serving, statements: Sequence[Statement]) -> None:
    """Say of what names a resource under the key where no row reads it, unless its role or service is admitted."""
    for resource, found, target in unread_names(serving.app, serving.decision.uses):
        several = [need for path in catalogue.key_paths(target.type) for need in catalogue.needs_of(target.type, path)]
        # What only launches instances creates grants.
        launched = replace(
            several[0], actions=("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext")
        )
        need = next((one for one in several if one.who is Who.CALLER), launched)
        use = Usage(resource, found, need, target)
        if not _is_admitted(serving, use, statements):
            serving.say("unreadName", words.unread_name(use))


def _is_admitted(serving: Serving, use: Usage, statements: Sequence[Statement]) -> bool:
    """Tell whether a key policy admits a role that a resource refers to, or its service by its own name."""
    roles = [serving.app.resources.get(path) for path in referred(dict(use.resource.properties))]
    named = {name for one in roles if one and one.type == ROLE for name in spellings(serving.app, one)}
    names = None if use.resource.type in _BY_FUNCTION else named
    asked = replace(use.need, actions=("kms:Decrypt",)), replace(use.need, actions=("kms:GenerateDataKey",))
    if any(is_granted(need, statements, serving.key.place.deployer, names) for need in asked):
        return True
    labels = {*(use.need.via if use.target is None else ()), use.resource.type.split("::")[1].lower()}
    return any(labels & set(service.split(".")) for one in statements for service in _services(one))


def say_callers(serving: Serving, callers: Mapping[str, Usage], statements: Sequence[Statement]) -> None:
    """Say what those need whom no resource names, unless a grant on the key has followed."""
    for text, use in callers.items():
        if executed.is_executed(use) and executed.task_roles(serving.app, use.resource):
            for service, role in executed.left_out(serving.app, use.resource, statements):
                serving.say("callers", words.executing(use, service, role))
        elif not is_granted(use.need, statements, serving.key.place.deployer):
            serving.say("callers", text)


def say_selected(serving: Serving, selected: Iterable[Candidate], statements: Sequence[Statement]) -> None:
    """Say what plans of AWS Backup may select, and their role is not admitted for."""
    told: dict[tuple[str, bool], list[Candidate]] = {}
    for one in selected:
        names = _names_of_role(serving, one.use)
        if not one.is_sure and not is_granted(one.need, statements, serving.key.place.deployer, names):
            told.setdefault((one.selection.path, one.by_tag), []).append(one)
    for (_, by_tag), several in told.items():
        serving.say("perhapsTagged" if by_tag else "perhapsSelected", words.selected(several))


def say_unused(serving: Serving) -> None:
    """Say that nobody uses the key."""
    ours = {serving.key.place.deployer, "*"}
    used = any(
        statement.get("Effect") == "Allow" and _is_use(statement) and not _principals(statement) <= ours
        for statement in serving.key.statements
    )
    if not (used or serving.key.extra or serving.key.delegates):
        serving.say("unusedKey", words.UNUSED)


def _names_of_role(serving: Serving, use: Usage) -> set[str]:
    """Return how the key policy may name the role of a use."""
    value = value_at(use.resource.properties, use.need.principal)
    role = serving.app.at(value)
    if role is not None and role.type == ROLE:
        return spellings(serving.app, role)
    return {as_text(value), arns.identity(as_text(value))}


def _services(statement: Statement) -> list[str]:
    principal = statement.get("Principal")
    return [str(one) for one in listed(principal.get("Service"))] if isinstance(principal, dict) else []


def _principals(statement: Statement) -> set[str]:
    principal = statement.get("Principal")
    values = principal.values() if isinstance(principal, dict) else [principal]
    return {str(one) for value in values for one in (value if isinstance(value, list) else [value])}


def _is_use(statement: Statement) -> bool:
    actions = statement.get("Action")
    named = actions if isinstance(actions, list) else [actions]
    return any(str(one) in _USES for one in named)
