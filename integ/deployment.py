"""The example app, deployed to the emulator with the real CDK CLI."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator import ACCOUNT, REGION, Emulator

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CDK_CLI = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
DEPLOYMENT_ROLE = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
COMMAND_SECONDS = 180


@dataclass(frozen=True)
class Deployment:
    """The example app on one emulator."""

    emulator: Emulator

    @property
    def assembly(self) -> Path:
        return self.emulator.directory / "cdk.out"

    def bootstrap(self) -> str:
        # The CLI's own default, given because ministack takes the empty parameter for a list of one.
        policies = "--cloudformation-execution-policies=arn:aws:iam::aws:policy/AdministratorAccess"
        # In a directory without cdk.json, where the CLI has no app to synthesize first.
        return self.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", policies, cwd=self.emulator.directory)

    def deploy(self) -> str:
        app = f'--app="{sys.executable}" app.py'
        return self.cdk("deploy", "--all", "--require-approval=never", app, f"--output={self.assembly}")

    def destroy(self) -> str:
        return self.cdk("destroy", "--all", "--force", f"--app={self.assembly}")

    def cdk(self, *arguments: str, cwd: Path = EXAMPLES) -> str:
        """Run the CDK CLI; return what it printed, or raise with it."""
        process = subprocess.Popen(
            [node(), str(cdk_cli()), "--no-notices", *arguments],
            cwd=cwd,
            env={**self.emulator.environment(), "CDK_DISABLE_CLI_TELEMETRY": "true", "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(f"cdk {arguments[0]} did not end within {COMMAND_SECONDS} s") from late
        finally:
            if process.poll() is None:  # interrupted or late: end the app and its Node as well
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"cdk {arguments[0]} ended with code {process.returncode}:\n{printed}")
        return printed

    def template(self, stack: str) -> dict[str, Any]:
        """The synthesized template of a stack."""
        found: dict[str, Any] = json.loads((self.assembly / f"{stack}.template.json").read_text())
        return found

    def physical_ids(self, stack: str) -> dict[str, str]:
        """What the resources are called, by logical id."""
        resources = self.emulator.client("cloudformation").describe_stack_resources(StackName=stack)
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources["StackResources"]}

    def physical_id(self, stack: str, path: str) -> str:
        """What the resource of a construct is called; `path` is the construct path inside the stack."""
        ids = self.physical_ids(stack)
        for logical_id, resource in self.template(stack)["Resources"].items():
            if resource.get("Metadata", {}).get("aws:cdk:path") == f"{stack}/{path}/Resource":
                return ids[logical_id]
        raise LookupError(f"no resource at {stack}/{path}/Resource in the synthesized template")


def node() -> str:
    """The Node that the Makefile provides, else the one on the path."""
    found = os.environ.get("JSII_NODE") or shutil.which("node")
    if not found:
        raise FileNotFoundError("no Node found in JSII_NODE or on the path: run this through make")
    return found


def cdk_cli() -> Path:
    if not CDK_CLI.exists():
        raise FileNotFoundError(f"no CDK CLI at {CDK_CLI}: run this through make, which installs it")
    return CDK_CLI
