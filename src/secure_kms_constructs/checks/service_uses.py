"""What in a landscape needs which key, by the catalogue: for rules on what services and roles may do with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Need, Who
from secure_kms_constructs.templates.landscape import Key, Resource

from .context import Context

_PARTS = {"aws-cn": "amazonaws.com.cn"}


class Use(NamedTuple):
    """One need of a key: by the resource that has it, or by another that leads to one that has it."""

    resource: Resource
    place: str
    need: Need
    made: Key
    target: Resource | None

    @property
    def whose(self) -> str:
        """How messages call the key."""
        return f"the key of {self.target.source.path}" if self.target else "the key"


def uses(context: Context, who: Who) -> Iterator[Use]:
    """Yield what needs a key that a template makes, in one way."""
    under = {}
    for resource in context.landscape.resources:
        for path in catalogue.key_paths(resource.type):
            for place, value in values_at(resource.properties, path.split("/"), "Properties"):
                made = context.key_named(value, resource) if isinstance(value, str) else None
                if not isinstance(made, Key) or made.source is None:
                    continue
                under[id(resource)] = resource, made
                for need in catalogue.needs_of(resource.type, path):
                    if need.who is who and _holds(need, resource, place):
                        yield Use(resource, place, need, made, None)
    for resource in context.landscape.resources:
        for need in catalogue.edges_from(resource.type):
            if need.who is not who:
                continue
            for path in need.paths:
                for place, value in values_at(resource.properties, path.split("/"), "Properties"):
                    for target, made in under.values() if _holds(need, resource, place) else ():
                        if target.type in need.leads_to and leads_to(value, target):
                            yield Use(resource, place, need, made, target)


def values_at(value: object, parts: list[str], place: str) -> Iterator[tuple[str, object]]:
    """Yield what stands at a property path, ``*`` for each member of a list or map, and where that is."""
    if not parts:
        yield place, value
    elif parts[0] == "*" and isinstance(value, dict):
        for name, one in value.items():
            yield from values_at(one, parts[1:], f"{place}.{name}")
    elif parts[0] == "*" and isinstance(value, list):
        for number, one in enumerate(value):
            yield from values_at(one, parts[1:], f"{place}[{number}]")
    elif isinstance(value, dict) and parts[0] in value:
        yield from values_at(value[parts[0]], parts[1:], f"{place}.{parts[0]}")


def _holds(need: Need, resource: Resource, place: str) -> bool:
    """Tell whether what a row depends on is so."""

    return catalogue.holds(need, lambda path: _beside(resource, path, place))


def leads_to(value: object, target: Resource) -> bool:
    """Tell whether a text names a resource: its ARN, alone or before a path in it, the URL of a queue, or a bucket.

    The definition of a state machine, as a text or as an object, names many.
    """
    if target.arn is None:
        return False
    name = target.arn.rpartition(":")[2]
    url = filled(f"https://sqs.{{region}}.{{suffix}}/{{account}}/{name}", target)
    # What cannot be told in a definition names nothing for certain.
    text = json.dumps(value, default=str) if isinstance(value, dict) else value
    if not isinstance(text, str):
        return False
    if text.lstrip().startswith("{"):
        return any(re.search(rf"{re.escape(one)}(?![\w.:/-])", text) for one in (target.arn, url))
    hosts = (f"{name}.s3.amazonaws.com", filled(f"{name}.s3.{{region}}.{{suffix}}", target))
    return text.startswith(f"{target.arn}/") or text in (target.arn, url, name, *hosts)


def filled(text: str, resource: Resource) -> str:
    """Return a text of the catalogue with the place of a resource filled in."""
    places = {
        "partition": resource.partition,
        "region": resource.region,
        "account": resource.account,
        "suffix": _PARTS.get(resource.partition, "amazonaws.com"),
    }
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text


def name_of(use: Use) -> str:
    """Return the name of a resource, or of the one whose ARN tells whose it is; empty where it is not known."""
    named = use.resource.properties.get(use.need.named_by)
    return re.sub("arn:.*[:/]", "", named) if isinstance(named, str) else ""


def contexts_of(use: Use) -> dict[str, str]:
    """Return the encryption contexts that are sent, by condition key; those alone whose whole value is known."""
    values = {f"kms:EncryptionContext:{key}": filled(value, use.resource) for key, value in use.need.context}
    named = {key: value.replace("{name}", name_of(use) or "*") for key, value in values.items()}
    return {key: value for key, value in named.items() if "*" not in value}


def value_beside(use: Use) -> object:
    """Return what the property holds that names the role of a use: of the same member of a list."""
    return _beside(use.resource, use.need.principal, use.place)


def _beside(resource: Resource, path: str, at: str) -> object:
    """Return what a property holds, of the same member of a list as another one."""
    steps = re.findall(r"\w+", at)[1:]
    value: object = resource.properties
    beside = True
    for place, part in enumerate(path.split("/")):
        beside = beside and place < len(steps)
        if part == "*" and isinstance(value, list):
            number = int(steps[place]) if beside and steps[place].isdigit() else 0
            value = value[number] if number < len(value) else None
        else:
            beside = beside and steps[place] == part
            value = value.get(part) if isinstance(value, dict) else None
    return value


def as_json(statement: object) -> str:
    """Return a statement as one line to paste."""
    return json.dumps(statement)
