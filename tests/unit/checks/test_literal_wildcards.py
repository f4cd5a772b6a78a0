"""KLP306: what a wildcard means under an operator that takes it as it is."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.checks import Finding, check_templates
from secure_kms_constructs.checks.examples import ACCOUNT, REGION, allow, keyed

SECRET = "kms:EncryptionContext:SecretARN"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/*"


def found(operator: str, name: str, value: Any) -> list[Finding]:
    made = keyed(allow(f"arn:aws:iam::{ACCOUNT}:role/app", "kms:Decrypt", {operator: {name: value}}))
    made["Parameters"] = {"Open": {"Type": "String"}}
    report = check_templates({"App": made}, account=ACCOUNT, region=REGION)
    return [one for one in report.findings if one.rule == "KLP306"]


@pytest.mark.parametrize(
    "operator, name, value, says",
    [
        ("StringEquals", SECRET, ARN, f"{SECRET} {ARN} is the value of no request: StringEquals takes * and ? as they"),
        (
            "StringNotEquals",
            SECRET,
            ARN,
            f"{SECRET} {ARN} is different from every value: StringNotEquals takes * and ?",
        ),
        ("ForAnyValue:StringEqualsIfExists", SECRET, ARN, "is the value of no request"),
        # Whoever calls may send such a text.
        ("StringEquals", "aws:UserAgent", "curl*", "aws:UserAgent curl* perhaps is the value of no request"),
        ("StringEquals", "kms:EncryptionContext:team", "a*", "kms:EncryptionContext:team a* perhaps is the value"),
        ("StringNotEquals", "aws:Referer", "x?", "perhaps is different from every value"),
    ],
)
def test_a_wildcard_is_a_sign_under_such_an_operator(operator: str, name: str, value: str, says: str) -> None:
    [finding] = found(operator, name, value)
    assert says in finding.message
    assert finding.undecided is ("perhaps" in says)
    assert finding.message.endswith(f"use {operator.replace('Equals', 'Like')}")


@pytest.mark.parametrize(
    "operator, name, value",
    [
        *(("StringLike", SECRET, ARN), ("ArnEquals", SECRET, ARN), ("StringEquals", SECRET, ARN.replace("*", "x"))),
        # The sign itself, and a variable.
        ("StringEquals", SECRET, "app/${*}"),
        ("StringEquals", "aws:PrincipalTag/team", "${aws:username}"),
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        ("StringEquals", "kms:EncryptionContext:SourceArn", f"arn:aws:logs:{REGION}:{ACCOUNT}:*"),
    ],
)
def test_what_an_operator_takes_as_it_is_meant_is_no_finding(operator: str, name: str, value: str) -> None:
    assert found(operator, name, value) == []


def test_what_only_the_deployment_tells_may_have_a_wildcard_in_a_context_alone() -> None:
    [finding] = found("StringEquals", SECRET, {"Ref": "Open"})
    assert finding.undecided
    assert finding.message.startswith(f"{SECRET} may have a wildcard that StringEquals takes as it is")
    assert found("StringEquals", "aws:PrincipalAccount", {"Ref": "Open"}) == []
