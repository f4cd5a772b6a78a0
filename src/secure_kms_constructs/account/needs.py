"""Which role needs which keys, because of what it may read or write; and what of its permissions does nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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

from .calls import Answer
from .grantees import services_in
from .key_names import is_of_aws, keys_of
from .records import Account, Resource
from .snapshots import Snapshot
from .uses import ACCESSES, BY_GRANT, Access, services_of

_IDENTITIES = "iam:GetAccountAuthorizationDetails"
# Without an answer it is not known whom a thing's own policy admits.
_OWN_POLICIES = ("secretsmanager:GetResourcePolicy",)


@dataclass(frozen=True)
class Need:
    """A key that somebody needs because of a thing.

    :param principal: ARN of the role or user, the name of a service that needs it for itself, or ``any principal of
        <account>`` where it is not read who may use the thing.
    :param key: ARN of the key; what the thing calls it where no key is read.
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

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read, so that there may be more needs."""
        return tuple(dict.fromkeys(str(one) for one in self._snapshot.unread if Answer.NEEDS in one.answers))

    def _of(self, account: Account) -> Iterator[Need]:
        keys = {one.arn: one for one in self._landscape.keys}
        for thing in account.resources:
            for arn, whose in keys_of(account, thing):
                if not is_of_aws(account, arn):
                    under = _Under(account, thing, whose, arn, keys.get(arn))
                    yield from self._by_callers(under)
                    yield from self._by_services(under)

    def _by_callers(self, under: _Under) -> Iterator[Need]:
        account, thing = under.account, under.thing
        unread = account.missing(_IDENTITIES, account.account) or any(
            account.missing(one, thing.arn) for one in _OWN_POLICIES
        )
        for access in ACCESSES:
            if access.kind != thing.kind:
                continue
            # Whom its own policy admits needs none of his own.
            every = isinstance(thing.policy, dict)
            some = self._access.identities.parties if every else self._candidates(access, thing)
            for party in some:
                may = self._may(party, access, thing)
                if may is not False:
                    yield under.need(party.principal, access.kms, may, self._can(party, access, under))
            if unread:
                yield under.need(f"any principal of {account.account}", access.kms, None, None)

    def _by_services(self, under: _Under) -> Iterator[Need]:
        for service in services_of(under.account, under.thing):
            party = Party(service.principal, service.principal)
            # Which source a service names is not documented for all of them.
            asked: dict[str, ContextValue] = {"aws:SourceArn": OPEN, "aws:SourceAccount": OPEN}
            asked |= {f"kms:EncryptionContext:{name}": value for name, value in service.context}
            for action in service.actions:
                yield under.need(service.principal, action, True, self._decided(party, action, under, asked))
        prefix = BY_GRANT.get(under.thing.kind)
        if prefix:
            granted = any(_is_granted(one, prefix) for one in under.grants)
            yield under.need(f"{prefix}.amazonaws.com", "kms:Decrypt", True, granted or None)

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

    def _can(self, party: Party, access: Access, under: _Under) -> Verdict:
        region = under.arn.split(":")[3] if under.made else ""
        context: dict[str, ContextValue] = {"kms:ViaService": f"{access.via}.{region}.amazonaws.com"}
        if access.context:
            context[f"kms:EncryptionContext:{access.context}"] = under.thing.arn
        return self._decided(party, access.kms, under, context)

    def _decided(self, party: Party, action: str, under: _Under, context: Mapping[str, ContextValue]) -> Verdict:
        if under.made is None:
            return None
        request = Request(party.principal, action, under.made.arn, context)
        return decide(request, self._access.side(party, under.made)).allowed


@dataclass(frozen=True)
class _Under:
    """A thing under a key.

    :param whose: what of it is.
    :param made: None for a key that was not read.
    """

    account: Account
    thing: Resource
    whose: str
    arn: str
    made: LandscapeKey | None

    @property
    def grants(self) -> list[dict[str, Any]]:
        return next((one.grants or [] for one in self.account.keys if one.arn == self.arn), [])

    def need(self, principal: str, action: str, may: Verdict, can: Verdict) -> Need:
        return Need(principal, self.arn, self.whose, self.thing.arn, action, may, can)


def _is_granted(grant: Mapping[str, Any], prefix: str) -> bool:
    """Tell whether a grant is of a service, and lets it decrypt."""
    return "Decrypt" in grant.get("Operations", ()) and any(one.split(".")[0] == prefix for one in services_in(grant))


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
            full = not one.resources.negated and all(map(_is_whole, written))
            yield from written if full else [_ANY]


def _is_whole(name: str) -> bool:
    """Tell whether a resource is one ARN: what is cut short stands for more."""
    return name.count(":") >= 5 and not any(one in name for one in "*?$")


def _open(_key: str) -> ContextValue:
    return OPEN
