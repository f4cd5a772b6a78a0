"""How long it takes to read an account and to map it: ``python benchmarks/account.py [--quick]``.

The map is of accounts with N roles, 50 keys, and five grants a role, each size in a process of its own: who can decrypt
with each key, which keys each role needs, and the remarks; before that its file is written and read. The snapshot is
of 50 keys, 300 secrets and 300 roles on the local emulator. Times of the map are of the processor; of the snapshot,
what a clock says and what of it is ours.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "111122223333", "eu-west-1"
KEYS, GRANTS = 50, 5
ROLES = (250, 500, 1_000, 10_000)
# For 1,000 roles and 5,000 grants, in seconds and megabytes; for the snapshot in seconds.
SECONDS_AIM, MEGABYTES_AIM, SNAPSHOT_AIM = 10.0, 300, 3.0
# The largest size is given up after so many seconds: it must not stop the others from being told.
PATIENCE = 300
Json = dict[str, Any]


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def delegating() -> Json:
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return document({"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"})


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08d}-0000-0000-0000-000000000000"


def secret_arn(number: int) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:secret{number}-AbCdEf"


def role_arn(number: int) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/role{number}"


def reads(number: int) -> Json:
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret_arn(number)}
    return document(read, {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn(number % KEYS)})


def measure(roles: int) -> Json:
    """Map an account of one size, in this process."""
    from secure_kms_constructs.access import AccessMap
    from secure_kms_constructs.account import Account, Snapshot, read_snapshot, write_snapshot
    from secure_kms_constructs.account.needs import Needs
    from secure_kms_constructs.account.records import Identity, Key, Resource
    from secure_kms_constructs.account.remarks import remarks_of

    def grants(number: int) -> list[Json]:
        mine = (one for one in range(roles * GRANTS) if one % KEYS == number)
        limits = {"Constraints": {"EncryptionContextSubset": {"tenant": "a"}}}
        return [
            {"GrantId": f"g{one}", "GranteePrincipal": role_arn(one % roles), "Operations": ["Encrypt"], **limits}
            for one in mine
        ]

    keys = [Key(key_arn(one), policy=delegating(), grants=grants(one), rotation=True) for one in range(KEYS)]
    identities = [Identity(arn=role_arn(one), kind="role", inline={"inline": reads(one)}) for one in range(roles)]
    resources = [Resource("secret", secret_arn(one), f"secret{one}", key_arn(one % KEYS)) for one in range(roles)]
    snapshot = Snapshot("now", [Account(ACCOUNT, "aws", [REGION], identities, [], {}, keys, {}, resources)])
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "account.json")
        start = time.process_time()
        write_snapshot(snapshot, path)
        snapshot = read_snapshot(path)
        size = path.stat().st_size / 1e6
    begin = time.process_time()
    access = AccessMap.from_account(snapshot)
    rows = [row for one in access.keys for row in access.who_can("kms:Decrypt", one)]
    asked = time.process_time()
    needs = Needs(snapshot)
    found = [one for one in needs.all if one.may and one.can]
    needed = time.process_time()
    remarks = remarks_of(snapshot, needs)
    done = time.process_time()
    if len(found) != roles or sum(row.allowed is True and ":role/role" in row.principal for row in rows) != roles:
        raise RuntimeError(f"{len(found)} of {roles} readers were found")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "file": begin - start,
        "size": size,
        "ask": asked - begin,
        "needs": needed - asked,
        "remarks": done - needed,
        "megabytes": peak,
        "found": len(remarks),
    }


def grown(quick: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"an account of {KEYS} keys and {GRANTS} grants a role: who can decrypt, needs, remarks")
    for header in ("roles", "file", "written and read", "ask", "needs", "remarks", "all", "peak"):
        table.add_column(header, justify="right")
    for size in ROLES[:1] if quick else ROLES:
        command = [sys.executable, __file__, "--roles", str(size)]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            table.add_row(str(size), f"given up after {PATIENCE} s")
            continue
        found = json.loads(done.stdout)
        times = [found[one] for one in ("ask", "needs", "remarks")]
        whole = sum(times)
        file = (f"{found['size']:.1f} MB", f"{found['file']:.2f} s")
        table.add_row(str(size), *file, *(f"{one:.2f} s" for one in (*times, whole)), f"{found['megabytes']:.0f} MB")
        if size == 1_000:
            met = whole < SECONDS_AIM and found["megabytes"] < MEGABYTES_AIM
            table.caption = f"{'met' if met else 'MISSED'}: {SECONDS_AIM:.0f} s and {MEGABYTES_AIM} MB for 1000 roles"
    Console().print(table)


def read(keys: int, things: int) -> None:
    """Read an account of the emulator."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "integ"))
    import boto3
    from emulator import REGION as PLACE  # type: ignore[import-not-found]
    from emulator import ROOT, running

    from secure_kms_constructs.account import Options, take_snapshot

    with running() as emulator:
        kms, secrets, iam = (emulator.client(one) for one in ("kms", "secretsmanager", "iam"))
        ids = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(keys)]
        for number in range(things):
            secrets.create_secret(Name=f"secret{number}", SecretString="x", KmsKeyId=ids[number % keys])
            iam.create_role(RoleName=f"role{number}", AssumeRolePolicyDocument=json.dumps(document()))
            policy = json.dumps(reads(number))
            iam.put_role_policy(RoleName=f"role{number}", PolicyName="inline", PolicyDocument=policy)
        session = boto3.Session(ROOT.access_key, ROOT.secret_key, region_name=PLACE)
        begin, ours = time.perf_counter(), time.process_time()
        [account] = take_snapshot(Options(endpoint_url=emulator.endpoint), session=session).accounts
        took, ours = time.perf_counter() - begin, time.process_time() - ours
    secrets_read = sum(one.kind == "secret" for one in account.resources)
    if len(account.keys) < keys or secrets_read != things or len(account.identities) < things:
        raise RuntimeError(f"{len(account.keys)} keys and {secrets_read} secrets were read")
    size = f"{keys} keys, {things} secrets and {things} roles"
    verdict = "met" if took < SNAPSHOT_AIM else "MISSED"
    print(f"{verdict}: {size} are read in {took:.1f} s, {ours:.1f} s of it ours, aim {SNAPSHOT_AIM:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the smallest sizes only: does it run at all")
    parser.add_argument("--roles", type=int, help="measure one size in this process and print JSON")
    options = parser.parse_args()
    if options.roles:
        print(json.dumps(measure(options.roles)))
        return
    grown(options.quick)
    read(*(5, 10) if options.quick else (50, 300))


if __name__ == "__main__":
    main()
