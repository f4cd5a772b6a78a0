"""Parameters and pseudo parameters: what is given, what has a default, and what only a deployment tells."""

from __future__ import annotations

import uuid
from itertools import combinations

from secure_kms_constructs.policies import Unknown

from . import references
from .resolution import Resolver
from .stacks import ANY_ACCOUNT, ANY_REGION, Stack
from .texts import NO_VALUE, as_text, joined, unknown

_SSM = "AWS::SSM::Parameter::Value<"
# All lists of some members are tried, each for itself.
_MEMBERS = 3


def parameter(resolver: Resolver, stack: Stack, name: str) -> object:
    """Return the value of a parameter: as given, passed by the parent stack, or decided; a default does not tell."""
    declared = stack.section("Parameters").get(name)
    kind = declared.get("Type") if isinstance(declared, dict) else None
    if not isinstance(declared, dict) or not isinstance(kind, str):
        return unknown(f"parameter {name} of {stack.name}, which has no type")
    value = given(resolver, stack, name)
    if value is NO_VALUE:
        resolver.consulted.add(("parameter", stack.name, name))
        value = resolver.decisions.parameters.get((stack.name, name), NO_VALUE)
    if value is NO_VALUE:
        value = _default(resolver, stack, name, declared, kind)
    if kind.startswith(_SSM):
        value = references.ssm_parameter(resolver, stack, value)
    if is_list(kind):
        return [one.strip() for one in value.split(",")] if isinstance(value, str) else value
    return joined(value, ",") if isinstance(value, list) else value


def is_list(kind: str) -> bool:
    """Tell whether the value of a parameter of some type is a list."""
    return "CommaDelimitedList" in kind or "List<" in kind


def given(resolver: Resolver, stack: Stack, name: str) -> object:
    """Return the value that a parameter surely has; NO_VALUE where whoever deploys the stack chooses it."""
    if stack.parent:
        parent, logical_id = stack.parent
        passed = parent.properties(logical_id).get("Parameters")
        value = resolver.value(passed, parent)
        if isinstance(value, Unknown):
            return value
        value = value.get(name, NO_VALUE) if isinstance(value, dict) else NO_VALUE
        if value is NO_VALUE:
            # Nobody but the parent sets it.
            declared = stack.section("Parameters")[name]
            value = declared.get("Default", NO_VALUE) if isinstance(declared, dict) else NO_VALUE
        if isinstance(value, list):
            texts = [as_text(one) for one in value]
            # As a list where members are not known, which may be of any length.
            return value if None in texts else joined(value, ",")
        return as_text(value) if as_text(value) is not None else value
    if name in stack.parameters:
        text = as_text(stack.parameters[name])
        return unknown(f"parameter {name} of {stack.name}, which must be given as text") if text is None else text
    return NO_VALUE


def _default(resolver: Resolver, stack: Stack, name: str, declared: dict[str, object], kind: str) -> object:
    default = as_text(declared.get("Default"))
    if default is not None and kind.startswith(_SSM):
        # It is the name under which a stack looks something up, as the CDK writes it; nobody gives another one.
        resolver.note(None, f"parameter {name} of {stack.name} is taken to be its default, {default!r}")
        return default
    resolver.note(None, f"parameter {name} of {stack.name} is not given: what depends on it is unknown")
    return unknown(f"parameter {name} of {stack.name}")


def allowed_values(stack: Stack, name: str) -> tuple[str, ...]:
    """Return the values that a template allows for a parameter; none where it does not say."""
    match stack.section("Parameters").get(name):
        case {"Type": str(kind), "AllowedValues": list(values)} if not kind.startswith(_SSM):
            texts = [as_text(one) for one in values]
            known = tuple(dict.fromkeys(text for text in texts if text is not None)) if None not in texts else ()
            return _lists(stack, name, known) if is_list(kind) else known
    return ()


def _lists(stack: Stack, name: str, members: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lists that differ in what they hold; none where there are many, or their order may matter."""
    if len(members) > _MEMBERS or not _is_taken_whole(stack.template, name):
        return ()
    return tuple(",".join(one) for size in range(1, len(members) + 1) for one in combinations(members, size))


def _is_taken_whole(template: object, name: str) -> bool:
    """Tell whether nothing makes another value of a parameter, or passes it on."""
    pending: list[tuple[object, bool]] = [(template, True)]
    while pending:
        value, whole = pending.pop()
        if value == {"Ref": name} and not whole:
            return False
        if isinstance(value, dict):
            whole = whole and value.get("Type") != "AWS::CloudFormation::Stack"
            pending.extend(
                (one, whole and (not key.startswith("Fn::") or key == "Fn::If")) for key, one in value.items()
            )
        elif isinstance(value, list):
            pending.extend((one, whole) for one in value)
    return True


def pseudo(resolver: Resolver, stack: Stack, name: str) -> object:
    """Return the value of a pseudo parameter, a stand-in where the stack does not tell its environment."""
    place = stack.environment
    match name:
        case "AWS::NoValue":
            return NO_VALUE
        case "AWS::AccountId":
            _consult(resolver, name, stack, is_open=place.account == ANY_ACCOUNT)
            return place.account
        case "AWS::Region" | "AWS::Partition" | "AWS::URLSuffix":
            _consult(resolver, name, stack, is_open=place.region == ANY_REGION)
            return {"Region": place.region, "Partition": place.partition, "URLSuffix": place.url_suffix}[name[5:]]
        case "AWS::StackName":
            _consult(resolver, name, stack, is_open=not stack.has_known_name)
            return stack.physical_name
        case "AWS::StackId":
            _consult(resolver, name, stack, is_open=True)
            made_up = uuid.UUID(stack.scrambled("", "0123456789abcdef", 32))
            where = f"{place.region}:{place.account}"
            return f"arn:{place.partition}:cloudformation:{where}:stack/{stack.physical_name}/{made_up}"
    return unknown(f"{name} of {stack.name}")


def _consult(resolver: Resolver, name: str, stack: Stack, *, is_open: bool) -> None:
    if is_open:
        resolver.consulted.add(("pseudo", stack.name, name))
