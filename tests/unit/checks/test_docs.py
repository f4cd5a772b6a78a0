"""docs/rules.md is written from the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_kms_constructs.checks import RULES, Rule
from secure_kms_constructs.checks.own_rules import OWN_RULES

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"

INTRODUCTION = """\
# Rules

Made by `pytest tests/unit/checks/test_docs.py --write-docs` from the rules themselves. Each has an example in which
it finds something and no other rule does, and one in which nothing is found; what a rule cannot tell it reports as
`info`, with the reason. [checks.md](checks.md) says how to run and acknowledge them.
"""


def page() -> str:
    table = [
        f"| [{rule.id}](#{rule.id.lower()}) | `{rule.name}` | {rule.severity.value} | {rule.title} |" for rule in RULES
    ]
    own = [f"| {rule.id} | `{rule.name}` | {rule.severity.value} | {rule.title}. {rule.fix} |" for rule in OWN_RULES]
    head = ["| Id | Name | Severity | What is wrong |", "|--|--|--|--|"]
    parts = [INTRODUCTION, *head, *table, "\n## About the checks themselves\n", *head, *own, "", *map(section, RULES)]
    return "\n".join(parts)


def section(rule: Rule) -> str:
    return "\n".join(
        [
            f"## {rule.id}\n",
            f"**{rule.title}** (`{rule.name}`, {rule.severity.value}; {', '.join(rule.controls)})\n",
            f"{rule.why}\n",
            f"{rule.fix} [Source]({rule.source})\n",
            "```diff",
            *rule.difference(),
            "```\n",
        ]
    )


def test_the_page_is_as_the_rules_are(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-docs"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "run it with --write-docs"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_difference_between_the_examples_is_shown(rule: Rule) -> None:
    lines = rule.difference()
    assert any(line.startswith(("-", "+")) for line in lines)
