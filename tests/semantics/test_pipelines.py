"""A pipeline with an action in another account, whose artifacts are under a HardenedKey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, PhysicalName, Stack
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from secure_kms_constructs import HardenedKey, Service
from tests.semantics.assembly import deploy_app
from tests.semantics.companies import ACCOUNT, OTHER_ACCOUNT, REGION, Company
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.test_companies import ANYTHING, undeployable

IMPORTED = f"arn:aws:iam::{OTHER_ACCOUNT}:role/deployer"
Given = Callable[[Stack, Stack], iam.IRole | None]


def generated(_pipelines: Stack, _targets: Stack) -> None:
    """CDK makes the role, and where the target is no resource a stack for it."""


def named(_pipelines: Stack, targets: Stack) -> iam.IRole:
    return iam.Role(targets, "Role", role_name="deployer", assumed_by=iam.AccountPrincipal(ACCOUNT))


def named_when_needed(_pipelines: Stack, targets: Stack) -> iam.IRole:
    name = PhysicalName.GENERATE_IF_NEEDED
    return iam.Role(targets, "Role", role_name=name, assumed_by=iam.AccountPrincipal(ACCOUNT))


def imported(pipelines: Stack, _targets: Stack) -> iam.IRole:
    return iam.Role.from_role_arn(pipelines, "Role", IMPORTED)


def write(role: iam.IRole | None, _pipelines: Stack, targets: Stack, source: codepipeline.Artifact) -> Any:
    """An action that reads the artifact."""
    bucket = s3.Bucket(targets, "Target", bucket_name="company-target")
    return actions.S3DeployAction(action_name="Deploy", bucket=bucket, input=source, role=role)


def create(role: iam.IRole | None, pipelines: Stack, _targets: Stack, source: codepipeline.Artifact) -> Any:
    """An action that reads one artifact and writes another."""
    deploys = iam.Role.from_role_arn(pipelines, "Deploys", f"arn:aws:iam::{OTHER_ACCOUNT}:role/deploys")
    return actions.CloudFormationCreateUpdateStackAction(
        action_name="Deploy",
        stack_name="app",
        template_path=source.at_path("template"),
        output=codepipeline.Artifact(),
        output_file_name="out",
        admin_permissions=False,
        account=OTHER_ACCOUNT,
        deployment_role=deploys,
        role=role,
    )


def pipeline(given: Given, action: Any, order: str = "KPT", *, apart: bool = True) -> Company:
    """Return an app: K has the key, P the pipeline and T the role of its action."""
    app = App()
    account = {"K": ACCOUNT, "P": ACCOUNT, "T": OTHER_ACCOUNT}
    stacks = {id: Stack(app, id, env=Environment(account=account[id], region=REGION)) for id in order}
    pipelines, targets = stacks["P"], stacks["T"]
    key = HardenedKey(stacks["K" if apart else "P"], "Key", delegate_via=[Service.S3] if apart else [])
    artifacts = s3.Bucket(pipelines, "Artifacts", encryption_key=key, bucket_name=PhysicalName.GENERATE_IF_NEEDED)
    source, output = s3.Bucket(pipelines, "Source", versioned=True), codepipeline.Artifact()
    reads = actions.S3SourceAction(action_name="Read", bucket=source, bucket_key="app", output=output)
    stages = [
        codepipeline.StageProps(stage_name="Source", actions=[reads]),
        codepipeline.StageProps(
            stage_name="Deploy", actions=[action(given(pipelines, targets), pipelines, targets, output)]
        ),
    ]
    codepipeline.Pipeline(pipelines, "Pipeline", artifact_bucket=artifacts, stages=stages)
    return Company(app, [one for one in app.node.children if isinstance(one, Stack)])


def role_of_action(deployment: Deployment, given: Given, action: Any) -> str:
    if given is imported:
        return IMPORTED
    if given is generated:
        made_in = "T" if action is write else f"P-support-{OTHER_ACCOUNT}"
        return deployment.role("PPipeline", stack=made_in)
    return deployment.role("Role", stack="T")


@pytest.mark.parametrize("given", [generated, named, named_when_needed, imported])
@pytest.mark.parametrize("action, order", [(write, "KPT"), (create, "TPK")])
def test_an_action_in_another_account_works_under_a_key_in_a_stack_of_its_own(
    judge: Judge, given: Given, action: Any, order: str
) -> None:
    made = pipeline(given, action, order)
    deployment = deploy_app(made.app, account=ACCOUNT, region=REGION)
    assert list(undeployable(made, deployment)) == []
    key, bucket = deployment.key("Key", stack="K"), deployment.bucket("Artifacts", stack="P")
    who = role_of_action(deployment, given, action)

    def may(
        principal: str, does: str, via: str | None = "s3", context: str = f"{bucket}/artifact", identity: Any = None
    ) -> bool:
        sent = {"aws:s3:arn": context}
        return deployment.ask(judge, principal, does, key, via=via, encryption_context=sent, identity=identity).allowed

    # What the owner of an imported role allows it is told as a finding.
    own = [ANYTHING] if given is imported else None
    for does, allowed in (("kms:Decrypt", True), ("kms:GenerateDataKey", action is create)):
        assert may(who, does, identity=own) is allowed
        assert may(who, does, context=bucket, identity=own) is allowed
        assert not may(who, does, via=None, identity=own)
        assert not may(who, does, via="sqs", identity=own)
        assert own or not may(who, does, context="arn:aws:s3:::another/artifact")
        assert not may(f"arn:aws:iam::{OTHER_ACCOUNT}:role/neighbour", does, identity=[ANYTHING])
        assert may(deployment.role("PipelineRole", stack="P"), does)
        assert not may(deployment.role("PipelineRole", stack="P"), does, via=None)
        # The key leaves S3 to the IAM policies of its own account, as delegate_via says, and nothing else.
        assert may(f"arn:aws:iam::{ACCOUNT}:role/neighbour", does, identity=[ANYTHING])
        assert not may(f"arn:aws:iam::{ACCOUNT}:role/neighbour", does, via="secretsmanager", identity=[ANYTHING])
    assert may(deployment.role("PipelineSourceRead", stack="P"), "kms:GenerateDataKey")


@pytest.mark.parametrize("given", [generated, named, named_when_needed])
@pytest.mark.parametrize("action", [write, create])
def test_a_key_beside_the_pipeline_is_refused_with_that_advice(given: Given, action: Any) -> None:
    """The role has to be there before the pipeline, and its policy names the key."""
    with pytest.raises(RuntimeError, match=r"already waits for it: put the HardenedKey into a stack of its own"):
        pipeline(given, action, "PT", apart=False)
