"""What a Scoped construct writes into which policy, decided in plain Python from what was asked about the grant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

from secure_kms_constructs.aws.services import Service, Use

from .admissions import Account, Admission, through
from .statements import Statement
from .targets import Target, UsedKey, Whose


class Who(NamedTuple):
    """The grantee, as far as a decision needs it.

    :param name: what tells as text how messages call it, once there is one.
    :param identity: what is equal for every spelling of it.
    :param account: the account it lives in.
    :param protected: whether IAM lets nobody change its policies.
    :param literal_arn: tells its ARN for policies that are written elsewhere.
    """

    name: object
    identity: str
    account: Account
    protected: bool
    literal_arn: Callable[[], str]


class Through(NamedTuple):
    """A use of keys through one service.

    :param via: the ``kms:ViaService`` value.
    """

    service: Service
    use: Use
    via: str


class IdentitySide(Enum):
    """Where the grantee's identity statements go."""

    WRITTEN = auto()
    REQUIRED = auto()
    """The owner of a grantee of another account has to add them."""
    NONE = auto()
    """Nowhere: resources and keys name the grantee."""


class OwnKey(NamedTuple):
    """What is asked about a key of this app; each is asked only where it matters.

    :param is_foreign: tells whether the grantee lives in another account than the key, or raises a ``ValueError``.
    :param delegates: tells whether the key leaves the use to the IAM policies of its account.
    :param arn: tells the grantee's ARN as the key policy can name it, or raises a ``ValueError``.
    """

    is_foreign: Callable[[], bool]
    delegates: Callable[[], bool]
    arn: Callable[[], str]


class KeySide(NamedTuple):
    """The key's side of a grant.

    :param admission: what to write into the policy of a key of this app; None where it says enough.
    :param required: what the owner of an imported key must add.
    """

    admission: Admission | None = None
    required: Sequence[Statement] = ()


def check_accounts(
    who: Who, foreign: Sequence[Target], name_of: Callable[[Target], str], *, resource_policies: bool
) -> None:
    """Check that resources of another account than the grantee's can be used from there.

    :param foreign: these resources.
    :param name_of: tells how messages call one.
    :param resource_policies: whether the service has any.
    """
    for target in foreign:
        if not resource_policies or target.key is None or not target.key.admits:
            raise ValueError(
                f"{name_of(target)} cannot be read from another account, got the grantee {who.name}: "
                + ("put it under a customer-managed key" if resource_policies else "read it by a role of its account")
            )


def identity_side(
    who: Who, targets: Sequence[Target], foreign: Sequence[Target], *, attached: bool, resource_policies: bool
) -> IdentitySide:
    """Decide who has the identity statements.

    :param attached: whether the grantee took a policy.
    :raises ValueError: where it did not, and the grant would have no effect.
    """
    if attached:
        return IdentitySide.WRITTEN
    if len(foreign) == len(targets):
        return IdentitySide.REQUIRED
    if foreign:
        # Those of its own account name it; for those of another, its account has to agree.
        raise ValueError(
            f"{who.name} cannot hold an identity policy, and what it is granted is of several accounts: "
            "one construct for each account"
        )
    for target in targets:
        if not resource_policies:
            raise no_effect(who, f"the service of {target.arn} has no resource policies")
        if not target.owned:
            raise no_effect(who, f"{target.arn} is imported, so its policy cannot be written here")
        if target.key and target.key.admits and not (target.key.whose is Whose.HARDENED and target.known_arn):
            raise no_effect(who, f"{target.resource.node.path} is no secret with a literal name under a HardenedKey")
    return IdentitySide.NONE


def key_side(
    who: Who, used: UsedKey, own: OwnKey | None, by: Through, contexts: Sequence[str], *, directly: bool
) -> KeySide:
    """Decide what the policy of one key has to say.

    :param own: what is asked about a key of this app; None for another.
    :param contexts: the encryption-context values that it can name; none leaves them to the identity side.
    :param directly: whether the grantee holds no identity policy of its own.
    """
    if not used.admits:
        return KeySide()
    if own is None:
        # A grantee without identity policy never comes here, because only a key of this app can name it alone.
        needed = through(by.service, by.use, by.via, who.literal_arn(), who.account, contexts)
        return KeySide(required=needed.statements())
    foreign = own.is_foreign()
    if not directly and not foreign and own.delegates():
        return KeySide()
    account = who.account if foreign or not directly else None
    return KeySide(through(by.service, by.use, by.via, own.arn(), account, contexts, who.identity))


def opened(targets: Sequence[Target], foreign: Sequence[Target], identity: IdentitySide) -> Sequence[Target]:
    """Return the resources whose policy has to name the grantee."""
    return targets if identity is IdentitySide.NONE else foreign


def resource_side(access: Sequence[Statement], arn: str, foreign: Account | None) -> list[Statement]:
    """Return what the policy of a resource has to say.

    :param access: the statements without principal.
    :param arn: the grantee's ARN as that policy can name it.
    :param foreign: the grantee's account, where that is another.
    """
    if foreign is None:
        return [{**statement, "Principal": {"AWS": arn}} for statement in access]
    only = {"ArnEquals": {"aws:PrincipalArn": arn}}
    return [
        {**one, "Principal": {"AWS": foreign.root}, "Condition": {**one.get("Condition", {}), **only}} for one in access
    ]


def no_effect(who: Who, why: str) -> ValueError:
    """Return what refuses a grant that would do nothing."""
    if who.protected:
        return ValueError(
            f"IAM lets nobody change the policies of {who.name}, and {why}, so the grant would have no effect: "
            "give the secret a literal secret_name and a HardenedKey, or grant to a role of this app"
        )
    return ValueError(
        f"{who.name} cannot hold an identity policy, and {why}, so the grant would have no effect: "
        "import the role with mutable=True, or grant to a role of this app"
    )
