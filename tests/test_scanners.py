"""Scanners that others wrote find nothing in what the library creates, and do find what the stock L2 creates."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import cdk_nag
import pytest
from aws_cdk import App, Environment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from secure_kms_constructs import (
    DocumentedSuppressions,
    HardenedKey,
    KmsConfigRule,
    KmsDriftAlarms,
    KmsGuardrails,
    LogGroupWithCmk,
    ScopedSecretReader,
    Service,
    documented_exception,
)

HERE = Environment(account="111122223333", region="us-east-1")


def role(stack: Stack, id: str) -> iam.Role:
    return iam.Role(stack, id, assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"))


def hardened(app: App) -> Stack:
    stack = Stack(app, "Hardened", env=HERE)
    key = HardenedKey(
        stack, "Key", administrators=[role(stack, "Admin")], delegate_via=[Service.SQS], alias="alias/app"
    )
    named = secretsmanager.Secret(stack, "Named", encryption_key=key, secret_name="app/named")
    generated = secretsmanager.Secret(stack, "Generated", encryption_key=key)
    ScopedSecretReader(stack, "Reader", grantee=role(stack, "Role"), secrets=[named, generated])
    partial = secretsmanager.Secret.from_secret_name_v2(stack, "Partial", "legacy/db")
    ScopedSecretReader(stack, "PartialReader", grantee=role(stack, "Other"), secrets=[partial], key=key)
    key.grant_encrypt_decrypt(role(stack, "User"))
    LogGroupWithCmk(stack, "Logs", key=key, log_group_name="/app/orders")
    LogGroupWithCmk(stack, "OwnLogs")
    topic = sns.Topic(stack, "Topic", master_key=key, enforce_ssl=True)
    KmsDriftAlarms(
        stack, "Drift", topic=topic, leave_out=[key.deployer_arn], config_rules=KmsConfigRule.in_region("us-east-1")
    )
    why = "it decrypts the artifacts of every account of ours"
    deploys = iam.Role.from_role_arn(stack, "Deploys", "arn:aws:iam::111122223333:role/deploys")
    DocumentedSuppressions(stack, "Suppressions", exceptions=[documented_exception(deploys, why, "2099-06-30")])
    KmsGuardrails(stack, "Guardrails", organization="o-abcdefghij", targets=["r-ab12"])
    return stack


def stock(app: App) -> Stack:
    stack = Stack(app, "Stock", env=HERE)
    key = kms.Key(stack, "Key")
    secretsmanager.Secret(stack, "Secret", encryption_key=key).grant_read(role(stack, "Role"))
    key.grant_encrypt_decrypt(role(stack, "User"))
    logs.LogGroup(stack, "Logs")
    # What a grant across regions writes, and what Prowler and checkov look for.
    everything = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])
    role(stack, "Wide").add_to_policy(everything)
    key.add_to_resource_policy(
        iam.PolicyStatement(actions=["kms:Decrypt"], principals=[iam.StarPrincipal()], resources=["*"])
    )
    return stack


OURS = ("AWS::KMS::", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::Logs::LogGroup")


@pytest.fixture(params=[hardened, stock], ids=["hardened", "stock"])
def templates(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[bool, Path]:
    app = App(outdir=str(tmp_path / "cdk.out"))
    stack = request.param(app)
    app.synth()
    return request.param is hardened, tmp_path / "cdk.out" / f"{stack.stack_name}.template.json"


def test_checkov(templates: tuple[bool, Path], checkov: Path) -> None:
    clean, template = templates
    command = [checkov, "--file", template, "--framework", "cloudformation", "--output", "json", "--compact", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(run.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["failed"] + report["summary"]["passed"] > 0, "the scanner looked at nothing"
    failed = report.get("results", {}).get("failed_checks", [])
    found = {(check["check_id"], check["resource"]) for check in failed if check["resource"].startswith(OURS)}
    assert found == set() if clean else {check for check, _ in found} >= {"CKV_AWS_7", "CKV_AWS_33", "CKV_AWS_158"}


def test_cfn_lint(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    clean = tmp_path / f"{hardened(app).stack_name}.template.json"
    app.synth()
    # The control: the same template with one action misspelled.
    broken = tmp_path / "broken.template.json"
    broken.write_text(clean.read_text().replace('"kms:Decrypt"', '"kms:Decrupt"'))
    command = ["cfn-lint", "--format", "json", clean, broken]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {(Path(finding["Filename"]).name, finding["Rule"]["Id"]) for finding in json.loads(run.stdout)}
    # W3005 is CDK's own DependsOn, redundant beside a reference.
    assert {(name, rule) for name, rule in found if rule != "W3005"} == {(broken.name, "W3037")}


@pytest.mark.parametrize("build, found", [(hardened, set()), (stock, {"IAM5", "KMS5"})])
def test_cdk_nag(build: Any, found: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(outdir=str(tmp_path))
    build(app)
    Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    # The plugin reports by failing the synth; its report tells what it found, or that it found nothing.
    monkeypatch.setenv("CDK_VALIDATION", "true")
    with suppress(RuntimeError):
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    (nag,) = [plugin for plugin in report["pluginReports"] if plugin["pluginName"] == "AwsSolutions"]
    # Secrets without rotation are the user's business, not the library's.
    rules = {
        violation["ruleName"].removeprefix("AwsSolutions-").split("[")[0]
        for violation in nag["violations"]
        if violation["ruleName"] != "AwsSolutions-SMG4"
    }
    assert rules == found
