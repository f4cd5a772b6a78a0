"""The outcomes that the open ``Conditions`` of templates can have together; each makes a landscape of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product

from secure_kms_constructs.policies import Unknown

from .conditions import Comparison, Variable, comparisons, verdict
from .resolution import Decisions, Resolver
from .stacks import Stack
from .texts import as_text, unknown

_OUTCOMES = 64
_ASSIGNMENTS = 2_048

_Name = tuple[str, str]
_Outcome = tuple[tuple[_Name, bool], ...]
_Assignment = dict[Variable, str | None]


def worlds(resolver: Resolver, opened: Iterable[_Name]) -> tuple[list[Decisions], list[_Name]]:
    """Return the outcomes of open conditions that can be together, and the conditions that were too many.

    :param opened: conditions that matter, by stack and name.
    """
    stacks = {stack.name: stack for stack in resolver.stacks.all}
    compared = {key: list(comparisons(resolver, stacks[key[0]], key[1])) for key in sorted(set(opened))}
    domains = _domains(compared.values(), stacks)
    found: dict[_Outcome, list[_Assignment]] = {(): [{}]}
    left_out = []
    for key, variables in compared.items():
        extended = _extended(found, key, {variable for variable, _ in variables}, domains, resolver, stacks[key[0]])
        if extended is None:
            left_out.append(key)
        else:
            found = extended
    decisions = [_decisions(outcome, assignments, stacks) for outcome, assignments in found.items()]
    return decisions, left_out


def _extended(
    found: dict[_Outcome, list[_Assignment]],
    key: _Name,
    variables: set[Variable],
    domains: dict[Variable, list[str | None]],
    resolver: Resolver,
    stack: Stack,
) -> dict[_Outcome, list[_Assignment]] | None:
    """Return the outcomes with one more condition; None where they become too many."""
    extended: dict[_Outcome, list[_Assignment]] = defaultdict(list)
    made = 0
    for outcome, assignments in found.items():
        for assignment in assignments:
            more = sorted(variables - assignment.keys())
            for values in product(*[domains[variable] for variable in more]):
                made += 1
                if made > _ASSIGNMENTS:
                    return None
                whole = assignment | dict(zip(more, values, strict=True))
                holds = verdict(resolver, stack, key[1], whole)
                if holds is None:
                    return None
                extended[outcome + ((key, holds),)].append(whole)
    return extended if len(extended) <= _OUTCOMES else None


def _domains(compared: Iterable[list[Comparison]], stacks: dict[str, Stack]) -> dict[Variable, list[str | None]]:
    """Return the values to be tried of each variable: its default, what it is compared with, and another."""
    domains: dict[Variable, list[str | None]] = {}
    texts: dict[Variable, set[str]] = defaultdict(set)
    for pairs in compared:
        for variable, text in pairs:
            texts[variable].add(text)
    for variable, found in texts.items():
        allowed = _allowed(variable, stacks)
        default = _default(variable, stacks)
        known = sorted(found | ({default} if default is not None else set()))
        if allowed is None:
            domains[variable] = [*known, None]
        else:
            domains[variable] = [text for text in known if text in allowed]
            if not allowed <= set(known):
                domains[variable].append(None)
    return domains


def _decisions(outcome: _Outcome, assignments: list[_Assignment], stacks: dict[str, Stack]) -> Decisions:
    """Return an outcome with the values of parameters that it asks for, otherwise their defaults."""
    by_defaults = defaultdict(list)
    for assignment in assignments:
        by_defaults[sum(value == _default(one, stacks) for one, value in assignment.items())].append(assignment)
    closest = by_defaults[max(by_defaults)]
    parameters: dict[_Name, str | Unknown] = {}
    for variable in closest[0]:
        values = {assignment[variable] for assignment in closest}
        if variable.kind == "parameter":
            text = values.pop() if len(values) == 1 else None
            other = unknown(f"parameter {variable.name} of {variable.stack}")
            parameters[(variable.stack, variable.name)] = other if text is None else text
    return Decisions(dict(outcome), parameters)


def _default(variable: Variable, stacks: dict[str, Stack]) -> str | None:
    default, _ = _declared(variable, stacks)
    return as_text(default)


def _allowed(variable: Variable, stacks: dict[str, Stack]) -> set[str] | None:
    _, allowed = _declared(variable, stacks)
    if variable.kind == "comparison":
        return {"true", "false"}
    if not isinstance(allowed, list) or not allowed:
        return None
    texts = {as_text(one) for one in allowed}
    return {text for text in texts if text is not None} if None not in texts else None


def _declared(variable: Variable, stacks: dict[str, Stack]) -> tuple[object, object]:
    if variable.kind != "parameter":
        return None, None
    match stacks[variable.stack].section("Parameters").get(variable.name):
        case dict(declared) if not str(declared.get("Type")).startswith("AWS::SSM::"):
            return declared.get("Default"), declared.get("AllowedValues")
    return None, None


def open_conditions(resolver: Resolver) -> Iterator[_Name]:
    """Return the conditions that had a part in what a resolver without decisions found."""
    return ((stack, name) for kind, stack, name in resolver.consulted if kind == "condition")
