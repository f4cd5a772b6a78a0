"""How long it takes to answer who can use every key: ``python benchmarks/access.py [--quick]``.

One app with N roles, each with a policy for one secret under one of 50 keys, and key policies as `HardenedKey` writes
them, with a statement for each reader or one that delegates through Secrets Manager. Each size is measured in a process
of its own: reading the templates, asking who can decrypt with each key, and writing the whole map as text. Times are
of the processor, so that what else the machine does does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from rich.console import Console
from rich.table import Table

KEYS = 50
ROLES = (100, 1_000, 10_000)
# For 1,000 roles and 50 keys: seconds from the templates to who can decrypt with each key, and megabytes.
SECONDS_AIM, MEGABYTES_AIM = 2.0, 300
START_AIM = 0.25
Json = dict[str, Any]


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def root() -> Json:
    return {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


VIA = {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}


def key(readers: list[str]) -> Json:
    via = VIA | {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}
    statements = [
        {
            "Effect": "Allow",
            "Principal": root(),
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}},
        },
        {
            "Effect": "Allow",
            "Principal": root(),
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {
                "StringEquals": via,
                "ArnEquals": {"aws:PrincipalArn": [{"Fn::GetAtt": [reader, "Arn"]} for reader in readers]},
            },
        },
    ]
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*statements)}}


def role(number: int, key_id: str) -> dict[str, Json]:
    secret = {"Ref": f"Secret{number}"}
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    decrypt = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": {"Fn::GetAtt": [key_id, "Arn"]},
        "Condition": {"StringEquals": VIA | {"kms:EncryptionContext:SecretARN": secret}},
    }
    return {
        f"Role{number}": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document()}},
        f"Secret{number}": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"KmsKeyId": {"Fn::GetAtt": [key_id, "Arn"]}},
        },
        f"Policy{number}": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": f"Policy{number}",
                "PolicyDocument": document(read, decrypt),
                "Roles": [{"Ref": f"Role{number}"}],
            },
        },
    }


def template(roles: int, keys: int = KEYS) -> Json:
    """The template of an app with so many roles and keys."""
    names = [f"Key{number}" for number in range(keys)]
    readers: dict[str, list[str]] = {one: [] for one in names}
    resources: Json = {}
    for number in range(roles):
        mine = names[number % keys]
        readers[mine].append(f"Role{number}")
        resources |= role(number, mine)
    return {"Resources": {**{one: key(readers[one]) for one in names}, **resources}}


def measure(roles: int) -> Json:
    """Answer for one size, in this process."""
    from secure_kms_constructs.access import AccessMap

    text = json.dumps(template(roles))
    start = time.process_time()
    access = AccessMap.from_templates({"App": json.loads(text)})
    read = time.process_time()
    rows = [row for one in access.keys for row in access.who_can("kms:Decrypt", one)]
    asked = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    written = access.to_text()
    done = time.process_time()
    found = sum(row.allowed is True and row.via is not None for row in rows)
    if found != roles or f"App/Role{roles - 1}: Decrypt via secretsmanager if SecretARN = " not in written:
        raise RuntimeError(f"{found} of {roles} readers were found")
    return {"read": read - start, "ask": asked - read, "write": done - asked, "megabytes": peak, "rows": len(rows)}


def start() -> float:
    """Processor time that `secure-kms access` takes to start beyond that of a bare Python, the least of several."""
    help_text = "import sys; sys.argv[1:] = ['access', '--help']; from secure_kms_constructs.cli import main; main()"

    def once(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        once(help_text)  # compiles what is not compiled yet
        return min(once(help_text) for _ in range(5)) - min(once("pass") for _ in range(5))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the smallest size only: does it run at all")
    parser.add_argument("--roles", type=int, help="measure one size in this process and print JSON")
    options = parser.parse_args()
    if options.roles:
        print(json.dumps(measure(options.roles)))
        return
    table = Table(title=f"who can decrypt with each of {KEYS} keys, and the whole map as text")
    for header in ("roles", "read", "ask", "both", "peak", "rows", "write"):
        table.add_column(header, justify="right")
    for size in ROLES[:1] if options.quick else ROLES:
        command = [sys.executable, __file__, "--roles", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ))
        found = json.loads(done.stdout)
        both = found["read"] + found["ask"]
        times = [f"{found['read']:.2f} s", f"{found['ask']:.2f} s", f"{both:.2f} s"]
        table.add_row(str(size), *times, f"{found['megabytes']:.0f} MB", str(found["rows"]), f"{found['write']:.2f} s")
        if size == 1_000:
            met = both < SECONDS_AIM and found["megabytes"] < MEGABYTES_AIM
            table.caption = f"{'met' if met else 'MISSED'}: {SECONDS_AIM:.0f} s and {MEGABYTES_AIM} MB for 1000 roles"
    Console().print(table)
    took = start()
    verdict = "met" if took < START_AIM else "MISSED"
    print(f"{verdict}: secure-kms access starts in {took:.2f} s more than a bare Python, aim {START_AIM} s")


if __name__ == "__main__":
    main()
