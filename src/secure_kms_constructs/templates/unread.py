"""What is not read may change what is read: whose policies it may add to, and which keys it may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from secure_kms_constructs.policies import Unknown

from .gaps import STACK_SET, Gap
from .passed import names_alone
from .resolution import Resolver
from .stacks import Stack

# What a resource passes on to the template that it stands for.
_PASSED = ("Parameters", "ProvisioningParameters")


class Unread:
    """What follows from the gaps in some templates.

    :param gaps: what is not read.
    """

    def __init__(self, resolver: Resolver, gaps: Iterable[Gap]) -> None:
        self._resolver = resolver
        self._names = names_alone(resolver)
        self._gaps = tuple(gaps)
        self._doubts = {stack.name: stack.doubt for stack in resolver.stacks.all}
        self._adding = [gap for gap in self._gaps if gap.changes or gap.logical_id]

    def of_stack(self, stack: str) -> Unknown | None:
        """Return why nothing in a stack is for certain; None where it is."""
        return self._doubts.get(stack)

    def of_identity(self, stack: str, account: str, name: str, *, is_given: bool) -> Unknown | None:
        """Return why somebody that a stack makes may have other policies; None where nobody else can tell the name.

        :param is_given: whether the template gives the name, so that others may know it.
        """
        changed = self.of_stack(stack)
        if changed:
            return changed
        for gap in self._adding:
            if account != gap.stack.environment.account and self._kind(gap) != STACK_SET:
                continue
            if is_given or (gap.inside and gap.stack.name == stack) or name in self._known_to(gap):
                return Unknown(gap.note.text)
        return None

    def _kind(self, gap: Gap) -> object:
        return gap.stack.resource(gap.logical_id).get("Type")

    def _known_to(self, gap: Gap) -> str | _Anything:
        if gap.logical_id not in self._texts_of(gap.stack):
            own = self._passed(gap)
            self._texts_of(gap.stack)[gap.logical_id] = _ANYTHING if own is None else f"{own}\n{self._published}"
        return self._texts_of(gap.stack)[gap.logical_id]

    def _texts_of(self, stack: Stack) -> dict[str, str | _Anything]:
        return self._texts.setdefault(stack.name, {})

    @cached_property
    def _texts(self) -> dict[str, dict[str, str | _Anything]]:
        return {}

    def _passed(self, gap: Gap) -> str | None:
        """Return all texts that a resource hands on, or that a macro finds; None where some of them are not known."""
        properties = gap.stack.properties(gap.logical_id)
        passed = [properties.get(name) for name in _PASSED] if _PASSED[0] in properties else [properties]
        own = _text(self._names.value(one, gap.stack) for one in passed)
        if own is None or gap.stack.parent is None or not (gap.changes or gap.inside):
            return own
        # It can refer to the parameters of its stack.
        parent, logical_id = gap.stack.parent
        given = _text([self._names.value(parent.properties(logical_id).get("Parameters"), parent)])
        return None if given is None else f"{own}\n{given}"

    @cached_property
    def _published(self) -> str:
        """All texts that other stacks can ask for: outputs, exported or not, and parameters of Systems Manager."""
        found: list[str] = []
        for stack in self._resolver.stacks.all:
            for declared in stack.section("Outputs").values():
                if isinstance(declared, dict):
                    found += _texts(self._resolver.value(declared.get("Value"), stack))
            for logical_id, kind, _ in stack.resources():
                if kind == "AWS::SSM::Parameter":
                    found += _texts(self._resolver.value(stack.properties(logical_id).get("Value"), stack))
        return "\n".join(found)


class _Anything:
    """Holds every text."""

    def __contains__(self, text: object) -> bool:
        return True


_ANYTHING = _Anything()


def _text(values: Iterable[object]) -> str | None:
    found: list[str] = []
    for value in values:
        if any(isinstance(one, Unknown) for one in _leaves(value)):
            return None
        found += _texts(value)
    return "\n".join(found)


def _texts(value: object) -> list[str]:
    return [one for one in _leaves(value) if isinstance(one, str)]


def _leaves(value: object) -> Iterator[object]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        else:
            yield one
