"""Policies on their own in files: what kind each is, and what a generator has left open in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from secure_kms_constructs.aws.arns import KEY_ARN
from secure_kms_constructs.checks import Finding
from secure_kms_constructs.templates.loading import Template

# A policy variable is a condition key, which has a colon, or one of the characters that have a meaning.
_PLACEHOLDER = re.compile(r"\$\{([^}:*?$]+)\}")

# The rule on resources of a key policy that are not its key.
_OTHER_RESOURCE = "KLP208"


def names_its_key(finding: Finding) -> bool:
    """Tell whether a finding is about the ARN of a key that may be the one whose policy is in the file."""
    return finding.rule == _OTHER_RESOURCE and bool(re.fullmatch(KEY_ARN, finding.evidence))


def is_resource_control_policy(document: Template) -> bool:
    """Tell whether a policy denies everybody actions of several services, as those of organizations do and no key's.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
    """
    statements = statements_of(document)
    only_denies = bool(statements) and all(
        one.get("Effect") == "Deny" and one.get("Principal") in ("*", {"AWS": "*"}) for one in statements
    )
    return only_denies and len({service for one in statements for service in _services(one)}) > 1


def statements_of(document: Template) -> list[Mapping[str, object]]:
    """Return the statements of a policy; what is none is left out."""
    listed = document["Statement"]
    return [one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)]


def _services(statement: Mapping[str, object]) -> Iterator[str]:
    actions = statement.get("Action", ())
    for action in actions if isinstance(actions, list) else [actions]:
        if isinstance(action, str) and ":" in action:
            yield action.partition(":")[0].lower()


def as_template(kind: str, properties: Mapping[str, object]) -> dict[str, object]:
    """Return a template of one policy, in which what a generator fills in later is a parameter without a value."""
    parameters: dict[str, str] = {}
    resource = {"Type": kind, "Properties": _left_open(properties, parameters)}
    template: dict[str, object] = {"Resources": {"Policy": resource}}
    if parameters:
        template["Parameters"] = {name: {"Type": "String"} for name in parameters.values()}
    return template


def _left_open(value: object, parameters: dict[str, str]) -> object:
    if isinstance(value, Mapping):
        return {name: _left_open(inner, parameters) for name, inner in value.items()}
    if isinstance(value, list):
        return [_left_open(inner, parameters) for inner in value]
    if isinstance(value, str) and (match := _PLACEHOLDER.search(value)):
        name = re.sub(r"[^A-Za-z0-9]", "", match[1]) or "Placeholder"
        return {"Ref": parameters.setdefault(match[1], name)}
    return value
