"""What the look at synth says: refusals with their way out, and findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from secure_kms_constructs.aws.catalogue import Need
from secure_kms_constructs.aws.services import SERVICES, Use, written

from .apps import Looked
from .selections import Candidate
from .statements import Statement
from .usages import Usage


def undocumented(use: Usage) -> str:
    """Return why a need of the deployer cannot be written where no page names the service's prefix."""
    return (
        f"{use} needs {actions(use.need)} of the deployer, and no page names the kms:ViaService of its service: pass "
        f"provision_via=[{line(use.need, use.need.actions)}] to the HardenedKey, with the prefix that CloudTrail shows "
        "for it"
    )


def elsewhere(use: Usage) -> str:
    """Return why the deployer of a resource cannot be named, where it is another than the key's."""
    return (
        f"{use} is deployed by somebody else than the key, and who that is cannot be told: give its stack an env, or "
        f"call key.grant(iam.Role.from_role_arn(...), {', '.join(map(repr, use.need.actions))}) for that role"
    )


def unread(use: Usage) -> str:
    """Return what to do where no page was read and the handlers name nothing."""
    usual = ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey")
    return (
        f"{use} uses the key, and no page that says who needs it was read: if its deployment or its use is refused, "
        "grant its role on the key (key.grant_encrypt_decrypt(role)), or pass "
        f"provision_via=[{line(use.need, usual)}] to the HardenedKey"
    )


def handled(use: Usage) -> str:
    """Return what to do where only the handlers of a type are known."""
    return (
        f"{use} uses the key, of which only what its deployer asks is known, and no page that says who uses it "
        "afterwards was read: where a role does, grant it on the key (key.grant_encrypt_decrypt(role)); where the "
        "service does by itself, add the statement that its page prints (key.add_to_resource_policy)"
    )


def unread_name(use: Usage) -> str:
    """Return what to do where a property names what is under the key, and no page that says who uses it was read."""
    return (
        f"{use}: no page that was read says who uses it there, and nobody who could is admitted: where a role does, "
        f"grant it on the key, {grant_line(use.need)}; where the service does by itself, add the statement that its "
        "page prints (key.add_to_resource_policy)"
    )


def made_elsewhere(use: Usage) -> str:
    """Return why a role that no template shows cannot be named."""
    return (
        f"{use} needs {actions(use.need)} for a role that CloudFormation makes where no template shows it: put the "
        "secret under a HardenedKey of its own with delegate_via=[Service.SECRETS_MANAGER], which leaves that key to "
        "the account's IAM policies, or rotate with a function of your own (ScopedSecretRotator)"
    )


def far(need: Need, *, is_delegable: bool, is_later: bool) -> str:
    """Return why roles of other stacks cannot be named, and what to do.

    :param is_later: whether their stack comes after the key, so that they need a policy of their own too.
    """
    return (
        ", which is in another stack and has a generated name: give it a literal role_name and both stacks an env"
        f"{f', and call {grant_line(need)} for it' if is_later else ''}{or_delegated(need) if is_delegable else ''}"
    )


def or_delegated(need: Need) -> str:
    """Return the way out by delegation, where one of the services of a need can be delegated to."""
    names = [written(one) for one in SERVICES if one.prefix in need.via and Use.READ in one.actions]
    return f", or pass delegate_via=[{names[0]}] to the HardenedKey" if names else ""


def callers(use: Usage) -> str:
    """Return that roles which the resource does not name need the key."""
    return f"{use}: grant each role that works with it on the key, {grant_line(use.need)}; see {use.need.source}"


def executing(use: Usage, service: Looked, role: Looked) -> str:
    """Return that the role of tasks in which commands are executed needs the key."""
    return (
        f"{use}: grant {role.called}, as which {service.called} executes commands, on the key, {grant_line(use.need)}; "
        f"see {use.need.source}"
    )


def selected(several: Sequence[Candidate]) -> str:
    """Return that a plan of AWS Backup may select what its role cannot read."""
    (first, *_), names = several, ", ".join(one.target.called for one in several)
    how = "by a tag that its template does not give it" if first.by_tag else "without naming it"
    return (
        f"{first.selection.called} ({first.selection.type}) may select {names} {how}, and a backup job succeeds "
        "without what its role cannot decrypt: name it in the selection (backup.BackupResource.from_arn(...)), so "
        f"that this key policy admits the role; see {first.need.source}"
    )


def unbound_deployer(use: Usage) -> str:
    """Return that the deployer is bound to no service."""
    return (
        f"{use}: the deployer may {actions(use.need)} directly, because {use.need.source} prints no condition that "
        "binds it to the service"
    )


def unbound_service(service: str, statement: Statement) -> str:
    """Return that a service principal is bound to nothing."""
    several = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return (
        f"{service} may {', '.join(several)} for any account: no page that was read says which source it sends, or one "
        "says that it sends none"
    )


def assumed_source(service: str) -> str:
    """Return that a service principal was bound to what no page says it sends."""
    return (
        f"{service} is admitted with aws:SourceAccount, which no page that was read says it sends: where it is "
        "refused, add its statement with the condition that its page prints (key.add_to_resource_policy)"
    )


def open_log_group(use: Usage, name: str) -> str:
    """Return that a log group's name is not told, so that others are admitted beside it."""
    return (
        f"{use}: only its deployment tells the name of this log group, so the key is open for every log group of the "
        f"account and region that is called {name}: give it a literal name (log_group_name=...)"
    )


def linked_role(use: Usage) -> str:
    """Return that a service-linked role must be there before the key."""
    service, _, name = use.need.principal.partition("/")
    return (
        f"{use}: the key policy names {name}, which has to exist before the key is made: "
        f"aws iam create-service-linked-role --aws-service-name {service}"
    )


UNUSED = (
    "nothing in this app uses the key, so its policy admits nobody to use it: where resources of other apps are made "
    "with it, name their services, such as provision_via=[Service.SECRETS_MANAGER]"
)


def actions(need: Need) -> str:
    """Return the actions of a need as messages name them."""
    return ", ".join(need.actions)


def grant_line(need: Need) -> str:
    """Return the call that lets a role do what a need asks: through its service, where it has one."""
    if not need.via:
        return f"key.grant(role, {', '.join(map(repr, need.actions))})"
    for service in SERVICES:
        for use, several in service.actions.items():
            if service.prefix == need.via[0] and set(several) == set(need.actions) and use is not Use.PROVISION:
                for_what = ", resource_arns=[...]" if service.context_key else ""
                return f"key.grant_via(role, {written(service)}, use=Use.{use.name}{for_what})"
    name = "".join(part.capitalize() for part in need.via[0].split("-"))
    return f"key.grant_via(role, {_service(name, need.via[0], need.actions, 'WRITE', need.source)}, use=Use.WRITE)"


def line(need: Need, several: Iterable[str]) -> str:
    """Return the ``Service`` to pass for a need."""
    namespace = need.type.split("::")[1]
    return _service(namespace, need.via[0] if need.via else namespace.lower(), several, "PROVISION", "<page>")


def _service(name: str, prefix: str, several: Iterable[str], use: str, page: str) -> str:
    listed = ", ".join(f'"{action}"' for action in several)
    return f'Service("{name}", "{prefix}", None, {{Use.{use}: ({listed},)}}, "{page}")'
