"""What the library promises, judged on the synthesized policies by an engine that is not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import pytest

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.scene import ACCOUNT, OTHER_ACCOUNT, deploy

FROM_HERE = {"aws:SourceAccount": ACCOUNT}
FROM_ELSEWHERE = {"aws:SourceAccount": OTHER_ACCOUNT}


@dataclass(frozen=True, kw_only=True)
class Case:
    """May `who` do `action` on `on`, through `via`, with the encryption context of `context`?

    `who`, `on` and the values of `context` are names of the scene: `role:Function`, `key:Key`, `secret:Named`.
    """

    name: str
    who: str
    action: str
    on: str
    via: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    allowed: bool = True


def but(case: Case, name: str, **change: object) -> Case:
    """A neighbour of a case: one field differs, and so does the answer."""
    return replace(case, name=name, allowed=not case.allowed, **change)  # type: ignore[arg-type]


def decrypts(who: str, secret: str, key: str = "key:Key", name: str = "") -> Case:
    """Reading a secret's value, as KMS sees it."""
    return Case(
        name=name or f"{who} decrypts {secret}",
        who=who,
        action="kms:Decrypt",
        on=key,
        via="secretsmanager",
        context={"SecretARN": secret},
    )


named = decrypts("role:FunctionServiceRole", "secret:Named", name="a reader decrypts its named secret")
greedy = decrypts("role:Greedy", "secret:Named", name="a reader with kms:* on * decrypts its secret")
generated = decrypts(
    "role:GeneratedRole", "secret:Generated", name="a reader decrypts its secret with a generated name"
)
both = decrypts("role:BothRole", "secret:Elsewhere", "key:OtherKey", name="a reader of two keys decrypts under each")
user = decrypts("user:User", "secret:Generated", name="a user decrypts its secret")
mutable = decrypts("import:mutable", "secret:Named", name="an imported role decrypts its secret")
immutable = decrypts("import:immutable", "secret:Named", name="an immutable role, named in the key policy, decrypts")
current = decrypts("role:CurrentRole", "secret:Named", name="a reader of one version stage decrypts")
partial = decrypts(
    "role:PartialRole", "arn:secret:legacy/db-AbC123", "key:LegacyKey", name="a secret known by name is decrypted"
)
delegated = decrypts(
    "role:DelegatedRole", "secret:Delegated", "key:DelegatingKey", name="delegate_via serves by IAM alone"
)
value = Case(
    name="a reader gets the value of its secret",
    who="role:FunctionServiceRole",
    action="secretsmanager:GetSecretValue",
    on="secret:Named",
)
described = replace(value, name="a reader describes its secret", action="secretsmanager:DescribeSecret")
default_value = replace(
    value, name="a reader gets a value under the AWS-managed key", who="role:BothRole", on="secret:UnderDefaultKey"
)
immutable_value = replace(value, name="an immutable role gets the value by the secret's policy", who="import:immutable")
staged = replace(
    value,
    name="AWSCURRENT is read where it is allowed",
    who="role:CurrentRole",
    extra={"secretsmanager:VersionStage": "AWSCURRENT"},
)
staged_describe = replace(
    staged, name="a reader of one stage describes the secret", action="secretsmanager:DescribeSecret", extra={}
)

deployer = Case(name="the deployer changes the key policy", who="deployer", action="kms:PutKeyPolicy", on="key:Key")
creates_secret = replace(named, name="the deployer creates a secret", who="deployer", action="kms:GenerateDataKey")
creates_table = Case(
    name="the deployer creates a table", who="deployer", action="kms:CreateGrant", on="key:Key", via="dynamodb"
)
table_data_key = replace(creates_table, name="the deployer's table gets a data key", action="kms:GenerateDataKey")
creates_database = replace(creates_table, name="the deployer creates a database", via="rds")
creates_function = replace(
    creates_table, name="the deployer encrypts a function's variables", action="kms:Encrypt", via="lambda"
)
creates_logs = Case(
    name="the deployer creates the encrypted log group",
    who="deployer",
    action="kms:Encrypt",
    on="key:LogsKey",
    via="logs",
    context={"aws:logs:arn": "group:Logs"},
)
rotation = replace(
    deployer, name="the deployer turns rotation on while it creates the key", action="kms:EnableKeyRotation"
)
replica = replace(deployer, name="the deployer replicates a multi-Region key", action="kms:ReplicateKey")

admin = Case(name="an administrator disables the key", who="role:KeyAdmin", action="kms:DisableKey", on="key:Key")
granted_admin = replace(admin, name="grant_admin makes an administrator", who="role:GrantedAdmin")
break_glass = replace(deployer, name="a policy administrator changes the key policy", who="role:BreakGlass")
root = Case(name="the root user changes the key policy", who="root", action="kms:PutKeyPolicy", on="key:Key")
auditor = Case(
    name="an IAM policy is enough to read metadata", who="role:Innocent", action="kms:GetKeyPolicy", on="key:Key"
)
config = replace(auditor, name="AWS Config reads the rotation status", action="kms:GetKeyRotationStatus")
analyzer = replace(auditor, name="Access Analyzer lists grants", action="kms:ListGrants")

decrypter = Case(name="grant_decrypt works", who="role:Decrypter", action="kms:Decrypt", on="key:Key")
encrypter = Case(name="grant_encrypt works", who="role:Encrypter", action="kms:Encrypt", on="key:Key")
grants = replace(decrypter, name="the grants property works", who="role:GrantsDecrypter")
bucket = replace(
    decrypter,
    name="what an L2 bucket grants works",
    who="role:BucketReader",
    via="s3",
    context={"aws:s3:arn": "bucket:Bucket"},
)
signer = Case(name="grant_sign works", who="role:Signer", action="kms:Sign", on="key:SigningKey")
consumer = Case(
    name="grant_via works",
    who="role:Consumer",
    action="kms:Decrypt",
    on="key:Key",
    via="kinesis",
    context={"aws:kinesis:arn": "arn:stream/orders"},
)

logs = Case(
    name="CloudWatch Logs encrypts for its group",
    who="service:logs",
    action="kms:GenerateDataKey",
    on="key:LogsKey",
    context={"aws:logs:arn": "group:Logs"},
)
more_logs = replace(logs, name="a second group shares the key", context={"aws:logs:arn": "group:MoreLogs"})
own_logs = replace(
    logs, name="a group has a key of its own", on="key:OwnLogs", context={"aws:logs:arn": "group:OwnLogs"}
)
logs_read = replace(logs, name="CloudWatch Logs decrypts for its group", action="kms:Decrypt")
logs_describe = Case(
    name="CloudWatch Logs describes the key",
    who="service:logs",
    action="kms:DescribeKey",
    on="key:LogsKey",
    extra=FROM_HERE,
)

CASES = [
    named,
    but(named, "not the neighbour secret under the same key", context={"SecretARN": "secret:Neighbour"}),
    but(named, "not by a direct call", via=None),
    but(named, "not through Parameter Store", via="ssm"),
    but(named, "not through another region's Secrets Manager", via="secretsmanager.eu-west-3.amazonaws.com"),
    but(named, "not without encryption context", context={}),
    but(named, "not under another key", on="key:OtherKey"),
    but(named, "not by an innocent role with kms:* on *", who="role:Innocent"),
    but(named, "not by the administrator", who="role:KeyAdmin"),
    but(named, "not by the policy administrator", who="role:BreakGlass"),
    but(named, "not by a reader of another secret", who="role:GeneratedRole"),
    but(named, "not by another account's role with kms:*", who="stranger"),
    but(named, "a reader does not encrypt", action="kms:Encrypt"),
    but(named, "a reader does not make data keys", action="kms:GenerateDataKey"),
    but(named, "a reader does not re-encrypt", action="kms:ReEncryptFrom"),
    but(named, "a reader does not create grants", action="kms:CreateGrant"),
    greedy,
    but(
        greedy, "kms:* on * does not open a named reader's neighbour secret", context={"SecretARN": "secret:Neighbour"}
    ),
    but(greedy, "kms:* on * does not open the key to direct calls", via=None),
    generated,
    but(generated, "not the named secret", context={"SecretARN": "secret:Named"}),
    but(generated, "not by a direct call either", via=None),
    both,
    but(both, "not the first key's secret under the second key", context={"SecretARN": "secret:Generated"}),
    but(both, "not the second key's secret under the first key", on="key:Key"),
    user,
    but(user, "not another secret by the user", context={"SecretARN": "secret:Named"}),
    mutable,
    but(mutable, "not another secret by the imported role", context={"SecretARN": "secret:Neighbour"}),
    immutable,
    but(immutable, "not another secret by the immutable role", context={"SecretARN": "secret:Neighbour"}),
    but(immutable, "not by a direct call of the immutable role", via=None),
    current,
    but(current, "not another secret by the reader of one stage", context={"SecretARN": "secret:Generated"}),
    partial,
    but(partial, "a longer name does not match -??????", context={"SecretARN": "arn:secret:legacy/db-other-AbC123"}),
    delegated,
    but(delegated, "delegation ends at the service", via="ssm"),
    but(delegated, "delegation is for this account", who="stranger"),
    value,
    but(value, "not the value of the neighbour secret", on="secret:Neighbour"),
    but(value, "not a new value", action="secretsmanager:PutSecretValue"),
    described,
    but(described, "not the description of the neighbour secret", on="secret:Neighbour"),
    default_value,
    but(default_value, "not the value of a secret it was not given", on="secret:Named"),
    immutable_value,
    but(immutable_value, "not another value by the immutable role", on="secret:Neighbour"),
    staged,
    but(staged, "AWSPREVIOUS is not read", extra={"secretsmanager:VersionStage": "AWSPREVIOUS"}),
    staged_describe,
    but(staged_describe, "a reader of one stage describes no other secret", on="secret:Neighbour"),
    deployer,
    but(deployer, "an IAM admin does not change the key policy", who="role:Innocent"),
    but(deployer, "a reader does not change the key policy", who="role:FunctionServiceRole"),
    but(deployer, "an administrator does not change the key policy", who="role:KeyAdmin"),
    but(deployer, "the deployer does not decrypt", action="kms:Decrypt"),
    but(deployer, "the deployer does not encrypt directly", action="kms:Encrypt"),
    but(deployer, "the deployer does not create grants directly", action="kms:CreateGrant"),
    but(deployer, "the deploy role is not the deployer", who="deploy-role"),
    rotation,
    but(rotation, "an IAM admin does not turn rotation on", who="role:Innocent"),
    replica,
    but(replica, "a single-Region key is not replicated", on="key:OtherKey"),
    creates_secret,
    but(creates_secret, "an IAM admin creates no secret with the key", who="role:Innocent"),
    but(creates_secret, "the deployer makes no data key directly", via=None),
    creates_table,
    but(creates_table, "the deployer grants nothing through another service", via="s3"),
    but(creates_table, "an IAM admin creates no table with the key", who="role:Innocent"),
    table_data_key,
    but(table_data_key, "the deployer makes no data key through S3", via="s3"),
    creates_database,
    but(creates_database, "an IAM admin creates no database with the key", who="role:Innocent"),
    creates_function,
    but(creates_function, "the deployer encrypts nothing through S3", via="s3"),
    creates_logs,
    but(creates_logs, "the deployer creates no other log group", context={"aws:logs:arn": "arn:log-group:/app/other"}),
    but(creates_logs, "an IAM admin creates no log group with the key", who="role:Innocent"),
    admin,
    but(admin, "an administrator does not decrypt", action="kms:Decrypt"),
    but(admin, "an administrator does not encrypt", action="kms:Encrypt"),
    but(admin, "an administrator does not create grants", action="kms:CreateGrant"),
    but(admin, "an administrator has no other key", on="key:OtherKey"),
    but(admin, "an IAM admin does not disable the key", who="role:Innocent"),
    granted_admin,
    but(granted_admin, "grant_admin gives no PutKeyPolicy", action="kms:PutKeyPolicy"),
    break_glass,
    but(break_glass, "a policy administrator does not decrypt", action="kms:Decrypt"),
    root,
    but(root, "another account's root changes nothing", who="other-root"),
    auditor,
    but(auditor, "metadata does not take in the public key", action="kms:GetPublicKey"),
    but(auditor, "metadata does not take in another account", who="stranger"),
    config,
    but(config, "reading the rotation status does not take in changing it", action="kms:DisableKeyRotation"),
    analyzer,
    but(analyzer, "listing grants does not take in revoking them", action="kms:RevokeGrant"),
    decrypter,
    but(decrypter, "grant_decrypt does not encrypt", action="kms:Encrypt"),
    but(decrypter, "grant_decrypt is for its grantee", who="role:Innocent"),
    encrypter,
    but(encrypter, "grant_encrypt does not decrypt", action="kms:Decrypt"),
    but(encrypter, "grant_encrypt does not re-encrypt to a foreign key", action="kms:ReEncryptFrom"),
    grants,
    but(grants, "the grants property is for its grantee", who="role:Encrypter"),
    bucket,
    but(bucket, "what an L2 bucket grants is for its grantee", who="role:Innocent"),
    but(bucket, "what an L2 bucket grants is no direct decryption", via=None),
    but(bucket, "what an L2 bucket grants opens nothing through Secrets Manager", via="secretsmanager"),
    but(bucket, "what an L2 bucket grants is for this bucket", context={"aws:s3:arn": "arn:stream/orders"}),
    signer,
    but(signer, "signing is for its grantee", who="role:Innocent"),
    consumer,
    but(consumer, "grant_via names the stream", context={"aws:kinesis:arn": "arn:stream/payments"}),
    but(consumer, "grant_via names the service", via="secretsmanager"),
    logs,
    but(logs, "not for a group that has not asked", context={"aws:logs:arn": "arn:log-group:/app/other"}),
    but(logs, "not for a group whose name only starts alike", context={"aws:logs:arn": "arn:log-group:/app/orders2"}),
    but(logs, "not without encryption context for CloudWatch Logs", context={}),
    but(logs, "not another service", who="service:sns"),
    but(logs, "not a role in place of CloudWatch Logs", who="role:Innocent"),
    but(logs, "not a key without log groups", on="key:Key"),
    more_logs,
    but(more_logs, "a shared key has no wildcard", context={"aws:logs:arn": "arn:log-group:/app/payments/x"}),
    own_logs,
    but(own_logs, "a group's own key serves no other group", context={"aws:logs:arn": "group:Logs"}),
    logs_read,
    but(logs_read, "CloudWatch Logs decrypts for no other group", context={"aws:logs:arn": "group:OwnLogs"}),
    logs_describe,
    but(logs_describe, "CloudWatch Logs describes for this account only", extra=FROM_ELSEWHERE),
]

PLACES = {
    "known account and region": ("us-east-1", "aws", False),
    "env-agnostic": ("eu-central-1", "aws", True),
    "China": ("cn-north-1", "aws-cn", True),
    "GovCloud": ("us-gov-west-1", "aws-us-gov", True),
}


@pytest.fixture(scope="module", params=PLACES.values(), ids=PLACES.keys())
def deployment(request: pytest.FixtureRequest) -> Deployment:
    region, partition, env_agnostic = request.param
    return deploy(region, partition, env_agnostic=env_agnostic)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_promise(deployment: Deployment, judge: Judge, case: Case) -> None:
    principal = arn(deployment, case.who)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    made_here = case.who.startswith(("role:", "user:", "import:mutable"))
    mighty = not made_here and not case.who.startswith("import:")
    answer = deployment.ask(
        judge,
        principal,
        case.action,
        arn(deployment, case.on),
        via=case.via,
        encryption_context={key: arn(deployment, value) for key, value in case.context.items()},
        context=case.extra,
        # Principals that the template does not make are as mighty as an identity policy can make them.
        identity=[{"Version": "2012-10-17", "Statement": [everything]}] if mighty else None if made_here else [],
    )
    assert answer.allowed is case.allowed, answer.explanation


def arn(deployment: Deployment, name: str) -> str:
    """The ARN of a thing of the scene."""
    key = deployment.key("Key")
    _, partition, _, region, account, _ = key.split(":", 5)
    kind, _, rest = name.partition(":")
    if kind in ("role", "user", "key", "secret", "bucket"):
        return str(getattr(deployment, kind)(rest))
    if kind == "group":
        return deployment.log_group(rest)
    if kind == "service":
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        return f"logs.{region}.{suffix}" if rest == "logs" else f"{rest}.amazonaws.com"
    if kind == "arn":
        service = {"secret": "secretsmanager", "log-group": "logs"}.get(rest.split(":")[0], "kinesis")
        return f"arn:{partition}:{service}:{region}:{account}:{rest}"
    principals = {
        "import": f"arn:{partition}:iam::{account}:role/{rest}",
        "deployer": f"arn:{partition}:iam::{account}:role/cdk-hnb659fds-cfn-exec-role-{account}-{region}",
        "deploy-role": f"arn:{partition}:iam::{account}:role/cdk-hnb659fds-deploy-role-{account}-{region}",
        "root": f"arn:{partition}:iam::{account}:root",
        "other-root": f"arn:{partition}:iam::{OTHER_ACCOUNT}:root",
        "stranger": f"arn:{partition}:iam::{OTHER_ACCOUNT}:role/FunctionServiceRole",
    }
    return principals[kind]


def test_every_allowed_case_has_a_denied_neighbour_that_differs_in_one_field() -> None:
    denied = [case for case in CASES if not case.allowed]
    lonely = [case.name for case in CASES if case.allowed and not any(differ_in_one(case, other) for other in denied)]
    assert lonely == []


def differ_in_one(one: Case, other: Case) -> bool:
    compared = [f.name for f in fields(Case) if f.name not in ("name", "allowed")]
    return sum(getattr(one, name) != getattr(other, name) for name in compared) == 1


def test_case_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)
