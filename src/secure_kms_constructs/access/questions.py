"""One question, whether a principal may do something with a key, and what the answer may depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from secure_kms_constructs.aws.condition_keys import KMS_CONDITION_KEYS, TAGGING_CONDITION_KEYS
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS, SERVICE_CALL_KEYS
from secure_kms_constructs.policies import Request, Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.evaluation import Policies, covers, is_allowed
from secure_kms_constructs.policies.patterns import ContextValue
from secure_kms_constructs.policies.principals import Kind
from secure_kms_constructs.policies.verdicts import Verdict

from .candidate_values import Atom, atoms_of, candidates
from .links import Links, links_of, names_in, names_of, resource_variables
from .value_classes import Domain, is_multivalued, multivalued, single_valued

VIA = "kms:viaservice"
ENCRYPTION_CONTEXT = "kms:encryptioncontext:"

VIA_ANY = "aws:viaawsservice"
OPEN = Unknown("any value")
# What principal and key tell of a request, so that nothing of it is left open.
TOLD = frozenset(
    {
        *("aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice"),
        *("aws:principalservicename", "aws:principalservicenameslist", "aws:resourceaccount", "aws:username"),
        "kms:calleraccount",
    }
)
# A service principal is in no organization:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgid
_OF_MEMBERS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
_OF_SERVICE_CALLS = frozenset(key.lower() for key in SERVICE_CALL_KEYS.value)
# The actions whose requests may have a condition key, of the keys that not all have.
_WITH_KEY = {
    key: frozenset(map(str.lower, actions))
    for key, actions in {**KMS_CONDITION_KEYS.value, **TAGGING_CONDITION_KEYS.value}.items()
}
WITH_ENCRYPTION_CONTEXT = frozenset(action.lower() for action in ENCRYPTION_CONTEXT_ACTIONS.value)


@dataclass(frozen=True, eq=False)
class Side:
    """Who asks for which key, and the policies that decide.

    :param told: condition keys, in lower case, that neither the principal's ARN nor the key's tells.
    """

    principal: str
    key: str
    policies: Policies
    told: Mapping[str, ContextValue] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region of the key."""
        return self.key.split(":")[3]

    @property
    def account(self) -> str:
        """The account of the key."""
        return self.key.split(":")[4]


@dataclass(eq=False)
class Question:
    """Whether a principal may do something with a key.

    :param action: the KMS action.
    :param sides: one; several where their answers are compared.
    :param given: condition keys, in lower case, whose values are not left open.
    """

    action: str
    sides: tuple[Side, ...]
    given: Mapping[str, ContextValue] = field(default_factory=dict)
    _domains: dict[str, Domain | None] = field(default_factory=dict)

    def requests(self, context: Mapping[str, ContextValue]) -> tuple[Request, ...]:
        """Return the request that it is with a context, for each side."""
        context = {**self.given, **context}
        if isinstance(context.get(VIA), str) and VIA_ANY in context:
            context = {**context, VIA_ANY: "true"}
        return tuple(Request(side.principal, self.action, side.key, {**side.told, **context}) for side in self.sides)

    def verdicts(self, context: Mapping[str, ContextValue]) -> tuple[Verdict, ...]:
        """Return the answer of each side; keys that the context does not have are open."""
        requests = self.requests({**dict.fromkeys(self.open_keys, OPEN), **context})
        return tuple(is_allowed(request, side.policies) for request, side in zip(requests, self.sides, strict=True))

    @cached_property
    def open_keys(self) -> tuple[str, ...]:
        """The condition keys, in lower case, that the answer may depend on, the most telling first."""
        keys = {key for statement in self._statements for key in self._keys_of(statement)}
        return tuple(sorted(keys, key=_rank))

    def next_key(self, context: Mapping[str, ContextValue]) -> str | None:
        """Return the open key to look at next, given the values of some; None where no other makes a difference."""

        def given(key: str) -> ContextValue:
            return self._given(context, key)

        doubtful: set[str] = set()
        for statement in self._statements:
            verdicts = [one.matches(given) for one in statement.conditions]
            resource = [statement.resources.matches_resource(side.key, given) for side in self.sides]
            if False in verdicts or all(one is False for one in resource):
                continue
            doubts = (one for one, verdict in zip(statement.conditions, verdicts, strict=True) if verdict is None)
            doubtful.update(key for condition in doubts for key in self._keys_in(condition))
            if None in resource:
                doubtful.update(key.lower() for key in resource_variables(statement))
        return next(
            (key for key in self.open_keys if key in doubtful and key not in context and self.domain(key)), None
        )

    def domain(self, key: str) -> Domain | None:
        """Return the classes of an open key's values; None where they cannot all be told."""
        if key not in self._domains:
            self._domains[key] = self._domain(key)
        return self._domains[key]

    def values_like(self, key: str, pattern: str) -> tuple[ContextValue, ...] | None:
        """Return values that stand for all that a pattern matches; None where they cannot all be told or do not matter.

        :param key: a condition key, in lower case.
        """
        atom = Atom(pattern, "stringlike", pattern)
        domain = self._domain(key, (atom,)) if key in self.open_keys else None
        if domain is None or is_multivalued(key, self._conditions.get(key, ())):
            return None
        return tuple(one for one in domain.values if isinstance(one, str) and atom.accepts(one, self._known))

    def _domain(self, key: str, further: tuple[Atom, ...] = ()) -> Domain | None:
        if self._links.is_entangled(key):
            return None
        linked = self._links.groups.get(key, frozenset())
        conditions = self._conditions.get(key, ())
        named = {key, *linked}
        comparing = (one for other in sorted(named) for one in self._conditions.get(other, ()))
        atoms = atoms_of(one for one in comparing if one.key.lower() in named)
        literals = self._links.literals_of(key)
        atoms += (*further, *(Atom(one, "stringequals", one) for one in sorted(literals)))
        texts = candidates(key, atoms, self._known, literals=literals, copies=max(1, len(linked)))
        if texts is None:
            return None

        def matches(condition: Condition, value: ContextValue) -> Verdict:
            return condition.matches(lambda asked: self._given({key: value}, asked))

        written = self._written.get(key, key)
        if not is_multivalued(key, conditions):
            always = key == VIA_ANY
            return single_valued(
                written, texts, atoms, conditions, matches, self._known, apart=bool(linked), always=always
            )
        return None if linked else multivalued(written, texts, atoms, conditions, matches, self._known)

    @cached_property
    def _written(self) -> dict[str, str]:
        """The open keys as the policies write them."""
        named = (one for statement in self._statements for one in names_in(statement))
        return {VIA: "kms:ViaService", **{name.lower(): name for name in sorted(named, reverse=True)}}

    @cached_property
    def _first(self) -> Request:
        return self.requests({})[0]

    def _is_open(self, key: str) -> bool:
        """Tell whether a request may have a condition key, with whatever value."""
        if key in TOLD or key in self.given or (key == VIA_ANY and VIA in self.given):
            return False
        is_service = self._first.caller.kind is Kind.SERVICE
        if key in (VIA, VIA_ANY):
            # Only calls that a service makes for somebody have it.
            return not is_service
        if key in _OF_SERVICE_CALLS:
            return is_service
        if key in _OF_MEMBERS and is_service:
            return False
        if key.startswith((ENCRYPTION_CONTEXT, "kms:encryptioncontextkeys")):
            return self._first.lowered_action in WITH_ENCRYPTION_CONTEXT
        return self._first.lowered_action in _WITH_KEY.get(_base(key), (self._first.lowered_action,))

    def _known(self, key: str) -> ContextValue:
        return OPEN if self._is_open(key) else self._first.value(key)

    def _given(self, context: Mapping[str, ContextValue], key: str) -> ContextValue:
        if key in context:
            return context[key]
        if key == VIA_ANY and isinstance(context.get(VIA), str):
            return "true"
        return self._known(key)

    @cached_property
    def _statements(self) -> tuple[Statement, ...]:
        """The statements that may have a part in the answer."""
        return tuple(one for side in self.sides for one in self._statements_of(side))

    def _statements_of(self, side: Side) -> Iterator[Statement]:
        for policy in side.policies.all:
            for statement, _ in policy.about(self._first.lowered_action):
                if covers(statement, self._first.caller) is False and not statement.not_principals:
                    continue
                if statement.resources.matches_resource(side.key, self._known) is False:
                    continue
                if all(one.matches(self._known) is not False for one in statement.conditions):
                    yield statement

    @cached_property
    def _conditions(self) -> dict[str, tuple[Condition, ...]]:
        """The conditions on each open key; those on ``aws:ViaAWSService`` are on the service."""
        found: dict[str, list[Condition]] = {}
        for statement in self._statements:
            for condition in statement.conditions:
                for key in _roots(condition.key.lower()) if condition.key else ():
                    if self._is_open(key):
                        found.setdefault(key, []).append(condition)
        return {key: tuple(conditions) for key, conditions in found.items()}

    @cached_property
    def _links(self) -> Links:
        return links_of(self._statements, {side.key for side in self.sides}, self._known, self._is_open)

    def _keys_of(self, statement: Statement) -> Iterator[str]:
        yield from self._open_roots(names_in(statement))

    def _keys_in(self, condition: Condition) -> Iterator[str]:
        yield from self._open_roots(names_of(condition))

    def _open_roots(self, names: Iterable[str]) -> Iterator[str]:
        yield from (key for name in names for key in _roots(name.lower()) if self._is_open(key))


def _roots(key: str) -> tuple[str, ...]:
    """Return a key after the one that may tell it: a call that has kms:ViaService is one of a service."""
    # Not the other way round: of the services that call for somebody, not all have a name there.
    return (VIA, key) if key == VIA_ANY else (key,)


def _base(key: str) -> str:
    return ":".join(key.split("/")[0].split(":")[:2])


def _rank(key: str) -> tuple[bool, bool, str]:
    return key != VIA, not key.startswith(ENCRYPTION_CONTEXT), key
