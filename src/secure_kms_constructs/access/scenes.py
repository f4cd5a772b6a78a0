"""One landscape, asked who can use its keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from secure_kms_constructs.policies import Policy, Unknown
from secure_kms_constructs.policies.evaluation import CROSS_ACCOUNT, Policies
from secure_kms_constructs.policies.principals import Kind
from secure_kms_constructs.templates.landscape import Key, Landscape

from .outsiders import Outsiders
from .parties import Party, of_identity, of_mentioned
from .questions import OPEN, WITH_ENCRYPTION_CONTEXT, Question, Side
from .regions import Answer, Region, grow, regions

# Circumstances under which something is allowed, and those under which it is not known.
Found = tuple[tuple[bool | None, Region], ...]
_ANSWERS: tuple[Answer, ...] = ((True,), (None,))


@dataclass(eq=False)
class Scene:
    """A landscape whose principals are known, and what was found out so far."""

    landscape: Landscape
    _found: dict[object, Found] = field(default_factory=dict)
    _outsiders: dict[str, Outsiders] = field(default_factory=dict)
    _others: dict[str, tuple[Party, ...]] = field(default_factory=dict)

    @cached_property
    def identities(self) -> tuple[Party, ...]:
        """The roles and users of the landscape."""
        return tuple(of_identity(one) for one in self.landscape.identities)

    @cached_property
    def by_arn(self) -> dict[str, Party]:
        """The roles and users of the landscape by their ARNs."""
        return {one.principal: one for one in self.identities}

    def outsiders(self, key: Key) -> Outsiders:
        """Return whom no template makes, as far as a key's policy tells them apart."""
        if key.arn not in self._outsiders:
            self._outsiders[key.arn] = Outsiders(key.arn, key.policy)
        return self._outsiders[key.arn]

    def parties(self, key: Key) -> tuple[Party, ...]:
        """Everyone of whom it is asked what they may do with a key."""
        if key.arn not in self._others:
            self._others[key.arn] = tuple(self._parties(key))
        return (*self.identities, *self._others[key.arn])

    def _parties(self, key: Key) -> Iterator[Party]:
        outsiders = self.outsiders(key)
        for arn in sorted(outsiders.mentions.arns - self.by_arn.keys()):
            party = of_mentioned(arn, self.identities)
            if party is not None:
                yield party
        yield from outsiders.parties

    def found(self, action: str, key: Key) -> Iterator[tuple[Party, str, Found]]:
        """Ask who can do something with a key: each principal, what to call it, and when it can or might."""
        everyone = [(party, self.ask(party, action, key)) for party in self.parties(key)]
        alike: dict[str, list[object]] = {}
        for party, found in everyone:
            for name in (party.name, party.general) if party.outsider else ():
                alike.setdefault(name or "", []).append(_said(found))
        told = set()
        for party, found in everyone:
            if not found or any(set(alike.get(other, ())) == {_said(found)} for other in party.unless):
                continue
            same = alike.get(party.general or "", [])
            name = party.general if party.general and len(same) > 1 and len(set(same)) == 1 else party.name
            if not party.outsider or name not in told:
                told.add(name)
                yield party, name, found

    def side(self, party: Party, key: Key) -> Side:
        """Return a principal, a key, and the policies that decide between them."""
        return Side(party.principal, key.arn, Policies(key.policy, party.policies, party.boundary))

    def ask(self, party: Party, action: str, key: Key) -> Found:
        """Ask when a principal can do something with a key, or might."""
        mark = self._mark(party, action, key)
        if mark not in self._found:
            self._found[mark] = _ask(Question(action, (self.side(party, key),)))
        return self._found[mark]

    def _mark(self, party: Party, action: str, key: Key) -> object:
        """What the answer depends on: principals and actions with the same mark have the same answer."""
        lowered = action.lower()
        policies = (*party.policies, *((party.boundary,) if party.boundary else ()))
        own = tuple(one for policy in policies for one in self._statements(policy, lowered, key.arn))
        caller = party.caller
        is_told = caller.kind not in (Kind.ROLE, Kind.USER) or self.outsiders(key).mentions.tell(party.principal)
        return (
            key.arn,
            tuple((statement.index, named) for statement, named in key.policy.about(lowered)),
            lowered in WITH_ENCRYPTION_CONTEXT,
            caller.account == key.arn.split(":")[4] or lowered in CROSS_ACCOUNT,
            party if own or party.boundary or is_told else (caller.kind, caller.account),
            own,
        )

    def _statements(self, policy: Policy, lowered: str, key: str) -> tuple[object, ...]:
        """The statements of an identity policy that may be about an action and a key."""
        return tuple(
            (policy, one.index, named)
            for one, named in policy.about(lowered)
            if one.resources.matches_resource(key, _open) is not False
        )


def _open(_key: str) -> Unknown:
    return OPEN


def _ask(question: Question) -> Found:
    tree = grow(question)
    return tuple((answer[0], region) for answer in _ANSWERS for region in regions(question, tree, answer))


def _said(found: Found) -> object:
    return tuple((allowed, region.constraints) for allowed, region in found)
