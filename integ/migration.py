"""A role with too much reads one secret; CloudTrail tells, a plan follows, and is carried out and taken back."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from deployment import Deployment
from emulator import ACCOUNT, REGION, Emulator
from tries import ALLOWED, REFUSED, create_role, decrypt, outcome, read

ROLE = "Overpowered"
OWN = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "kms:Decrypt", "kms:DescribeKey"]
TRAIL = "everything"
APP = """
import importlib.util, sys
from aws_cdk import App, Environment
found = importlib.util.spec_from_file_location("construct", {path!r})
made = importlib.util.module_from_spec(found)
found.loader.exec_module(made)
app = App()
made.{role}KeyUse(app, "Narrow{role}", env=Environment(account={account!r}, region={region!r}))
app.synth()
"""


@dataclass(frozen=True)
class Migration:
    """What there is before, on an emulator.

    :param wanted: the secret that the role reads; another is under the same key, and one under another key.
    """

    emulator: Emulator
    key: str
    wanted: str
    sibling: str
    elsewhere: str
    since: str

    @property
    def folder(self) -> Path:
        return self.emulator.directory / "plan"

    @property
    def of_role(self) -> Path:
        return self.folder / f"{ACCOUNT}-role-{ROLE}"

    def outcomes(self) -> dict[str, str]:
        """What the role can do."""
        act = {"SecretARN": self.wanted, "SecretVersionId": "1"}
        return {
            "reads its secret": read(self.emulator, ROLE, self.wanted),
            "reads another secret under the same key": read(self.emulator, ROLE, self.sibling),
            "reads a secret under another key": read(self.emulator, ROLE, self.elsewhere),
            "decrypts its secret directly": decrypt(self.emulator, ROLE, self.key, **act),
        }

    def policies(self) -> dict[str, Any]:
        """Return the inline policies of the role as they are."""
        iam = self.emulator.client("iam")
        names = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
        return {one: iam.get_role_policy(RoleName=ROLE, PolicyName=one)["PolicyDocument"] for one in names}

    def command(self, *arguments: object) -> str:
        """Run `secure-kms`."""
        run = "from secure_kms_constructs.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", run, *map(str, arguments)],
            env=self.emulator.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"secure-kms {arguments[0]} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def plan(self) -> str:
        """Read the account and the trail, and plan."""
        account, uses = self.emulator.directory / "account.json", self.emulator.directory / "uses.json"
        endpoint = ("--endpoint-url", self.emulator.endpoint)
        self.command("account", "snapshot", "-o", account, "--region", REGION, "--trails", *endpoint)
        self.digest()
        self.command("observe", self.emulator.trail, "-o", uses, "--snapshot", account)
        given = ("--snapshot", account, "--uses", uses, "--principal", ROLE, "--no-other-regions")
        return self.command("plan", *given, "--output", self.folder)

    def digest(self) -> None:
        """Write what CloudTrail writes every hour: which log files there are."""
        end = datetime.now(timezone.utc) + timedelta(seconds=1)
        files = [one.name for one in self.emulator.trail.iterdir() if "_CloudTrail_" in one.name]
        whole = {
            "awsAccountId": ACCOUNT,
            "digestStartTime": self.since,
            "digestEndTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "logFiles": [{"s3Object": f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{one}"} for one in files],
        }
        stamp = end.strftime("%Y%m%dT%H%M%SZ")
        name = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_{TRAIL}_{REGION}_{stamp}.json.gz"
        (self.emulator.trail / name).write_bytes(gzip.compress(json.dumps(whole).encode()))

    def calls(self, name: str) -> list[list[str]]:
        """Return the calls that a page of the plan names."""
        return [shlex.split(one) for one in (self.of_role / name).read_text().splitlines() if one.startswith("aws ")]

    def carry_out(self, calls: list[list[str]]) -> None:
        """Make calls of the AWS CLI, which is not here, by the same API."""
        for _, service, command, *options in calls:
            given = dict(zip(options[::2], options[1::2], strict=True))
            asked = {"".join(map(str.title, name.strip("-").split("-"))): one for name, one in given.items()}
            if "PolicyDocument" in asked:
                path = asked["PolicyDocument"].partition("//")[2]
                asked["PolicyDocument"] = (self.of_role / path).read_text()
            getattr(self.emulator.client(service), command.replace("-", "_"))(**asked)

    def deployment(self) -> Deployment:
        """Return an app of the code of the plan."""
        app = self.emulator.directory / "narrow.py"
        path = str(self.of_role / "construct.py")
        app.write_text(APP.format(path=path, role=ROLE, account=ACCOUNT, region=REGION))
        return Deployment(self.emulator, app)


def prepare(emulator: Emulator) -> Migration:
    """Make a trail, two keys, three secrets, and a role that may decrypt with every key and reads one secret."""
    trails, kms, secrets = (emulator.client(one) for one in ("cloudtrail", "kms", "secretsmanager"))
    emulator.client("s3").create_bucket(Bucket="trail-of-kms")
    trails.create_trail(Name=TRAIL, S3BucketName="trail-of-kms", IsMultiRegionTrail=True)
    trails.start_logging(Name=TRAIL)
    since = (datetime.now(timezone.utc) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    one, other = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    wanted, sibling, elsewhere = (
        secrets.create_secret(Name=name, SecretString="x", KmsKeyId=key)["ARN"]
        for name, key in (("wanted", one), ("sibling", one), ("elsewhere", other))
    )
    create_role(emulator, ROLE, *OWN)
    assert read(emulator, ROLE, wanted) == ALLOWED
    # What is refused is recorded too, and must not become a permission.
    asked = {"KeyId": other, "Plaintext": b"x"}
    assert outcome(emulator.client("kms", ROLE).encrypt, **asked) == REFUSED
    return Migration(emulator, one, wanted, sibling, elsewhere, since)


BEFORE = dict.fromkeys(
    (
        "reads its secret",
        "reads another secret under the same key",
        "reads a secret under another key",
        "decrypts its secret directly",
    ),
    ALLOWED,
)
AFTER = {one: ALLOWED if one == "reads its secret" else REFUSED for one in BEFORE}
