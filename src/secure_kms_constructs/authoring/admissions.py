"""What a key policy says of one principal's use of the key, and of whoever IAM policies admit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from secure_kms_constructs.aws.services import SERVICES, Service, Use, written

from . import statements
from .joining import joined
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


def joined_admissions(several: Mapping[Admission, Iterable[str]]) -> list[Statement]:
    """Return one statement for all principals that share service, actions and encryption contexts.

    :param several: the encryption-context values of each admission, which itself names none.
    """
    shared: dict[Admission, list[str]] = {}
    for shape, contexts in several.items():
        anyone = shape._replace(principal="", identity="", context_values=tuple(contexts))
        shared.setdefault(anyone, []).append(shape.principal)
    return joined(statement for admission, who in shared.items() for statement in admission.statements(who))


def delegation(service: Service, via: str, account: Account) -> Statement:
    """Return what leaves reading and writing through a service to the IAM policies of an account.

    :raises ValueError: for a service of which no reads and writes are documented.
    """
    actions = set(service.actions.get(Use.READ, ())) | set(service.actions.get(Use.WRITE, ()))
    if not actions:
        # The constant of a CloudFormation namespace knows its deployments only.
        same = next(
            (one for one in SERVICES if one.prefix == service.prefix and one.actions.keys() - {Use.PROVISION}), None
        )
        hint = f"; give {written(same)}" if same else ""
        raise ValueError(f"delegate_via needs a service with documented reads or writes, got {service.name}{hint}")
    condition = {"StringEquals": {"kms:CallerAccount": account.id, "kms:ViaService": via}}
    return statements.key_statement(f"DelegateToIamThrough{service.name}", {"AWS": account.root}, actions, condition)
