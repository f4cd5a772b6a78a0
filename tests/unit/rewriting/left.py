"""CDK sources that a rewriter must leave as they are, each with what it says of them."""

from __future__ import annotations

_HEAD = """\
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager


class Orders(Stack):
    def __init__(self, scope, id, **kwargs):
        super().__init__(scope, id, **kwargs)
"""


def stack(*lines: str) -> str:
    """Return a source with a stack that holds these lines."""
    return _HEAD + "".join(f"        {line}\n" if line else "\n" for line in lines)


ROLE = 'role = iam.Role(self, "Role", assumed_by=iam.AccountRootPrincipal())'
SECRET = 'secret = secretsmanager.Secret(self, "Secret")'
READS = "secret.grant_read(role)"
WIDE = 'role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"]))'
WHAT_FOR = "`secure-kms observe`"

# What each source is, and a part of what is said of it; empty where it is none of our business.
LEFT: dict[str, tuple[str, str]] = {
    "a key with a policy": (stack('kms.Key(self, "K", policy=policy)'), "has a policy of its own"),
    "a key that does not rotate": (
        stack('kms.Key(self, "K", enable_key_rotation=False)'),
        "enable_key_rotation is not True",
    ),
    "a key of which it is not written": (stack('kms.Key(self, "K", enabled=flag)'), "enabled is not True"),
    "a key with arguments from elsewhere": (stack('kms.Key(self, "K", **options)'), "not written out"),
    "a key with an argument of later": (stack('kms.Key(self, "K", origin=origin)'), "origin is not known"),
    "a key with a comment beside what goes": (
        stack("kms.Key(", "    self,", '    "K",', "    enable_key_rotation=True,  # as the auditors ask", ")"),
        "a comment beside an argument that goes",
    ),
    "a key beside a HardenedKey of the file": (
        stack("class HardenedKey: ...", 'kms.Key(self, "K")'),
        "HardenedKey is a name of this file's own",
    ),
    "another Key": (stack().replace("aws_kms as kms", "aws_s3 as kms") + '        kms.Key(self, "K")\n', ""),
    "a key that is imported": (stack('kms.Key.from_key_arn(self, "K", arn)'), ""),
    "a secret that is imported": (
        stack('secret = secretsmanager.Secret.from_secret_name_v2(self, "S", "db")', ROLE, READS),
        "key=ResolvedKey",
    ),
    "a secret that is a parameter": (
        _HEAD
        + "\n    def read(self, secret: secretsmanager.ISecret, role: iam.IGrantable) -> None:\n        "
        + READS
        + "\n",
        "made elsewhere",
    ),
    "a secret that is made twice": (stack(SECRET, SECRET.replace('"Secret"', '"Other"'), ROLE, READS), ""),
    "a secret with an imported key": (
        stack('key = kms.Key.from_key_arn(self, "K", arn)', SECRET.replace(")", ", encryption_key=key)"), ROLE, READS),
        "its key is not made here",
    ),
    "grants in a loop": (stack(SECRET, "for role in roles:", f"    {READS}"), "in a loop"),
    "a grant that is used": (stack(SECRET, ROLE, f"{READS}.apply_before(self)"), "what it returns is used"),
    "a grant with arguments from elsewhere": (
        stack(SECRET, "secret.grant_read(*roles)"),
        "arguments are not written out",
    ),
    "a secret with an id that is made": (
        stack('secret = secretsmanager.Secret(self, f"{name}Secret")', ROLE, READS),
        "the id of the secret",
    ),
    "a secret in a scope that changes": (
        stack("group = one", "group = other", 'secret = secretsmanager.Secret(group, "S")', ROLE, READS),
        "the scope of the secret",
    ),
    "a grant of a bucket": (stack('bucket = s3.Bucket(self, "B")', ROLE, "bucket.grant_read(role)"), ""),
    "decrypt on * with nothing beside it": (stack(ROLE, WIDE), WHAT_FOR),
    "everything of keys on *": (stack(ROLE, WIDE.replace("kms:Decrypt", "kms:*")), "more than reading"),
    "a deny": (
        stack(ROLE, WIDE.replace("actions=", "effect=iam.Effect.DENY, actions=")),
        "more than what is allowed",
    ),
    "decrypt on * with conditions": (
        stack(ROLE, WIDE.replace("actions=", "conditions=conditions, actions=")),
        "more than what is allowed",
    ),
    "a statement that is kept": (
        stack(ROLE, 'wide = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])', "role.add_to_policy(wide)"),
        "not added where it is written",
    ),
    "decrypt on one key": (stack(ROLE, WIDE.replace('"*"', "key.key_arn")), ""),
    "a log group": (stack('logs.LogGroup(self, "L")'), "generated_name=True"),
    "a log group with a name": (stack('logs.LogGroup(self, "L", log_group_name="/a")'), "keep its log_group_name"),
    "no CDK": ("import os\n\nprint(os.name)\n", ""),
}
