"""The outcomes that open ``Conditions`` and parameters can have together; each makes a landscape of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from operator import itemgetter

from secure_kms_constructs.policies import Unknown

from .conditions import Comparison, Variable, comparisons, verdict
from .parameters import allowed_values
from .resolution import Decisions, Resolver
from .stacks import Stack
from .texts import as_text, unknown

_OUTCOMES = 64
_ASSIGNMENTS = 2_048
# More values of a parameter are not tried one by one.
_VALUES = 8

_Name = tuple[str, str]
# The outcome of a condition, or the value of a parameter.
_Outcome = tuple[tuple[_Name, bool | str], ...]
_Assignment = dict[Variable, str | None]


def worlds(
    resolver: Resolver, opened: Iterable[_Name], chosen: Iterable[_Name] = ()
) -> tuple[list[Decisions], list[_Name]]:
    """Return the outcomes that can be together, and the conditions and parameters that were too many.

    :param opened: conditions that matter, by stack and name.
    :param chosen: parameters that matter and have allowed values, by stack and name.
    """
    stacks = {stack.name: stack for stack in resolver.stacks.all}
    compared = {key: list(comparisons(resolver, stacks[key[0]], key[1])) for key in sorted(set(opened))}
    domains = _domains(compared.values(), stacks)
    found: dict[_Outcome, list[_Assignment]] = {(): [{}]}
    left_out = []
    for key in sorted(set(chosen)):
        variable = Variable("parameter", *key)
        before = domains.get(variable)
        domains[variable] = list(allowed_values(stacks[key[0]], key[1]))
        extended = _extended(found, key, {variable}, domains, itemgetter(variable))
        if extended is None:
            left_out.append(key)
            domains |= {variable: before} if before else {}
        else:
            found = extended
    for key, variables in compared.items():
        holds = partial(verdict, resolver, stacks[key[0]], key[1])
        extended = _extended(found, key, {variable for variable, _ in variables}, domains, holds)
        if extended is None:
            left_out.append(key)
        else:
            found = extended
    return [_decisions(outcome, assignments) for outcome, assignments in found.items()], left_out


def _extended(
    found: dict[_Outcome, list[_Assignment]],
    key: _Name,
    variables: set[Variable],
    domains: dict[Variable, list[str | None]],
    tell: Callable[[_Assignment], bool | str | None],
) -> dict[_Outcome, list[_Assignment]] | None:
    """Return the outcomes with one more condition or parameter; None where they become too many."""
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
                told = tell(whole)
                if told is None:
                    return None
                extended[outcome + ((key, told),)].append(whole)
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


def _decisions(outcome: _Outcome, assignments: list[_Assignment]) -> Decisions:
    """Return an outcome with the values of parameters that it asks for; what it leaves open is unknown."""
    values: dict[Variable, set[str | None]] = defaultdict(set)
    for assignment in assignments:
        for variable, text in assignment.items():
            values[variable].add(text)
    parameters: dict[_Name, str | Unknown] = {}
    for variable, found in values.items():
        if variable.kind == "parameter":
            text = next(iter(found)) if len(found) == 1 else None
            other = unknown(f"parameter {variable.name} of {variable.stack}")
            parameters[(variable.stack, variable.name)] = other if text is None else text
    outcomes = {key: value for key, value in outcome if isinstance(value, bool)}
    return Decisions(outcomes, parameters, {key: value for key, value in outcome if isinstance(value, str)})


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


def open_parameters(resolver: Resolver, deciding: Iterable[tuple[str, str, str]]) -> Iterator[_Name]:
    """Return the parameters of few allowed values that had a part in something that decides."""
    stacks = {stack.name: stack for stack in resolver.stacks.all}
    for kind, stack, name in deciding:
        if kind == "parameter" and 0 < len(allowed_values(stacks[stack], name)) <= _VALUES:
            yield stack, name
