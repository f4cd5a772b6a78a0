"""The key's side of a grant: asks about the key, and writes what was decided or tells its owner."""

from __future__ import annotations

from functools import partial

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs.authoring.scoped_grants import KeySide, OwnKey
from secure_kms_constructs.authoring.statements import Statement
from secure_kms_constructs.authoring.targets import UsedKey, Whose
from secure_kms_constructs.aws import arns
from secure_kms_constructs.aws.services import Service, Use
from secure_kms_constructs.cdk.asking import Called, account_of, child_of, key_arn_of, region_of, stack_of
from secure_kms_constructs.cdk.findings import KEY, announce, check_no_text, checked_key_arn, named_key
from secure_kms_constructs.cdk.grantees import Grantee, account_text
from secure_kms_constructs.cdk.managed_keys import service_of
from secure_kms_constructs.cdk.places import check_reference
from secure_kms_constructs.keys import HardenedKey


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
        whose = Whose.MANAGED if managed is not None else Whose.IMPORTED
        return UsedKey(key, arn, whose), checked_key_arn(self._scope, key, Called("the key of", what))

    def _check_owned(self, key: kms.Key, arn: str, what: object) -> tuple[UsedKey, arns.Arn | None]:
        """Check a key of this app, whose ARN is a reference, never anything else than a key's, and hides its place."""
        home, here = stack_of(key), stack_of(self._scope)
        whose = Whose.HARDENED if isinstance(key, HardenedKey) else Whose.PLAIN
        place = arns.Arn("", "kms", region_of(home), account_text(home), "")
        if home is here:
            return UsedKey(key, arn, whose), place
        if self._given is None or arn == self._given_arn:
            check_reference(here, home, Called("the key of", what))
            return UsedKey(key, arn, whose), place
        if self._stands_for not in (None, arn):
            raise ValueError(f"key stands for one key, got it for {key.node.path} and another: one construct a key")
        self._stands_for, self.used = arn, True
        return UsedKey(key, str(self._given_arn), whose), checked_key_arn(self._scope, self._given, "key")

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


def ask_own(
    scope: Construct, grantee: Grantee, used: UsedKey, service: Service, use: Use, *, directly: bool
) -> OwnKey | None:
    """Return what a decision asks about a key of this app; None for another.

    :param directly: whether the grantee holds no identity policy of its own.
    """
    key = used.key
    if not isinstance(key, kms.Key):
        return None
    home = stack_of(key)
    return OwnKey(
        partial(grantee.is_foreign, home),
        partial(delegates, key, service, use),
        partial(grantee.arn_in, home, None if directly else stack_of(scope)),
    )


def write_key_side(scope: Construct, used: UsedKey, side: KeySide) -> list[Statement]:
    """Write what was decided into the policy of a key of this app, or tell the owner of another what to add.

    :return: what was written.
    """
    if side.required:
        name = named_key(used.key, used.arn, scope)
        announce(
            scope,
            "requiredKeyPolicy",
            f"the key {name} is imported, so its policy cannot be written here: "
            "unless it delegates to IAM policies, its owner must add",
            side.required,
            of=name,
        )
    if side.admission is None:
        return []
    written = side.admission.statements()
    if isinstance(used.key, HardenedKey):
        used.key.admit(side.admission)
    else:
        for statement in written:
            used.key.add_to_resource_policy(iam.PolicyStatement.from_json(statement), False)
    return written
