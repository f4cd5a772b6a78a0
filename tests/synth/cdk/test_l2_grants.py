"""What the L2 grants along with a resource is bound to that one, or says that it is bound to none."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as codepipeline_actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_rds as rds
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm

from secure_kms_constructs import HardenedKey, ScopedParameterReader, Service, Use
from tests.synth.templates import ACCOUNT, REGION, info, kms_statements, listed, naming, readable, resources, template


def replicated_by_the_bucket(stack: Stack, key: HardenedKey, target: HardenedKey | None) -> None:
    destination = s3.Bucket(stack, "Destination", encryption_key=target, versioned=True)
    rule = s3.ReplicationRule(destination=destination, kms_key=target, sse_kms_encrypted_objects=True)
    s3.Bucket(stack, "Source", encryption_key=key, versioned=True, replication_rules=[rule])


def replicated_by_a_role_of_ones_own(stack: Stack, key: HardenedKey, target: HardenedKey | None) -> None:
    destination = s3.Bucket(stack, "Destination", encryption_key=target, versioned=True)
    rule = s3.ReplicationRule(destination=destination, kms_key=target, sse_kms_encrypted_objects=True)
    role = iam.Role(stack, "Own", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
    s3.Bucket(stack, "Other").grant_read(role)
    source = s3.Bucket(
        stack, "Source", encryption_key=key, versioned=True, replication_role=role, replication_rules=[rule]
    )
    granted = s3.GrantReplicationPermissionDestinationProps(bucket=destination, encryption_key=target)
    source.grant_replication_permission(role, destinations=[granted], source_decryption_key=key)


@pytest.mark.parametrize("build", [replicated_by_the_bucket, replicated_by_a_role_of_ones_own])
@pytest.mark.parametrize("both", [True, False], ids=["both under keys", "the source alone"])
def test_a_replication_uses_each_key_for_its_own_bucket_with_and_without_a_bucket_key(
    stack: Stack, build: Any, both: bool
) -> None:
    build(stack, HardenedKey(stack, "SourceKey"), HardenedKey(stack, "TargetKey") if both else None)
    written = {one["Resource"]: one for one in kms_statements(stack)}
    via = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
    for name, actions in (("Source", {"kms:Decrypt"}), ("Target", {"kms:Decrypt", "kms:Encrypt"})):
        if name == "Target" and not both:
            continue
        bucket = name.replace("Target", "Destination")
        statement = written.pop(f"<{name}Key.Arn>")
        assert actions <= set(listed(statement["Action"]))
        assert ("kms:Encrypt" in statement["Action"]) is (name == "Target")
        named = {"kms:EncryptionContext:aws:s3:arn": [f"<{bucket}.Arn>/*", f"<{bucket}.Arn>"]}
        assert statement["Condition"] == {"StringEquals": via, "StringLike": named}
    assert written == {}


def deploy_by_a_pipeline(stack: Stack, key: HardenedKey) -> None:
    """The action has named the bucket of the artifacts last, and asks for the key of its target."""
    source, output = s3.Bucket(stack, "Source", versioned=True), codepipeline.Artifact()
    read = codepipeline_actions.S3SourceAction(action_name="Read", bucket=source, bucket_key="x", output=output)
    target = s3.Bucket.from_bucket_name(stack, "Target", "target")
    write = codepipeline_actions.S3DeployAction(action_name="Write", bucket=target, input=output, encryption_key=key)
    stages = [
        codepipeline.StageProps(stage_name="Source", actions=[read]),
        codepipeline.StageProps(stage_name="Deploy", actions=[write]),
    ]
    codepipeline.Pipeline(stack, "Pipeline", artifact_bucket=s3.Bucket(stack, "Artifacts"), stages=stages)


def build_after_a_grant_of_another_bucket(stack: Stack, key: HardenedKey) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"))
    s3.Bucket(stack, "Other").grant_read(role)
    spec = codebuild.BuildSpec.from_object({"version": "0.2"})
    codebuild.Project(stack, "Project", role=role, build_spec=spec, encryption_key=key)


def inject_parameter(stack: Stack, key: HardenedKey) -> None:
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/app/db", encryption_key=key
    )
    task = ecs.FargateTaskDefinition(stack, "Task")
    secrets = {"A": ecs.Secret.from_ssm_parameter(parameter)}
    task.add_container("web", image=ecs.ContainerImage.from_registry("web"), secrets=secrets)


def receive_from_stream(stack: Stack, key: HardenedKey) -> None:
    stream = kinesis.Stream(stack, "Stream", encryption_key=key)
    function(stack).add_event_source(
        sources.KinesisEventSource(stream, starting_position=lambda_.StartingPosition.LATEST)
    )


def function(stack: Stack) -> lambda_.Function:
    code = lambda_.Code.from_inline("handler = print")
    return lambda_.Function(stack, "Function", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code)


@pytest.mark.parametrize(
    "build, service",
    [
        (deploy_by_a_pipeline, "S3"),
        (build_after_a_grant_of_another_bucket, "S3"),
        (inject_parameter, "PARAMETER_STORE"),
        (receive_from_stream, "KINESIS"),
    ],
)
def test_a_grant_whose_resource_cannot_be_told_is_bound_to_no_other_and_says_so(
    stack: Stack, key: HardenedKey, build: Any, service: str
) -> None:
    build(stack, key)
    [statement] = kms_statements(stack)
    assert "EncryptionContext" not in str(statement)
    assert "kms:ViaService" in str(statement)
    [told] = [one for one in info(stack) if "unboundGrant" in one]
    assert f"grant with key.grant_via(role, Service.{service}, ...) or a Scoped construct" in told


def test_the_advice_for_a_parameter_that_is_injected_works(stack: Stack, key: HardenedKey) -> None:
    parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
        stack, "Parameter", parameter_name="/app/db"
    )
    task = ecs.FargateTaskDefinition(stack, "Task")
    secrets = {"A": ecs.Secret.from_ssm_parameter(parameter)}
    task.add_container("web", image=ecs.ContainerImage.from_registry("web"), secrets=secrets)
    role = task.obtain_execution_role()
    ScopedParameterReader(stack, "Reader", grantee=role, parameters=["/app/db"], key=key)
    [statement] = kms_statements(stack)
    assert "parameter/app/db" in str(statement["Condition"])
    assert [one for one in info(stack) if "unboundGrant" in one] == []


def test_the_advice_for_a_stream_that_is_received_works(stack: Stack, key: HardenedKey) -> None:
    stream = kinesis.Stream(stack, "Stream", encryption_key=key)
    reference = kinesis.Stream.from_stream_arn(stack, "Reference", stream.stream_arn)
    made = function(stack)
    made.add_event_source(sources.KinesisEventSource(reference, starting_position=lambda_.StartingPosition.LATEST))
    key.grant_via(made, Service.KINESIS, use=Use.READ, resource_arns=[stream.stream_arn])
    [statement] = kms_statements(stack)
    assert statement["Condition"]["StringEquals"]["kms:EncryptionContext:aws:kinesis:arn"] == "<Stream.Arn>"
    assert [one for one in info(stack) if "unboundGrant" in one] == []


def test_a_proxy_reads_its_secret_and_no_other(stack: Stack, key: HardenedKey) -> None:
    """It asks for the key once more after the secret has."""
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=key)
    engine = rds.DatabaseInstanceEngine.MYSQL
    network = ec2.Vpc(stack, "Vpc", nat_gateways=0)
    within = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
    database = rds.DatabaseInstance(stack, "Database", engine=engine, vpc=network, vpc_subnets=within)
    database.add_proxy("Proxy", secrets=[secret], vpc=network, vpc_subnets=within)
    [statement] = kms_statements(stack)
    assert statement["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == "<Secret>"


def replicated_by_l1(stack: Stack, key: HardenedKey, target: HardenedKey) -> tuple[s3.Bucket, s3.Bucket, iam.Role]:
    """As somebody writes it who knows CloudFormation; CDK grants nothing then."""
    destination = s3.Bucket(stack, "Destination", encryption_key=target, versioned=True)
    source = s3.Bucket(stack, "Source", encryption_key=key, versioned=True)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("s3.amazonaws.com"))
    enabled = s3.CfnBucket.SseKmsEncryptedObjectsProperty(status="Enabled")
    rule = s3.CfnBucket.ReplicationRuleProperty(
        status="Enabled",
        destination=s3.CfnBucket.ReplicationDestinationProperty(
            bucket=destination.bucket_arn,
            encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(replica_kms_key_id=target.key_arn),
        ),
        source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(sse_kms_encrypted_objects=enabled),
    )
    resource: Any = source.node.default_child
    resource.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(role=role.role_arn, rules=[rule])
    return source, destination, role


@pytest.mark.parametrize("granted", ["nothing", "the source", "the destination", "both", "by the bucket"])
def test_a_replication_as_the_template_has_it_is_looked_at_and_the_advice_works(stack: Stack, granted: str) -> None:
    key, target = HardenedKey(stack, "SourceKey"), HardenedKey(stack, "TargetKey")
    source, destination, role = replicated_by_l1(stack, key, target)
    if granted in ("the source", "both"):
        source.grant_read(role)
    if granted in ("the destination", "both"):
        destination.grant_write(role)
    if granted == "by the bucket":
        given = s3.GrantReplicationPermissionDestinationProps(bucket=destination, encryption_key=target)
        source.grant_replication_permission(role, destinations=[given], source_decryption_key=key)
    missing = {
        "nothing": ["kms:Decrypt", "kms:Encrypt"],
        "the source": ["kms:Encrypt"],
        "the destination": ["kms:Decrypt"],
    }.get(granted, [])
    if not missing:
        assert {one["Resource"] for one in kms_statements(stack)} == {"<SourceKey.Arn>", "<TargetKey.Arn>"}
        return
    with pytest.raises(RuntimeError) as refused:
        kms_statements(stack)
    told = [
        action for action in ("kms:Decrypt", "kms:Encrypt") if f"may not {action} with the key" in str(refused.value)
    ]
    assert told == missing


@pytest.mark.parametrize("bucket_key", [True, False])
@pytest.mark.parametrize("granted", ["nothing", "by its buckets", "by the bucket"])
def test_an_imported_role_that_replicates_is_admitted_or_told_and_the_advice_works(
    stack: Stack, granted: str, bucket_key: bool
) -> None:
    key, target = HardenedKey(stack, "SourceKey"), HardenedKey(stack, "TargetKey")
    role = iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{ACCOUNT}:role/replicator")
    destination = s3.Bucket(stack, "Destination", encryption_key=target, versioned=True, bucket_key_enabled=bucket_key)
    rule = s3.ReplicationRule(destination=destination, kms_key=target, sse_kms_encrypted_objects=True)
    source = s3.Bucket(
        stack, "Source", encryption_key=key, versioned=True, replication_role=role, replication_rules=[rule]
    )
    if granted == "by its buckets":
        source.grant_read(role)
        destination.grant_write(role)
    elif granted == "by the bucket":
        given = s3.GrantReplicationPermissionDestinationProps(bucket=destination, encryption_key=target)
        source.grant_replication_permission(role, destinations=[given], source_decryption_key=key)
    elif bucket_key:
        with pytest.raises(RuntimeError, match=r"replicated by arn:.*:role/replicator, which may not kms:Decrypt with"):
            template(stack)
        return
    admitted = {
        name[:6]: str(naming(readable(one["KeyPolicy"]["Statement"]), "role/replicator"))
        for name, one in resources(template(stack), "AWS::KMS::Key").items()
    }
    assert "kms:Decrypt" in admitted["Source"]
    assert "kms:Encrypt" in admitted["Target"]
    assert "kms:Decrypt" in admitted["Target"] or not bucket_key
