"""The key's side of a grant: written where the key is of this app, offered to its owner where it is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring.key_policies import through
from secure_kms_constructs.authoring.statements import Statement, identity_via
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.cdk.asking import Called, account_of, child_of, key_arn_of, region_of, stack_of
from secure_kms_constructs.cdk.findings import KEY, announce, check_no_text, checked_key_arn
from secure_kms_constructs.cdk.grantees import Grantee, account_text
from secure_kms_constructs.cdk.managed_keys import service_of
from secure_kms_constructs.cdk.places import check_reference
from secure_kms_constructs.keys import HardenedKey


class UsedKey(NamedTuple):
    """A key as a grant names it.

    :param key: the key whose policy has to admit the grantee.
    :param arn: its ARN as the identity policy can name it.
    :param managed: the service that AWS manages it for, if it does; its policy admits the whole account then.
    """

    key: kms.IKey
    arn: str
    managed: Service | None


@dataclass(frozen=True)
class Target:
    """A resource that a grant is for.

    :param resource: the construct.
    :param arn: its ARN as policies name it, in the encryption context too.
    :param exact: whether that is an ARN, not a pattern of one.
    :param region: where it is read, which ``kms:ViaService`` names.
    :param account: its account as text.
    :param key: its key; None for one that AWS manages, unless that key was given.
    :param named: returns an ARN that can be told without a reference to the resource; asked only where it matters.
    """

    resource: Any
    arn: str
    exact: bool
    region: str
    account: str
    key: UsedKey | None
    named: Callable[[], str | None]

    @cached_property
    def known_arn(self) -> str | None:
        """An ARN that closes no circle in the key's policy, which the resource refers to; None where there is none."""
        return self.named()


def by_key(targets: Sequence[Target]) -> list[tuple[UsedKey, list[Target]]]:
    """Group targets by their key."""
    groups: dict[str, tuple[UsedKey, list[Target]]] = {}
    for target in targets:
        if target.key:
            groups.setdefault(target.key.arn, (target.key, []))[1].append(target)
    for key, under in groups.values():
        if len({target.region for target in under}) > 1:
            raise ValueError(f"one key serves one region, got {key.key.node.path} for several: one construct a region")
    return list(groups.values())


def key_policy_contexts(under: Sequence[Target]) -> list[str]:
    """Return the ARNs a key policy can name; none where one of them cannot be told, or it would be shut out."""
    known = []
    for target in under:
        if not target.known_arn:
            return []
        known.append(target.known_arn)
    return known


def kms_identity(service: Service, use: Use, targets: Sequence[Target]) -> list[Statement]:
    """Return the identity side of using the targets' keys through a service."""
    written: list[Statement] = []
    for key, under in by_key(targets):
        # Exact ARNs keep StringEquals; only what ends in a pattern needs wildcards.
        for exact in (True, False):
            contexts = [target.arn for target in under if target.exact is exact]
            if contexts:
                via = service.via(under[0].region)
                written += identity_via(service, use, key_arn=key.arn, via=via, context_values=contexts)
    return written


class UsedKeys:
    """Tells and checks the keys of one grant, each once.

    :param noun: what the keys encrypt, in plural, for messages.
    :param given: the ``key=`` of the construct. Where the ARN of an owned key cannot be told in the grantee's stack, it
        stands for that key.
    """

    def __init__(self, scope: Construct, service: Service, given: kms.IKey | None, noun: str) -> None:
        check_no_text("key", given, KEY)
        self._scope = scope
        self._service = service
        self._noun = noun
        self._given = _target(given) if given is not None else None
        self._given_arn = key_arn_of(self._given) if self._given is not None else None
        self._known: dict[str, tuple[UsedKey, arns.Arn | None]] = {}
        self._stands_for: str | None = None
        self.used = given is None

    def given(self, what: object, region: str, account: str) -> UsedKey | None:
        """Return the given key, None where there is none."""
        return None if self._given is None else self.of(self._given, what, region, account)

    def given_if_managed(self, what: object, region: str, account: str) -> UsedKey | None:
        """Return the given key if AWS manages it; such a key is never named by the resource itself."""
        if self._given is None or service_of(self._given) is None:
            return None
        return self.of(self._given, what, region, account)

    def of(self, key: kms.IKey, what: object, region: str, account: str) -> UsedKey:
        """Return a key as this grant names it.

        :param what: what it encrypts, as messages call it.
        :param region: the region it has to be in.
        :param account: the account it has to be in.
        :raises ValueError: for a key without the full ARN of one key, of another place, or out of reach.
        """
        check_no_text("key", key, KEY)
        key = _target(key)
        arn = key_arn_of(key)
        self.used = self.used or arn == self._given_arn
        if arn not in self._known:
            self._known[arn] = self._check(key, arn, what)
        used, parsed = self._known[arn]
        for part, expected in (("region", region), ("account", account)) if parsed else ():
            of_key = getattr(parsed, part)
            if arns.contradict(of_key, expected):
                thing = self._noun.removesuffix("s")
                raise ValueError(
                    f"the key of {what} must be in the {part} of the {thing}, {expected}, got one in {of_key}: "
                    f"encrypt with a key of that {part}"
                )
        return used

    def _check(self, key: kms.IKey, arn: str, what: object) -> tuple[UsedKey, arns.Arn | None]:
        if isinstance(key, kms.Key):
            return self._check_owned(key, arn, what)
        managed = service_of(key)
        if managed is not None and managed != self._service:
            raise ValueError(f"the key of {what} cannot be the key that AWS manages for {managed.name}")
        return UsedKey(key, arn, managed), checked_key_arn(self._scope, key, Called("the key of", what))

    def _check_owned(self, key: kms.Key, arn: str, what: object) -> tuple[UsedKey, arns.Arn | None]:
        """Check a key of this app, whose ARN is a reference, never anything else than a key's, and hides its place."""
        home, here = stack_of(key), stack_of(self._scope)
        place = arns.Arn("", "kms", region_of(home), account_text(home), "")
        if home is here:
            return UsedKey(key, arn, None), place
        if self._given is None or arn == self._given_arn:
            check_reference(here, home, Called("the key of", what))
            return UsedKey(key, arn, None), place
        if self._stands_for not in (None, arn):
            raise ValueError(f"key stands for one key, got it for {key.node.path} and another: one construct a key")
        self._stands_for, self.used = arn, True
        return UsedKey(key, str(self._given_arn), None), checked_key_arn(self._scope, self._given, "key")

    def check_used(self) -> None:
        """Check that the given key was of use.

        :raises ValueError: where each resource says its own key.
        """
        if not self.used:
            raise ValueError(
                f"key is for imported {self._noun} that do not say their key, got {self._given_arn} "
                f"for {self._noun} that each say it: leave it out"
            )


def _target(key: kms.IKey) -> kms.IKey:
    return key.alias_target_key if isinstance(key, kms.Alias) else key


def delegates(key: kms.IKey, service: Service, use: Use) -> bool:
    """Tell whether a key of this app leaves a use through a service to the IAM policies of its account."""
    if isinstance(key, HardenedKey):
        return key.delegates_via(service) and use is not Use.PROVISION
    if isinstance(key, kms.Key):
        from secure_kms_constructs.authoring import key_policy_checks

        home = stack_of(key)
        policy, account = home.resolve([child_of(key).key_policy, account_of(home).id])
        own = arns.as_text(account)
        return all(key_policy_checks.delegates(policy, own, action) for action in service.actions_for(use))
    return False


def admit(
    scope: Construct,
    grantee: Grantee,
    used: UsedKey,
    service: Service,
    use: Use,
    via: str,
    contexts: Iterable[str],
    *,
    directly: bool = False,
) -> tuple[list[Statement], list[Statement]]:
    """Admit a grantee to a key.

    :param contexts: the encryption-context values that the key policy can name; none leaves them to the identity side.
    :param directly: whether the grantee holds no identity policy of its own.
    :return: what was written into the key policy, and what the owner of an imported key must add.
    :raises ValueError: where the grantee cannot be named in the key policy.
    """
    key = used.key
    if used.managed:
        return [], []
    if not isinstance(key, kms.Key):
        # A grantee without identity policy never comes here, because only a key of this app can name it alone.
        needed = through(service, use, via, grantee.literal_arn(), grantee.account, contexts).statements()
        announce(
            scope,
            "requiredKeyPolicy",
            f"the key {_name(scope, used)} is imported, so its policy cannot be written here: "
            "unless it delegates to IAM policies, its owner must add",
            needed,
        )
        return [], needed
    foreign = grantee.is_foreign(stack_of(key))
    if not directly and not foreign and delegates(key, service, use):
        return [], []
    arn = grantee.arn_in(stack_of(key), None if directly else stack_of(scope))
    account = grantee.account if foreign or not directly else None
    admission = through(service, use, via, arn, account, contexts, grantee.identity)
    written = admission.statements()
    if isinstance(key, HardenedKey):
        key.admit(admission)
    else:
        for statement in written:
            key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
    return written, []


def _name(scope: Construct, used: UsedKey) -> str:
    """Return how messages call a key: by its ARN, or by its path where the ARN is known only at deploy time."""
    text = arns.as_text(stack_of(scope).resolve(used.arn))
    return text if arns.only_pseudo_parameters(text) else str(used.key.node.path)
