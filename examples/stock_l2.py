"""The same secrets and bucket with the constructs of aws-cdk-lib alone, as most code bases have them."""

from pathlib import Path

from aws_cdk import Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

ORDERS_CODE = Path(__file__).with_name("orders_function.py").read_text()


class StockL2(Stack):
    """The stack of `hardened_secrets.py`, built without this library."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)

        administrator = iam.Role(self, "KeyAdministrator", assumed_by=iam.AccountRootPrincipal())
        key = kms.Key(self, "Key", admins=[administrator], enable_key_rotation=True)

        orders = secretsmanager.Secret(self, "OrdersSecret", encryption_key=key)
        secretsmanager.Secret(self, "PayrollSecret", encryption_key=key)

        log_group = logs.LogGroup(self, "OrdersLog", encryption_key=key)
        # LogGroup does not tell the key, and without this grant the deployment fails.
        key.grant_encrypt_decrypt(iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com"))

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
        # [start: l2-grant]
        orders.grant_read(function)
        # [end: l2-grant]

        # A bucket under the same key, which the function fills.
        reports = s3.Bucket(self, "Reports", encryption_key=key, removal_policy=RemovalPolicy.DESTROY)
        reports.grant_read_write(function)

        # Not part of the design: a role that was once given too much, as every account has some.
        innocent = iam.Role(self, "InnocentRole", assumed_by=iam.AccountRootPrincipal())
        everything = iam.PolicyStatement(actions=["kms:*", "s3:*", "secretsmanager:*", "ssm:*"], resources=["*"])
        innocent.add_to_policy(everything)
