"""What is found about the checks themselves, beside what the rules find."""

from __future__ import annotations

from dataclasses import dataclass

from .findings import Severity

FAILED, UNFOUNDED, OVERDUE, UNREAD = "KLP001", "KLP002", "KLP003", "KLP004"


@dataclass(frozen=True)
class OwnRule:
    """A finding about the checks themselves."""

    id: str
    name: str
    title: str
    severity: Severity
    why: str
    fix: str


OWN_RULES = (
    OwnRule(
        FAILED,
        "rule-failed",
        "A rule could not be run",
        Severity.ERROR,
        "What it would have found is not known.",
        "Report it with the template, and leave the rule out until it is mended.",
    ),
    OwnRule(
        UNFOUNDED,
        "reason-without-substance",
        "An acknowledgement gives no reason that can be reviewed, or names no rule",
        Severity.ERROR,
        "Whoever reads it later cannot tell whether it still holds.",
        "Say in a sentence why it is meant so, and optionally until when: `... review by 2027-06-30`.",
    ),
    OwnRule(
        OVERDUE,
        "review-overdue",
        "An acknowledgement is past the date of its review",
        Severity.ERROR,
        "It was given for a time, and that is over.",
        "Remove what it is about, or look at it again and set a new date.",
    ),
    OwnRule(
        UNREAD,
        "not-read",
        "Something in the templates could not be read",
        Severity.INFO,
        "What it makes is not checked.",
        "Give the account and region of stacks, the values of parameters, or the templates that are missing. What may "
        "make or change keys, roles or policies is a warning; where there is no template to give (a macro, an "
        "application), acknowledge it on its resource.",
    ),
)
