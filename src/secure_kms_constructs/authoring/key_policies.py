"""The key policy of one key, as plain data until synth, so that a thousand admissions cost no call into Node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import (
    ADMINISTRATOR_ACTIONS,
    DEPLOYER_ACTIONS,
    POLICY_ADMINISTRATOR_ACTIONS,
    RECREATED_DEPLOYER_ACTIONS,
    REPLICATE_ACTIONS,
)
from secure_kms_constructs.aws.services import SERVICES, Service, Use, written

from . import statements
from .instead import with_texts
from .joining import joined
from .reading import ADMINISTRATION, USES, meant
from .statements import Statement


class Account(NamedTuple):
    """An AWS account as policies name it; both may be CDK tokens."""

    root: str
    id: str


class Admission(NamedTuple):
    """What the key policy says of one principal's use of the key.

    :param account: where given, the principal also needs an identity policy: the statement names the account's root
        and narrows it by ``aws:PrincipalArn``. None names the principal itself, which admits it directly.
    :param via: the ``kms:ViaService`` value that a use must come through; None for direct calls.
    :param context_values: the encryption-context values it is narrowed to; none leaves the context open.
    :param identity: what is equal for every spelling of the principal. Default: told from its ARN.
    """

    sid: str
    principal: str
    account: Account | None
    actions: tuple[str, ...]
    via: str | None = None
    context_key: str | None = None
    context_values: tuple[str, ...] = ()
    identity: str = ""

    def statements(self, principals: Sequence[str] = ()) -> list[Statement]:
        """Return the key-policy statements, for this principal or for several in its place."""
        named = statements.one_or_many(principals or [self.principal])
        equals = {"kms:ViaService": self.via} if self.via else {}
        if self.account:
            principal: dict[str, Any] = {"AWS": self.account.root}
            condition = {
                "StringEquals": {**equals, "kms:CallerAccount": self.account.id},
                "ArnEquals": {"aws:PrincipalArn": named},
            }
        else:
            principal = {"AWS": named}
            condition = {"StringEquals": equals} if equals else {}
        context: dict[str, Any] = {}
        if self.context_key and self.context_values:
            context = statements.encryption_context(self.context_key, self.context_values)
        return [
            statements.key_statement(self.sid, principal, actions, block)
            for actions, block in statements.split_by_condition(self.actions, condition, context)
        ]


def through(
    service: Service,
    use: Use,
    via: str,
    principal: str,
    account: Account | None,
    context_values: Iterable[str] = (),
    identity: str = "",
) -> Admission:
    """Return the admission of a principal to one use of the key through a service."""
    return Admission(
        f"Allow{use.name.title()}Through{service.name}",
        principal,
        account,
        service.actions_for(use),
        via,
        service.context_key,
        tuple(dict.fromkeys(context_values)),
        identity,
    )


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
        actions = set(service.actions.get(Use.READ, ())) | set(service.actions.get(Use.WRITE, ()))
        if not actions:
            # The constant of a CloudFormation namespace knows its deployments only.
            same = next(
                (one for one in SERVICES if one.prefix == service.prefix and one.actions.keys() - {Use.PROVISION}), None
            )
            hint = f"; give {written(same)}" if same else ""
            raise ValueError(f"delegate_via needs a service with documented reads or writes, got {service.name}{hint}")
        self._change()
        condition = {"StringEquals": {"kms:CallerAccount": self._account.id, "kms:ViaService": via}}
        self._delegated.append(
            statements.key_statement(
                f"DelegateToIamThrough{service.name}", {"AWS": self._account.root}, actions, condition
            )
        )

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
        return statements.document(_with_unique_sids(several))

    def _statements(self) -> list[Statement]:
        return [
            statements.root_access(self._account.root),
            statements.metadata_delegation(self._account.root),
            *self._owners(),
            *self._provisions(),
            statements.deny_grants_outside_aws_services(self._exempt),
            *(
                [statements.deny_other_organizations(self._organization, self._account.id)]
                if self._organization
                else []
            ),
            *self._delegated,
            *self._admitted(),
            *(
                statement
                for principal, arns in self._log_groups.items()
                for statement in statements.logs_service(principal, arns, self._account.id)
            ),
            *self._added,
            *self._served,
        ]

    def _owners(self) -> list[Statement]:
        replicate = REPLICATE_ACTIONS.value if self._multi_region else ()
        owners = [
            ("AllowDeployerToManageKey", [self._deployer], DEPLOYER_ACTIONS.value + replicate),
            (ADMINISTRATION[0], self._administrators, ADMINISTRATOR_ACTIONS.value),
            (
                ADMINISTRATION[1],
                self._policy_administrators,
                POLICY_ADMINISTRATOR_ACTIONS.value + replicate,
            ),
        ]
        written = [
            statements.key_statement(sid, {"AWS": statements.one_or_many(principals)}, actions)
            for sid, principals, actions in owners
            if principals
        ]
        # KMS keeps the unique id of a role: a bootstrap that was deleted and made again is somebody else, by its name
        # the same. What its IAM policy allows it then is enough to write the policy anew.
        by_name = {"ArnEquals": {"aws:PrincipalArn": self._deployer}}
        again = statements.key_statement(
            "AllowDeployerByName", {"AWS": self._account.root}, RECREATED_DEPLOYER_ACTIONS.value, by_name
        )
        return [written[0], again, *written[1:]]

    def _provisions(self) -> list[Statement]:
        """One statement for all actions that the same services need."""
        held = set(DEPLOYER_ACTIONS.value)
        several = {
            action: {*self._provisioned.get(action, ()), *self._served_provisions.get(action, ())}
            for action in sorted({*self._provisioned, *self._served_provisions} - held)
        }
        return provisions(self._deployer, several)

    def _admitted(self) -> list[Statement]:
        """One statement for all principals that share service, actions and encryption contexts."""
        shared: dict[Admission, list[str]] = {}
        for shape, contexts in self._admissions.items():
            anyone = shape._replace(principal="", identity="", context_values=tuple(contexts))
            shared.setdefault(anyone, []).append(shape.principal)
        return joined(statement for admission, who in shared.items() for statement in admission.statements(who))

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


def provisions(deployer: str, several: Mapping[str, Iterable[str]]) -> list[Statement]:
    """Return what lets a deployer do actions through services, one statement for all that the same services need.

    :param several: ``kms:ViaService`` values by action.
    """
    shared: dict[tuple[str, ...], list[str]] = {}
    for action, via in several.items():
        shared.setdefault(tuple(sorted(via)), []).append(action)
    return [
        statements.key_statement(
            # Each action stands in one statement only, so its name tells the statement for good.
            f"AllowDeployerTo{part[0].removeprefix('kms:')}",
            {"AWS": deployer},
            part,
            condition,
        )
        for via, actions in shared.items()
        for part, condition in statements.split_by_condition(
            actions, {"StringEquals": {"kms:ViaService": statements.one_or_many(via)}}, {}
        )
    ]


def _with_unique_sids(rendered: list[Statement]) -> list[Statement]:
    taken = {statement.get("Sid") for statement in rendered}
    seen: set[str] = set()
    result = []
    for statement in rendered:
        sid = statement.get("Sid")
        if sid in seen:
            number = 2
            while f"{sid}{number}" in taken:
                number += 1
            statement = {**statement, "Sid": f"{sid}{number}"}
            taken.add(statement["Sid"])
        elif sid:
            seen.add(sid)
        result.append(statement)
    return result
