"""The key policy of one key, as plain data until synth, so that a thousand admissions cost no call into Node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import DEPLOYER_ACTIONS
from secure_kms_constructs.aws.services import Service, Use

from . import owner_statements, statements
from .admissions import Account, Admission, delegation, joined_admissions, through
from .instead import with_texts
from .joining import with_unique_sids
from .reading import USES, meant
from .statements import Statement


class KeyPolicy:
    """Collects who is admitted to a key, and renders the key policy.

    Principals are ARNs, literal or CDK tokens; equal strings are the same principal.
    """

    def __init__(
        self,
        account: Account,
        *,
        deployer: str,
        administrators: Sequence[str] = (),
        policy_administrators: Sequence[str] = (),
        multi_region: bool = False,
        separation_of_duties: bool = True,
        rotates: bool = True,
        organization: str | None = None,
    ) -> None:
        self._account = account
        self._deployer = deployer
        self._administrators = list(dict.fromkeys(administrators))
        self._policy_administrators = list(dict.fromkeys(policy_administrators))
        self._multi_region = multi_region
        self.separates = separation_of_duties
        self.rotates = rotates
        self._organization = organization
        self._users: set[str] = set()
        self._known: dict[str, tuple[str, str]] = {}
        self._admissions: dict[Admission, dict[str, None]] = {}
        self._provisioned: dict[str, dict[str, None]] = {}
        self._log_groups: dict[str, dict[str, None]] = {}
        self._created: dict[str, dict[str, None]] = {}
        self._served: list[Statement] = []
        self._served_provisions: Mapping[str, Sequence[str]] = {}
        self._exempt: Sequence[Any] = ()
        self._texts: Mapping[str, str] = {}
        self._delegated: list[Statement] = []
        self._added: list[Statement] = []
        self._changed: Callable[[], None] | None = None

    def at_first_change(self, changed: Callable[[], None]) -> None:
        """Say what to call once, before the first statement from now on."""
        self._changed = changed

    def _change(self) -> None:
        changed, self._changed = self._changed, None
        if changed:
            changed()

    @property
    def deployer(self) -> str:
        """The principal that CloudFormation acts as."""
        return self._deployer

    def know(self, principal: str, identity: str, name: str) -> None:
        """Say who an ARN is that is a token: what is equal for every spelling, and how messages call it."""
        self._known[principal] = identity, name

    def add_administrator(self, principal: str) -> None:
        """Admit a principal to the key's lifecycle: no PutKeyPolicy, no CreateGrant, no use of the key."""
        if principal not in self._administrators:
            self._check_duties(principal, administers=True)
            self._change()
            self._administrators.append(principal)

    def admit(self, admission: Admission) -> None:
        """Admit a principal; equal admissions of several principals share a statement."""
        self.note_use(admission.principal, admission.actions, admission.identity)
        self._change()
        # The contexts of one principal's admissions add up, and an open one takes in the others.
        shape = admission._replace(context_values=())
        contexts = self._admissions.setdefault(shape, dict.fromkeys(admission.context_values))
        if contexts and admission.context_values:
            contexts.update(dict.fromkeys(admission.context_values))
        else:
            contexts.clear()

    def provision(self, actions: Iterable[str], via: str) -> None:
        """Admit the deployer to what creating a resource through a service needs; it holds DescribeKey anyway."""
        for action in sorted(set(actions) - set(DEPLOYER_ACTIONS.value)):
            if via not in self._provisioned.get(action, {}):
                self._change()
                self._provisioned.setdefault(action, {})[via] = None

    def note_created(self, actions: Iterable[str], via: str) -> None:
        """Record that a resource is created with the key through a service."""
        self._created.setdefault(via, {}).update(dict.fromkeys(sorted(actions)))

    @property
    def created(self) -> list[list[Any]]:
        """What the deployer needs for the resources that are known to be created with the key, by service."""
        return [[via, list(actions)] for via, actions in self._created.items()]

    @property
    def names(self) -> list[list[str]]:
        """Who is admitted, and what is equal for every spelling of it; told where a Deny may take back from some."""
        if not any(one.get("Effect") == "Deny" for one in self._added):
            return []
        return [[one.principal, one.identity] for one in self._admissions if one.identity]

    def serve(
        self,
        provisions: Mapping[str, Sequence[str]],
        several: Sequence[Statement],
        *,
        exempt: Sequence[Any] = (),
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Say what the uses of the key need, in place of what was said of them before.

        :param provisions: ``kms:ViaService`` values by the action of the deployer.
        :param several: finished statements.
        :param exempt: who may create grants that are for no AWS service.
        :param texts: what stands for values, as JSON, that would be references in a circle.
        """
        self._change()
        self._served_provisions, self._served = provisions, list(several)
        self._exempt, self._texts = exempt, texts or {}

    def delegate(self, service: Service, via: str) -> None:
        """Delegate reading and writing to the account's IAM policies, through one service only."""
        statement = delegation(service, via, self._account)
        self._change()
        self._delegated.append(statement)

    def admit_log_group(self, principal: str, via: str, log_group_arn: str, deployer: str | None = None) -> None:
        """Admit CloudWatch Logs and the deployer for one log group, whose ARN has no ``:*`` at its end.

        A deployer that is not the key's own also needs DescribeKey, which is not there yet.
        """
        self.admit_logs_service(principal, log_group_arn)
        logs = through(Service.CLOUDWATCH_LOGS, Use.PROVISION, via, deployer or self._deployer, None, [log_group_arn])
        held = DEPLOYER_ACTIONS.value if logs.principal == self._deployer else ()
        own = tuple(action for action in logs.actions if action not in held)
        self.admit(logs._replace(sid="AllowDeployerToCreateLogGroups", actions=own))

    def admit_logs_service(self, principal: str, log_group_arn: str) -> None:
        """Admit CloudWatch Logs alone, for log groups that somebody else creates."""
        self._change()
        self._log_groups.setdefault(principal, {})[log_group_arn] = None

    def add(self, statement: Statement) -> None:
        """Add a finished statement as it is."""
        self._change()
        if statement not in self._added:
            self._added.append(statement)

    def note_use(self, principal: str, actions: Iterable[str], identity: str = "") -> None:
        """Record that a principal gets actions; ValueError where it administers the key and one of them uses it.

        Creating a grant or a replica, whose policy the caller chooses, is as good as a use.
        """
        if meant(list(actions), USES):
            self._check_duties(principal, administers=False, identity=identity)

    def document(self) -> dict[str, Any]:
        """Return the key policy."""
        several = self._statements()
        if self._texts:
            several = [with_texts(one, self._texts) for one in several]
        return statements.document(with_unique_sids(several))

    def _statements(self) -> list[Statement]:
        return [
            statements.root_access(self._account.root),
            statements.metadata_delegation(self._account.root),
            *owner_statements.owners(
                self._account.root,
                self._deployer,
                self._administrators,
                self._policy_administrators,
                multi_region=self._multi_region,
            ),
            *self._provisions(),
            statements.deny_grants_outside_aws_services(self._exempt),
            *(
                [statements.deny_other_organizations(self._organization, self._account.id)]
                if self._organization
                else []
            ),
            *self._delegated,
            *joined_admissions(self._admissions),
            *(
                statement
                for principal, arns in self._log_groups.items()
                for statement in statements.logs_service(principal, arns, self._account.id)
            ),
            *self._added,
            *self._served,
        ]

    def _provisions(self) -> list[Statement]:
        """One statement for all actions that the same services need."""
        held = set(DEPLOYER_ACTIONS.value)
        several = {
            action: {*self._provisioned.get(action, ()), *self._served_provisions.get(action, ())}
            for action in sorted({*self._provisioned, *self._served_provisions} - held)
        }
        return owner_statements.provisions(self._deployer, several)

    def _check_duties(self, principal: str, *, administers: bool, identity: str = "") -> None:
        who = {principal, identity or self._identity(principal)}
        if not administers:
            self._users |= who
        administrators = [*self._administrators, *self._policy_administrators]
        others = self._users if administers else {*administrators, *map(self._identity, administrators)}
        if who & others and self.separates and principal != self._deployer:
            raise ValueError(
                f"an administrator of the key must not use it, got {self._name(who, principal)!r} as both: "
                "use two principals, or pass separation_of_duties=False to the HardenedKey"
            )

    def _identity(self, principal: str) -> str:
        return self._known[principal][0] if principal in self._known else arns.identity(principal)

    def _name(self, who: set[str], principal: str) -> str:
        return next((name for arn, (identity, name) in self._known.items() if who & {arn, identity}), principal)
