"""How fast CloudTrail is read, and in how much memory: ``python benchmarks/observe.py [--events 100000 1000000]``.

Events are made up: half of them of KMS, of 300 roles, 60 keys and 900 secrets, 5,000 a file. Beside ``observe`` in one
and two processes stand the standard library's json and gzip, and DuckDB's reader of JSON where that is installed, which
answer the same question. Each runs in a process of its own, and all must find the same rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLES, KEYS, SECRETS, IN_FILE = 300, 60, 900, 5_000
SIZES = (100_000, 1_000_000)
# For a million events on two processors.
SECONDS_AIM, MEGABYTES_AIM = 10.0, 100
Json = dict[str, Any]


def key_arn(number: int) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number:08d}-0000-0000-0000-000000000000"


def identity(role: int, service: str | None) -> Json:
    made = {
        "type": "AssumedRole",
        "principalId": f"AROA{role:017d}:i-0123456789abcdef0",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/role{role}/i-0123456789abcdef0",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLEEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROA{role:017d}",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/app/role{role}",
                "accountId": ACCOUNT,
                "userName": f"role{role}",
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }
    return {**made, "invokedBy": service} if service else made


def event(number: int, draw: random.Random) -> Json:
    role = draw.randrange(ROLES)
    of_kms = number % 2 == 0
    service = "secretsmanager.amazonaws.com" if of_kms and draw.random() < 0.9 else None
    secret = (role * 3 + draw.randrange(3)) % SECRETS
    key = key_arn(role % KEYS)
    made = {
        "eventVersion": "1.11",
        "userIdentity": identity(role, service),
        "eventTime": f"2026-11-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00Z",
        "eventSource": "kms.amazonaws.com" if of_kms else "ec2.amazonaws.com",
        "eventName": "Decrypt" if of_kms else "DescribeInstances",
        "awsRegion": REGION,
        "sourceIPAddress": service or "192.0.2.0",
        "userAgent": service or "aws-sdk-java/2.30.22 md/io#async md/http#AwsCommonRuntime",
        "requestParameters": {"filterSet": {}},
        "responseElements": None,
        "requestID": f"{draw.getrandbits(128):032x}",
        "eventID": f"{draw.getrandbits(128):032x}",
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if of_kms:
        context = {"SecretARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:s{secret}-AbCdEf"}
        if not service:
            context = {"Department": "Engineering"}
        made["requestParameters"] = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context}
        made["resources"] = [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}]
        made["additionalEventData"] = {"keyMaterialId": f"{draw.getrandbits(256):064x}"}
        if draw.random() < 0.01:
            made["errorCode"] = "AccessDenied"
    return made


def write_events(folder: Path, events: int) -> None:
    draw = random.Random(15)
    for first in range(0, events, IN_FILE):
        records = [event(number, draw) for number in range(first, min(first + IN_FILE, events))]
        name = f"{ACCOUNT}_CloudTrail_{REGION}_20261128T{first // IN_FILE:04d}Z_{first:016d}.json.gz"
        (folder / name).write_bytes(gzip.compress(json.dumps({"Records": records}).encode(), 6))


def by_observe(folder: Path, processes: int) -> tuple[int, int]:
    from secure_kms_constructs.evidence import observe

    found = observe([str(folder)], processes=processes)
    return len(found.uses), sum(one.count for one in found.uses)


def by_json(folder: Path) -> tuple[int, int]:
    rows: dict[tuple[str, ...], int] = {}
    for path in sorted(folder.iterdir()):
        for one in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            if one["eventSource"] == "kms.amazonaws.com" and "errorCode" not in one:
                who = one["userIdentity"]
                row = (
                    who["sessionContext"]["sessionIssuer"]["arn"],
                    one["eventName"],
                    one["resources"][0]["ARN"],
                    who.get("invokedBy", ""),
                    json.dumps(one["requestParameters"]["encryptionContext"]),
                )
                rows[row] = rows.get(row, 0) + 1
    return len(rows), sum(rows.values())


def by_duckdb(folder: Path) -> tuple[int, int]:
    import duckdb

    columns = (
        "{Records: 'STRUCT(eventSource VARCHAR, eventName VARCHAR, errorCode VARCHAR, userIdentity STRUCT(invokedBy "
        "VARCHAR, sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR))), requestParameters STRUCT("
        "encryptionContext MAP(VARCHAR, VARCHAR)), resources STRUCT(ARN VARCHAR)[])[]'}"
    )
    counted = duckdb.sql(
        f"""SELECT count(*), sum(calls) FROM (
          SELECT e.userIdentity.sessionContext.sessionIssuer.arn, e.eventName, e.resources[1].ARN,
                 e.userIdentity.invokedBy, e.requestParameters.encryptionContext, count(*) AS calls
          FROM (SELECT unnest(Records) AS e FROM read_json('{folder}/*.gz', columns={columns},
                maximum_object_size=1000000000))
          WHERE e.eventSource = 'kms.amazonaws.com' AND e.errorCode IS NULL
          GROUP BY ALL)"""
    ).fetchall()
    [(rows, calls)] = counted
    return int(rows), int(calls)


READERS = {
    "observe, 1 process": lambda folder: by_observe(folder, 1),
    "observe, 2 processes": lambda folder: by_observe(folder, 2),
    "json of Python": by_json,
    "DuckDB": by_duckdb,
}


def measure(reader: str, folder: Path) -> Json:
    """Read with one reader, in this process."""
    start = time.perf_counter()
    try:
        rows, calls = READERS[reader](folder)
    except ModuleNotFoundError as missing:
        return {"missing": missing.name}
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    megabytes = [one.ru_maxrss / 1024 for one in used]
    return {"rows": rows, "calls": calls, "seconds": seconds, "processor": processor, "megabytes": max(megabytes)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=SIZES)
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    print(f"aim: 1,000,000 events in {SECONDS_AIM:.0f} s and {MEGABYTES_AIM} MB a process, on two processors")
    print(f"{'events':>10}  {'reader':<22}{'s':>7}{'CPU s':>8}{'events/s':>10}{'MB':>6}{'rows':>7}{'calls':>9}")
    for events in arguments.events:
        with tempfile.TemporaryDirectory() as made:
            write_events(Path(made), events)
            answers = set()
            for reader in arguments.readers:
                command = [sys.executable, __file__, "--measure", reader, made]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                told = json.loads(done.stdout)
                if "missing" in told:
                    print(f"{events:>10,}  {reader:<22} needs {told['missing']}, which is not installed")
                    continue
                answers.add((told["rows"], told["calls"]))
                speed = events / told["seconds"]
                print(
                    f"{events:>10,}  {reader:<22}{told['seconds']:>7.2f}{told['processor']:>8.2f}{speed:>10,.0f}"
                    f"{told['megabytes']:>6.0f}{told['rows']:>7,}{told['calls']:>9,}"
                )
            assert len(answers) == 1, f"the readers do not agree: {answers}"


if __name__ == "__main__":
    main()
