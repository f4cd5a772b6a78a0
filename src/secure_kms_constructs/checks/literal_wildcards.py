"""A rule on wildcards that an operator takes as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.conditions import Condition

from .conditions import conditions
from .context import Context
from .examples import ACCOUNT, REGION, ROOT, VIA, allow, keyed
from .findings import Found, Severity
from .rule import Rule

_EQUALS = {"stringequals", "stringequalsignorecase", "stringnotequals", "stringnotequalsignorecase"}
# ${*}, ${?} and ${$} are the signs themselves; other variables are filled in.
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_WILD = re.compile(r"[*?]")
# What whoever calls may fill with any text; the last is sent with a * in it.
# https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
_FREE = {"aws:useragent", "aws:referer"}
_SENT = {"kms:encryptioncontext:sourcearn"}


def _literal_wildcards(context: Context) -> Iterator[Found]:
    for one, condition in conditions(context):
        operator = condition.operator.lower().rpartition(":")[2].removesuffix("ifexists")
        # kms:ViaService has a rule of its own.
        if operator not in _EQUALS or condition.key.lower() in {"kms:viaservice", *_SENT}:
            continue
        for value in condition.values:
            if isinstance(value, Unknown):
                if _is_context(condition):
                    message = f"{condition.key} may have a wildcard that {condition.operator} takes as it is: {value}"
                    yield one.found(message, "Condition", undecided=True)
            elif _WILD.search(_VARIABLE.sub("", value)):
                doubt = _is_free(condition, value)
                never = "is different from every value" if "not" in operator else "is the value of no request"
                message = (
                    f"{condition.key} {value} {'perhaps ' if doubt else ''}{never}: {condition.operator} takes * and ? "
                    f"as they are, use {_with_wildcards(condition.operator)}"
                )
                yield one.found(message, "Condition", undecided=doubt, likely=True)


def _is_context(condition: Condition) -> bool:
    return condition.key.lower().startswith("kms:encryptioncontext:")


def _is_free(condition: Condition, value: str) -> bool:
    """Tell whether a value with the sign in it may be sent: no ARN, account or name has one."""
    return condition.key.lower() in _FREE or (_is_context(condition) and not value.startswith("arn:"))


def _with_wildcards(operator: str) -> str:
    return re.sub("(?i)equals(ignorecase)?", "Like", operator)


_SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/*"


def _under(operator: str) -> dict[str, object]:
    context = {operator: {"kms:EncryptionContext:SecretARN": _SECRETS}}
    equals = {**context.get("StringEquals", {}), **VIA}
    return keyed(allow(ROOT, "kms:Decrypt", {**context, "StringEquals": equals}))


RULES = (
    Rule(
        id="KLP306",
        name="literal-wildcard",
        title="A wildcard under an operator that takes it as it is",
        severity=Severity.ERROR,
        controls=("ours",),
        why="StringEquals compares * and ? as signs, and no ARN, account or name has them: an Allow does nothing, a "
        "Deny denies nothing, and with StringNotEquals it holds for everything.",
        fix="Use StringLike or ArnLike, or write the value out.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html",
        broken=_under("StringEquals"),
        clean=_under("StringLike"),
        check=_literal_wildcards,
    ),
)
