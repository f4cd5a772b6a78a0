"""One stack with the constructs of this library, and the same stack without them: the way in, and the way back."""

import os

from aws_cdk import App, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from secure_kms_constructs import (
    HardenedKey,
    KmsDriftAlarms,
    LogGroupWithCmk,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
)

PARAMETER, LOG_GROUP, MANAGED = "/backout/token", "/backout/orders", "/backout/managed"


class Roles(Stack):
    """What both have in common: roles with names, which outlive either."""

    def role(self, name: str) -> iam.Role:
        return iam.Role(self, name, assumed_by=iam.AccountRootPrincipal(), role_name=f"backout-{name.lower()}")

    def parameter(self, key: kms.IKey) -> ssm.IStringParameter:
        return ssm.StringParameter.from_secure_string_parameter_attributes(
            self, "Parameter", parameter_name=PARAMETER, encryption_key=key
        )


class Hardened(Roles):
    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        # [start: hardened-key]
        key = HardenedKey(self, "Key")
        # [end: hardened-key]
        secret = secretsmanager.Secret(self, "Secret", encryption_key=key)
        reader, rotator, manager = self.role("Reader"), self.role("Rotator"), self.role("Manager")
        # [start: scoped]
        ScopedSecretReader(self, "ReadsSecret", grantee=reader, secrets=[secret])
        ScopedParameterReader(self, "ReadsParameter", grantee=reader, parameters=[self.parameter(key)], key=key)
        ScopedSecretRotator(self, "RotatesSecret", grantee=rotator, secrets=[secret])
        # [end: scoped]
        # [start: log-group]
        LogGroupWithCmk(self, "Log", key=key, log_group_name=LOG_GROUP)
        # [end: log-group]
        # [start: manager]
        ScopedLogGroupManager(self, "ManagesLogs", grantee=manager, key=key, log_group_prefix=MANAGED)
        # [end: manager]
        KmsDriftAlarms(self, "Drift", topic=sns.Topic(self, "Topic", master_key=key), leave_out=[key.deployer_arn])


class BackedOut(Roles):
    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        # [start: stock-key]
        key = kms.Key(self, "Key", enable_key_rotation=True, removal_policy=RemovalPolicy.RETAIN)
        # [end: stock-key]
        secret = secretsmanager.Secret(self, "Secret", encryption_key=key)
        reader, rotator, manager = self.role("Reader"), self.role("Rotator"), self.role("Manager")
        # [start: stock-grants]
        secret.grant_read(reader)
        self.parameter(key).grant_read(reader)
        secret.grant_read(rotator)
        secret.grant_write(rotator)
        # [end: stock-grants]
        # [start: stock-log-group]
        service = iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")
        key.grant_encrypt_decrypt(service)
        logs.LogGroup(self, "Log", encryption_key=key, log_group_name=LOG_GROUP).node.add_dependency(key)
        # [end: stock-log-group]
        # [start: stock-manager]
        key.grant_encrypt_decrypt(manager)
        groups = f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{MANAGED}*"
        actions = ["logs:AssociateKmsKey", "logs:CreateLogGroup"]
        manager.add_to_policy(iam.PolicyStatement(actions=actions, resources=[groups]))
        manager.add_to_policy(iam.PolicyStatement(actions=["kms:DescribeKey"], resources=[key.key_arn]))
        # [end: stock-manager]
        sns.Topic(self, "Topic", master_key=key)


if __name__ == "__main__":
    app = App()
    here = Environment(account=os.environ["CDK_DEFAULT_ACCOUNT"], region=os.environ["CDK_DEFAULT_REGION"])
    (BackedOut if os.environ.get("BACKED_OUT") else Hardened)(app, "Backout", env=here)
    app.synth()
