"""Apache Superset on ECS reads its database credentials from SSM: under aws/ssm first, under keys of its own after."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ScopedParameterReader

TIERS = {"confidential": ["/superset/database/password"], "internal": ["/superset/database/user", "/superset/cache"]}


class Superset(Stack):
    """The task definition; its execution role, not its task role, reads what is injected into the container."""

    def __init__(
        self, scope: Construct, construct_id: str, *, own_keys: bool = False, env: Environment | None = None
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        reader = iam.Role(
            self,
            "ExecutionRole",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonECSTaskExecutionRolePolicy")
            ],
        )
        # ECS would add grants of its own, with the history of the parameters; the readers below are enough.
        task = ecs.FargateTaskDefinition(self, "Task", execution_role=reader.without_policy_updates())
        container = task.add_container("Superset", image=ecs.ContainerImage.from_registry("apache/superset"))
        for name in (name for names in TIERS.values() for name in names):
            parameter = ssm.StringParameter.from_string_parameter_name(self, name, name)
            container.add_secret(name.strip("/").replace("/", "_").upper(), ecs.Secret.from_ssm_parameter(parameter))

        if own_keys:
            for tier, names in TIERS.items():
                key = HardenedKey(self, f"{tier}-key", alias=f"alias/superset-{tier}")
                ScopedParameterReader(self, f"{tier}-reader", grantee=reader, parameters=names, key=key)
        else:
            names = [name for names in TIERS.values() for name in names]
            ScopedParameterReader(self, "Reader", grantee=reader, parameters=names, key=AWS_MANAGED)
