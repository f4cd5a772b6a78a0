"""Decides what a key policy has to say for what uses the key: statements, refusals and findings, by the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns, catalogue
from secure_kms_constructs.aws.catalogue import Basis, Grants, Need, Who
from secure_kms_constructs.aws.facts import KEY_ACTIONS, METADATA_ACTIONS
from secure_kms_constructs.aws.services import Service, Use

from . import circles, replica_uses, replications, selections
from . import serving_words as words
from .apps import App, Looked, Place, as_text, beside, plain, reference, referred, value_at
from .identity_sides import allowed, allowed_on, spellings, unadmitted, unadmitted_widely
from .joining import joined
from .key_requirements import Kind, unmet
from .reading import bound, listed, meant
from .selections import Candidate
from .served_statements import filled, is_granted, is_said, statements_for
from .statements import Statement
from .usages import Usage, usages

_ROLE = "AWS::IAM::Role"
# The constructs of these grant on the key what they grant on the resource.
_GRANTED = {
    *("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::S3::Bucket"),
    *("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"),
}


class KeyFacts(NamedTuple):
    """What is told of one HardenedKey.

    :param path: path of its resource.
    :param stack: path of its stack.
    :param place: where it is, and who deploys it, as text.
    :param kind: what sort of key it is.
    :param extra: services that ``provision_via`` adds.
    :param delegates: services that ``delegate_via`` leaves to IAM policies.
    :param statements: what its policy says already, as text.
    :param ways: what waits for it, and how; see ``Circles``.
    :param is_ours: whether the app makes it; of another one neither the kind nor the policy is known.
    """

    path: str
    stack: str
    place: Place
    kind: Kind
    extra: Sequence[Service] = ()
    delegates: Sequence[Service] = ()
    statements: Sequence[Statement] = ()
    ways: Mapping[str, Sequence[str]] = {}
    is_ours: bool = True


@dataclass
class Decision:
    """What follows from the uses of one key.

    :param provisions: for each action of the deployer, the ``kms:ViaService`` prefixes that it comes through.
    :param statements: statements with ``{region}`` and the like in place of where the key is; a principal that is a
        resource of the app is its reference.
    :param exempt: whom the Deny of foreign grants must not bind, in the form of the statements.
    :param refusals: what fails the synth.
    :param findings: what it says, as pairs of an id and a text.
    :param uses: all uses that were found, served or not.
    """

    provisions: dict[str, dict[str, None]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    exempt: list[Any] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    uses: list[Usage] = field(default_factory=list)


def leading_types() -> list[str]:
    """Return the types whose resources may need the key of another resource."""
    leading = {row.type for rows in catalogue.edges_to().values() for row in rows}
    inherit = (name for name in catalogue.resource_types() if catalogue.inherits(name))
    return sorted(
        {
            *leading,
            *inherit,
            *catalogue.through_types(),
            _ROLE,
            "AWS::IAM::User",
            "AWS::IAM::Policy",
            "AWS::IAM::ManagedPolicy",
        }
    )


def decide(app: App, key: KeyFacts) -> Decision:
    """Return what a key policy needs for everything in an app that uses the key."""
    return _Deciding(app, key).decision()


class _Deciding:
    def __init__(self, app: App, key: KeyFacts) -> None:
        self._app = app
        self._key = key
        self._place = key.place
        uses = list(usages(app, key.path))
        self._selected = selections.candidates(app, uses)
        self._decision = Decision(uses=[*uses, *(one.use for one in self._selected if one.is_sure)])
        self._unread: list[Usage] = []
        # Who works with what, where no resource names them, by what the finding says of it.
        self._callers: dict[str, Need] = {}
        # What is needed for roles of other stacks with generated names, by what to do.
        self._far: dict[str, list[str]] = {}

    def decision(self) -> Decision:
        decision, looked = self._decision, self._app.resources.get(self._key.path)
        serve = {
            Who.DEPLOYER: self._deployer,
            Who.ROLE: self._role,
            Who.SERVICE: self._service,
            Who.LINKED_ROLE: self._linked_role,
            Who.CALLER: self._caller,
        }
        for use in decision.uses:
            decision.refusals += unmet(use, self._key.kind, looked) if self._key.is_ours else ()
            serve[use.need.who](use)
        decision.statements = joined(decision.statements)
        decision.refusals += (f"{'; '.join(dict.fromkeys(several))}{text}" for text, several in self._far.items())
        decision.refusals = list(dict.fromkeys(decision.refusals))
        if not self._key.is_ours:
            return decision
        if not decision.uses:
            self._say_unused()
        written = [plain(filled(it, self._place)) for it in decision.statements]
        self._say_bonds([*self._key.statements, *written])
        finished = [*self._key.statements, *written]
        self._say_unread(finished)
        self._say_callers(finished)
        self._say_selected(finished)
        decision.refusals += unadmitted(self._app, self._key.path, finished)
        decision.refusals += replications.problems(
            self._app, self._key.path, finished, Service.S3.via(self._place.region)
        )
        decision.findings += (("everyKey", text) for text in unadmitted_widely(self._app, finished))
        decision.refusals = list(dict.fromkeys(decision.refusals))
        decision.findings = list(dict.fromkeys(decision.findings))
        return decision

    # -- who --

    def _deployer(self, use: Usage) -> None:
        need = use.need
        if not need.actions:
            if need.basis is Basis.HANDLERS and not _is_told(use):
                self._unread.append(use)
            return
        if self._key.kind.usage != "SYMMETRIC":
            return
        if replica_uses.is_of_replica(use):
            secret = self._app.places.get(use.resource.stack, self._place)
            self._decision.refusals += replica_uses.problems(use, self._place, secret, self._key.statements)
            return
        deployer, foreign = self._deployer_of(use)
        if not deployer:
            self._refuse(words.elsewhere(use))
        elif need.unnamed_via and need.basis is Basis.HANDLERS and not need.context:
            if not self._is_added(need):
                self._refuse(words.undocumented(use))
        elif foreign or need.any_region or need.context or need.unnamed_via or need.grants is not Grants.FOR_SERVICES:
            self._write(use, {"AWS": deployer}, "")
            if need.unnamed_via and not need.context:
                self._say("unboundDeployer", words.unbound_deployer(use))
        else:
            for action in need.actions:
                self._decision.provisions.setdefault(action, {}).update(dict.fromkeys(need.via))

    def _deployer_of(self, use: Usage) -> tuple[str, bool]:
        """Return who deploys the resource, and whether that is somebody else than the deployer of the key."""
        there = self._app.places.get(use.resource.stack, self._place)
        if there.account == self._place.account:
            return "{deployer}", False
        return there.deployer, True

    def _caller(self, use: Usage) -> None:
        """Admit who may do with the resource what needs the key; grants of some constructs do it themselves."""
        need = use.need
        for holder in allowed_on(self._app, use.resource.path, need.asked_by):
            self._holder(use, holder, f"{use} needs {words.actions(need)} for {holder.called}")
        if not need.asked_by and (not need.via or need.type not in _GRANTED):
            self._callers[words.callers(use)] = need

    def _role(self, use: Usage) -> None:
        need = use.need
        if need.delegated:
            if not any(service.prefix in need.via for service in self._key.delegates):
                self._refuse(words.made_elsewhere(use))
            return
        named_in = beside(use.need.principal, use.found.steps)
        value = value_at(use.resource.properties, named_in)
        if value is None:
            self._callers[words.callers(use)] = need
            return
        role = self._app.at(value)
        whose = f"{use} needs {words.actions(use.need)} for the role in {named_in}"
        if role is not None and role.type == _ROLE:
            self._holder(use, role, whose)
            return
        who = as_text(value)
        if arns.principal_arn(who) is None or not arns.only_pseudo_parameters(who):
            self._refuse(f"{whose}, and which role that is cannot be told: call key.grant(role, ...) for it")
            return
        self._write(use, {"AWS": who}, "AllowRoles")

    def _holder(self, use: Usage, holder: Looked, whose: str) -> None:
        """Admit a role or user of the app."""
        literal = circles.literal_arn(self._app, self._place, holder)
        who: Any = {"Resource": holder.path, "Attribute": "Arn"}
        if holder.path in self._key.ways:
            if literal is None:
                self._by_pattern(use, holder, whose)
            else:
                self._by_name(use, holder, literal, whose)
            return
        if holder.stack != self._key.stack:
            if literal is None:
                delegable = self._is_delegable(use.need, holder)
                if delegable and any(service.prefix in use.need.via for service in self._key.delegates):
                    return
                later = use.resource.stack == holder.stack and not self._has_policy(use.need, holder)
                self._far.setdefault(words.far(use.need, is_delegable=delegable, is_later=later), []).append(whose)
                return
            if use.resource.stack == holder.stack:
                # Its stack refers to the key, so it comes after it.
                self._by_name(use, holder, literal, whose)
                return
            who = literal
        self._write(use, {"AWS": who}, "AllowRoles")

    def _is_delegable(self, need: Need, role: Looked) -> bool:
        """Tell whether the IAM policies of a role are enough where the key leaves it to those of its account."""
        place = self._app.places.get(role.stack)
        near = place is not None and place.account == self._place.account
        return near and self._has_policy(need, role)

    def _has_policy(self, need: Need, role: Looked) -> bool:
        return set(need.actions) - set(METADATA_ACTIONS.value) <= allowed(self._app, self._key.path, role)

    def _by_pattern(self, use: Usage, role: Looked, whose: str) -> None:
        """Admit a role whose name is made up, without a reference to it."""
        way, pattern = self._key.ways[role.path], circles.generated_arn(self._app, self._place, role)
        if pattern is None:
            self._refuse(circles.refusal(self._app, f"{whose}:", way))
        elif not self._has_policy(use.need, role):
            self._refuse(circles.without_policy(self._app, whose, way, words.grant_line(use.need)))
        else:
            root = {"AWS": "arn:{partition}:iam::{account}:root"}
            self._write(use, root, "AllowRolesByName", {"ArnLike": {"aws:PrincipalArn": pattern}})

    def _by_name(self, use: Usage, role: Looked, literal: str, whose: str) -> None:
        """Admit a role that is made after the key: a principal has to exist, and what a condition names has not."""
        if not self._has_policy(use.need, role):
            way = self._key.ways.get(role.path, (role.path, use.resource.path, self._key.path))
            self._refuse(circles.without_policy(self._app, whose, way, words.grant_line(use.need)))
            return
        root = {"AWS": re.sub(":(role|user)/.*", ":root", literal)}
        self._write(use, root, "AllowRolesByName", {"ArnEquals": {"aws:PrincipalArn": literal}})

    def _service(self, use: Usage) -> None:
        need = use.need
        self._write(use, {"Service": need.principal}, f"Allow{_camel(need.principal)}")

    def _linked_role(self, use: Usage) -> None:
        service, _, name = use.need.principal.partition("/")
        given = value_at(use.resource.properties, "ServiceLinkedRoleARN")
        arn = f"arn:{{partition}}:iam::{{account}}:role/aws-service-role/{service}/{name}"
        arn = given if isinstance(given, str) else arn
        if use.need.via:
            # Its own policy allows it too, so it need not exist yet.
            root = {"AWS": "arn:{partition}:iam::{account}:root"}
            self._write(use, root, f"Allow{name}", {"ArnEquals": {"aws:PrincipalArn": arn}})
            return
        self._write(use, {"AWS": arn}, f"Allow{name}")
        self._say("serviceLinkedRole", words.linked_role(use))

    # -- what --

    def _write(self, use: Usage, principal: dict[str, Any], sid: str, tie: Mapping[str, Any] | None = None) -> None:
        if use.need.grants is Grants.ANY:
            who = bound({"Condition": tie}).get("aws:principalarn", principal["AWS"])
            self._decision.exempt += [who] if who not in self._decision.exempt else []
        for statement in statements_for(use.need, self._name(use), principal, sid, dict(tie or {})):
            if not is_said(plain(filled(statement, self._place)), self._key.statements):
                self._decision.statements.append(statement)

    def _name(self, use: Usage) -> str:
        """Return the name of a resource, or of the one whose ARN tells whose it is: literal, or a pattern of it."""
        named_by = use.need.named_by
        if named_by and named_by not in use.resource.properties:
            return circles.generated_name(self._app, use.resource) or "*"
        named = use.resource.properties.get(named_by) if named_by else None
        owner = self._app.resources.get((reference(named) or ("", ""))[0])
        if owner is not None and named_by.endswith("Arn"):
            named = owner.properties.get("Name")
        name = re.sub("arn:.*[:/]", "", as_text(named))
        return name if named is not None and name and not arns.has_placeholder(name) else "*"

    def _refuse(self, message: str) -> None:
        self._decision.refusals.append(message)

    def _say(self, name: str, text: str) -> None:
        self._decision.findings.append((name, text))

    def _is_added(self, need: Need) -> bool:
        namespace = need.type.split("::")[1].lower()
        return any(
            service.name.lower() == namespace and set(need.actions) <= set(service.actions.get(Use.PROVISION, ()))
            for service in self._key.extra
        )

    def _say_bonds(self, statements: Sequence[Statement]) -> None:
        """Say which services are bound to nothing, or to what no page says they send.

        Not where a page says that nothing can be bound: the policy of the topic is what tells them apart.
        """
        by_page = [one for one in statements if any(key.startswith(_OF_PAGES) for key in bound(one))]
        sourceless = {use.need.principal for use in self._decision.uses if use.need.sourceless}
        for statement in statements:
            tied = bound(statement)
            for service in _services(statement):
                told = catalogue.source_of(service.replace(f".{self._place.region}.", ".{region}."))
                if not any(key.startswith(("aws:source", "kms:encryptioncontext:")) for key in tied):
                    if meant(statement.get("Action"), _USED) and service not in sourceless:
                        self._say("unboundService", words.unbound_service(service, statement))
                elif told is None and "aws:sourceaccount" in tied:
                    left = {str(action) for action in listed(statement.get("Action"))}
                    for one in by_page:
                        left -= meant(one.get("Action"), left) if service in _services(one) else set()
                    if left:
                        self._say("assumedSource", words.assumed_source(service))

    def _say_unread(self, statements: Sequence[Statement]) -> None:
        """Say of what nobody knows the needs, unless its role or its service has been admitted."""
        for use in self._unread:
            roles = [self._app.resources.get(path) for path in referred(dict(use.resource.properties))]
            names = {name for one in roles if one and one.type == _ROLE for name in spellings(self._app, one)}
            need = replace(use.need, actions=("kms:Decrypt",))
            if not self._is_added(use.need) and not is_granted(need, statements, self._place.deployer, names):
                self._say("unreadNeeds", words.unread(use))

    def _say_callers(self, statements: Sequence[Statement]) -> None:
        """Say what those need whom no resource names, unless a grant on the key has followed."""
        for text, need in self._callers.items():
            if not is_granted(need, statements, self._place.deployer):
                self._say("callers", text)

    def _say_selected(self, statements: Sequence[Statement]) -> None:
        """Say what plans of AWS Backup may select, and their role is not admitted for."""
        told: dict[tuple[str, bool], list[Candidate]] = {}
        for one in self._selected:
            names = self._names_of_role(one.use)
            if not one.is_sure and not is_granted(one.need, statements, self._place.deployer, names):
                told.setdefault((one.selection.path, one.by_tag), []).append(one)
        for (_, by_tag), several in told.items():
            self._say("perhapsTagged" if by_tag else "perhapsSelected", words.selected(several))

    def _names_of_role(self, use: Usage) -> set[str]:
        """Return how the key policy may name the role of a use."""
        value = value_at(use.resource.properties, use.need.principal)
        role = self._app.at(value)
        if role is not None and role.type == _ROLE:
            return spellings(self._app, role)
        return {as_text(value), arns.identity(as_text(value))}

    def _say_unused(self) -> None:
        ours = {self._place.deployer, "*"}
        used = any(
            statement.get("Effect") == "Allow" and _is_use(statement) and not _principals(statement) <= ours
            for statement in self._key.statements
        )
        if not (used or self._key.extra or self._key.delegates):
            self._say("unusedKey", words.UNUSED)


# What a page may bind a service by, beside the account, which none is known to say.
_OF_PAGES = ("aws:sourcearn", "kms:encryptioncontext:")


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


_USED = KEY_ACTIONS.value - set(METADATA_ACTIONS.value)
_USES = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:Sign", "kms:GenerateMac"}


def _is_told(use: Usage) -> bool:
    """Tell whether another row says who needs the key for this property."""
    path = "/".join("*" if step.isdigit() else step for step in use.found.steps)
    return any(need is not use.need and need.actions for need in catalogue.needs_of(use.resource.type, path))


def _camel(principal: str) -> str:
    name = principal.replace(".{region}", "").replace(".{suffix}", "").removesuffix(".amazonaws.com")
    return "".join(part.capitalize() for part in name.replace("-", ".").split("."))
