"""A rotation function over a production and a development secret, each under a key kept in another stack."""

from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from secure_kms_constructs import HardenedKey, ScopedSecretRotator

ROTATION_CODE = """
import boto3

def handler(event, _context):
    client, secret, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        password = client.get_random_password()["RandomPassword"]
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )
    elif event["Step"] == "finishSecret":
        versions = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


class Keys(Stack):
    """One key and secret for each environment."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        self.secrets = []
        for stage in ("production", "development"):
            key = HardenedKey(self, f"{stage}-key", alias=f"alias/{stage}-secrets")
            name = f"{stage}/database"
            self.secrets.append(secretsmanager.Secret(self, f"{stage}-secret", encryption_key=key, secret_name=name))


class Rotation(Stack):
    """The function. Its role has a literal name, so that the keys' policies can name it from their own stack."""

    def __init__(self, scope: Construct, construct_id: str, keys: Keys, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(ROTATION_CODE),
            role=iam.Role(self, "Role", role_name="rotation", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
        )
        rotator = ScopedSecretRotator(self, "Rotator", grantee=function, secrets=keys.secrets)
        for secret in keys.secrets:
            rotator.add_rotation_schedule(secret, automatically_after=Duration.days(30))
