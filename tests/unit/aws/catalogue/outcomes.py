"""What becomes of each type that takes a key, under a HardenedKey beside nothing else."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from secure_kms_constructs.authoring.apps import App, Looked, Place
from secure_kms_constructs.authoring.key_requirements import Kind
from secure_kms_constructs.authoring.served_keys import Decision, KeyFacts
from secure_kms_constructs.authoring.serving import decide
from secure_kms_constructs.aws import catalogue

HERE = Place("aws", "us-east-1", "111122223333", "amazonaws.com", "arn:aws:iam::111122223333:role/deployer")
TYPES = [name for name in catalogue.resource_types() if catalogue.key_paths(name)]


def put(properties: Any, path: str, value: Any) -> None:
    """Write a value at a property path, ``*`` for a list with one member."""
    parts, node = path.split("/"), properties
    for place, part in enumerate(parts):
        made = value if place == len(parts) - 1 else [] if parts[place + 1] == "*" else {}
        if part == "*":
            node.append(made)
        else:
            node[part] = made
        node = made


def decision_for(name: str) -> Decision:
    """Return what follows from one resource of a type."""
    properties: dict[str, Any] = {}
    put(properties, catalogue.key_paths(name)[0], {"Resource": "S/Key", "Attribute": "Arn"})
    key = Looked("S/Key", "Key", "AWS::KMS::Key", "S", {"Tags": []})
    app = App({"S/Key": key, "S/It": Looked("S/It", "It", name, "S", properties)}, {"S": HERE})
    kind = Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", multi_region=False, region="us-east-1")
    return decide(app, KeyFacts("S/Key", "S", HERE, kind))


def outcome_of(name: str) -> str:
    """Return ``served``, ``refused``, ``told`` or ``silent``."""
    decision = decision_for(name)
    if decision.refusals:
        return "refused"
    if decision.provisions or decision.statements:
        return "served"
    return "told" if decision.findings else "silent"


def outcomes() -> dict[str, list[str]]:
    """Return the types by what becomes of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in TYPES:
        found[outcome_of(name)].append(name)
    return found
