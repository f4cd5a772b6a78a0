"""What a check finds, and how bad it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.templates.landscape import Source

# From here on a location changes when a statement is added before.
_STATEMENT = re.compile(r"(?:^|\.)Statement\b")


class Severity(str, Enum):
    """How bad a finding is. What a rule cannot decide is ``INFO``, and ``WARNING`` at most."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}[self]


@dataclass(frozen=True)
class Found:
    """What the function of a rule yields.

    :param source: the resource it is about; None for what is about all that was read.
    :param location: the place in the resource, such as ``Properties.KeyPolicy.Statement[2]``.
    :param message: what is wrong there; of an undecided one, what cannot be told and why.
    :param evidence: the part of the template that says so.
    :param undecided: whether the rule cannot tell.
    :param likely: whether an undecided one is so unless a policy that is not in the templates says otherwise.
    :param harmless: whether it is so, and nothing that matters is lost.
    """

    source: Source | None
    location: str
    message: str
    evidence: str = ""
    undecided: bool = False
    likely: bool = False
    harmless: bool = False


@dataclass(frozen=True)
class Finding:
    """Something that a rule found, or could not decide.

    :param rule: the id of the rule.
    :param path: the construct path, ``<stack>/<logical id>`` where the template names none.
    :param stack: the stack; one nested in another is ``<stack>/<logical id>``.
    :param logical_id: the resource in the template of the stack.
    :param location: the place in the resource, such as ``Properties.KeyPolicy.Statement[2]``.
    :param evidence: the part of the template that says so.
    :param when: the conditions of the templates under which it is so, any one of them; empty where always.
    :param undecided: whether the rule could not tell.
    :param metadata: the ``Metadata`` of the resource, where acknowledgements and exceptions stand.
    """

    rule: str
    severity: Severity
    path: str
    stack: str
    logical_id: str
    location: str
    message: str
    evidence: str = ""
    when: tuple[str, ...] = ()
    undecided: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprint(self) -> tuple[str, str, str, str]:
        """What stays the same while statements move: rule, construct path, and message without the place."""
        return self.rule, self.path, _STATEMENT.split(self.location)[0], self.message

    @property
    def said(self) -> str:
        """The message, with what a terminal or a log would obey written out."""
        return one_line(self.message)

    def __repr__(self) -> str:
        return f"<Finding {self}>"

    def __str__(self) -> str:
        place = " ".join(one for one in (self.path or "templates", self.location) if one)
        when = f" (when {' or '.join(self.when)})" if self.when else ""
        return one_line(f"{self.severity.value} {self.rule} {place}: {self.message}{when}")
