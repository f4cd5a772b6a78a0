"""What stands beside a reader is told where it opens the neighbour secret, and nowhere else."""

from __future__ import annotations

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Annotations, Match

from secure_kms_constructs import HardenedKey, ResolvedKey, ScopedSecretReader
from secure_kms_constructs.aws.managed_policies import AWS_MANAGED
from tests.semantics.assembly import deploy_app
from tests.semantics.companies import ACCOUNT, REGION
from tests.semantics.judge import Judge, Policy

NAMES = ["AdministratorAccess", "PowerUserAccess", "AWSSecretsManagerClientReadOnlyAccess", "SecretsManagerReadWrite"]


@pytest.mark.parametrize("name", [*NAMES, "service-role/AWSLambdaBasicExecutionRole", None])
def test_an_aws_managed_policy_is_told_where_it_opens_the_neighbour(judge: Judge, name: str | None) -> None:
    app = App()
    stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
    key = HardenedKey(stack, "Key")
    secret, _neighbour = (secretsmanager.Secret(stack, id, encryption_key=key) for id in ("Secret", "Neighbour"))
    attached = [iam.ManagedPolicy.from_aws_managed_policy_name(name)] if name else []
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), managed_policies=attached)
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    said = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("may also decrypt"))
    # What AWS's pages say, as the judge reads it.
    texts: dict[str, Policy] = {one: dict(AWS_MANAGED[one].document) for one in NAMES}
    deployment = deploy_app(app, account=ACCOUNT, region=REGION, aws_managed=texts)
    reader, the_key = deployment.role("Role"), deployment.key("Key")

    def decrypts(of: str, via: str | None = "secretsmanager") -> bool:
        sent = {"SecretARN": deployment.secret(of)}
        return deployment.ask(judge, reader, "kms:Decrypt", the_key, via=via, encryption_context=sent).allowed

    assert decrypts("Secret")
    assert not decrypts("Secret", via=None)
    assert decrypts("Neighbour") is bool(said)
    assert bool(said) is (name in NAMES[:3])


SECRETS = ["secretsmanager:GetSecretValue"]


@pytest.mark.parametrize("kind", ["aws", "imported"])
@pytest.mark.parametrize("resource", ["*", "own", "other action"])
def test_a_wider_way_under_a_key_of_elsewhere_is_told_too(judge: Judge, kind: str, resource: str) -> None:
    app = App()
    stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    imported = ResolvedKey.from_arn(stack, "Key", arn) if kind == "imported" else None
    secret, _neighbour = (secretsmanager.Secret(stack, id, encryption_key=imported) for id in ("Secret", "Neighbour"))
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret])
    actions = ["secretsmanager:DescribeSecret"] if resource == "other action" else SECRETS
    role.add_to_policy(
        iam.PolicyStatement(actions=actions, resources=[secret.secret_arn if resource == "own" else "*"])
    )
    said = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("may also read every other secret"))
    deployment = deploy_app(app, account=ACCOUNT, region=REGION)
    reader, other = deployment.role("Role"), deployment.secret("Neighbour")
    reads = deployment.ask(judge, reader, SECRETS[0], other).allowed
    assert reads is bool(said)
    assert reads is (resource == "*")


def test_stages_under_the_key_of_aws_are_told_where_an_l2_opens_all() -> None:
    app = App()
    stack = Stack(app, "Stack", env=Environment(account=ACCOUNT, region=REGION))
    secret = secretsmanager.Secret(stack, "Secret")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    ScopedSecretReader(stack, "Reader", grantee=role, secrets=[secret], version_stages=["AWSCURRENT"])
    secret.grant_read(role)
    pattern = Match.string_like_regexp("may also read every version stage, by Stack/Role/DefaultPolicy")
    assert len(Annotations.from_stack(stack).find_warning("*", pattern)) == 1
