"""Apps with stock keys under HardenKeys answer as the same apps with HardenedKeys: who may, and who may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from aws_cdk import App, Aspects, Environment, Stack, Stage, pipelines
from aws_cdk import aws_codecommit as codecommit
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, HardenKeys
from tests.semantics.assembly import deploy_app
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
ENV = Environment(account=ACCOUNT, region=REGION)
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
ACTIONS = (
    *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom"),
    *("kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey"),
)
WITHOUT_CONTEXT = ("kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")


def role(stack: Stack, id: str, **more: Any) -> iam.Role:
    return iam.Role(stack, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), **more)


def granted(stack: Stack, key: kms.IKey) -> None:
    key.grant_decrypt(role(stack, "Decrypter"))
    key.grant_encrypt(role(stack, "Encrypter"))
    key.grant_decrypt(iam.User(stack, "User"))
    key.grant_encrypt_decrypt(role(stack, "Named", role_name="named"))


def secrets(stack: Stack, key: kms.IKey) -> None:
    reader, both = role(stack, "Reader"), role(stack, "Both")
    mine = secretsmanager.Secret(stack, "Mine", encryption_key=key)
    other = secretsmanager.Secret(stack, "Other", encryption_key=key)
    for secret, grantee in ((mine, reader), (mine, both), (other, both)):
        secret.grant_read(grantee)
    mine.grant_write(role(stack, "Writer"))
    # Reading another secret is one thing, decrypting it under this key another.
    reader.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=["*"]))


def storage(stack: Stack, key: kms.IKey) -> None:
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    bucket.grant_read(role(stack, "BucketReader"))
    bucket.grant_read_write(role(stack, "BucketWriter"))
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)
    queue.grant_send_messages(role(stack, "Sender"))
    queue.grant_consume_messages(role(stack, "Consumer"))
    topic = sns.Topic(stack, "Topic", master_key=key)
    topic.add_subscription(subscriptions.SqsSubscription(queue))


def held(stack: Stack, key: kms.IKey) -> None:
    """Policies in every place, and a role that waits for the key."""
    allows = iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn])
    inline = {"own": iam.PolicyDocument(statements=[allows])}
    role(stack, "Inline", inline_policies=inline)
    role(stack, "InlineNamed", inline_policies=inline, role_name="inline-named", path="/app/")
    iam.ManagedPolicy(stack, "Managed", statements=[allows], roles=[role(stack, "Attached")])


WORLDS = [granted, secrets, storage]


class Asked(NamedTuple):
    """A question, but for the principal's own name."""

    principal: str
    action: str
    via: str | None
    context: tuple[tuple[str, str], ...]
    identity: bool = False


def build(world: Callable[[Stack, kms.IKey], None], *, hardened: bool) -> Deployment:
    app = App()
    stack = Stack(app, "App", env=ENV)
    key = HardenedKey(stack, "Key") if hardened else kms.Key(stack, "Key")
    world(stack, key)
    if not hardened:
        aspect = HardenKeys()
        Aspects.of(app).add(aspect)
    made = deploy_app(app, account=ACCOUNT, region=REGION)
    if not hardened:
        assert aspect.hardened == ("App/Key",)
        assert aspect.refused == {}
    return made


def questions(deployment: Deployment) -> Iterator[Asked]:
    template = deployment.only.template["Resources"]
    ids = [id for id, one in template.items() if one["Type"] in ("AWS::IAM::Role", "AWS::IAM::User")]
    found = {id: deployment.role(id) if template[id]["Type"] == "AWS::IAM::Role" else deployment.user(id) for id in ids}
    people = [
        *found.values(),
        *(DEPLOYER, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/innocent"),
        *(f"arn:aws:iam::{OTHER}:role/stranger", f"arn:aws:iam::{OTHER}:root"),
    ]
    contexts: list[tuple[str | None, tuple[tuple[str, str], ...]]] = [(None, ()), ("sqs", ()), ("lambda", ())]
    for id, one in template.items():
        if one["Type"] == "AWS::SecretsManager::Secret":
            contexts.append(("secretsmanager", (("SecretARN", deployment.secret(id)),)))
        if one["Type"] == "AWS::S3::Bucket":
            contexts.append(("s3", (("aws:s3:arn", f"{deployment.bucket(id)}/object"),)))
    contexts.append(
        ("secretsmanager", (("SecretARN", "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-AbCdEf"),))
    )
    for who in people:
        for action in ACTIONS:
            for via, context in contexts[:1] if action in WITHOUT_CONTEXT else contexts:
                yield Asked(who, action, via, context, who not in found.values())


def asked(judge: Judge, deployment: Deployment, one: Asked) -> bool:
    return deployment.ask(
        judge,
        one.principal,
        one.action,
        deployment.key("Key"),
        via=one.via,
        encryption_context=dict(one.context) if one.action not in WITHOUT_CONTEXT else {},
        identity=[EVERYTHING] if one.identity and not one.principal.endswith(":root") else None,
    ).allowed


@pytest.mark.parametrize("world", WORLDS)
def test_who_may_and_who_may_not_is_as_with_hardened_keys(
    judge: Judge, world: Callable[[Stack, kms.IKey], None]
) -> None:
    adopted, model = build(world, hardened=False), build(world, hardened=True)
    allowed = 0
    for one in questions(model):
        mine, wanted = asked(judge, adopted, one), asked(judge, model, one)
        allowed += wanted
        # What works there works here.
        assert mine or not wanted, one
        if mine and not wanted:
            # The L2 grants along with a bucket or queue without saying through which service: whoever has the grant may
            # use it in other ways too, and nobody else may.
            assert world is storage, one
            assert not one.identity, one
            assert one.action not in ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:GenerateDataKeyPair"), one
    assert allowed > 10


def test_policies_in_every_place_work_and_nobody_else_does(judge: Judge) -> None:
    deployment = build(held, hardened=False)
    key = deployment.key("Key")
    for id in ("Inline", "InlineNamed", "Attached"):
        who = deployment.role(id)
        assert deployment.ask(judge, who, "kms:Decrypt", key).allowed, id
        assert not deployment.ask(judge, who, "kms:Encrypt", key, identity=[EVERYTHING]).allowed, id
        # Of a role that waits for the key the name is a pattern, as in the policy of a HardenedKey.
        near = who.replace("App-Inline", "App-Onlin") if id == "Inline" else f"{who}x"
        assert not deployment.ask(judge, near, "kms:Decrypt", key, identity=[EVERYTHING]).allowed
    for name in ("neighbour", "inline-named", "other/inline-named"):
        assert not deployment.ask(
            judge, f"arn:aws:iam::{ACCOUNT}:role/{name}", "kms:Decrypt", key, identity=[EVERYTHING]
        ).allowed


def test_roles_of_other_stacks_and_imported_ones_work(judge: Judge) -> None:
    app = App()
    stack, other = Stack(app, "App", env=ENV), Stack(app, "Other", env=ENV)
    key = kms.Key(stack, "Key")
    key.grant_decrypt(role(other, "Named", role_name="named-elsewhere"))
    imported = f"arn:aws:iam::{ACCOUNT}:role/with/path/imported"
    key.grant_decrypt(iam.Role.from_role_arn(stack, "Imported", imported))
    aspect = HardenKeys(fail_on_refusal=True)
    Aspects.of(app).add(aspect)
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    assert aspect.hardened == ("App/Key",)
    made = deployment.key("Key", stack="App")
    for who in (deployment.role("Named", stack="Other"), imported):
        assert deployment.ask(judge, who, "kms:Decrypt", made, identity=[EVERYTHING]).allowed
        assert not deployment.ask(judge, who, "kms:Encrypt", made, identity=[EVERYTHING]).allowed
        for near in (f"{who}x", who.replace(ACCOUNT, OTHER), f"{who}/x"):
            assert not deployment.ask(judge, near, "kms:Decrypt", made, identity=[EVERYTHING]).allowed


def test_a_role_of_another_account_is_admitted_by_name_and_no_other_of_it(judge: Judge) -> None:
    app = App()
    stack, other = Stack(app, "App", env=ENV), Stack(app, "Other", env=Environment(account=OTHER, region=REGION))
    kms.Key(stack, "Key").grant_decrypt(role(other, "Named", role_name="named"))
    neighbour = role(other, "Neighbour", role_name="neighbour")
    neighbour.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))
    Aspects.of(app).add(HardenKeys(fail_on_refusal=True))
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    made = deployment.key("Key", stack="App")
    for name, allowed in (("named", True), ("neighbour", False)):
        who = f"arn:aws:iam::{OTHER}:role/{name}"
        assert deployment.ask(judge, who, "kms:Decrypt", made, identity=[EVERYTHING]).allowed is allowed
        assert not deployment.ask(judge, who, "kms:Encrypt", made, identity=[EVERYTHING]).allowed


def test_the_artifact_key_of_a_pipeline_is_its_own(judge: Judge) -> None:
    app = App()
    stack = Stack(app, "App", env=ENV)
    source = pipelines.CodePipelineSource.code_commit(
        codecommit.Repository.from_repository_name(stack, "Code", "c"), "m"
    )
    synth = pipelines.ShellStep("Synth", input=source, commands=["cdk synth"])
    pipeline = pipelines.CodePipeline(stack, "Pipeline", cross_account_keys=True, synth=synth)
    stage = Stage(app, "Prod", env=Environment(account=OTHER, region=REGION))
    s3.Bucket(Stack(stage, "Stack"), "Bucket")
    pipeline.add_stage(stage)
    aspect = HardenKeys(fail_on_refusal=True)
    Aspects.of(app).add(aspect)
    templates = {one.stack_name: one.template for one in app.synth().stacks}
    deployment = Deployment({"App": templates["App"]}, account=ACCOUNT, region=REGION)
    assert aspect.hardened == ("App/Pipeline/Pipeline/ArtifactsBucketEncryptionKey",)
    key = deployment.key("PipelineArtifactsBucketEncryptionKey")
    bucket = deployment.bucket("PipelineArtifactsBucket")
    sent = {"aws:s3:arn": f"{bucket}/artifact"}

    def may(who: str, action: str, *, identity: Any = None) -> bool:
        context = {} if action in WITHOUT_CONTEXT else sent
        return deployment.ask(judge, who, action, key, via="s3", encryption_context=context, identity=identity).allowed

    for id in (
        "PipelineRole",
        "PipelineSource",
        "PipelineBuildSynthCdkBuildProjectRole",
        "PipelineUpdatePipelineSelfMutationRole",
    ):
        who = deployment.role(id)
        assert may(who, "kms:Decrypt"), id
        assert not may(who, "kms:PutKeyPolicy"), id
    assert may(deployment.role("PipelineRole"), "kms:GenerateDataKey")
    # The bootstrap of the other account has a policy of its own.
    deploys = f"arn:aws:iam::{OTHER}:role/cdk-hnb659fds-deploy-role-{OTHER}-{REGION}"
    assert may(deploys, "kms:Decrypt", identity=[EVERYTHING])
    assert not may(deploys, "kms:GenerateDataKey", identity=[EVERYTHING])
    for stranger in (f"arn:aws:iam::{ACCOUNT}:role/innocent", f"arn:aws:iam::{OTHER}:role/neighbour"):
        assert not may(stranger, "kms:Decrypt", identity=[EVERYTHING])
    assert may(DEPLOYER, "kms:PutKeyPolicy", identity=[EVERYTHING])
    properties = templates["App"]["Resources"][aspect_key(templates["App"])]["Properties"]
    assert properties["EnableKeyRotation"] is True
    assert properties["PendingWindowInDays"] == 30


def aspect_key(template: dict[str, Any]) -> str:
    [id] = [id for id, one in template["Resources"].items() if one["Type"] == "AWS::KMS::Key"]
    return id
