"""The examples whose parts live apart, synthesized and judged."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from tests.semantics.assembly import deploy_app
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge

ACCOUNT, REGION = "111122223333", "eu-west-1"
HERE = Environment(account=ACCOUNT, region=REGION)
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def decrypts(judge: Judge, deployment: Deployment, who: str, key: str, service: str, context: dict[str, str]) -> bool:
    return deployment.ask(judge, who, "kms:Decrypt", key, via=service, encryption_context=context).allowed


def test_the_rotation_function_serves_two_keys_of_another_stack(judge: Judge) -> None:
    from rotation import Keys, Rotation

    app = App()
    Rotation(app, "Rotation", Keys(app, "Keys", env=HERE), env=HERE)
    deployed = deploy_app(app, account=ACCOUNT, region=REGION)
    role = deployed.role("Role", stack="Rotation")
    keys = {stage: deployed.key(f"{stage}key", stack="Keys") for stage in ("production", "development")}
    secrets = {stage: deployed.secret(f"{stage}secret", stack="Keys") for stage in keys}
    for stage, key in keys.items():
        for other, secret in secrets.items():
            allowed = decrypts(judge, deployed, role, key, "secretsmanager", {"SecretARN": secret})
            assert allowed is (stage == other)
        assert deployed.ask(judge, role, "secretsmanager:PutSecretValue", secrets[stage]).allowed
        assert not deployed.ask(judge, role, "kms:Encrypt", key).allowed


def test_the_manager_creates_log_groups_of_its_prefix(judge: Judge) -> None:
    from log_groups import LogGroups

    app = App()
    LogGroups(app, "LogGroups", env=HERE)
    deployed = deploy_app(app, account=ACCOUNT, region=REGION)
    role, key = deployed.role("Manager"), deployed.key("Key")
    for name, allowed in (("/orders/api", True), ("/payroll/api", False)):
        group = arn("logs", f"log-group:{name}")
        assert decrypts(judge, deployed, role, key, "logs", {"aws:logs:arn": group}) is allowed
        assert deployed.ask(judge, role, "logs:CreateLogGroup", group).allowed is allowed
        service = f"logs.{REGION}.amazonaws.com"
        context = {"aws:logs:arn": group}
        assert deployed.ask(judge, service, "kms:Encrypt", key, encryption_context=context).allowed is allowed


@pytest.mark.parametrize("own_keys", [False, True])
def test_superset_reads_its_parameters_before_and_after_the_migration(judge: Judge, own_keys: bool) -> None:
    from superset import TIERS, Superset

    app = App()
    Superset(app, "Superset", own_keys=own_keys, env=HERE)
    deployed = deploy_app(app, account=ACCOUNT, region=REGION)
    role = deployed.role("ExecutionRole")
    for tier, names in TIERS.items():
        for name in names:
            parameter = arn("ssm", f"parameter{name}")
            assert deployed.ask(judge, role, "ssm:GetParameters", parameter).allowed
            assert not deployed.ask(judge, role, "ssm:GetParameterHistory", parameter).allowed
            for other in TIERS if own_keys else ():
                key = deployed.key(f"{other}key")
                assert decrypts(judge, deployed, role, key, "ssm", {"PARAMETER_ARN": parameter}) is (tier == other)
    assert not deployed.ask(judge, role, "ssm:GetParameters", arn("ssm", "parameter/superset/other")).allowed


def test_the_brownfield_app_owns_nothing_and_says_what_the_owners_must_add() -> None:
    from brownfield import Brownfield

    app = App()
    stack = Brownfield(app, "Brownfield", env=HERE)
    template: dict[str, Any] = app.synth().get_stack_by_name("Brownfield").template
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert not kinds & {"AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::SSM::Parameter"}
    for id in ("SecretReader", "ParameterReader"):
        [needed] = stack.node.find_child(id).required_key_policy_statements.values()
        [statement] = stack.resolve(needed)
        assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]


@pytest.mark.parametrize(
    "file, stacks",
    [
        ("app.py", ["HardenedSecrets", "StockL2"]),
        (
            "placements_app.py",
            ["Brownfield", "LogGroups", "Rotation", "RotationKeys", "Superset", "SupersetOwnKeys"],
        ),
    ],
)
def test_an_example_app_synthesizes_all_its_stacks(
    file: str, stacks: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", ACCOUNT)
    monkeypatch.setenv("CDK_DEFAULT_REGION", REGION)
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path))
    names = runpy.run_path(str(EXAMPLES / file), run_name="__main__")
    assert sorted(stack.stack_name for stack in names["app"].synth().stacks) == stacks
