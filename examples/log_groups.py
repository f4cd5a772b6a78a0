"""A role that creates log groups of its team, each encrypted with the team's CloudWatch Logs key."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from secure_kms_constructs import HardenedKey, ScopedLogGroupManager


class LogGroups(Stack):
    """The key and the role; the log groups are made at run time."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        key = HardenedKey(self, "Key", alias="alias/orders-logs", provision_via=())
        manager = iam.Role(self, "Manager", assumed_by=iam.AccountRootPrincipal())
        ScopedLogGroupManager(self, "Groups", grantee=manager, key=key, log_group_prefix="/orders/")
