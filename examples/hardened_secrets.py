"""Two secrets and a bucket under one key. The orders function may read its own; no other role here may use the key."""

from pathlib import Path

from aws_cdk import Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs import HardenedKey, LogGroupWithCmk, ScopedSecretReader

ORDERS_CODE = Path(__file__).with_name("orders_function.py").read_text()


class HardenedSecrets(Stack):
    """The stack of `stock_l2.py`, built with this library."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)

        administrator = iam.Role(self, "KeyAdministrator", assumed_by=iam.AccountRootPrincipal())
        key = HardenedKey(self, "Key", administrators=[administrator])

        orders = secretsmanager.Secret(self, "OrdersSecret", encryption_key=key)
        secretsmanager.Secret(self, "PayrollSecret", encryption_key=key)

        log_group = LogGroupWithCmk(self, "OrdersLog", key=key)

        function = lambda_.Function(
            self,
            "OrdersFunction",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(ORDERS_CODE),
            environment={"SECRET_ARN": orders.secret_arn},
            log_group=log_group,
            timeout=Duration.seconds(30),
        )
        # [start: reader]
        ScopedSecretReader(self, "OrdersReader", grantee=function, secrets=[orders])
        # [end: reader]

        # A bucket under the same key, which the function fills.
        reports = s3.Bucket(self, "Reports", encryption_key=key, removal_policy=RemovalPolicy.DESTROY)
        reports.grant_read_write(function)

        # Not part of the design: a role that was once given too much, as every account has some.
        innocent = iam.Role(self, "InnocentRole", assumed_by=iam.AccountRootPrincipal())
        everything = iam.PolicyStatement(actions=["kms:*", "s3:*", "secretsmanager:*", "ssm:*"], resources=["*"])
        innocent.add_to_policy(everything)
