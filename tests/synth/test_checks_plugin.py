"""The checks beside CDK's own: what they report, what fails the synthesis, what is acknowledged."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import cdk_nag
import pytest
from aws_cdk import (
    Acknowledgment,
    App,
    CrossStackReferences,
    NestedStack,
    ReferenceStrength,
    Stack,
    Stage,
    Validations,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sso as sso
from constructs import IConstruct

from secure_kms_constructs import HardenedKey, KmsLeastPrivilegeChecks, assert_no_findings, documented_exception
from tests.synth.templates import ACCOUNT, environment, make_role

REASON = "keys of the old vault are rotated by hand each spring"


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(outdir=str(tmp_path / "cdk.out"))


def root_alone() -> iam.PolicyDocument:
    """Return a key policy that delegates nothing to IAM; a HardenedKey would refuse the synth."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}},
    }
    return iam.PolicyDocument.from_json({"Statement": [statement]})


def synthesize(app: App, *plugins: Any) -> dict[str, Any]:
    """Synthesize with plugins, and return the report of the first; what fails is in it too."""
    Validations.of(app).add_plugins(*plugins)
    failed = True
    with suppress(RuntimeError):
        app.synth()
        failed = False
    file = Path(app.outdir, "validation-report.json")
    reports = json.loads(file.read_text())["pluginReports"] if file.exists() else []
    found = next((one for one in reports if one["pluginName"] == plugins[0].name), {"violations": []})
    return found | {"failed": failed, "others": [one["pluginName"] for one in reports]}


def acknowledge(construct: IConstruct, rule: str, reason: str = REASON) -> None:
    Validations.of(construct).acknowledge(Acknowledgment(id=f"KmsLeastPrivilege::{rule}", reason=reason))


def places(report: dict[str, Any], rule: str, kind: str = "violations") -> list[str]:
    found = [one for one in report.get(kind) or [] if one["ruleName"] == rule]
    return sorted(place["constructPath"] for one in found for place in one["violatingConstructs"])


def test_a_finding_names_construct_property_and_what_to_do(app: App, stack: Stack) -> None:
    make_role(stack).add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))
    report = synthesize(app, KmsLeastPrivilegeChecks())
    [found] = report["violations"]
    [place] = found["violatingConstructs"]
    assert (found["ruleName"], found["severity"], report["failed"]) == ("KLP101", "error", True)
    assert found["description"].endswith("allows to decrypt with every key: *")
    assert found["suggestedFix"].startswith("Name the ARN of each key")
    assert place["constructPath"] == "Stack/Role/DefaultPolicy/Resource"
    assert place["cloudFormationResource"]["propertyPaths"] == ["Properties.PolicyDocument.Statement[0].Resource"]
    assert report["pluginVersion"] == "0.1.0"


@pytest.mark.parametrize("fail_on, fails", [("never", False), ("error", False), ("warning", True), ("info", True)])
def test_the_severity_that_fails_is_the_users(app: App, stack: Stack, fail_on: str, fails: bool) -> None:
    kms.Key(stack, "Key")
    report = synthesize(app, KmsLeastPrivilegeChecks(fail_on=fail_on))
    assert report["failed"] is fails
    assert places(report, "KLP401") == ["Stack/Key/Resource"]


def test_never_does_not_fail_on_an_error_either(app: App, stack: Stack) -> None:
    make_role(stack).add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))
    assert synthesize(app, KmsLeastPrivilegeChecks(fail_on="never"))["failed"] is False


def test_rules_and_severities_are_the_users(app: App, stack: Stack) -> None:
    kms.Key(stack, "Key")
    plugin = KmsLeastPrivilegeChecks(rules=["rotation-off", "foreign-grants"], severities={"KLP203": "off"})
    report = synthesize(app, plugin)
    assert {one["ruleName"] for one in report["violations"]} == {"KLP401"}
    assert plugin.rule_ids == ["KLP401"]


def test_a_choice_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="fail_on must be one of never, error, warning, info, got 'fatal'"):
        KmsLeastPrivilegeChecks(fail_on="fatal")
    with pytest.raises(ValueError, match="no rule is called 'KLP999'"):
        KmsLeastPrivilegeChecks(rules=["KLP999"])


def test_the_librarys_own_key_has_nothing_to_report(app: App, key: HardenedKey) -> None:
    report = synthesize(app, KmsLeastPrivilegeChecks(fail_on="info"))
    assert (report["violations"], report["failed"]) == ([], False)
    assert_no_findings(key.stack, fail_on="info")


class Nested(NestedStack):
    """A nested stack with a key."""

    def __init__(self, scope: Stack) -> None:
        super().__init__(scope, "Nested")
        self.key = kms.Key(self, "Key")


def everywhere(app: App) -> dict[str, IConstruct]:
    """The same defect in a stack, a nested stack and a stage."""
    stack = Stack(app, "Stack", env=environment())
    nested = Nested(stack)
    stage = Stage(app, "Prod", env=environment())
    deep = Stack(stage, "Deep")
    key, deep_key = kms.Key(stack, "Key"), kms.Key(deep, "Key")
    found = {"app": app, "stack": stack, "key": key, "l1": key.node.default_child, "nested": nested.key}
    return found | {"stage": stage, "deep": deep, "deep_key": deep_key}


ALL = ["Prod/Deep/Key/Resource", "Stack/Key/Resource", "Stack/Nested/Key/Resource"]
COVERED = {
    "app": ALL,
    "stack": ALL[1:],
    "key": ALL[1:2],
    "l1": ALL[1:2],
    "nested": ALL[2:],
    "stage": ALL[:1],
    "deep": ALL[:1],
    "deep_key": ALL[:1],
}


@pytest.mark.parametrize("where", COVERED)
def test_an_acknowledgement_covers_what_is_below_it(app: App, where: str) -> None:
    acknowledge(everywhere(app)[where], "KLP401")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP401", "suppressedViolations") == COVERED[where]
    assert places(report, "KLP401") == [path for path in ALL if path not in COVERED[where]]
    assert places(report, "KLP002") == []


@pytest.mark.parametrize("where", COVERED)
def test_an_acknowledgement_without_substance_is_a_finding_wherever_it_stands(app: App, where: str) -> None:
    construct = everywhere(app)[where]
    acknowledge(construct, "KLP401", "ok")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP002") == [construct.node.path]
    assert report["failed"]


def test_an_acknowledgement_past_its_review_is_a_finding(app: App, stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    acknowledge(key, "KLP401", f"{REASON}, review by 2024-01-31")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP003") == ["Stack/Key"]
    assert places(report, "KLP401", "suppressedViolations") == ["Stack/Key/Resource"]


def test_it_works_beside_a_pack_of_cdk_nag(app: App) -> None:
    everywhere(app)
    report = synthesize(app, KmsLeastPrivilegeChecks(), cdk_nag.AwsSolutionsChecks(), cdk_nag.NIST80053R5Checks())
    assert report["others"] == ["KmsLeastPrivilege", "AwsSolutions", "NIST.800.53.R5"]
    assert places(report, "KLP401") == ALL


def test_it_runs_once_whatever_the_number_of_stacks(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere(app)
    calls = []
    validate = KmsLeastPrivilegeChecks.validate
    monkeypatch.setattr(KmsLeastPrivilegeChecks, "validate", lambda *given: calls.append(1) or validate(*given))
    synthesize(app, KmsLeastPrivilegeChecks())
    assert calls == [1]


def test_a_stage_of_its_own_is_told_about_itself_only(app: App) -> None:
    stage = everywhere(app)["stage"]
    Validations.of(stage).add_plugins(KmsLeastPrivilegeChecks())
    app.synth()
    [report] = json.loads(Path(app.outdir, "validation-report.json").read_text())["pluginReports"]
    assert places(report, "KLP401") == ALL[:1]


@pytest.mark.parametrize("strength", [ReferenceStrength.STRONG, ReferenceStrength.WEAK])
def test_a_reference_between_stacks_is_followed(app: App, stack: Stack, strength: ReferenceStrength) -> None:
    other = Stack(app, "Other", env=environment())
    CrossStackReferences.of(other).consume(strength)
    key = kms.Key(stack, "Key", policy=root_alone())
    statement = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    make_role(other).add_to_policy(statement)
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP501") == ["Other/Role/DefaultPolicy/Resource"]


def test_an_unread_template_is_reported_not_passed(app: App, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    kms.Key(stack, "Key")

    def refuse(_directory: object) -> None:
        raise ValueError("no template")

    monkeypatch.setattr("secure_kms_constructs.plugin.read_assembly", refuse)
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert report["failed"]
    assert "no template" in report["metadata"]["error"]


def deployment_role(stack: Stack, id: str = "Ci") -> iam.Role:
    role = make_role(stack, id)
    role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))
    return role


WHY = "the pipeline decrypts artifacts that other accounts encrypted"


def test_a_documented_exception_is_for_one_role_and_stands_in_template_and_report(app: App, stack: Stack) -> None:
    documented_exception(deployment_role(stack), WHY, "2099-06-30")
    deployment_role(stack, "Another")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP101") == ["Stack/Another/DefaultPolicy/Resource"]
    [found] = report["suppressedViolations"]
    assert found["reason"] == f"{WHY}, review by 2099-06-30"
    template = json.loads(Path(app.outdir, "Stack.template.json").read_text())
    [written] = [one["Metadata"] for name, one in template["Resources"].items() if "Metadata" in one]
    assert written["KmsLeastPrivilege"] == {"KLP101": found["reason"]}


@pytest.mark.parametrize("kind", ["AWS::IAM::ManagedPolicy", "AWS::SSO::PermissionSet"])
def test_a_documented_exception_may_be_of_what_gives_roles_a_policy(kind: str, app: App, stack: Stack) -> None:
    wide = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])
    if kind == "AWS::IAM::ManagedPolicy":
        holder: IConstruct = iam.ManagedPolicy(stack, "Holder", statements=[wide])
    else:
        inline = {"Version": "2012-10-17", "Statement": [wide.to_statement_json()]}
        instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
        holder = sso.CfnPermissionSet(stack, "Holder", instance_arn=instance, name="Ops", inline_policy=inline)
    documented_exception(holder, WHY, "2099-06-30")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP101") == []
    assert [one["reason"] for one in report["suppressedViolations"]] == [f"{WHY}, review by 2099-06-30"]
    template = json.loads(Path(app.outdir, "Stack.template.json").read_text())
    [written] = [one["Metadata"] for one in template["Resources"].values() if one["Type"] == kind]
    assert written["KmsLeastPrivilege"] == {"KLP101": f"{WHY}, review by 2099-06-30"}


def test_a_documented_exception_ends(app: App, stack: Stack) -> None:
    documented_exception(deployment_role(stack), WHY, date(2025, 6, 30))
    assert places(synthesize(app, KmsLeastPrivilegeChecks()), "KLP003") == ["Stack/Ci"]


def test_the_exception_of_an_imported_role_stands_in_the_metadata_of_the_template(app: App, stack: Stack) -> None:
    role = iam.Role.from_role_name(stack, "Ci", "ci")
    role.add_to_principal_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))
    documented_exception(role, WHY, "2099-06-30")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert report["violations"] == []
    template = json.loads(Path(app.outdir, "Stack.template.json").read_text())
    assert template["Metadata"]["KmsLeastPrivilege"]["Stack/Ci"] == {"KLP101": f"{WHY}, review by 2099-06-30"}


@pytest.mark.parametrize(
    "reason, review_by, rule, message",
    [
        ("needed", "2099-06-30", "KLP101", "reason must say in a sentence why it is needed, got 'needed'"),
        (WHY, "summer", "KLP101", "review_by must be a date such as 2027-06-30, got 'summer'"),
        (WHY, "2099-06-30", "KLP999", "no rule is called 'KLP999'"),
    ],
)
def test_an_exception_that_says_nothing_is_refused(
    stack: Stack, reason: str, review_by: str, rule: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        documented_exception(make_role(stack), reason, review_by, rules=[rule])


def test_stages_are_read_together_where_the_app_has_nothing_else(app: App) -> None:
    for name in ("Dev", "Prod"):
        kms.Key(Stack(Stage(app, name, env=environment()), "Stack"), "Key")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP401") == ["Dev/Stack/Key/Resource", "Prod/Stack/Key/Resource"]


def test_what_the_metadata_of_a_template_acknowledges_stands_in_the_report(app: App, stack: Stack) -> None:
    key = kms.Key(stack, "Key")
    key.node.default_child.add_metadata("KmsLeastPrivilege", {"KLP401": REASON})
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert places(report, "KLP401") == []
    assert report["metadata"] == {"KLP401 Stack/Key acknowledged": REASON}


def test_that_the_account_is_not_known_can_be_acknowledged(app: App) -> None:
    HardenedKey(Stack(app, "Anywhere"), "Key")
    acknowledge(app, "KLP004", "the stacks are deployed to whichever account asks")
    report = synthesize(app, KmsLeastPrivilegeChecks())
    assert (report["violations"], report["failed"]) == ([], False)
    assert len(places(report, "KLP004", "suppressedViolations")) == 2


def test_what_is_acknowledged_here_and_in_cdk_nag_is_in_one_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "true")
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples"))
    from cdk_nag_app import acknowledged, build

    directory = build(str(tmp_path)).synth().directory
    said = acknowledged(directory)
    assert [(plugin, rule) for plugin, rule, _ in said] == [
        ("KmsLeastPrivilege", "KLP401"),
        ("AwsSolutions", "AwsSolutions-KMS5"),
    ]
    assert all(reason.endswith("review by 2099-06-30") for _, _, reason in said)
    # What cdk-nag is told is no word to these checks, and no mistake.
    assert_no_findings(directory, severities={"foreign-grants": "off", "unconditional-delegation": "off"})
