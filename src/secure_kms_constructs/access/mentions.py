"""Whom a key policy mentions, by ARN or by pattern: what it can tell principals apart by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.conditions import PRINCIPAL_ACCOUNT_KEYS, Condition, accounts_beside
from secure_kms_constructs.policies.documents import Statement
from secure_kms_constructs.policies.patterns import ANY, ONE, Variable, literal, parse_text

from .candidate_values import base_of
from .links import names_of, resource_variables
from .pattern_texts import NAME, NAMES, Pattern, matches

_ACCOUNT = re.compile(r"\d{12}")
_ACCOUNT_OF_ARN = re.compile(r"arn:[\w-]+:(?:iam|sts)::(\d{12}):.+")
_ARN_OPERATORS = ("arnequals", "arnlike", "arnnotequals", "arnnotlike")
_LIKE = (*_ARN_OPERATORS, "stringlike", "stringnotlike")
# What the name of a principal decides, so that a variable for it differs from one to the other.
_NAMED = ("aws:principalarn", "aws:username", *PRINCIPAL_ACCOUNT_KEYS)
# A value that is one variable or has none, and the ARN of a principal with its own account and name in their places.
_WHOLE = re.compile(r"\$\{[^}]*\}|[^$]*")
_OWN_ARN = re.compile(
    r"arn:[^$:]*:[^$:]*:[^$:]*:([^$:]*|\$\{(aws:PrincipalAccount|kms:CallerAccount)\}):([^$]*|user/\$\{aws:username\})",
    re.IGNORECASE,
)
_USER = f"arn:{ANY}:iam::{ANY}:user{ANY}/"
_WITH_PATH = Pattern(f"arn:{ANY}:iam::{ANY}:{ANY}/{ANY}/{ANY}", arn=True)


@dataclass(eq=False)
class Mentions:
    """Whom a key policy tells from others.

    :param arns: ARNs of users, roles and sessions.
    :param accounts: accounts, by their ids.
    :param beside: accounts that stand for all with a greater or a smaller number.
    :param services: names of services.
    :param like: patterns of ARNs.
    :param services_like: patterns of names of services.
    :param variables: whether it has policy variables, so that every principal may be one of its own.
    :param entangled: condition keys that are a principal's name and stand in texts so that not all who differ can be
        told.
    """

    arns: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    beside: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    like: set[Pattern] = field(default_factory=set)
    services_like: set[Pattern] = field(default_factory=set)
    variables: bool = False
    entangled: set[str] = field(default_factory=set)

    def tell(self, principal: str) -> bool:
        """Tell whether a user or role may differ from others of its account."""
        return self.variables or principal in self.arns or any(matches(one, principal) for one in self.like)


def mentions_of(policy: Policy, grants: Iterable[Policy] = ()) -> Mentions:
    """Return whom a key policy, and grants beside it, tell from others."""
    found = Mentions()
    statements = [one for it in (policy, *grants) for one in it.statements]
    conditions = [condition for statement in statements for condition in statement.conditions]
    for statement in statements:
        found.services |= statement.principals.services | statement.principals.lowered_services
        _add_arns(found, statement.principals.aws)
        found.variables |= any(True for _ in resource_variables(statement))
        _add_of_resources(found, statement)
    for condition in conditions:
        found.variables |= len(names_of(condition)) > 1
        for pattern in _patterns(condition):
            _add(found, condition.key.lower(), pattern)
        found.beside |= set(accounts_beside(condition))
        _add_compared(found, condition, conditions)
    return found


def _add_arns(found: Mentions, texts: Iterable[str]) -> None:
    for text in texts:
        if _ACCOUNT.fullmatch(text):
            found.accounts.add(text)
        elif match := _ACCOUNT_OF_ARN.fullmatch(text):
            if not text.endswith(":root"):
                found.arns.add(text)
            found.accounts.add(match[1])


def _add(found: Mentions, key: str, pattern: Pattern) -> None:
    if key == "aws:principalarn" and pattern.is_plain:
        _add_arns(found, [literal(pattern.text)])
    elif key == "aws:principalarn":
        found.like.add(pattern)
    elif key in PRINCIPAL_ACCOUNT_KEYS and pattern.is_plain:
        _add_arns(found, [literal(pattern.text)])
    elif key in PRINCIPAL_ACCOUNT_KEYS:
        found.like.add(of_account(pattern.text))
    elif key == "aws:username":
        # The name of a user is what follows the path, so no wildcard of it stands for a slash.
        name = pattern.text.replace(ANY, NAMES).replace(ONE, NAME)
        found.like.add(Pattern(f"{_USER}{name}", arn=True, any_case=pattern.any_case))
    elif key == "aws:principalservicename" and pattern.is_plain:
        found.services.add(literal(pattern.text))
    elif key == "aws:principalservicename":
        found.services_like.add(pattern)


def _add_compared(found: Mentions, condition: Condition, conditions: list[Condition]) -> None:
    """Whom a variable for a principal's name tells apart: those named like the values that it is compared with."""
    key = condition.key.lower()
    compared = {name.lower() for name in names_of(condition)}
    named = compared.intersection(_NAMED)
    if len(compared) < 2 or not named:
        return
    if key == "aws:principalarn":
        found.like.add(_WITH_PATH)
    beside = [one for one in conditions if one.key.lower() in compared and one.values != condition.values]
    is_whole = all(isinstance(value, str) and _WHOLE.fullmatch(value) for value in condition.values)
    is_own = key == "aws:principalarn" and all(_OWN_ARN.fullmatch(str(value)) for value in condition.values)
    others_are_plain = all(len(names_of(one)) == 1 for one in beside)
    if not is_own and not (is_whole and others_are_plain) and (beside or key in _NAMED):
        found.entangled.update(one.lower() for one in names_of(condition)[1:] if one.lower() in _NAMED)
    for one in (*beside, condition):
        for value in one.values:
            if isinstance(value, str) and "${" not in value and base_of(one.operator) != "null":
                for name in named:
                    _add(found, name, _pattern(one, value))


def _add_of_resources(found: Mentions, statement: Statement) -> None:
    """A variable in a resource tells those apart whose name is in the ARN of the key."""
    found.entangled |= {one.lower() for one in resource_variables(statement)}.intersection(_NAMED)


def of_account(account: str) -> Pattern:
    """Return what the ARNs of an account's principals are like."""
    return Pattern(f"arn:{ANY}:{ANY}::{account}:{ANY}", arn=True)


def shown(pattern: Pattern) -> str:
    """Return a pattern as policies write it."""
    text = pattern.text.replace(ANY, "*").replace(ONE, "?").replace(NAMES, "*").replace(NAME, "?")
    return f"aws:username {text.removeprefix(literal(_USER))}" if pattern.text.startswith(_USER) else text


def _patterns(condition: Condition) -> Iterator[Pattern]:
    if base_of(condition.operator) != "null":
        yield from (_pattern(condition, value) for value in condition.values if isinstance(value, str))


def _pattern(condition: Condition, value: str) -> Pattern:
    base = base_of(condition.operator)
    pieces = parse_text(value, variables=True).pieces
    # What a variable stands for differs by request, so it may be anything.
    text = "".join(ANY if isinstance(piece, Variable) else piece for piece in pieces)
    is_like = base in _LIKE or any(isinstance(piece, Variable) for piece in pieces)
    return Pattern(text if is_like else literal(text), arn=base in _ARN_OPERATORS, any_case=base.endswith("ignorecase"))
