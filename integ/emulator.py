"""An AWS on this machine that really refuses: ministack on a free loopback port, patched by `enforcement`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

HERE = Path(__file__).parent
ACCOUNT = "111122223333"
REGION = "us-east-1"
ABROAD = "eu-west-1"
START_SECONDS = 30
STOP_SECONDS = 5
LOG_CHARACTERS = 4000


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str
    session_token: str | None = None


# ministack takes this pair for the account root, whom it never refuses.
ROOT = Credentials("test", "test")


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `directory` is scratch space that goes away with it."""

    endpoint: str
    directory: Path

    def client(self, service: str, role: str | None = None, region: str = REGION) -> Any:
        """A boto3 client that calls as the role of that name, or as the account root."""
        return client(self.endpoint, service, assume_role(self.endpoint, role) if role else ROOT, region)

    @property
    def trail(self) -> Path:
        """Where what was asked of KMS is written, as CloudTrail does."""
        return self.directory / "trail"

    def environment(self) -> dict[str, str]:
        """The variables with which an SDK or the CDK CLI talks to the emulator, and to nothing else."""
        return {
            **without_aws_settings(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ROOT.access_key,
            "AWS_SECRET_ACCESS_KEY": ROOT.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "TMPDIR": str(self.directory),
        }


@cache  # a client takes a quarter of a second to make
def client(endpoint: str, service: str, credentials: Credentials, region: str = REGION) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.session_token,
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


@cache
def assume_role(endpoint: str, name: str) -> Credentials:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    session = client(endpoint, "sts", ROOT).assume_role(RoleArn=arn, RoleSessionName="demo")["Credentials"]
    return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


@contextmanager
def running() -> Iterator[Emulator]:
    """Start the emulator, and stop it with all its child processes whatever happens."""
    with tempfile.TemporaryDirectory(prefix="secure-kms-", ignore_cleanup_errors=True) as directory:
        port = free_port()
        log = Path(directory) / "emulator.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "enforcement"],
                cwd=HERE,
                env=server_environment(port, directory),
                stdin=subprocess.PIPE,  # never written: its end tells the emulator that we are gone
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        emulator = Emulator(f"http://127.0.0.1:{port}", Path(directory))
        try:
            wait_until_healthy(emulator.endpoint, process)
            yield emulator
        except Exception:
            print(f"the emulator's log ends with:\n{log.read_text()[-LOG_CHARACTERS:]}", file=sys.stderr)
            raise
        finally:
            stop_group(process)


def without_aws_settings() -> dict[str, str]:
    """Our environment without the user's AWS settings, and without a proxy for loopback."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def server_environment(port: int, directory: str) -> dict[str, str]:
    # Nothing else of ours: ministack is configured by variables with common names.
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "ENFORCEMENT_TRAIL": f"{directory}/trail",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # else it listens on a second port
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "NODE_PATH": str(HERE.parent / "node_modules"),  # has what AWS puts beside a Node function: its SDK
        "TMPDIR": directory,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(endpoint: str, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"{endpoint}/_ministack/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the emulator ended, or did not answer at {endpoint} within {START_SECONDS} s")


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started: first politely, then not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(STOP_SECONDS)
        except (ProcessLookupError, PermissionError):  # macOS answers the second for a dead group
            break
        except subprocess.TimeoutExpired:
            continue
    if process.stdin:
        process.stdin.close()
    process.wait(STOP_SECONDS)
