"""Who can use the keys of one landscape: one app under one outcome of its templates' conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from secure_kms_constructs.policies import Policy, Unknown, parse_key_policy
from secure_kms_constructs.policies.evaluation import CROSS_ACCOUNT, Policies
from secure_kms_constructs.policies.outer import NO_OUTER, Outer
from secure_kms_constructs.policies.principals import Kind
from secure_kms_constructs.templates.landscape import Key, Landscape

from .circumstances import Answer, Region, grow, regions
from .given import choices
from .granted import Granted
from .identities import Identities
from .outsiders import Outsiders, of_any_account, with_sessions
from .parties import Party, of_mentioned
from .questions import OPEN, WITH_ENCRYPTION_CONTEXT, Question, Side

_ANSWERS: tuple[Answer, ...] = ((True,), (None,))


@dataclass(frozen=True, eq=False)
class Found:
    """When a principal can do something, and when it might.

    :param regions: the circumstances, each with True or, where it is not known, None.
    :param said: the same, to be compared.
    """

    regions: tuple[tuple[bool | None, Region], ...]
    said: object


# Each principal, what to call it, and when it can or might.
Listed = tuple[tuple[Party, str, Found], ...]


@dataclass(eq=False)
class LandscapeAccess:
    """A landscape, and what was found out about it so far."""

    landscape: Landscape
    _found: dict[object, Found] = field(default_factory=dict)
    _listed: dict[object, Listed] = field(default_factory=dict)
    _outsiders: dict[str, Outsiders] = field(default_factory=dict)
    _others: dict[str, tuple[Party, ...]] = field(default_factory=dict)
    _granted: dict[str, Granted] = field(default_factory=dict)
    _standing: dict[object, tuple[bool, tuple[tuple[Policy, frozenset[int]], ...]]] = field(default_factory=dict)

    @cached_property
    def identities(self) -> Identities:
        """The roles and users of the landscape."""
        return Identities(self.landscape.identities)

    def parties(self, key: Key) -> Iterator[Party]:
        """Everyone of whom it is asked what they may do with a key."""
        yield from self.identities.parties
        yield from self._of_key(key)

    def telling(self, key: Key) -> Iterator[Party]:
        """One of each of those who may do with a key what others may: who has nothing to do with it is asked once."""
        yield from self.identities.beside(key.arn, self._outsiders_of(key).mentions)
        yield from self._of_key(key)

    def like(self, party: Party, key: Key) -> Iterable[Party]:
        """Return those for whom one of them is asked."""
        return self.identities.alike(party, key.arn, self._outsiders_of(key).mentions)

    def called(self, name: str, key: Key) -> list[Party]:
        """Return those whom a name means.

        An account that the policy of the key does not mention is like any other.
        """
        every = list(self.parties(key))
        # Where stacks go to a place that policies name, its stand-in means that place.
        local = name
        for place, stand_in in self.landscape.places.items():
            local = local.replace(stand_in, place)
        return [one for one in every if one.is_called(name) or one.is_called(local)] or [
            one for one in every if one.outsider and one.is_called(of_any_account(local))
        ]

    def found(self, action: str, key: Key) -> Listed:
        """Ask who can do something with a key."""
        asked = list(self.telling(key))
        marks = tuple(self._mark(party, action.lower(), key) for party in asked)
        if marks not in self._listed:
            everyone = [(one, self._ask(mark, one, action, key)) for mark, one in zip(marks, asked, strict=True)]
            self._listed[marks] = tuple(self._told(everyone, key))
        return self._listed[marks]

    def side(self, party: Party, key: Key) -> Side:
        """Return a principal, a key, and the policies that decide between them."""
        return side_of(party, key, self._grants(party, key), self._outer(party, key))

    def _outer(self, party: Party, key: Key) -> Outer:
        """Return the policies of the organization that bind a principal or a key."""
        organization = self.landscape.organization
        if not organization:
            return NO_OUTER
        return Outer(
            organization.get(party.caller.account or "", NO_OUTER).scps,
            self._rcps(key),
        )

    def _rcps(self, key: Key) -> tuple[Policy, ...]:
        # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
        return () if key.of_aws else self.landscape.organization.get(key.arn.split(":")[4], NO_OUTER).rcps

    def _around(self, key: Key) -> tuple[Policy, ...]:
        """Return the policies of the organization that may bind somebody who asks for a key."""
        organization = self.landscape.organization
        scps = (scp for outer in organization.values() for scp in outer.scps)
        return (*dict.fromkeys(scps), *self._rcps(key))

    def _grants(self, party: Party, key: Key) -> tuple[Policy, ...]:
        if not key.grants:
            return ()
        if key.arn not in self._granted:
            self._granted[key.arn] = Granted(key.grants)
        return self._granted[key.arn].to(party.caller)

    def _told(self, everyone: list[tuple[Party, Found]], key: Key) -> Iterator[tuple[Party, str, Found]]:
        """Call those alike by one name, and leave out who is implied by others."""
        alike: dict[str, list[object]] = {}
        for party, found in everyone:
            for name in (party.name, party.general):
                alike.setdefault(name or "", []).append(found.said)
        told = set()
        for party, found in everyone:
            if not found.regions or any(set(alike.get(other, ())) == {found.said} for other in party.unless):
                continue
            same = alike.get(party.general or "", [])
            name = party.general if party.general and len(same) > 1 and len(set(same)) == 1 else party.name
            if not party.outsider:
                for one in self.like(party, key):
                    yield one, one.name, found
            elif name not in told:
                told.add(name)
                yield party, name, found

    def _outsiders_of(self, key: Key) -> Outsiders:
        if key.arn not in self._outsiders:
            self._outsiders[key.arn] = Outsiders(key.arn, key.policy, key.grants, self._around(key))
        return self._outsiders[key.arn]

    def _of_key(self, key: Key) -> tuple[Party, ...]:
        """Those whom the key policy names and no template makes, and the outsiders."""
        if key.arn not in self._others:
            outsiders = self._outsiders_of(key)
            missing = (
                of_mentioned(one, self.identities.parties) for one in self.identities.missing(outsiders.mentions)
            )
            named = tuple(one for one in missing if one is not None)
            users = (one for one in (*self.identities.near(key.arn, outsiders.mentions), *named) if one.is_user)
            sessions = (session for user in users for session in outsiders.sessions_of(user))
            self._others[key.arn] = (*named, *sessions, *outsiders.parties)
        return self._others[key.arn]

    def ask(self, party: Party, action: str, key: Key, given: Mapping[str, list[Any]] | None) -> Found:
        """Ask when one of the parties can do something with a key, where some of the request is given."""
        if given is None:
            return self._ask(self._mark(party, action.lower(), key), party, action, key)
        side = self.side(party, key)
        return _found(Question(action, (side,), one) for one in choices(Question(action, (side,)), given))

    def _ask(self, mark: object, party: Party, action: str, key: Key) -> Found:
        if mark not in self._found:
            self._found[mark] = _found([Question(action, (self.side(party, key),))])
        return self._found[mark]

    def _mark(self, party: Party, lowered: str, key: Key) -> object:
        """What the answer depends on: principals and actions with the same mark have the same answer."""
        if (party, key.arn) not in self._standing:
            self._standing[party, key.arn] = (self._is_told(party, key), tuple(_relevant(party, key.arn)))
        is_told, relevant = self._standing[party, key.arn]
        own = tuple(
            (policy, one.index, named)
            for policy, places in relevant
            for one, named in policy.about(lowered)
            if one.index in places
        )
        caller = party.caller
        return (
            key.arn,
            tuple((statement.index, named) for statement, named in key.policy.about(lowered)),
            tuple(
                (grant, one.index, named) for grant in self._grants(party, key) for one, named in grant.about(lowered)
            ),
            tuple(
                (policy, one.index, named)
                for policy in self._outer(party, key).all
                for one, named in policy.about(lowered)
            ),
            lowered in WITH_ENCRYPTION_CONTEXT,
            caller.account == key.arn.split(":")[4] or lowered in CROSS_ACCOUNT,
            party if own or party.boundary or party.untold or is_told else (caller.kind, caller.account),
            own,
        )

    def _is_told(self, party: Party, key: Key) -> bool:
        user_or_role = party.caller.kind in (Kind.ROLE, Kind.USER)
        return not user_or_role or self._outsiders_of(key).mentions.tell(party.principal)


def side_of(party: Party, key: Key, grants: tuple[Policy, ...] = (), outer: Outer = NO_OUTER) -> Side:
    """Return a principal, a key, and the policies that decide between them.

    :param grants: those of the key that may be to the principal.
    """
    policy = _as_told(party, key.policy)
    if party.session_of or (party.outsider and party.caller.kind is Kind.FEDERATED):
        session = party.session_of, party.principal
        policy, grants = with_sessions(policy, *session), tuple(with_sessions(one, *session) for one in grants)
    policies = Policies(policy, party.policies, party.boundary, grants, outer=outer)
    return Side(party.principal, key.arn, policies, party.told)


def _found(questions: Iterable[Question]) -> Found:
    found = []
    for question in questions:
        tree = grow(question)
        found += [(answer[0], region) for answer in _ANSWERS for region in regions(question, tree, answer)]
    return Found(tuple(found), tuple((allowed, region.constraints) for allowed, region in found))


def _as_told(party: Party, policy: Policy) -> Policy:
    """Return the policy of a key, unknown where it cannot be told what it says of somebody."""
    if party.untold:
        return parse_key_policy(Unknown(party.untold), name=policy.name)
    if not party.doubt:
        return policy
    # Nobody may do more than whoever is not there.
    perhaps = {"Effect": "Deny", "Principal": {"AWS": Unknown(party.doubt)}, "Action": "kms:*", "Resource": "*"}
    denied = parse_key_policy({"Statement": perhaps}).statements
    return Policy(policy.name, True, (*policy.statements, *denied))


def _relevant(party: Party, key: str) -> Iterator[tuple[Policy, frozenset[int]]]:
    """The policies of a party with the places of the statements that may be about a key."""
    for policy in (*party.policies, *((party.boundary,) if party.boundary else ())):
        statements = (one for one in policy.statements if one.resources.matches_resource(key, _open) is not False)
        if places := frozenset(one.index for one in statements):
            yield policy, places


def _open(_key: str) -> Unknown:
    return OPEN
