"""DocumentedSuppressions: exceptions as automation rules, for their resource and until their review."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import DocumentedSuppressions, documented_exception
from secure_kms_constructs.checks.suppressions import AUTOMATION_RULE, DocumentedException, automation_rules
from tests.synth.templates import ACCOUNT, make_role, readable, resources, template, warnings

WHY = "it decrypts the artifacts of every account of ours"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"


def one(resource: str = ROLE, day: date = date(2099, 6, 30), *rules: str) -> DocumentedException:
    return DocumentedException(resource, WHY, day, rules or ("KLP101",))


def made(stack: Stack) -> list[dict[str, Any]]:
    return list(resources(template(stack), AUTOMATION_RULE).values())


def test_the_rules_are_those_of_the_function(stack: Stack) -> None:
    DocumentedSuppressions(stack, "Suppressions", exceptions=[one(), one()])
    assert made(stack) == automation_rules([one()])
    assert len(made(stack)) == 4
    assert warnings(stack) == []


def test_what_documented_exception_returns_is_taken(stack: Stack, other_stack: Stack) -> None:
    role = make_role(other_stack, role_name="pipeline")
    decrypts = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])
    policy = iam.ManagedPolicy(other_stack, "Policy", statements=[decrypts])
    given = [documented_exception(it, WHY, "2099-06-30") for it in (role, policy)]
    assert [it.rules for it in given] == [("KLP101",), ("KLP101",)]
    DocumentedSuppressions(stack, "Suppressions", exceptions=given)
    told = {readable(it["Criteria"]["ResourceId"][0]["Value"]) for it in made(stack)}
    assert len(told) == 2
    assert all("Role" in it or "Policy" in it for it in told)
    assert all(it["Actions"][0]["FindingFieldsUpdate"]["Note"]["Text"].endswith("2099-06-30") for it in made(stack))


def test_an_imported_role_is_named_literally(stack: Stack) -> None:
    given = documented_exception(iam.Role.from_role_arn(stack, "Role", ROLE), WHY, "2099-06-30")
    assert given == one()


def test_after_its_review_a_warning_says_that_the_finding_is_back(stack: Stack) -> None:
    DocumentedSuppressions(stack, "Suppressions", exceptions=[one(day=date(2025, 6, 30)), one("arn:aws:iam::1:role/x")])
    template(stack)
    [said] = warnings(stack)
    assert said.startswith(
        f"the exception of {ROLE} has ended, and its finding is one again: {WHY}, review by 2025-06-30"
    )


def test_the_last_day_still_counts(stack: Stack) -> None:
    DocumentedSuppressions(stack, "Suppressions", exceptions=[one(day=date.today())])
    assert warnings(stack) == []


@pytest.mark.parametrize(
    "exceptions, says",
    [
        ([], "exceptions must name documented exceptions, got none"),
        ([one("")], "exceptions must be about one resource by its ARN, got ''"),
        ([one("arn:aws:iam::1:role/*")], "exceptions must be about one resource by its ARN"),
        (
            [one(ROLE, date(2099, 1, 1), "KLP104")],
            "exceptions must be from rules that are controls of Security Hub, got K",
        ),
        ([one(f"{ROLE}{n}") for n in range(26)], "Security Hub takes 100 automation rules, got 104"),
    ],
)
def test_what_makes_no_sense_is_refused(stack: Stack, exceptions: list[DocumentedException], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DocumentedSuppressions(stack, "Suppressions", exceptions=exceptions)
    assert DocumentedSuppressions(stack, "Suppressions", exceptions=[one()]), "what was refused leaves nothing behind"


def test_what_has_no_arn_of_its_own_is_refused_where_it_is_suppressed(stack: Stack) -> None:
    given = documented_exception(iam.User(stack, "User"), WHY, "2099-06-30")
    with pytest.raises(ValueError, match="document it for the role, managed policy or permission set itself"):
        DocumentedSuppressions(stack, "Suppressions", exceptions=[given])
