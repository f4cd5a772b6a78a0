"""What a grant on a key writes into which policy, decided in plain Python from what was asked about the grantee."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.facts import CROSS_ACCOUNT_ACTIONS
from secure_kms_constructs.aws.services import Service, Use

from . import statements
from .admissions import Account, Admission, through
from .reading import symmetric
from .statements import Statement


class Who(NamedTuple):
    """The grantee, as far as a decision needs it.

    :param name: how messages call it.
    :param identity: what is equal for every spelling of it.
    :param account: the account it lives in.
    :param foreign: whether that is another one than the key's.
    :param holds: whether an identity policy can be attached to it here.
    :param protected: whether IAM lets nobody change its policies.
    :param arn: tells its ARN as the key policy can name it, or raises a ``ValueError``; asked only where it is needed.
    """

    name: str
    identity: str
    account: Account
    foreign: bool
    holds: bool
    protected: bool
    arn: Callable[[], str]


class Decision(NamedTuple):
    """What to write.

    :param admission: what the key policy says; None where it says enough, or names the grantee by ``named``.
    :param statements: the identity side. It goes to the grantee's identity policy; where that cannot be written here,
        it is for the owner of a grantee of another account, and with ``named`` it is the key policy's.
    :param named: the ARN that the key policy names as principal.
    """

    admission: Admission | None
    statements: Sequence[Statement]
    named: str | None = None


def for_use(who: Who, actions: Sequence[str], key_arn: str) -> Decision:
    """Decide on direct calls of KMS."""
    check_foreign(who, actions)
    arn = who.arn()
    identity: list[Statement] = [{"Effect": "Allow", "Action": list(actions), "Resource": key_arn}]
    if not who.holds:
        return Decision(None, identity, arn)
    admission = Admission("AllowUse", arn, who.account, tuple(sorted(set(actions))), identity=who.identity)
    return Decision(admission, identity)


def for_resources(
    who: Who,
    service: Service,
    use: Use,
    via: str,
    key_arn: str,
    resource_arns: Sequence[str],
    texts: Sequence[str],
    *,
    delegated: bool,
) -> Decision:
    """Decide on the use through one service for named resources.

    :param texts: the ARNs as text.
    :param delegated: whether the key leaves the service to the IAM policies of its account.
    """
    identity = statements.identity_via(service, use, key_arn=key_arn, via=via, context_values=resource_arns)
    if who.holds:
        if delegated and not who.foreign:
            return Decision(None, identity)
        return Decision(through(service, use, via, who.arn(), who.account, identity=who.identity), identity)
    if not all(map(arns.only_pseudo_parameters, texts)):
        raise _without_literal(who, f", got {list(texts)}", "pass literal resource_arns")
    arn = who.arn()
    if not who.foreign:
        return Decision(None, identity, arn)
    return Decision(through(service, use, via, arn, who.account, resource_arns, who.identity), identity)


def along_with_resource(
    who: Who,
    service: Service,
    actions: Sequence[str],
    via: str,
    key_arn: str,
    *,
    contexts: Sequence[str],
    named: Sequence[str],
    delegated: bool,
) -> Decision:
    """Decide on what a construct of the L2 asks for along with its own resource: through its service only.

    :param contexts: the encryption contexts that the identity side can name.
    :param named: those that the key policy can name.
    """
    check_foreign(who, actions)
    if service.context_key and not (who.holds or who.foreign or named):
        raise _without_literal(who, "", f"give the resource of {service.name} a literal name")
    actions = along(service, actions)
    admission = None
    if who.foreign or not who.holds or not delegated:
        account = who.account if who.holds or who.foreign else None
        admission = admission_to(
            service, actions, via, who.arn(), account, () if who.holds else named, identity=who.identity
        )
    told = contexts if who.holds else named
    context = statements.encryption_context(service.context_key or "", told) if told else {}
    condition: dict[str, Any] = {"StringEquals": {"kms:ViaService": via}}
    identity: list[Statement] = [
        {"Effect": "Allow", "Action": part, "Resource": key_arn, "Condition": block}
        for part, block in statements.split_by_condition(actions, condition, context)
    ]
    return Decision(admission, identity)


def along(service: Service, actions: Sequence[str]) -> list[str]:
    """Return the actions that a resource's grant needs of a key that services use."""
    # What the L2 forgets: PutSecretValue compares with the version that is there, and a replication decrypts the Bucket
    # Key of its destination.
    reads = service in (Service.SECRETS_MANAGER, Service.S3)
    forgotten = ["kms:Decrypt"] if reads and "kms:Encrypt" in actions else []
    return sorted(symmetric([*actions, *forgotten]))


def admission_to(
    service: Service,
    actions: Sequence[str],
    via: str,
    arn: str,
    account: Account | None,
    contexts: Sequence[str],
    *,
    identity: str,
) -> Admission:
    """Return the admission to some actions through a service, the documented one where it has the same."""
    for use in (Use.READ, Use.WRITE):
        if set(service.actions.get(use, ())) == set(actions):
            return through(service, use, via, arn, account, contexts, identity)
    named, key = tuple(sorted(set(actions))), service.context_key
    return Admission(f"AllowUseThrough{service.name}", arn, account, named, via, key, tuple(contexts), identity)


def check_foreign(who: Who, actions: Sequence[str]) -> None:
    """Check that KMS takes actions from a principal of another account."""
    dead = sorted(a for a in actions if not any(fnmatchcase(known, a) for known in CROSS_ACCOUNT_ACTIONS.value))
    if who.foreign and dead:
        raise ValueError(
            f"KMS honours no {', '.join(dead)} for a principal of another account, got {who.name}: "
            "grant it to a role of the account of the key"
        )


def _without_literal(who: Who, given: str, way: str) -> ValueError:
    return ValueError(
        f"{who.name} cannot hold an identity policy, so the key policy would have to name the resource, "
        f"and a reference there is a cycle{given}: {way}, "
        f"{'' if who.protected else 'import the role with mutable=True, '}or grant to a role of this app"
    )
