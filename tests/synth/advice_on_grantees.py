"""Advice of errors about principals, statements and grants on keys."""

from __future__ import annotations

from typing import Any, cast

import jsii
from aws_cdk import Aws, IPropertyInjector, PropertyInjectors, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import ScopedSecretReader, Service, Use
from tests.synth.advice_on_keys import Steps, key_of, statement, written
from tests.synth.advising import FOREIGN, ROLE, Ground, Step, advice
from tests.synth.templates import ACCOUNT, REGION, make_role


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


@advice("a statement for {} admits nobody of another account, got aws:PrincipalArn {}: write the statement for the")
def _(g: Ground) -> Steps:
    def named(principal: iam.PrincipalBase) -> Step:
        conditions = {"ArnEquals": {"aws:PrincipalArn": FOREIGN}}
        return written(g, statement(principal, "kms:Decrypt", conditions=conditions))

    return named(iam.AccountRootPrincipal()), named(iam.AccountPrincipal(FOREIGN.split(":")[4]))


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
    roles = [make_role(g.stack, "One"), make_role(g.stack, "Two")]
    several = iam.CompositePrincipal(*(iam.ArnPrincipal(one.role_arn) for one in roles))
    return lambda: bucket.grant_read(several), lambda: [bucket.grant_read(one) for one in roles]


@advice("{} has no role of its own, pass the role itself: {}")
def _(g: Ground) -> Steps:
    function = lambda_.Function.from_function_arn(g.stack, "Imported", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")
    return lambda: g.key.grant_decrypt(function), lambda: g.key.grant_decrypt(g.role)


@advice("use must be one of {}, got {}")
def _(g: Ground) -> Steps:
    def of(use: Any) -> Step:
        return lambda: g.key.grant_via(g.role, Service.SQS, use=use)

    return of("reed"), of(Use.READ)


@advice("and a reference to it would be a cycle: give it a literal {}_name{}")
def _(g: Ground) -> Steps:
    other = g.of("Other")
    generated, named = make_role(other), make_role(other, "Named", role_name="named")
    return lambda: g.key.grant_decrypt(generated), lambda: g.key.grant_decrypt(named)


@advice("and the policy of the key is in {}: import it with a full literal ARN")
def _(g: Ground) -> Steps:
    other = g.of("Other")
    hidden = iam.Role.from_role_arn(other, "Hidden", f"arn:aws:iam::{ACCOUNT}:role/{Aws.STACK_NAME}-reader")
    literal = iam.Role.from_role_arn(other, "Literal", ROLE)
    secret = secretsmanager.Secret(g.stack, "Named", encryption_key=g.key, secret_name="app/db")
    return tuple(  # type: ignore[return-value]
        lambda one=one: ScopedSecretReader(other, "Reader", grantee=one, secrets=[secret]) for one in (hidden, literal)
    )


@advice("cannot be told: give both stacks an env{}")
def _(g: Ground) -> Steps:
    agnostic, known = Stack(g.app, "Agnostic"), g.of("Known")
    one, other = (make_role(it, role_name=name) for it, name in ((agnostic, "one"), (known, "other")))
    return lambda: g.key.grant_decrypt(one), lambda: g.key.grant_decrypt(other)


@advice("and a HardenedKey writes its own: leave policy out of what it injects into kms.Key")
def _(g: Ground) -> Steps:
    def injected(**more: Any) -> Step:
        PropertyInjectors.of(g.stack).add(cast(Any, Injector(more)))
        return key_of(g)

    return (lambda: injected(policy=iam.PolicyDocument())()), (lambda: injected(description="orders")())


@jsii.implements(IPropertyInjector)
class Injector:
    """Adds properties to each key."""

    def __init__(self, more: dict[str, Any]) -> None:
        self._more = more

    @property
    def construct_unique_id(self) -> str:
        return str(kms.Key.PROPERTY_INJECTION_ID)

    def inject(self, original_props: Any, *, scope: Any, id: str) -> Any:  # noqa: ARG002
        return {**original_props, **self._more}


@advice("import it with iam.Role.from_role_arn(...) and the ARN that IAM shows")
def _(g: Ground) -> Steps:
    of_sso = "AWSReservedSSO_Support_0123456789abcdef"
    by_name = iam.Role.from_role_name(g.stack, "ByName", of_sso)
    path = "aws-reserved/sso.amazonaws.com/eu-west-1"
    by_arn = iam.Role.from_role_arn(g.stack, "ByArn", f"arn:aws:iam::{ACCOUNT}:role/{path}/{of_sso}")
    return key_of(g, policy_administrators=[by_name]), key_of(g, policy_administrators=[by_arn])
