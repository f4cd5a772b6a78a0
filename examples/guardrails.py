"""What keeps an organization at least privilege: guardrails above it, and alarms and exceptions in its accounts."""

import os

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from secure_kms_constructs import (
    DocumentedSuppressions,
    Guardrail,
    HardenedKey,
    KmsConfigRule,
    KmsDriftAlarms,
    KmsGuardrails,
    documented_exception,
)

ORGANIZATION, TEST_UNIT = "o-abcdefghij", "ou-ab12-abcdefgh"
PARTNER = "444455556666"


class Management(Stack):
    """In the management account, or the one that administers the policies of the organization."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        KmsGuardrails(
            self,
            "Guardrails",
            organization=ORGANIZATION,
            targets=[TEST_UNIT],
            break_glass=["arn:aws:iam::*:role/break-glass/*"],
        )
        KmsGuardrails(
            self,
            "Perimeter",
            organization=ORGANIZATION,
            targets=["111122223333"],
            trusted_accounts=[PARTNER],
            without=[one for one in Guardrail if one is not Guardrail.ORGANIZATION_PERIMETER],
        )


class Security(Stack):
    """In each account and region that has keys."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment) -> None:
        super().__init__(scope, construct_id, env=env)
        key = HardenedKey(self, "Key", organization=ORGANIZATION)
        topic = sns.Topic(self, "Changes", master_key=key, enforce_ssl=True)
        KmsDriftAlarms(
            self,
            "Drift",
            topic=topic,
            leave_out=[key.deployer_arn],
            config_rules=KmsConfigRule.in_region(self.region),
        )
        arn = f"arn:aws:iam::{self.account}:role/cdk-hnb659fds-deploy-role-{self.account}-{self.region}"
        pipeline = iam.Role.from_role_arn(self, "Pipeline", arn)
        why = "it decrypts the artifacts of every account of ours"
        exception = documented_exception(pipeline, why, review_by="2099-06-30")
        DocumentedSuppressions(self, "Suppressions", exceptions=[exception])


if __name__ == "__main__":
    app = App()
    account, region = os.environ.get("CDK_DEFAULT_ACCOUNT"), os.environ.get("CDK_DEFAULT_REGION")
    here = Environment(account=account, region=region)
    Management(app, "Management", env=here)
    Security(app, "Security", env=here)
    app.synth()
