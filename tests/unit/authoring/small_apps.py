"""Apps of a few resources as the look at synth sees them, and what is decided of a key in them."""

from __future__ import annotations

from typing import Any

from secure_kms_constructs.authoring.apps import App, Looked, Place
from secure_kms_constructs.authoring.key_requirements import Kind
from secure_kms_constructs.authoring.served_keys import Decision, KeyFacts
from secure_kms_constructs.authoring.served_statements import filled
from secure_kms_constructs.authoring.serving import decide

HERE = Place("aws", "us-east-1", "111122223333", "amazonaws.com", "arn:aws:iam::111122223333:role/deployer")
THERE = Place("aws", "us-east-1", "999999999999", "amazonaws.com", "arn:aws:iam::999999999999:role/deployer")
KEY = {"Resource": "Stack/Key", "Attribute": "Arn"}
ROOT = "arn:aws:iam::111122223333:root"
ROLE: tuple[str, dict[str, Any]] = ("AWS::IAM::Role", {})


def ref(path: str, attribute: str = "Arn") -> dict[str, str]:
    return {"Resource": f"Stack/{path}", "Attribute": attribute}


def app(other_stack: Place | None = HERE, tags: Any = (), **resources: tuple[str, dict[str, Any]]) -> App:
    """Return an app; resources whose name begins with ``Other`` are in another stack."""
    found = {"Stack/Key": Looked("Stack/Key", "Key", "AWS::KMS::Key", "Stack", {"Tags": list(tags)})}
    for name, (kind, properties) in resources.items():
        stack = "Other" if name.startswith("Other") else "Stack"
        found[f"Stack/{name}"] = Looked(f"Stack/{name}", name, kind, stack, properties)
    return App(found, {"Stack": HERE} | ({"Other": other_stack} if other_stack else {}))


def decided(the_app: App, **more: Any) -> Decision:
    kind = Kind(
        more.pop("usage", "SYMMETRIC"),
        more.pop("spec", "SYMMETRIC_DEFAULT"),
        more.pop("multi", False),
        more.pop("region", "us-east-1"),
    )
    return decide(the_app, KeyFacts("Stack/Key", "Stack", HERE, kind, **more))


def written(decision: Decision) -> list[dict[str, Any]]:
    return [filled(one, HERE) for one in decision.statements]


def said(decision: Decision) -> list[str]:
    return [name for name, _ in decision.findings]
