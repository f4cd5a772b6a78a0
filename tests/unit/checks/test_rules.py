"""Each rule finds its broken example alone, nothing in its clean one, and says so where it cannot tell."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.checks import RULES, Finding, Rule, Severity, find, rule_named
from secure_kms_constructs.checks.examples import ACCOUNT, REGION, ROOT, allow, keyed
from secure_kms_constructs.templates import read_templates
from tests.unit.checks.undecidable import ALWAYS_TELLS, UNDECIDABLE, with_parameter
from tests.unit.checks.variants import VARIANTS, one_of_two, two_roles

# Only the policy of a key that is not in the templates could make it right, so it is worse than unknown.
LIKELY = {"KLP505"}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.name}")


def found_in(template: Any) -> tuple[Finding, ...]:
    return find(read_templates({"Stack": template}, account=ACCOUNT, region=REGION))


@each_rule
def test_the_broken_example_is_found_by_its_rule_alone(rule: Rule) -> None:
    found = found_in(rule.broken)
    assert {one.rule for one in found} == {rule.id}, "\n".join(map(str, found))
    assert {one.severity for one in found} == {rule.severity}
    assert not any(one.undecided for one in found)
    assert all(one.path.startswith("Stack/") and one.stack == "Stack" and one.logical_id for one in found)


@each_rule
def test_nothing_is_found_in_the_clean_example(rule: Rule) -> None:
    assert [str(one) for one in found_in(rule.clean)] == []


@each_rule
def test_what_cannot_be_told_is_said_and_never_passes(rule: Rule) -> None:
    if rule.id in ALWAYS_TELLS:
        assert rule.id not in UNDECIDABLE
        return
    mine = [one for one in found_in(with_parameter(UNDECIDABLE[rule.id])) if one.rule == rule.id]
    severity = Severity.WARNING if rule.id in LIKELY else Severity.INFO
    assert [(one.severity, one.undecided) for one in mine] == [(severity, True)], "\n".join(map(str, mine))
    assert re.search(r"\b(may|perhaps)\b", mine[0].message)


def test_every_rule_has_an_example_of_each_kind() -> None:
    assert {*UNDECIDABLE, *ALWAYS_TELLS} == {rule.id for rule in RULES}


def test_ids_and_names_are_unique() -> None:
    assert [name for name, times in Counter(rule.id for rule in RULES).items() if times > 1] == []
    assert [name for name, times in Counter(rule.name for rule in RULES).items() if times > 1] == []
    assert all(
        re.fullmatch(r"KLP[1-9]\d\d", rule.id) and re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name) for rule in RULES
    )


@each_rule
def test_a_rule_says_what_why_and_where_it_is_from(rule: Rule) -> None:
    assert rule.controls
    assert rule.severity is not Severity.INFO, "what cannot be told would not stand out"
    assert rule.source.startswith("https://docs.aws.amazon.com/")
    assert all(len(text.split()) > 1 for text in (rule.title, rule.why, rule.fix))
    assert rule_named(rule.id.lower()) is rule_named(rule.name) is rule


@each_rule
def test_the_examples_of_a_rule_differ_in_little(rule: Rule) -> None:
    one, other = (json.dumps(it, indent=1, sort_keys=True).splitlines() for it in (rule.broken, rule.clean))
    assert one != other
    assert rule.broken["Resources"].keys() - {"Key"} == rule.clean["Resources"].keys() - {"Key"}  # type: ignore[attr-defined]


def test_a_rule_that_fails_is_reported_and_the_others_are_heard() -> None:
    def breaks(_context: object) -> list[Any]:
        raise KeyError("nothing here")

    first, second = RULES[0], rule_named("rotation-off")
    landscapes = read_templates({"Stack": second.broken}, account=ACCOUNT, region=REGION)
    found = find(landscapes, [replace(first, check=breaks), second])
    assert [(one.rule, one.severity) for one in found] == [("KLP001", Severity.ERROR), (second.id, second.severity)]
    assert "KLP101 (decrypt-on-all-keys) failed" in found[0].message
    assert "KeyError" in found[0].message


def test_no_rule_is_called_so() -> None:
    with pytest.raises(ValueError, match="no rule is called 'KLP999'"):
        rule_named("KLP999")


def test_what_depends_on_a_condition_says_when() -> None:
    broken = rule_named("rotation-off").broken
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Key": {
                **broken["Resources"]["Key"],  # type: ignore[index]
                "Properties": {
                    **broken["Resources"]["Key"]["Properties"],  # type: ignore[index]
                    "EnableKeyRotation": {"Fn::If": ["IsProd", True, False]},
                },
            }
        },
    }
    [found] = found_in(template)
    assert found.when == ("not Stack/IsProd",)
    assert str(found).endswith("is not rotated (when not Stack/IsProd)")


def test_what_is_not_read_is_said() -> None:
    template = {"Transform": "MyMacro", **rule_named("rotation-off").clean}
    found, *others = sorted(found_in(template), key=lambda one: one.rule)
    assert (found.rule, found.severity, found.undecided) == ("KLP004", Severity.WARNING, True)
    assert "MyMacro" in found.message
    assert {one.severity for one in others} == {Severity.INFO}


@pytest.mark.parametrize("name", ["lockout", "ineffective-grant"])
def test_whose_account_a_stack_goes_to_may_decide(name: str) -> None:
    """The policies name account 111122223333: without an environment that may be the key's own or another."""
    rule = rule_named(name)
    template = json.loads(json.dumps(rule.broken))
    whole = allow(ROOT, "kms:*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})
    template["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"].append(whole)
    elsewhere = read_templates({"Stack": template}, account="444455556666", region=REGION)
    assert {one.undecided for one in find(elsewhere, [rule])} == {False}
    nowhere = read_templates({"Stack": template}, region=REGION)
    assert {one.undecided for one in find(nowhere, [rule])} == {True}


@pytest.mark.parametrize(
    "rule, name, template, verdict", VARIANTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_line_is_drawn_where_it_should_be(rule: str, name: str, template: Any, verdict: bool | None) -> None:
    found = [one for one in found_in(template) if one.rule == rule]
    said = {not one.undecided for one in found}
    expected = {True: {True}, None: {False}, False: set()}[verdict]
    assert said == expected, f"{name}: {[str(one) for one in found]}"


def test_every_rule_that_draws_lines_has_both_sides() -> None:
    sides: dict[str, set[bool | None]] = {}
    for rule, _, _, verdict in VARIANTS:
        sides.setdefault(rule, set()).add(verdict)
    assert {rule: verdicts for rule, verdicts in sides.items() if len(verdicts) == 1} == {
        # Their other side is the clean example.
        **{rule: {True} for rule in ("KLP206",)},
        **{rule: {False} for rule in ("KLP403", "KLP404")},
    }


@pytest.mark.parametrize("region, undecided", [(REGION, False), (None, True)])
def test_where_a_log_group_goes_may_decide(region: str | None, undecided: bool) -> None:
    """The key admits CloudWatch Logs of eu-west-1: of no other region, and of an unknown one perhaps."""
    template = json.loads(json.dumps(rule_named("log-group-key").clean))
    statements = template["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"]
    statements[-1]["Principal"] = {"Service": "logs.eu-west-1.amazonaws.com"}
    statements[-1].pop("Condition")
    found = find(read_templates({"Stack": template}, account=ACCOUNT, region=region), [rule_named("log-group-key")])
    assert [one.undecided for one in found if one.rule == "KLP506"] == [undecided]


def test_who_is_admitted_by_more_patterns_than_can_be_tried_is_not_told() -> None:
    patterns = [f"arn:aws:iam::*:role/*{letter}{place}*x" for place, letter in enumerate("abcdefghijklmn")]
    statement = allow("*", "kms:GetPublicKey", {"ArnLike": {"aws:PrincipalArn": patterns}})
    found = [one for one in found_in(keyed(statement)) if one.rule == "KLP502"]
    assert [one.undecided for one in found] == [True]


@pytest.mark.parametrize(
    "restricted, why",
    [
        ("deny", "a Deny in its own policies takes it back"),
        ("boundary", "its permissions boundary does not let it"),
        ("both", "its permissions boundary and a Deny of its own take it back"),
        ("", "the key policy of Stack/Key does not admit it"),
    ],
)
def test_a_grant_without_effect_names_what_is_in_its_way(restricted: str, why: str) -> None:
    made = one_of_two("boundary" if restricted in ("boundary", "both") else "deny")
    if restricted == "both":
        made["Resources"]["No"] = one_of_two("deny")["Resources"]["No"]
    if not restricted:
        made["Resources"].pop("No")
        made["Resources"]["Key"] = two_roles()["Resources"]["Key"]
    [message] = [one.message for one in found_in(made) if one.rule == "KLP501" and "Encrypt" not in one.message]
    assert message.endswith(why)
