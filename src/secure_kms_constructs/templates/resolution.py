"""Resolves the values of templates: references, intrinsic functions, conditions, dynamic references.

The recursion is here alone. What one reference or function means is told by handlers, which get the resolver as an
argument and call it for the values they need; so none of them imports another for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.verdicts import all_of

from .functions import PURE, malformed
from .landscape import Note, Source
from .stacks import Stack, Stacks
from .texts import NO_VALUE, joined

# What is open in templates: what it is, of which stack, and its name.
_Open = tuple[str, str, str]

_DYNAMIC = re.compile(r"\{\{resolve:([^{}]*)\}\}")
# How far values may lead, one into the next; each step takes about ten frames of Python's stack. Nobody's do.
_STEPS = 60
# Characters of all texts together that functions may make.
_CHARACTERS = 200_000_000


@dataclass(frozen=True)
class Decisions:
    """What is assumed about what the templates leave open.

    :param outcomes: of conditions, by stack and name.
    :param parameters: values of parameters that go with these outcomes, by stack and name.
    :param chosen: those of the parameters whose values tell this from other decisions.
    """

    outcomes: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    parameters: Mapping[tuple[str, str], str | Unknown] = field(default_factory=dict)
    chosen: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def about(self) -> frozenset[_Open]:
        """What a value depends on if it depends on these decisions, in the terms of ``Resolver.consulted``."""
        return frozenset(
            {("condition", *key) for key in self.outcomes} | {("parameter", *key) for key in self.parameters}
        )


@dataclass(frozen=True)
class _Found:
    value: object
    consulted: frozenset[_Open]
    notes: dict[Note, None]


@dataclass(frozen=True)
class Handlers:
    """What the references and functions of templates mean. Each is called with the resolver and the stack.

    :param functions: the intrinsic functions that look around in stacks, by name; called with their argument as it
        stands there.
    :param parameter: the value of a parameter, by name.
    :param pseudo: the value of a pseudo parameter, by name.
    :param name_or_arn: ``Ref`` of a resource, by logical id.
    :param attribute: ``Fn::GetAtt``, by logical id and name.
    :param verdict: whether a condition holds, by name; None where it is open.
    :param dynamic: a dynamic reference, by what stands in it.
    """

    functions: Mapping[str, Callable[[Resolver, object, Stack], object]]
    parameter: Callable[[Resolver, Stack, str], object]
    pseudo: Callable[[Resolver, Stack, str], object]
    name_or_arn: Callable[[Resolver, Stack, str], object]
    attribute: Callable[[Resolver, Stack, str, str], object]
    verdict: Callable[[Resolver, Stack, str], bool | None]
    dynamic: Callable[[Resolver, Stack, str], object]


class Resolver:
    """Resolves values under some decisions; a condition that is neither decided nor closed has both branches.

    :param base: a resolver without decisions, whose results are taken where no decision matters.
    """

    def __init__(
        self, stacks: Stacks, handlers: Handlers, decisions: Decisions | None = None, base: Resolver | None = None
    ) -> None:
        self.stacks = stacks
        self._handlers = handlers
        self.decisions = decisions or Decisions()
        # What is open in the templates and had a part in the value: conditions, parameters, and so on.
        self.consulted: set[_Open] = set()
        self.notes: dict[Note, None] = {}
        self._about = self.decisions.about
        self._base = base
        self._known: dict[Hashable, _Found] = {}
        self._steps = 0
        self._characters = 0

    def reading_with(
        self,
        *,
        name_or_arn: Callable[[Resolver, Stack, str], object],
        attribute: Callable[[Resolver, Stack, str, str], object],
    ) -> Resolver:
        """Return a resolver under the same decisions that takes ``Ref`` and ``Fn::GetAtt`` for something else."""
        handlers = replace(self._handlers, name_or_arn=name_or_arn, attribute=attribute)
        other = Resolver(self.stacks, handlers, self.decisions)
        other.notes = self.notes
        return other

    def once(self, key: Hashable, find: Callable[[], object]) -> object:
        """Return what ``find`` returns, called once; what refers to itself is unknown."""
        found = self._known.get(key) or (self._base and self._base.known(key, self._about))
        if not found:
            outer = self.consulted, self.notes
            self.consulted, self.notes = set(), {}
            self._known[key] = _Found(Unknown("a value that refers to itself"), frozenset(), {})
            value = find()
            self._known[key] = found = _Found(value, frozenset(self.consulted), self.notes)
            self.consulted, self.notes = outer
        self.consulted |= found.consulted
        self.notes |= found.notes
        return found.value

    def known(self, key: Hashable, about: frozenset[_Open]) -> _Found | None:
        """Return what was found under a key, if none of some decisions matters to it."""
        found = self._known.get(key)
        return found if found and not found.consulted & about else None

    def note(self, source: Source | None, text: str) -> None:
        """Remember something that could not be read; each once."""
        self.notes[Note(source, text)] = None

    def value(self, value: object, stack: Stack) -> object:
        """Return a value with everything resolved that can be; the rest is ``Unknown``, as narrow as possible."""
        if isinstance(value, str):
            return value if _is_plain(value) else self._dynamic(value, stack)
        if not isinstance(value, (dict, list)):
            return value
        if self._steps >= _STEPS:
            return Unknown("a reference to a reference to a reference, without end")
        self._steps += 1
        try:
            if isinstance(value, list):
                found = (one if _is_plain(one) else self.value(one, stack) for one in value)
                return [one for one in found if one is not NO_VALUE]
            return self._object(value, stack)
        finally:
            self._steps -= 1

    def ref(self, name: object, stack: Stack) -> object:
        """``Ref``: of a pseudo parameter, a parameter or a resource."""
        if not isinstance(name, str):
            return malformed("Ref")
        if name.startswith("AWS::"):
            return self._handlers.pseudo(self, stack, name)
        if name in stack.section("Parameters"):
            return self.once(("parameter", stack.name, name), lambda: self._handlers.parameter(self, stack, name))
        return self.once(("ref", stack.name, name), lambda: self._handlers.name_or_arn(self, stack, name))

    def attribute(self, logical_id: str, name: str, stack: Stack) -> object:
        """``Fn::GetAtt``."""
        key = ("attribute", stack.name, logical_id, name)
        return self.once(key, lambda: self._handlers.attribute(self, stack, logical_id, name))

    def condition(self, name: object, stack: Stack) -> bool | None:
        """Return whether a condition holds; None where it is open and not decided."""
        if not isinstance(name, str):
            return None
        key = (stack.name, name)
        outcome = self.decisions.outcomes.get(key)
        if outcome is None:
            closed = self.once(("condition", *key), lambda: self._handlers.verdict(self, stack, name))
            outcome = closed if isinstance(closed, bool) else None
            if outcome is not None:
                return outcome
        self.consulted.add(("condition", *key))
        return outcome

    def exists(self, logical_id: str, stack: Stack) -> bool | None:
        """Return whether the condition of a resource holds, and those of the stacks that it is nested in."""
        resource = stack.resource(logical_id)
        own = self.condition(resource["Condition"], stack) if "Condition" in resource else True
        return own if stack.parent is None else all_of((own, self.exists(stack.parent[1], stack.parent[0])))

    def text(self, parts: list[object], stack: Stack) -> object:
        """Join parts into a text, and resolve the dynamic references that come of it."""
        return self._finished(joined(parts), stack)

    def _object(self, value: dict[str, object], stack: Stack) -> object:
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self.ref(argument, stack)
            if name.startswith("Fn::"):
                return self._function(name, argument, stack)
        resolved = {}
        for name, inner in value.items():
            if name.startswith("Fn::"):
                # A macro, or a loop: its siblings are what it adds to.
                return Unknown(f"what {name} makes")
            one = inner if _is_plain(inner) else self.value(inner, stack)
            if one is not NO_VALUE:
                resolved[name] = one
        return resolved

    def _function(self, name: str, argument: object, stack: Stack) -> object:
        if name in PURE:
            return self._finished(PURE[name](self.value(argument, stack)), stack)
        if name in self._handlers.functions:
            return self._handlers.functions[name](self, argument, stack)
        return Unknown(f"what {name} returns")

    def _finished(self, value: object, stack: Stack) -> object:
        if not isinstance(value, str):
            return value
        self._characters += len(value)
        if self._characters > _CHARACTERS:
            return Unknown("more text than anybody's templates hold")
        return value if _is_plain(value) else self._dynamic(value, stack)

    def _dynamic(self, text: str, stack: Stack) -> object:
        pieces: list[object] = []
        end = 0
        for match in _DYNAMIC.finditer(text):
            pieces += [text[end : match.start()], self._handlers.dynamic(self, stack, match[1])]
            end = match.end()
        pieces.append(text[end:])
        return joined([piece for piece in pieces if piece != ""]) if end else text


def _is_plain(value: object) -> bool:
    """Tell whether a value is a text that says all, as most are; what else there is takes longer to tell."""
    return isinstance(value, str) and "{{resolve:" not in value
