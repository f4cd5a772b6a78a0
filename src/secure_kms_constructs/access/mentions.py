"""Whom a key policy mentions, by ARN or by pattern: what it can tell principals apart by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.patterns import ANY, Variable, literal, parse_text

from .candidate_values import base_of
from .links import names_of, resource_variables
from .pattern_texts import Pattern, matches

_ACCOUNT = re.compile(r"\d{12}")
_ACCOUNT_OF_ARN = re.compile(r"arn:[\w-]+:(?:iam|sts)::(\d{12}):.+")
_ARN_OPERATORS = ("arnequals", "arnlike", "arnnotequals", "arnnotlike")
_LIKE = (*_ARN_OPERATORS, "stringlike", "stringnotlike")


@dataclass(eq=False)
class Mentions:
    """Whom a key policy tells from others.

    :param arns: ARNs of users, roles and sessions.
    :param accounts: accounts, by their ids.
    :param services: names of services.
    :param like: patterns of ARNs.
    :param services_like: patterns of names of services.
    :param types: whether it asks for the type of a principal.
    :param variables: whether it has policy variables, so that every principal may be one of its own.
    """

    arns: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    like: set[Pattern] = field(default_factory=set)
    services_like: set[Pattern] = field(default_factory=set)
    types: bool = False
    variables: bool = False

    def tell(self, principal: str) -> bool:
        """Tell whether a user or role may differ from others of its account."""
        return self.variables or principal in self.arns or any(matches(one, principal) for one in self.like)


def mentions_of(policy: Policy, grants: Iterable[Policy] = ()) -> Mentions:
    """Return whom a key policy, and grants beside it, tell from others."""
    found = Mentions()
    for statement in (one for it in (policy, *grants) for one in it.statements):
        found.services |= statement.principals.services
        _add_arns(found, statement.principals.aws)
        found.variables |= any(True for _ in resource_variables(statement))
        for condition in statement.conditions:
            found.variables |= len(names_of(condition)) > 1
            _add(found, condition)
    return found


def _add_arns(found: Mentions, texts: Iterable[str]) -> None:
    for text in texts:
        if _ACCOUNT.fullmatch(text):
            found.accounts.add(text)
        elif match := _ACCOUNT_OF_ARN.fullmatch(text):
            if not text.endswith(":root"):
                found.arns.add(text)
            if _ACCOUNT.fullmatch(match[1]):
                found.accounts.add(match[1])


def _add(found: Mentions, condition: Condition) -> None:
    key = condition.key.lower()
    found.types |= key == "aws:principaltype"
    for pattern in _patterns(condition):
        if key == "aws:principalarn" and pattern.is_plain:
            _add_arns(found, [literal(pattern.text)])
        elif key == "aws:principalarn":
            found.like.add(pattern)
        elif key in ("aws:principalaccount", "kms:calleraccount") and pattern.is_plain:
            _add_arns(found, [literal(pattern.text)])
        elif key in ("aws:principalaccount", "kms:calleraccount"):
            found.like.add(of_account(pattern.text))
        elif key == "aws:username":
            found.like.add(Pattern(f"arn:{ANY}:iam::{ANY}:user/{pattern.text}", arn=True, any_case=pattern.any_case))
        elif key == "aws:principalservicename" and pattern.is_plain:
            found.services.add(literal(pattern.text))
        elif key == "aws:principalservicename":
            found.services_like.add(pattern)


def of_account(account: str) -> Pattern:
    """Return what the ARNs of an account's principals are like."""
    return Pattern(f"arn:{ANY}:{ANY}::{account}:{ANY}", arn=True)


def _patterns(condition: Condition) -> Iterator[Pattern]:
    base = base_of(condition.operator)
    for value in condition.values:
        if isinstance(value, str) and base != "null":
            pieces = parse_text(value, variables=True).pieces
            # What a variable stands for differs by request, so it may be anything.
            text = "".join(ANY if isinstance(piece, Variable) else piece for piece in pieces)
            is_like = base in _LIKE or any(isinstance(piece, Variable) for piece in pieces)
            yield Pattern(
                text if is_like else literal(text), arn=base in _ARN_OPERATORS, any_case=base.endswith("ignorecase")
            )
