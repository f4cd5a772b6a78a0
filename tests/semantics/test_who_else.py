"""That nobody is left out: principals of every kind are asked of iam-simulate, and whoever can is in the map.

``WHO_ELSE_POLICIES=20000 pytest tests/semantics/test_who_else.py`` asks about more key policies, drawn anew each time,
and of each about fewer principals, drawn too: another policy finds more than the last of 340 principals.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from secure_kms_constructs.access import ANYBODY_ELSE, AccessMap
from secure_kms_constructs.policies import parse_key_policy
from secure_kms_constructs.templates.landscape import Key
from tests.semantics.bestiary import kind_of, principals
from tests.semantics.differences import rewritten
from tests.semantics.engine import ask
from tests.semantics.judge import Judge
from tests.semantics.pools import ACCOUNT, KEY, OTHER_ACCOUNT, ROOT
from tests.unit.cases.case import allow, policy
from tests.unit.landscapes import access, source

Json = dict[str, Any]

POLICIES = int(os.environ.get("WHO_ELSE_POLICIES", "0"))
AT_RANDOM = 120
FOREIGN_ROOT = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
WHO = [
    "*",
    {"AWS": ROOT},
    {"AWS": [ROOT, FOREIGN_ROOT]},
    {"AWS": FOREIGN_ROOT},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"},
]
ACCOUNTS = [ACCOUNT, "*", OTHER_ACCOUNT, "1111*"]
NAMES = [
    "role/*",
    "user/*",
    "role/team/*",
    "role/aws-reserved/sso.amazonaws.com/*",
    "user/ops/*",
    "role/*/*",
    "role/team-*",
    "role/?",
    "role/*x*",
    "user/al*",
    "root",
    "*",
    "role/xzqjkvwyXZQJKVWY*",
]
STRINGS = ["StringEquals", "StringNotEquals", "StringLike"]
TYPES = ["Account", "User", "AssumedRole", "FederatedUser", "A*"]
KEYS: dict[str, tuple[list[str], list[str]]] = {
    "aws:PrincipalType": (STRINGS, TYPES),
    "aws:username": (["StringLike", "StringNotLike", "StringEquals"], ["al*", "alice", "*", "?"]),
    "aws:PrincipalAccount": (STRINGS, [ACCOUNT, OTHER_ACCOUNT, "1111*", "*4"]),
    "aws:PrincipalServiceName": (STRINGS, ["logs.*", "*.amazonaws.com", "cloudtrail.amazonaws.com", "*.logs.*"]),
    "aws:PrincipalIsAWSService": (["Bool"], ["true", "false"]),
}


def draw(chance: random.Random) -> Json:
    """A key policy whose statements tell principals apart in many ways."""
    return policy(*(_statement(chance) for _ in range(chance.randint(1, 3))))


def _statement(chance: random.Random) -> Json:
    condition: Json = {}
    for _ in range(chance.randint(0, 2)):
        operator, key, values = _condition(chance)
        condition.setdefault(operator, {})[key] = values
    denies = chance.random() < 0.35
    who = "*" if denies else chance.choice(WHO)
    statement = allow("kms:Decrypt") | {"Effect": "Deny" if denies else "Allow", "Principal": who}
    return statement | ({"Condition": condition} if condition else {})


def _condition(chance: random.Random) -> tuple[str, str, Any]:
    drawn = chance.random()
    if drawn < 0.55:
        operator = chance.choice(["ArnLike", "ArnNotLike", "StringLike", "StringNotLike", "ArnEquals"])
        patterns = [_pattern(chance) for _ in range(chance.randint(1, 3))]
        return operator, "aws:PrincipalArn", patterns
    if drawn < 0.65:
        return "Null", chance.choice([*KEYS, "aws:PrincipalArn"]), chance.choice(["true", "false"])
    key = chance.choice([*KEYS])
    operators, values = KEYS[key]
    return (
        chance.choice(operators),
        key,
        chance.sample(values, k=1 if key.endswith("Service") else chance.randint(1, 2)),
    )


def _pattern(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice(["arn:aws:sts::*", "arn:aws:iam::*"]) + ":*"
    name = chance.choice([*NAMES, "".join(chance.choices("abxz/-*?", k=4)).strip("/")])
    name = name if "/" in name or name in ("root", "*") else f"role/{name}"
    return f"arn:aws:iam::{chance.choice(ACCOUNTS)}:{name}"


def case(key_policy: Json, principal: str) -> Json:
    named = principal.endswith(":root") or ":" not in principal
    return {
        "principal": principal,
        "action": "kms:Decrypt",
        "key": KEY,
        "context": {},
        "key_policy": key_policy,
        "identity_policies": [] if named else [policy(allow("kms:*"))],
        "boundary": None,
    }


def judged(judge: Judge, key_policy: Json, who: list[str]) -> dict[str, bool]:
    answers: list[bool] = []
    cases = iter([rewritten(case(key_policy, one)) for one in who])
    while several := list(islice(cases, 40)):
        answers += ask(judge, several)
    return dict(zip(who, answers, strict=True))


def name_of(principal: str, key_policy: Json) -> str:
    """What the map calls a principal, or those who stand for it."""
    if principal == ROOT:
        return ROOT
    named = parse_key_policy(key_policy).statements
    texts = {text for one in named for text in one.principals.aws | one.principals.services}
    texts |= {str(value) for one in named for it in one.conditions for value in it.values}
    # The engine takes a federated user for a session of the user of the same name.
    user = principal.replace(":sts:", ":iam:").replace(":federated-user/", ":user/")
    # A session asks with the ARN of its role.
    role = user.replace(":assumed-role/", ":role/").rpartition("/")[0] if ":assumed-role/" in user else user
    named_so = next((one for one in (role, user) if one in texts), principal)
    return named_so if named_so in texts and not principal.endswith(":root") else kind_of(principal)


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    return Counter()


@pytest.mark.parametrize("seed", range(POLICIES or 60))
def test_whoever_can_is_in_the_map_and_whoever_is_in_the_map_can(seed: int, judge: Judge, seen: Counter[str]) -> None:
    chance = random.Random(seed if not POLICIES else None)
    key_policy = draw(chance)
    mapped: AccessMap = access(Key(KEY, parse_key_policy(key_policy), source("App/Key")))
    who = principals(key_policy)
    who = chance.sample(who, k=min(len(who), AT_RANDOM)) if POLICIES else who
    rows: dict[str, tuple[Any, ...]] = {}
    for principal, can in judged(judge, key_policy, who).items():
        seen[f"asked: {can}"] += 1
        if not can:
            continue
        name = name_of(principal, key_policy)
        if name not in rows:
            rows[name] = mapped.when_can(name, "kms:Decrypt", KEY)
        assert rows[name], f"{principal} can, and {name} cannot\n{mapped}\n{json.dumps(key_policy, indent=1)}"
        if ":" in name and not name.startswith("arn:"):
            assert mapped.when_can(ANYBODY_ELSE, "kms:Decrypt", KEY)
    certain = [row for row in mapped.who_can("kms:Decrypt", KEY) if row.allowed]
    seen["certain"] += len(certain)
    seen["rows"] += len(mapped.who_can("kms:Decrypt", KEY))
    for principal, can in judged(judge, key_policy, [row.witness.principal for row in certain]).items():
        assert can, f"{principal} cannot\n{mapped}\n{json.dumps(key_policy, indent=1)}"


def test_enough_was_asked(seen: Counter[str]) -> None:
    """Policies that admit nobody, or everybody, would show nothing."""
    total = seen["asked: True"] + seen["asked: False"]
    assert total > 80 * (POLICIES or 60)
    assert 0.05 < seen["asked: True"] / total < 0.6
    # Few are unknown: services whose names are unusual, and a user of whose policies nothing is known.
    assert seen["certain"] / seen["rows"] > 0.85
