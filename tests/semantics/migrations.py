"""Made-up accounts from their CloudTrail to their plans, judged by iam-simulate.

``python -m tests.semantics.migrations [--roles 300] [--events 335000]`` tries the whole; a test tries a sample. What
each role does is drawn first. It is written as CloudTrail would, amid denied calls and other events, and nothing but
these files and the account goes into the plan. Then the judge is asked about every use that was drawn, and about every
one changed in one place.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from secure_kms_constructs.account import Account, Snapshot
from secure_kms_constructs.account.records import Identity, Key, Trail, Usage
from secure_kms_constructs.evidence import observe
from secure_kms_constructs.migrate import Migration, plan
from tests.semantics.judge import Judge, Question

ACCOUNT, REGION = "111122223333", "us-east-1"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
SHARED = f"arn:aws:iam::{ACCOUNT}:policy/shared"
DAYS, IN_FILE = 30, 500
Json = dict[str, Any]


@dataclass(frozen=True)
class Deed:
    """What a role does."""

    role: str
    action: str
    key: str
    service: str | None
    context: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class World:
    """An account, what its roles do, and what somebody tries in vain."""

    account: Account
    deeds: list[Deed]
    tried: list[Deed] = field(default_factory=list)


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08d}-0000-4000-8000-000000000000"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def world(seed: int, roles: int, keys: int) -> World:
    """Draw an account."""
    draw = random.Random(seed)
    arns = [f"arn:aws:iam::{ACCOUNT}:role/{draw.choice(('', 'app/', 'team/a/'))}r{number}" for number in range(roles)]
    deeds = [deed for arn in arns for deed in _deeds(draw, arn, keys)]
    tried = [
        replace(one, key=key_arn(draw.randrange(keys)), action="kms:Encrypt") for one in deeds[:: max(roles // 50, 1)]
    ]
    identities = [_identity(draw, arn, [one for one in deeds if one.role == arn]) for arn in arns]
    delegates = document(allow("kms:*", Principal=ROOT))
    made = [Key(key_arn(number), policy=delegates, grants=[]) for number in range(keys)]
    trail = Trail(
        f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t", REGION, True, True, "2026-01-01T00:00:00Z", [{}], []
    )
    account = Account(
        ACCOUNT,
        "aws",
        [REGION],
        identities=identities,
        keys=made,
        policies={SHARED: document(allow(["kms:Decrypt", "kms:GenerateDataKey*"]))},
        trails=[trail],
    )
    return World(account, deeds, tried)


def _deeds(draw: random.Random, role: str, keys: int) -> Iterator[Deed]:
    for _ in range(draw.choice((1, 2, 2, 3, 5))):
        key, name = key_arn(draw.randrange(keys)), f"n{draw.randrange(1000)}"
        secret = ("SecretARN", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
        parameter = ("PARAMETER_ARN", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name}")
        table = (("aws:dynamodb:subscriberId", ACCOUNT), ("aws:dynamodb:tableName", name))
        yield draw.choice(
            (
                Deed(role, "kms:Decrypt", key, "secretsmanager", (secret,)),
                Deed(role, "kms:Decrypt", key, "secretsmanager", (secret,)),
                Deed(role, "kms:GenerateDataKey", key, "secretsmanager", (secret,)),
                Deed(role, "kms:Decrypt", key, "ssm", (parameter,)),
                Deed(role, "kms:Decrypt", key, "dynamodb", table),
                Deed(role, "kms:GenerateDataKey", key, "s3", (("aws:s3:arn", f"arn:aws:s3:::{name}"),)),
                Deed(role, "kms:Decrypt", key, None, (("Department", name), ("Level", str(draw.randrange(3))))),
                Deed(role, "kms:GenerateDataKey", key, None, ()),
                Deed(role, "kms:Decrypt", key, "sqs", ()),
            )
        )


def _identity(draw: random.Random, arn: str, deeds: list[Deed]) -> Identity:
    used = sorted({one.key for one in deeds})
    inline = draw.choice(
        (
            {"wide": document(allow("kms:*"))},
            {"wide": document(allow(["kms:Decrypt", "kms:GenerateDataKey*", "s3:*"]))},
            {
                "keys": document(
                    allow(["kms:Decrypt", "kms:Generate*", "kms:Encrypt"], f"arn:aws:kms:*:{ACCOUNT}:key/*")
                )
            },
            {"own": document(allow(["kms:Decrypt", "kms:GenerateDataKey"], used))},
            {},
        )
    )
    return Identity(arn, "role", inline=inline, attached=[] if inline else [SHARED])


def records(world: World, events: int, seed: int) -> Iterator[Json]:
    """Write what was done and tried as CloudTrail does, and other events between."""
    draw = random.Random(seed)
    for number in range(events):
        if number < len(world.deeds):
            deed, error = world.deeds[number], None
        elif number < len(world.deeds) + len(world.tried):
            deed, error = world.tried[number - len(world.deeds)], "AccessDenied"
        elif number % 2:
            yield _event(draw, number, None, None)
            continue
        else:
            deed, error = draw.choice(world.deeds), None
        yield _event(draw, number, deed, error)


def _event(draw: random.Random, number: int, deed: Deed | None, error: str | None) -> Json:
    role = deed.role if deed else f"arn:aws:iam::{ACCOUNT}:role/other"
    service = f"{deed.service}.amazonaws.com" if deed and deed.service else None
    name = role.rpartition("/")[2]
    who: Json = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "accountId": ACCOUNT, "userName": name}},
    }
    # Some records tell the session alone, as samples of Secrets Manager do.
    if number % 7 == 0:
        del who["sessionContext"]
    context = dict(deed.context) if deed else {}
    if "SecretARN" in context:
        context["SecretVersionId"] = f"{draw.getrandbits(64):x}"
    made: Json = {
        "eventTime": f"2026-11-{1 + number % DAYS:02d}T{number % 24:02d}:00:00Z",
        "eventSource": "kms.amazonaws.com" if deed else "ec2.amazonaws.com",
        "eventName": deed.action.removeprefix("kms:") if deed else "DescribeInstances",
        "awsRegion": REGION,
        "eventID": f"{number:08d}-{draw.getrandbits(32):08x}",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": service or "192.0.2.1",
        "userIdentity": who | ({"invokedBy": service} if service else {}),
        "requestParameters": {"encryptionContext": context} if context else {},
        "resources": [{"ARN": deed.key, "accountId": ACCOUNT}] if deed else [],
    }
    return made | ({"errorCode": error} if error else {})


def write(world: World, folder: Path, events: int, seed: int) -> dict[str, tuple[str, str]]:
    """Write log files; return the last event of each key with its time."""
    last: dict[str, tuple[str, str]] = {}
    days: dict[str, list[Json]] = {f"2026-11-{1 + day:02d}": [] for day in range(DAYS)}
    count = 0

    def flush(day: str) -> None:
        nonlocal count
        stamp = day.replace("-", "")
        name = f"{ACCOUNT}_CloudTrail_{REGION}_{stamp}T0000Z_{count:016d}.json.gz"
        (folder / name).write_bytes(gzip.compress(json.dumps({"Records": days[day]}).encode(), 1))
        days[day], count = [], count + 1

    for one in records(world, events, seed):
        day = one["eventTime"][:10]
        days[day].append(one)
        if one["eventSource"] == "kms.amazonaws.com" and "errorCode" not in one:
            arn = one["resources"][0]["ARN"]
            last[arn] = max(last.get(arn, ("", "")), (one["eventTime"], one["eventID"]))
        if len(days[day]) >= IN_FILE:
            flush(day)
    for day in days:
        flush(day)
    _write_digest(folder)
    return last


def _write_digest(folder: Path) -> None:
    whole = {
        "awsAccountId": ACCOUNT,
        "digestStartTime": "2026-11-01T00:00:00Z",
        "digestEndTime": "2026-12-01T00:00:00Z",
        "logFiles": [{"s3Object": one.name} for one in folder.iterdir()],
    }
    name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_t_{REGION}_20261201T000000Z.json.gz"
    (folder / name).write_bytes(gzip.compress(json.dumps(whole).encode()))


def planned(world: World, folder: Path, events: int, seed: int) -> Migration:
    """Return the plan that follows from the files."""
    last = write(world, folder, events, seed)
    keys = [
        replace(one, last_usage=Usage("2026-01-01T00:00:00Z", "Decrypt", *last.get(one.arn, (None, None))))
        for one in world.account.keys
    ]
    snapshot = Snapshot("2026-12-01T00:00:00+00:00", [replace(world.account, keys=keys)])
    return plan(snapshot, observe([str(folder)], snapshot=snapshot), no_other_regions=True)


def asked(world: World, migration: Migration) -> Iterator[tuple[bool, Question]]:
    """Return what to ask the judge: every deed, and every one that differs from it in one place; with the answer."""
    policies = {one.arn: _policies_after(one, migration) for one in world.account.identities}
    delegates = document(allow("kms:*", Principal=ROOT))
    done = set(world.deeds)
    for deed in world.deeds:
        variants = [other for other in _different(deed) if other not in done]
        for expected, one in [(True, deed), *((False, other) for other in variants)]:
            yield (
                expected,
                Question(
                    principal=one.role,
                    action=one.action,
                    resource=one.key,
                    identity_policies=policies.get(one.role, []),
                    resource_policy=delegates,
                    via=one.service,
                    encryption_context=dict(one.context),
                ),
            )


def _different(deed: Deed) -> Iterator[Deed]:
    yield replace(deed, key=key_arn(99_999_999))
    yield replace(deed, action="kms:Encrypt")
    yield replace(deed, service="kinesis")
    if deed.service:
        yield replace(deed, service=None)
    for name, _ in deed.context:
        rest = tuple(pair for pair in deed.context if pair[0] != name)
        yield replace(deed, context=rest)
        yield replace(deed, context=tuple(sorted([*rest, (name, "somebody-else's")])))
    if not deed.context:
        yield replace(deed, context=(("SecretARN", "x"),))
    yield replace(deed, role=f"arn:aws:iam::{ACCOUNT}:role/nobody")


def _policies_after(identity: Identity, migration: Migration) -> list[Json]:
    [made] = [one for one in migration.plans if one.principal == identity.arn] or [None]
    if made is None:
        return list(identity.inline.values())
    left = {one.held.name: one.after for one in made.replaced}
    kept = [left.get(name, document) for name, document in identity.inline.items()]
    return [one for one in [*kept, *made.added.values()] if one is not None]


def judged(world: World, migration: Migration) -> tuple[dict[bool, int], list[str]]:
    """Return how many uses and mutations there were, and what the judge answered otherwise."""
    counts, wrong = {True: 0, False: 0}, []
    with Judge() as judge:
        for expected, question in asked(world, migration):
            counts[expected] += 1
            answer = judge.ask(question)
            if answer.allowed is not expected:
                wrong.append(f"{question.principal} {question.action} {question.via} {question.encryption_context}")
    return counts, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--roles", type=int, default=300)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--events", type=int, default=335_000)
    parser.add_argument("--seed", type=int, default=15)
    given = parser.parse_args()
    made = world(given.seed, given.roles, given.keys)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        migration = planned(made, Path(folder), given.events, given.seed)
        sys.stdout.write(
            f"{len(migration.plans)} plans in {time.perf_counter() - start:.1f} s; our own proof: {migration.replay}"
            + "\n"
        )
    counts, wrong = judged(made, migration)
    sys.stdout.write(
        f"iam-simulate: {counts[True]} uses, {counts[False]} mutations, {len(wrong)} answered otherwise" + "\n"
    )
    for one in wrong[:10]:
        sys.stdout.write(f"  {one}" + "\n")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
