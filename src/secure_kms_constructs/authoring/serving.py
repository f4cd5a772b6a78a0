"""Decides what a key policy has to say for what uses the key: statements, refusals and findings, by the catalogue."""

from __future__ import annotations

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Basis, Grants, Who
from secure_kms_constructs.aws.services import Service

from . import conditional, executed, replica_keys, replica_uses, replications, selections
from . import serving_findings as findings
from . import serving_words as words
from .apps import ROLE, App, plain, value_at
from .denied_reads import denied_reads
from .joining import joined
from .key_requirements import unmet
from .served_keys import Decision, KeyFacts, Serving
from .served_roles import Roles
from .served_statements import filled
from .taken_back import taken_back
from .unadmitted import unadmitted, unadmitted_widely
from .usages import Usage, usages


def leading_types() -> list[str]:
    """Return the types whose resources may need the key of another resource."""
    leading = {row.type for rows in catalogue.edges_to().values() for row in rows}
    inherit = (name for name in catalogue.resource_types() if catalogue.inherits(name))
    return sorted(
        {
            *leading,
            *inherit,
            *catalogue.through_types(),
            executed.SERVICE,
            # Any type may name what is under the key.
            "AWS::*",
            ROLE,
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
        self._serving = Serving(app, key, self._decision)
        self._roles = Roles(self._serving)
        self._unread: list[Usage] = []
        # Of these the handlers tell of their deployer, and nobody of who uses the key afterwards.
        self._handled: list[Usage] = []

    def decision(self) -> Decision:
        decision, looked = self._decision, self._app.resources.get(self._key.path)
        serve = {
            Who.DEPLOYER: self._deployer,
            Who.ROLE: self._roles.role,
            Who.SERVICE: self._service,
            Who.LINKED_ROLE: self._linked_role,
            Who.CALLER: self._roles.caller,
        }
        for use in decision.uses:
            decision.refusals += unmet(use, self._key.kind, looked) if self._key.is_ours else ()
            serve[use.need.who](use)
        decision.statements = joined(decision.statements)
        decision.refusals += self._roles.refusals()
        decision.refusals = list(dict.fromkeys(decision.refusals))
        if not self._key.is_ours:
            return decision
        if not decision.uses:
            findings.say_unused(self._serving)
        finished = [*self._key.statements, *(plain(filled(it, self._place)) for it in decision.statements)]
        findings.say_bonds(self._serving, finished)
        findings.say_unread(self._serving, self._unread, finished)
        findings.say_handled(self._serving, self._handled, finished)
        findings.say_unread_names(self._serving, finished)
        findings.say_callers(self._serving, self._roles.callers, finished)
        findings.say_selected(self._serving, self._selected, finished)
        decision.refusals += conditional.problems(self._app, self._key.path)
        decision.refusals += executed.problems(self._app, self._key.path, decision.uses, finished)
        back = taken_back(self._app, self._key.path, self._key.stack, finished, self._place.deployer)
        decision.refusals += back.refusals
        decision.findings += back.findings
        decision.refusals += denied_reads(self._app, self._key.path)
        dead = unadmitted(self._app, self._key.path, finished)
        decision.refusals += dead.refusals
        decision.findings += dead.findings
        replicated = self._app, self._key.path, finished, Service.S3.via(self._place.region)
        decision.refusals += replications.problems(*replicated)
        decision.findings += (("replicaBucketKey", text) for text in replications.unknown(*replicated))
        decision.findings += (("everyKey", text) for text in unadmitted_widely(self._app, finished))
        decision.refusals = list(dict.fromkeys(decision.refusals))
        decision.findings = list(dict.fromkeys(decision.findings))
        return decision

    def _deployer(self, use: Usage) -> None:
        need = use.need
        if not need.actions:
            if need.basis is Basis.HANDLERS and not _is_told(use):
                self._unread.append(use)
            return
        if replica_keys.is_of_replica(use):
            self._replica_key(use)
            return
        if use.target is None and need.source == catalogue.SCHEMAS and not _is_told(use):
            self._handled.append(use)
        if self._key.kind.usage != "SYMMETRIC":
            return
        if replica_uses.is_of_replica(use):
            secret = self._app.places.get(use.resource.stack, self._place)
            self._decision.refusals += replica_uses.problems(use, self._place, secret, self._key.statements)
            return
        deployer, foreign = self._deployer_of(use)
        if not deployer:
            self._serving.refuse(words.elsewhere(use))
        elif need.unnamed_via and need.basis is Basis.HANDLERS and not need.context:
            if not self._key.adds(need):
                self._serving.refuse(words.undocumented(use))
        elif foreign or need.any_region or need.context or need.unnamed_via or need.grants is not Grants.FOR_SERVICES:
            self._serving.write(use, {"AWS": deployer}, "")
            if need.unnamed_via and not need.context:
                self._serving.say("unboundDeployer", words.unbound_deployer(use))
        else:
            for action in need.actions:
                self._decision.provisions.setdefault(action, {}).update(dict.fromkeys(need.via))

    def _replica_key(self, use: Usage) -> None:
        there = self._app.places.get(use.resource.stack, self._place)
        usual = self._app.places.get(self._key.stack, self._place).deployer
        statements, refusals = replica_keys.decided(use, self._place, usual, there, self._key.statements)
        self._decision.statements += statements
        self._decision.refusals += refusals

    def _deployer_of(self, use: Usage) -> tuple[str, bool]:
        """Return who deploys the resource, and whether that is somebody else than the deployer of the key."""
        there = self._app.places.get(use.resource.stack, self._place)
        usual = self._app.places.get(self._key.stack, self._place).deployer
        # A stack of the same account may be of another region, or of another bootstrap.
        if there.account == self._place.account and there.deployer == usual:
            return "{deployer}", False
        return there.deployer, True

    def _service(self, use: Usage) -> None:
        need = use.need
        self._serving.write(use, {"Service": need.principal}, f"Allow{_camel(need.principal)}")

    def _linked_role(self, use: Usage) -> None:
        service, _, name = use.need.principal.partition("/")
        given = value_at(use.resource.properties, "ServiceLinkedRoleARN")
        arn = f"arn:{{partition}}:iam::{{account}}:role/aws-service-role/{service}/{name}"
        arn = given if isinstance(given, str) else arn
        if use.need.via:
            # Its own policy allows it too, so it need not exist yet.
            root = {"AWS": "arn:{partition}:iam::{account}:root"}
            self._serving.write(use, root, f"Allow{name}", {"ArnEquals": {"aws:PrincipalArn": arn}})
            return
        self._serving.write(use, {"AWS": arn}, f"Allow{name}")
        self._serving.say("serviceLinkedRole", words.linked_role(use))


def _is_told(use: Usage) -> bool:
    """Tell whether another row says who needs the key for this property."""
    path = "/".join("*" if step.isdigit() else step for step in use.found.steps)
    return any(need is not use.need and need.actions for need in catalogue.needs_of(use.resource.type, path))


def _camel(principal: str) -> str:
    name = principal.replace(".{region}", "").replace(".{suffix}", "").removesuffix(".amazonaws.com")
    return "".join(part.capitalize() for part in name.replace("-", ".").split("."))
