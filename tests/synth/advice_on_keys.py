"""Advice of errors about keys, grants on them, principals and stacks."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, BootstraplessSynthesizer, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import HardenedKey, ScopedSecretReader, Service, Use
from tests.synth.advising import FOREIGN, ROLE, Ground, Step, advice
from tests.synth.templates import ACCOUNT, REGION, make_role

Steps = tuple[Step, Step]
HMAC = kms.KeySpec.HMAC_256


def key_of(g: Ground, **options: Any) -> Step:
    return lambda: HardenedKey(g.stack, "Own", **options)


def statement(principal: Any, *actions: str, **more: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), principals=[principal], resources=["*"], **more)


def written(g: Ground, one: iam.PolicyStatement) -> Step:
    return lambda: g.key.add_to_resource_policy(one)


@advice("leave rotation_period out, KMS does not rotate this kind")
def _(g: Ground) -> Steps:
    mac = {"key_spec": HMAC, "key_usage": kms.KeyUsage.GENERATE_VERIFY_MAC}
    return key_of(g, rotation_period=Duration.days(90), **mac), key_of(g, **mac)


@advice("which services use, got key_spec {}: leave delegate_via out")
def _(g: Ground) -> Steps:
    mac = {"key_spec": HMAC, "key_usage": kms.KeyUsage.GENERATE_VERIFY_MAC}
    return key_of(g, delegate_via=[Service.SNS], **mac), key_of(g, **mac)


@advice("{} must be a Duration, got {}: write Duration.days(...)")
def _(g: Ground) -> Steps:
    return key_of(g, pending_window=30), key_of(g, pending_window=Duration.days(30))


@advice("use a HardenedKey without key_spec")
def _(g: Ground) -> Steps:
    mac = HardenedKey(g.stack, "Mac", key_spec=HMAC, key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC)
    own = HardenedKey(g.stack, "Own")
    return (
        lambda: mac.grant_via(g.role, Service.SQS, use=Use.READ),
        lambda: own.grant_via(g.role, Service.SQS, use=Use.READ),
    )


@advice("use two principals, or pass separation_of_duties=False")
def _(g: Ground) -> Steps:
    strict = HardenedKey(g.stack, "Strict", administrators=[g.role])
    loose = HardenedKey(g.stack, "Loose", administrators=[g.role], separation_of_duties=False)
    return lambda: strict.grant_decrypt(g.role), lambda: loose.grant_decrypt(g.role)


@advice("name a role of that account")
def _(g: Ground) -> Steps:
    return key_of(g, administrators=[iam.ArnPrincipal(FOREIGN)]), key_of(g, administrators=[iam.ArnPrincipal(ROLE)])


@advice("leave it out, the root user is admitted anyway")
def _(g: Ground) -> Steps:
    return key_of(g, administrators=[iam.AccountRootPrincipal()]), key_of(g)


@advice("make it with multi_region=True")
def _(g: Ground) -> Steps:
    there = g.of("There", "us-east-1")
    one, several = HardenedKey(g.stack, "One"), HardenedKey(g.stack, "Several", multi_region=True)
    return lambda: one.replicate(there, "Replica"), lambda: several.replicate(there, "Replica")


@advice("give both stacks an env, of two regions")
def _(g: Ground) -> Steps:
    key, there = HardenedKey(g.stack, "Own", multi_region=True), g.of("There", "us-east-1")
    return lambda: key.replicate(g.of("Here"), "Replica"), lambda: key.replicate(there, "Replica")


@advice("make both in one account")
def _(g: Ground) -> Steps:
    key, there = HardenedKey(g.stack, "Own", multi_region=True), g.of("There", "us-east-1")
    other = g.of("Other", "us-east-1", "999999999999")
    return lambda: key.replicate(other, "Replica"), lambda: key.replicate(there, "Replica")


@advice("make it in a stack that is deployed before")
def _(g: Ground) -> Steps:
    before = make_role(g.of("Before"), role_name="deployer")
    return key_of(g, deployer=g.role), key_of(g, deployer=before)


@advice("deployer cannot be told from {}: pass ")
def _(g: Ground) -> Steps:
    bare = Stack(g.app, "Bare", synthesizer=BootstraplessSynthesizer())
    deployer = iam.ArnPrincipal(ROLE)
    return lambda: HardenedKey(bare, "Key"), lambda: HardenedKey(bare, "Told", deployer=deployer)


@advice("a HardenedKey admits nobody by '*', got {}: name the roles that use the key")
def _(g: Ground) -> Steps:
    return written(g, statement(iam.AnyPrincipal(), "kms:Decrypt")), lambda: g.key.grant_decrypt(g.role)


@advice("a HardenedKey admits nobody by '*', got {}: pass delegate_via=[...]")
def _(g: Ground) -> Steps:
    conditions = {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"sns.{REGION}.amazonaws.com"}}
    everybody = statement(iam.AnyPrincipal(), "kms:Decrypt", conditions=conditions)
    return written(g, everybody), key_of(g, delegate_via=[Service.SNS])


@advice("got {}: grant the roles that use the key (key.grant_decrypt(role))")
def _(g: Ground) -> Steps:
    def followed() -> None:
        g.key.grant_decrypt(g.role)
        imported = kms.Key.from_key_arn(g.stack, "Ref", g.key.key_arn)
        imported.add_to_resource_policy(statement(iam.AccountRootPrincipal(), "kms:*"))
        key_of(g, delegate_via=[Service.SNS])()

    return written(g, statement(iam.AccountRootPrincipal(), "kms:Decrypt")), followed


@advice("KMS takes no wildcard in a principal, got {}: name each role")
def _(g: Ground) -> Steps:
    return (
        written(g, statement(iam.ArnPrincipal(f"{ROLE}*"), "kms:Decrypt")),
        written(g, statement(iam.ArnPrincipal(ROLE), "kms:Decrypt")),
    )


@advice("only the deployer and policy_administrators may change the key policy, got {} for {}: pass the principal")
def _(g: Ground) -> Steps:
    return (
        written(g, statement(iam.ArnPrincipal(ROLE), "kms:PutKeyPolicy")),
        key_of(g, policy_administrators=[iam.ArnPrincipal(ROLE)]),
    )


@advice("only the deployer and policy_administrators may change the key policy, got {}: pass the principal")
def _(g: Ground) -> Steps:
    return (
        lambda: g.key.grant(g.role, "kms:PutKeyPolicy"),
        key_of(g, policy_administrators=[g.role]),
    )


@advice("a principal must be visibly one role or user of one account, got {}: write its ARN, or pass the role itself")
def _(g: Ground) -> Steps:
    hidden = iam.ArnPrincipal(f"arn:aws:iam::{Aws.ACCOUNT_ID}:{Aws.STACK_NAME}")
    return (
        written(g, statement(hidden, "kms:Decrypt")),
        lambda: [written(g, statement(one, "kms:Decrypt"))() for one in (iam.ArnPrincipal(ROLE), g.role)],
    )


@advice("no service changes a key policy, got {} for {}: name uses")
def _(g: Ground) -> Steps:
    service = iam.ServicePrincipal("s3.amazonaws.com")
    return (
        written(g, statement(service, "kms:PutKeyPolicy")),
        written(g, statement(service, "kms:Decrypt", "kms:GenerateDataKey")),
    )


@advice("nobody needs all of KMS")
def _(g: Ground) -> Steps:
    return lambda: g.key.grant(g.role, "kms:*"), lambda: g.key.grant(g.role, "kms:Decrypt")


@advice("which also means {}: write kms:ReEncrypt* or kms:GenerateDataKey*")
def _(g: Ground) -> Steps:
    return (
        lambda: g.key.grant(g.role, "kms:Re*"),
        lambda: g.key.grant(g.role, "kms:ReEncrypt*", "kms:GenerateDataKey*"),
    )


@advice("grant to the roles that it is attached to")
def _(g: Ground) -> Steps:
    policy = iam.ManagedPolicy(
        g.stack, "Managed", roles=[g.role], statements=[iam.PolicyStatement(actions=["s3:List*"], resources=["*"])]
    )
    return lambda: g.key.grant_decrypt(policy), lambda: g.key.grant_decrypt(g.role)


@advice("grant to a role that its members assume")
def _(g: Ground) -> Steps:
    return lambda: g.key.grant_decrypt(iam.Group(g.stack, "Group")), lambda: g.key.grant_decrypt(g.role)


@advice("grant to a role that the service or caller assumes")
def _(g: Ground) -> Steps:
    service = iam.ServicePrincipal("lambda.amazonaws.com")
    return (
        lambda: ScopedSecretReader(g.stack, "Reader", grantee=service, secrets=[g.secret]),
        lambda: ScopedSecretReader(g.stack, "Reader", grantee=g.role, secrets=[g.secret]),
    )


@advice("got {}: pass a role of this app itself (not without_policy_updates())")
def _(g: Ground) -> Steps:
    def followed() -> None:
        g.key.grant_decrypt(g.role)
        g.key.grant_decrypt(iam.Role.from_role_arn(g.stack, "Imported", ROLE))
        g.key.grant_decrypt(iam.ArnPrincipal(f"{ROLE}2"))

    return lambda: g.key.grant_decrypt(iam.ArnPrincipal(f"{ROLE}?")), followed


@advice("{} takes constructs, got the text {}: pass {}")
def _(g: Ground) -> Steps:
    return lambda: g.key.grant_decrypt(ROLE), lambda: g.key.grant_decrypt(iam.ArnPrincipal(ROLE))


@advice("{} must be a list, got {}: put it in brackets")
def _(g: Ground) -> Steps:
    return key_of(g, delegate_via=Service.SNS), key_of(g, delegate_via=[Service.SNS])


@advice("grant it to a role of the account of the key")
def _(g: Ground) -> Steps:
    return (
        lambda: g.key.grant(iam.ArnPrincipal(FOREIGN), "kms:EnableKey"),
        lambda: g.key.grant(iam.ArnPrincipal(ROLE), "kms:EnableKey"),
    )


@advice("got {}: name each resource")
def _(g: Ground) -> Steps:
    def via(*names: str) -> Step:
        arns = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}" for name in names]
        return lambda: g.key.grant_via(g.role, Service.SECRETS_MANAGER, use=Use.READ, resource_arns=arns)

    return via("app/*"), via("app/one-??????", "app/two-??????")


@advice("write arn:<partition>:logs:<region>:<account>:log-group:/app/*")
def _(g: Ground) -> Steps:
    return (
        lambda: g.key.admit_logs_service("*"),
        lambda: g.key.admit_logs_service(f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app/*"),
    )


@advice("import it with mutable=False, and the policies of the resource and of the key admit it")
def _(g: Ground) -> Steps:
    sso = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_0123456789abcdef"
    queue = sqs.Queue(g.stack, "Queue", encryption_master_key=g.key)
    one, other = (
        iam.Role.from_role_arn(g.stack, id, sso, mutable=mutable) for id, mutable in (("One", True), ("Other", False))
    )
    return lambda: queue.grant_consume_messages(one), lambda: queue.grant_consume_messages(other)


@advice("got {} of {}, which the key could not hold to the service: grant to each role or user by itself")
def _(g: Ground) -> Steps:
    bucket = s3.Bucket(g.stack, "Bucket", encryption_key=g.key)
    tied = iam.PrincipalWithConditions(iam.ArnPrincipal(ROLE), {"Bool": {"aws:SecureTransport": "true"}})
    return lambda: bucket.grant_read(tied), lambda: bucket.grant_read(iam.ArnPrincipal(ROLE))


@advice("grant to each role or user by itself, got {}: {}")
def _(g: Ground) -> Steps:
    bucket = s3.Bucket(g.stack, "Bucket", encryption_key=g.key)
    roles = [make_role(g.stack, "One"), make_role(g.stack, "Two")]
    several = iam.CompositePrincipal(*(iam.ArnPrincipal(one.role_arn) for one in roles))
    return lambda: bucket.grant_read(several), lambda: [bucket.grant_read(one) for one in roles]
