"""Keys, secrets and readers in stacks and regions of their own, and keys that were there before."""

import os

from aws_cdk import App, CfnOutput, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager

from secure_kms_constructs import AWS_MANAGED, HardenedKey, ResolvedKey, ScopedSecretReader, Service

app = App()
account, region = os.environ["CDK_DEFAULT_ACCOUNT"], os.environ["CDK_DEFAULT_REGION"]
here = Environment(account=account, region=region)
abroad = Environment(account=account, region="eu-west-1")


def role(stack: Stack, id: str, name: str | None = None) -> iam.Role:
    return iam.Role(stack, id, assumed_by=iam.AccountRootPrincipal(), role_name=name)


# Everything at once: the key's stack, the secret's, and the reader's, which waits for both.
keys = Stack(app, "Keys", env=here)
key = HardenedKey(keys, "Key")
delegating = HardenedKey(keys, "Delegating", delegate_via=[Service.SECRETS_MANAGER])
secrets = Stack(app, "Secrets", env=here)
orders = secretsmanager.Secret(secrets, "Orders", encryption_key=key)
secretsmanager.Secret(secrets, "Payroll", encryption_key=key)
delegated = secretsmanager.Secret(secrets, "Delegated", encryption_key=delegating)
secretsmanager.Secret(secrets, "DelegatedNeighbour", encryption_key=delegating)
readers = Stack(app, "Readers", env=here)
ScopedSecretReader(readers, "Literal", grantee=role(readers, "LiteralRole", "apart-literal"), secrets=[orders])
ScopedSecretReader(readers, "Generated", grantee=role(readers, "GeneratedRole"), secrets=[delegated])

# The other way round: the key's stack waits for the role's.
roles = Stack(app, "Roles", env=here)
early = role(roles, "Early")
after = Stack(app, "KeysAfterRoles", env=here)
late_key = HardenedKey(after, "Key")
late = secretsmanager.Secret(after, "Secret", encryption_key=late_key)
secretsmanager.Secret(after, "Neighbour", encryption_key=late_key)
ScopedSecretReader(after, "Reader", grantee=early, secrets=[late])

# Another region.
far = Stack(app, "Abroad", env=abroad)
far_key = HardenedKey(far, "Key")
far_secret = secretsmanager.Secret(far, "Secret", encryption_key=far_key, secret_name="apart/abroad")
secretsmanager.Secret(far, "Neighbour", encryption_key=far_key)
travellers = Stack(app, "Travellers", env=here)
ScopedSecretReader(travellers, "Reader", grantee=role(travellers, "Role", "apart-traveller"), secrets=[far_secret])

# A secret there with a replica here, under a key that admits who deploys the secret.
replica_key = HardenedKey(keys, "ReplicaKey")
replicated = secretsmanager.Secret(
    far,
    "Replicated",
    encryption_key=far_key,
    secret_name="apart/replicated",
    replica_regions=[secretsmanager.ReplicaRegion(region=region, encryption_key=replica_key)],
)
replica_key.admit_replicas_of(replicated)
replica = secretsmanager.Secret.from_secret_name_v2(readers, "Replica", "apart/replicated")
reader = role(readers, "ReplicaRole", "apart-replica")
ScopedSecretReader(readers, "OfReplica", grantee=reader, secrets=[replica], key=replica_key)

# Keys that were there before, found in every way there is.
lookups = Stack(app, "Lookups", env=here)
ALIAS, PARAMETER = "alias/legacy-secrets", "/shared/secrets-key-arn"
found = {
    "AliasAtSynth": ResolvedKey.from_alias(lookups, "AliasAtSynth", ALIAS),
    "AliasAtDeploy": ResolvedKey.from_alias(lookups, "AliasAtDeploy", ALIAS, at="deploy"),
    "Parameter": ResolvedKey.from_parameter(lookups, "Parameter", PARAMETER),
    "OfSecret": ResolvedKey.of_secret(lookups, "OfSecret", "legacy/database"),
    "OfSecretUnderAlias": ResolvedKey.of_secret(lookups, "OfSecretUnderAlias", "legacy/alias"),
    "ManagedAtSynth": ResolvedKey.aws_managed(lookups, "ManagedAtSynth", Service.PARAMETER_STORE),
    "ManagedAtDeploy": ResolvedKey.aws_managed(lookups, "ManagedAtDeploy", Service.PARAMETER_STORE, at="deploy"),
    "OfDefaultSecret": ResolvedKey.of_secret(lookups, "OfDefaultSecret", "legacy/default"),
}
for way, resolved in found.items():
    CfnOutput(lookups, f"{way}Arn", value="AWS_MANAGED" if resolved is AWS_MANAGED else resolved.key_arn)

app.synth()
