"""Accounts and uses to make plans of: a role with too much, a key that delegates, and what CloudTrail told."""

from __future__ import annotations

from functools import partial
from typing import Any

import secure_kms_constructs.migrate
from secure_kms_constructs.account.records import Account, Group, Identity, Key, Resource
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.evidence.uses import Coverage, Evidence, Observed, Use

Json = dict[str, Any]
# These accounts have one region.
plan = partial(secure_kms_constructs.migrate.plan, no_other_regions=True)
ACCOUNT, REGION = "111122223333", "eu-west-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08d}-0000-4000-8000-000000000000"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def secret_arn(name: str) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf"


ONE, OTHER, SHUT, MANAGED = (key_arn(number) for number in range(1, 5))
READER = role_arn("Reader")
SECRETS = f"secretsmanager.{REGION}.amazonaws.com"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


WIDE = document(allow("kms:Decrypt"))
DELEGATES = document(allow("kms:*", Principal={"AWS": ROOT}))
CLOSED = document(
    allow("kms:*", Principal={"AWS": ROOT}, Condition={"StringEquals": {"aws:PrincipalType": "Account"}}),
    allow("kms:Decrypt", Principal={"AWS": READER}),
)
OF_SECRETS_MANAGER = document(
    allow(
        ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"],
        Principal={"AWS": "*"},
        Condition={"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": SECRETS}},
    )
)
KEYS = [Key(ONE, policy=DELEGATES, grants=[]), Key(OTHER, policy=DELEGATES, grants=[])]
KEYS += [Key(SHUT, policy=CLOSED, grants=[]), Key(MANAGED, manager="AWS", policy=OF_SECRETS_MANAGER, grants=[])]


def role(name: str = "Reader", *attached: str, **inline: Json) -> Identity:
    return Identity(role_arn(name), "role", inline=dict(inline), attached=list(attached))


def snapshot(*identities: Identity, keys: list[Key] = KEYS, **more: Any) -> Snapshot:
    made = Account(ACCOUNT, "aws", [REGION], identities=list(identities), keys=list(keys), **more)
    return Snapshot("2026-11-28T00:00:00+00:00", [made])


def use(action: str = "Decrypt", key: str | None = ONE, secret: str | None = "app", **more: Any) -> Use:
    """Return a use: reading a secret where nothing else is said; without one, a direct call."""
    made: Json = {
        "principal": READER,
        "account": ACCOUNT,
        "action": f"kms:{action}",
        "key": key,
        "service": "secretsmanager.amazonaws.com" if secret else None,
        "via": SECRETS if secret else None,
        "context": {"SecretARN": secret_arn(secret)} if secret else {},
        "first": "2026-09-01T00:00:00Z",
        "last": "2026-11-27T00:00:00Z",
        "count": 9,
        "by_grant": False,
    }
    return Use(**{**made, **more})


def observed(*uses: Use, complete: bool | None = True, keys: list[Key] = KEYS, **more: Any) -> Observed:
    why = [] if complete else ["a day is missing"]
    coverage = [Coverage(one.arn, complete, why, "2026-09-01T00:00:00Z", "2026-11-28T00:00:00Z") for one in keys]
    evidence = Evidence(["trail"], first="2026-09-01T00:00:00Z", last="2026-11-27T00:00:00Z")
    return Observed(evidence, list(uses), coverage=coverage, **more)


def secret(name: str, key: str = ONE) -> Resource:
    return Resource("secret", secret_arn(name), name, key)


def group(name: str, *attached: str, **inline: Json) -> Group:
    return Group(f"arn:aws:iam::{ACCOUNT}:group/{name}", name, dict(inline), list(attached))
