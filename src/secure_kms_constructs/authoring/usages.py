"""Finds what in an app uses a key, by the catalogue: the properties that name it, and the edges that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.catalogue import Need

from .apps import App, Found, Looked, as_text, beside, referred, value_at, values_at

_ALIAS = "AWS::KMS::Alias"


class Usage(NamedTuple):
    """One need of one resource that uses a key.

    :param resource: the resource whose property leads to the key.
    :param found: the value that names the key, or the resource under it.
    :param target: the resource under the key, for an edge.
    """

    resource: Looked
    found: Found
    need: Need
    target: Looked | None

    def __str__(self) -> str:
        whose = f" with the key of {self.target.called}" if self.target else ""
        return f"{self.resource.called} ({self.resource.type}, {self.found.text}){whose}"


def names_of(app: App, key: str) -> set[str]:
    """Return what stands for a key: its path, those of its aliases, and their literal names."""
    names = {key}
    for alias in app.referring_to([key]):
        if alias.type == _ALIAS and key in referred(alias.properties.get("TargetKeyId")):
            names.add(alias.path)
            name = alias.properties.get("AliasName")
            if isinstance(name, str):
                names.add(name)
    return names


def is_named(value: Any, names: set[str]) -> bool:
    """Tell whether a value names a key, by a reference or by the name or ARN of an alias."""
    if any(path in names for path in referred(value)):
        return True
    return as_text(value).rpartition(":")[2] in names


def usages(app: App, key: str) -> Iterator[Usage]:
    """Yield what uses a key; ``key`` is the path of its resource, or of the construct of one that is imported."""
    names = names_of(app, key)
    under: dict[str, Looked] = {}
    # An alias may be named by a text that refers to nothing.
    by_text = any(name.startswith("alias/") for name in names)
    for resource in app.resources.values() if by_text else app.referring_to(names):
        for path in catalogue.key_paths(resource.type):
            for found in values_at(resource.properties, path):
                if is_named(found.value, names):
                    under[resource.path] = resource
                    holding = (
                        need for need in catalogue.needs_of(resource.type, path) if _holds(need, resource, found)
                    )
                    yield from (Usage(resource, found, need, None) for need in holding)
    leading = {**under, **_through(app, under)}
    for resource in app.referring_to(leading):
        yield from _edges(resource, leading)
        yield from _inherited(resource, under)
    yield from _named(app, under)


def _through(app: App, under: Mapping[str, Looked]) -> dict[str, Looked]:
    """Return what leads on to something under the key, as a backup plan does to its vault."""
    found = {}
    for resource in app.referring_to(under):
        paths, kind = catalogue.leads_through(resource.type) or ((), "")
        for value in (value for path in paths for value in values_at(resource.properties, path)):
            if any(it in under and under[it].type == kind for it in referred(value.value)):
                found[resource.path] = resource
    return found


def _holds(need: Need, resource: Looked, found: Found) -> bool:
    """Tell whether what a row depends on is so."""

    return catalogue.holds(need, lambda path: value_at(resource.properties, beside(path, found.steps)))


def _edges(resource: Looked, under: Mapping[str, Looked]) -> Iterator[Usage]:
    for need in catalogue.edges_from(resource.type):
        for path in need.paths:
            for found in values_at(resource.properties, path):
                for target in dict.fromkeys(referred(found.value)) if _holds(need, resource, found) else ():
                    if target in under and under[target].type in need.leads_to:
                        yield Usage(resource, found, need, under[target])


def _named(app: App, under: Mapping[str, Looked]) -> Iterator[Usage]:
    """Yield the edges that lead to something by its literal name, which refers to nothing."""
    names: dict[tuple[str, str], list[Looked]] = {}
    for target in under.values():
        name = _name_of(target)
        if name is not None:
            names.setdefault((target.type, name), []).append(target)
    for resource in app.resources.values() if names else ():
        for need in catalogue.edges_from(resource.type):
            for found in (found for path in need.paths for found in values_at(resource.properties, path)):
                if isinstance(found.value, str) and _holds(need, resource, found):
                    several = (one for kind in need.leads_to for one in names.get((kind, found.value), ()))
                    yield from (Usage(resource, found, need, one) for one in several if app.are_near(resource, one))


def _name_of(resource: Looked) -> str | None:
    """Return what a resource is called, where its template says it."""
    kind = resource.type.rpartition("::")[2]
    name = resource.properties.get("Name", resource.properties.get(f"{kind}Name"))
    return name if isinstance(name, str) else None


def _inherited(resource: Looked, under: Mapping[str, Looked]) -> Iterator[Usage]:
    if not catalogue.inherits(resource.type):
        return
    service = resource.type.split("::")[1]
    for name, value in resource.properties.items():
        for parent in dict.fromkeys(referred(value)):
            if parent in under and under[parent].type.split("::")[1] == service:
                yield Usage(resource, Found((name,), value), catalogue.inherited_need(resource.type), under[parent])
