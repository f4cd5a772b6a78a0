"""A sample of the rows of a generated account asked of iam-simulate, grants as statements of the key policy."""

from __future__ import annotations

import random
from typing import Any

import pytest

from secure_kms_constructs.access.landscape_access import LandscapeAccess
from secure_kms_constructs.access.rows import decide
from secure_kms_constructs.account import Snapshot
from secure_kms_constructs.account.records import Account, Identity, Key
from secure_kms_constructs.policies import Request
from tests.semantics.engine import ask
from tests.semantics.judge import Judge

ACCOUNT, REGION = "111122223333", "us-east-1"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ROLES, KEYS, GRANTS, SAMPLE = 300, 50, 200, 400
ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey")

Json = dict[str, Any]


def role(number: int) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/r{number}"


def key(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-{number:012d}"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def generated(seed: int) -> Snapshot:
    """An account with all sorts of roles, key policies and grants."""
    pick = random.Random(seed)
    identities = []
    for number in range(ROLES):
        chosen = key(pick.randrange(KEYS))
        statements = [
            [allow("s3:*")],
            [allow("kms:Decrypt", chosen)],
            [allow("kms:*")],
            [allow(["kms:Decrypt", "kms:GenerateDataKey*"], f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*")],
            [allow("kms:*"), allow("kms:Decrypt", chosen) | {"Effect": "Deny"}],
            [
                allow(
                    "kms:Encrypt", chosen, Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
                )
            ],
        ][pick.choice((0, 0, 0, 1, 1, 1, 2, 3, 4, 5))]
        identities.append(Identity(role(number), "role", inline={"own": document(*statements)}))
    keys = []
    for number in range(KEYS):
        delegates = allow("kms:*", Principal=ROOT)
        named = allow(["kms:Decrypt", "kms:DescribeKey"], Principal={"AWS": role(pick.randrange(ROLES))})
        shut = allow("kms:PutKeyPolicy", Principal=ROOT)
        denies = allow("kms:Encrypt", Principal={"AWS": role(pick.randrange(ROLES))}) | {"Effect": "Deny"}
        statements = pick.choice(([delegates], [delegates, denies], [shut, named], [shut]))
        keys.append(Key(key(number), policy=document(*statements), grants=[]))
    for number in range(GRANTS):
        constraints = pick.choice(({}, {"EncryptionContextSubset": {"Department": "IT"}}))
        operations = pick.sample(["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"], pick.randrange(1, 4))
        given = {"GrantId": f"g{number}", "GranteePrincipal": role(pick.randrange(ROLES)), "Operations": operations}
        chosen = pick.choice(keys)
        assert chosen.grants is not None
        chosen.grants.append(given | ({"Constraints": constraints} if constraints else {}))
    return Snapshot("now", [Account(ACCOUNT, "aws", [REGION], identities=identities, keys=keys)])


def as_statements(grant: Json) -> list[Json]:
    """A grant as the statements of a key policy that mean the same, written here once more."""
    pairs = grant.get("Constraints", {}).get("EncryptionContextSubset", {})
    condition = {"StringEquals": {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}}
    who = {"AWS": grant["GranteePrincipal"]}
    statements = []
    for operation in grant["Operations"]:
        one = allow(f"kms:{operation}", Principal=who)
        statements.append(one | {"Condition": condition} if pairs and operation != "DescribeKey" else one)
    return statements


def ours(access: LandscapeAccess, case: Json) -> bool | None:
    """What the map decides of a request."""
    [party] = [one for one in access.identities.parties if one.principal == case["principal"]]
    [asked] = [one for one in access.landscape.keys if one.arn == case["key"]]
    return decide(
        Request(party.principal, case["action"], asked.arn, case["context"]), access.side(party, asked)
    ).allowed


@pytest.fixture(scope="module")
def judge() -> Any:
    with Judge() as running:
        yield running


@pytest.mark.parametrize("seed", [1, 2])
def test_a_sample_of_the_rows_is_as_the_judge_says(seed: int, judge: Judge) -> None:
    snapshot = generated(seed)
    [account] = snapshot.accounts
    [landscape] = snapshot.landscapes
    access = LandscapeAccess(landscape)
    policies = {one.arn: list(one.inline.values()) for one in account.identities}
    documents = {
        one.arn: document(*one.policy["Statement"], *(it for grant in one.grants or () for it in as_statements(grant)))
        for one in account.keys
    }
    pick = random.Random(seed)
    granted = [(one.arn, str(grant["GranteePrincipal"])) for one in account.keys for grant in one.grants or ()]
    pairs = [(pick.choice(account.keys).arn, pick.choice(account.identities).arn) for _ in range(SAMPLE // 2)]
    pairs += [pick.choice(granted) for _ in range(SAMPLE // 2)]
    cases = []
    for arn, who in pairs:
        context = pick.choice(
            ({}, {"kms:EncryptionContext:Department": "IT"}, {"kms:EncryptionContext:Department": "HR"})
        )
        cases.append(
            {
                "principal": who,
                "action": pick.choice(ACTIONS),
                "key": arn,
                "context": dict(context),
                "identity_policies": policies[who],
                "key_policy": documents[arn],
                "boundary": None,
            }
        )
    for case in cases:
        if case["action"] == "kms:DescribeKey":
            case["context"] = {}
    answers = [answer for start in range(0, len(cases), 50) for answer in ask(judge, cases[start : start + 50])]
    differing = [
        (case, mine, theirs)
        for case, theirs in zip(cases, answers, strict=True)
        if (mine := ours(access, case)) is not theirs
    ]
    assert differing == []
    assert 50 < sum(answers) < SAMPLE - 50
