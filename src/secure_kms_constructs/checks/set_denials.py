"""The rule on a Deny that takes in what it does not name."""

from __future__ import annotations

from collections.abc import Iterator

from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.templates.organization import POLICY, policy_of

from .context import Context
from .documents import Document, Written, plain
from .examples import ROOT, allow, keyed
from .findings import Found, Severity
from .naming import absent
from .rule import Rule

# Of the keys that hold several values at once, those that a request for a key may have none of.
_WITHOUT = {
    "kms:resourcealiases": "every key without an alias",
    "kms:encryptioncontextkeys": "every request without an encryption context",
}


def _statements(context: Context) -> Iterator[Written]:
    yield from (one for one in context.statements if not one.mistake)
    for resource in context.of_types(POLICY):
        content = plain(resource.properties.get("Content"))
        yield from Document(policy_of(resource), resource, "Properties.Content", content).statements


def _too_many(context: Context) -> Iterator[Found]:
    for one in _statements(context):
        for condition in one.statement.conditions:
            operator, key = condition.operator.lower(), condition.key.lower()
            if not operator.startswith("forallvalues:") or "not" in operator or one.denies is False:
                continue
            if not key:
                yield one.found(f"may also deny what has no value: {condition.values[0]}", "Condition", undecided=True)
            elif key in _WITHOUT and not _asks_for_one(one, condition):
                may = "may deny" if one.denies is None else "denies"
                message = f"{may} {_WITHOUT[key]} too: ForAllValues holds where {condition.key} has no value"
                yield one.found(message, "Condition", undecided=one.denies is None)


def _asks_for_one(one: Written, condition: Condition) -> bool:
    """Tell whether another condition does not hold where there is no value."""
    beside = (it for it in one.statement.conditions if it is not condition and it.key.lower() == condition.key.lower())
    return any(it.matches(absent) is False for it in beside)


def _denying(operator: str) -> dict[str, object]:
    keeps = allow("*", "kms:ScheduleKeyDeletion", {operator: {"kms:ResourceAliases": "alias/prod/*"}}, Effect="Deny")
    return keyed(keeps, allow(ROOT, "kms:DescribeKey"))


RULES = (
    Rule(
        id="KLP307",
        name="deny-without-values",
        title="A Deny with ForAllValues that also denies what has none of the values",
        severity=Severity.ERROR,
        controls=("ours",),
        why="ForAllValues holds where there is no value at all. A published policy that keeps keys with some aliases "
        "from deletion keeps every key without an alias from it too, so stacks cannot be rolled back.",
        fix="Write ForAnyValue, or add Null false on the same condition key.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/"
        "reference_policies_condition-single-vs-multi-valued-context-keys.html",
        broken=_denying("ForAllValues:StringLike"),
        clean=_denying("ForAnyValue:StringLike"),
        check=_too_many,
    ),
)
