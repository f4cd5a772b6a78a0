"""Everything was there before: role, secret, parameter and keys are imported, and nothing is owned."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs import ResolvedKey, ScopedParameterReader, ScopedSecretReader


class Brownfield(Stack):
    """Policies only. What the keys' owners must add stands in the findings and in the attributes of the readers."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        role = iam.Role.from_role_name(self, "Role", "legacy-application")
        secret = secretsmanager.Secret.from_secret_name_v2(self, "Secret", "legacy/database")
        by_alias = ResolvedKey.from_alias(self, "SecretsKey", "alias/legacy-secrets", at="deploy")
        ScopedSecretReader(self, "SecretReader", grantee=role, secrets=[secret], key=by_alias)

        by_parameter = ResolvedKey.from_parameter(self, "ParametersKey", "/shared/parameters-key-arn")
        ScopedParameterReader(
            self, "ParameterReader", grantee=role, parameters=["/legacy/feature-token"], key=by_parameter
        )
