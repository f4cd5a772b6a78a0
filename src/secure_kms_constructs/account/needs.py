"""Which role needs which keys, because of what it may read or write; and what of its permissions does nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.access.landscape_access import LandscapeAccess
from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.access.questions import OPEN
from secure_kms_constructs.access.rows import decide
from secure_kms_constructs.policies import Policy, Request, parse_key_policy
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.policies.patterns import ContextValue, Text
from secure_kms_constructs.policies.principals import Reach
from secure_kms_constructs.policies.verdicts import Verdict, all_of, any_of, opposite
from secure_kms_constructs.templates.landscape import Key as LandscapeKey

from .records import Account, Resource
from .snapshots import Snapshot


@dataclass(frozen=True)
class Access:
    """What somebody does with a thing under a key, and what of the key that takes.

    :param action: the action on the thing, in lower case.
    :param kms: the KMS action that its service asks for in the caller's name.
    :param via: the service, as in ``kms:ViaService``.
    :param context: the name in the encryption context that has the thing's ARN; None where it has none.
    """

    kind: str
    action: str
    kms: str
    via: str
    context: str | None = None


# Each with its page in SERVICES: what a caller needs of the key beside the permission on the thing.
# https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html
ACCESSES = (
    Access("secret", "secretsmanager:getsecretvalue", "kms:Decrypt", "secretsmanager", "SecretARN"),
    Access("secret", "secretsmanager:putsecretvalue", "kms:GenerateDataKey", "secretsmanager", "SecretARN"),
    Access("parameter", "ssm:getparameter", "kms:Decrypt", "ssm", "PARAMETER_ARN"),
    Access("parameter", "ssm:getparameters", "kms:Decrypt", "ssm", "PARAMETER_ARN"),
    Access("queue", "sqs:receivemessage", "kms:Decrypt", "sqs"),
    Access("queue", "sqs:sendmessage", "kms:GenerateDataKey", "sqs"),
    Access("topic", "sns:publish", "kms:GenerateDataKey", "sns"),
    Access("table", "dynamodb:getitem", "kms:Decrypt", "dynamodb"),
    Access("table", "dynamodb:putitem", "kms:Decrypt", "dynamodb"),
    Access("bucket", "s3:getobject", "kms:Decrypt", "s3"),
    Access("bucket", "s3:putobject", "kms:GenerateDataKey", "s3"),
)


@dataclass(frozen=True)
class Need:
    """A key that somebody needs because of a thing.

    :param principal: ARN of the role or user.
    :param key: ARN of the key.
    :param because: the thing, such as ``secret app``.
    :param action: the KMS action.
    :param may: whether it may do with the thing what takes the key; None where that depends on what is not known.
    :param can: whether key policy, identity policies and grants let it use the key for that.
    """

    principal: str
    key: str
    because: str
    thing: str
    action: str
    may: bool | None
    can: bool | None

    @property
    def is_dead(self) -> bool:
        """Whether it may read a thing that it cannot decrypt."""
        return self.may is True and self.can is False


class Needs:
    """Who needs which keys in the accounts of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        [self._landscape] = snapshot.landscapes
        self._access = LandscapeAccess(self._landscape)
        self._verdicts: dict[object, Verdict] = {}
        self._own: dict[str, Policy] = {}
        self._named: dict[str, dict[str, dict[Party, None]]] = {}

    @cached_property
    def all(self) -> tuple[Need, ...]:
        """Every need, by principal, key and thing."""
        found = dict.fromkeys(need for account in self._snapshot.accounts for need in self._of(account))
        return tuple(sorted(found, key=lambda one: (one.principal, one.key, one.because, one.action)))

    def of(self, principal: str) -> tuple[Need, ...]:
        """Return what one role or user needs."""
        return tuple(self._by_principal.get(principal, ()))

    @cached_property
    def _by_principal(self) -> Mapping[str, list[Need]]:
        found: dict[str, list[Need]] = defaultdict(list)
        for need in self.all:
            found[need.principal].append(need)
        return found

    def on(self, key: str) -> tuple[Need, ...]:
        """Return who needs a key."""
        return tuple(one for one in self.all if one.key == key)

    def _of(self, account: Account) -> Iterator[Need]:
        keys = {one.arn: one for one in self._landscape.keys}
        parties = self._access.identities.parties
        for thing in account.resources:
            for arn, whose in keys_of(account, thing):
                made = keys.get(arn)
                if made is None or _is_of_aws(account, arn):
                    continue
                for access in ACCESSES:
                    if access.kind == thing.kind:
                        # Whom its own policy admits needs none of his own.
                        some = parties if isinstance(thing.policy, dict) else self._candidates(access, thing)
                        yield from self._needs(access, thing, whose, made, some)

    def _candidates(self, access: Access, thing: Resource) -> tuple[Party, ...]:
        """Return whoever has a statement that may be about a thing: all others need not be asked one by one."""
        if access.action not in self._named:
            named: dict[str, dict[Party, None]] = defaultdict(dict)
            for party in self._access.identities.parties:
                for name in _names(party.policies, access.action):
                    named[name][party] = None
            self._named[access.action] = named
        named = self._named[access.action]
        return tuple({**named.get(_asked(thing), {}), **named.get(_ANY, {})})

    def _needs(
        self, access: Access, thing: Resource, whose: str, made: LandscapeKey, parties: tuple[Party, ...]
    ) -> Iterator[Need]:
        for party in parties:
            may = self._may(party, access, thing)
            if may is not False:
                can = self._can(party, access, thing, made)
                yield Need(party.principal, made.arn, whose, thing.arn, access.kms, may, can)

    def _may(self, party: Party, access: Access, thing: Resource) -> Verdict:
        arn = _asked(thing)
        own = self._policies(party.policies, access.action, arn)
        if own is not False and party.boundary is not None:
            own = all_of((own, self._policies((party.boundary,), access.action, arn)))
        return any_of((own, self._admitted(party, access, thing)))

    def _admitted(self, party: Party, access: Access, thing: Resource) -> Verdict:
        """Whether the policy of the thing itself names somebody of its account, who then needs no other."""
        if not isinstance(thing.policy, dict) or party.caller.account not in thing.arn.split(":"):
            return False
        if thing.arn not in self._own:
            self._own[thing.arn] = parse_key_policy(thing.policy, name=f"policy of {thing.arn}", lenient=True)
        return any_of(
            all_of((one.actions.matches_action(access.action), None if one.conditions else True))
            for one in self._own[thing.arn].statements
            if one.effect is Effect.ALLOW and one.principals.reach(party.caller) >= Reach.ROLE
        )

    def _policies(self, policies: tuple[Policy, ...], action: str, arn: str) -> Verdict:
        allowed = any_of(self._says(policy, action, arn, Effect.ALLOW) for policy in policies)
        if allowed is False:
            return False
        denied = any_of(self._says(policy, action, arn, Effect.DENY) for policy in policies)
        return all_of((allowed, opposite(denied)))

    def _says(self, policy: Policy, action: str, arn: str, effect: Effect) -> Verdict:
        asked = (id(policy), action, arn, effect)
        if asked not in self._verdicts:
            statements = (one for one in policy.statements if one.effect in (effect, Effect.UNKNOWN))
            self._verdicts[asked] = any_of(
                all_of(
                    (
                        None if one.effect is Effect.UNKNOWN else True,
                        one.actions.matches_action(action),
                        one.resources.matches_resource(arn, _open),
                        # What a condition asks is not known here; it holds for some request or other.
                        None if one.conditions and effect is Effect.DENY else True,
                    )
                )
                for one in statements
            )
        return self._verdicts[asked]

    def _can(self, party: Party, access: Access, thing: Resource, made: LandscapeKey) -> Verdict:
        region = made.arn.split(":")[3]
        context: dict[str, object] = {"kms:ViaService": f"{access.via}.{region}.amazonaws.com"}
        if access.context:
            context[f"kms:EncryptionContext:{access.context}"] = thing.arn
        request = Request(party.principal, access.kms, made.arn, context)  # type: ignore[arg-type]
        return decide(request, self._access.side(party, made)).allowed


# Stands for every thing.
_ANY = ""


def _asked(thing: Resource) -> str:
    """Return the ARN that is asked for; of a bucket the objects are read."""
    return f"{thing.arn}/x" if thing.kind == "bucket" else thing.arn


def _names(policies: Iterable[Policy], action: str) -> Iterator[str]:
    """Return the ARNs that statements with an action name in full, and one for all where they do not."""
    for policy in policies:
        for one in policy.statements:
            if one.effect is Effect.DENY or one.actions.matches_action(action) is False:
                continue
            written = [value.written if isinstance(value, Text) else _ANY for value in one.resources.values]
            full = one.effect is Effect.ALLOW and not one.resources.negated and all(map(_is_whole, written))
            yield from written if full else [_ANY]


def _is_whole(name: str) -> bool:
    """Tell whether a resource is one ARN: what is cut short stands for more."""
    return name.count(":") >= 5 and not any(one in name for one in "*?$")


def _open(_key: str) -> ContextValue:
    return OPEN


def keys_of(account: Account, thing: Resource) -> Iterator[tuple[str, str]]:
    """Return the ARNs of the keys that a thing is under, each with what of it is."""
    whole = f"{thing.kind} {thing.name}"
    for name, whose in ((thing.key, whole), *((one, f"older versions of {whole}") for one in thing.older)):
        arn = key_named(account, name, thing) if name else None
        if arn is not None:
            yield arn, whose


def key_named(account: Account, name: str, thing: Resource) -> str | None:
    """Return the ARN of the key that a service names by ARN, id or alias; None where it is not among those read."""
    if name.startswith("arn:") and ":key/" in name:
        return name
    region = thing.arn.split(":")[3]
    alias = name.rpartition(":")[2]
    for key in account.keys:
        if region in ("", key.region) and (key.id == name or alias in key.aliases):
            return key.arn
    return None


def _is_of_aws(account: Account, arn: str) -> bool:
    return any(one.arn == arn and one.manager == "AWS" for one in account.keys)


def is_alias(name: str | None) -> bool:
    """Tell whether a service names a key by an alias of a customer."""
    return name is not None and "alias/" in name and "alias/aws/" not in name
