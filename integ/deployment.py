"""A CDK app, deployed to the emulator with the real CDK CLI."""

from __future__ import annotations

import json
import os
import shlex
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
    """One app on one emulator.

    :param app: the file that is the app.
    """

    emulator: Emulator
    app: Path = EXAMPLES / "app.py"

    @property
    def directory(self) -> Path:
        """Where the CLI runs, so that it writes cdk.context.json there and not into the repository."""
        return self.emulator.directory / self.app.stem

    @property
    def assembly(self) -> Path:
        return self.directory / "cdk.out"

    @property
    def context(self) -> dict[str, Any]:
        """The answers of lookups that the CLI has kept."""
        kept = self.directory / "cdk.context.json"
        return load(kept) if kept.exists() else {}

    def synth(self) -> str:
        return self.run_app("synth", "--quiet")

    def deploy(self, *, synth: bool = True) -> str:
        """Deploy; without `synth` what was synthesized before."""
        # The CLI waits far more than it works, so stacks that do not wait for each other go together.
        how = ("--all", "--require-approval=never", "--concurrency=4")
        return self.run_app("deploy", *how) if synth else self.cdk("deploy", *how, f"--app={self.assembly}")

    def destroy(self) -> str:
        return self.cdk("destroy", "--all", "--force", "--concurrency=4", f"--app={self.assembly}")

    def run_app(self, command: str, *arguments: str) -> str:
        """Run a command that synthesizes the app first."""
        # With a first word that needs no quotes: the CLI would take off a pair around the whole.
        app = f"exec {shlex.join([sys.executable, str(self.app)])}"
        return self.cdk(command, *arguments, f"--app={app}", f"--output={self.assembly}")

    def cdk(self, *arguments: str) -> str:
        self.directory.mkdir(exist_ok=True)
        shutil.copy(EXAMPLES / "cdk.json", self.directory)
        return cdk(self.emulator, *arguments, cwd=self.directory)

    def template(self, stack: str) -> dict[str, Any]:
        """The synthesized template of a stack."""
        return load(self.assembly / f"{stack}.template.json")

    def metadata(self, stack: str) -> dict[str, Any]:
        """What the constructs of a stack left in the assembly, findings among it, by path."""
        return load(self.assembly / f"{stack}.metadata.json")

    def stacks(self) -> dict[str, str]:
        """The regions of the app's stacks, by name."""
        artifacts = load(self.assembly / "manifest.json")["artifacts"].items()
        return {
            name: artifact["environment"].rsplit("/", 1)[1]
            for name, artifact in artifacts
            if artifact["type"] == "aws:cloudformation:stack"
        }

    def deployed_stacks(self) -> list[str]:
        """Which of them exist."""
        stacks = self.stacks()
        found = []
        for region in set(stacks.values()):
            described = self.emulator.client("cloudformation", region=region).describe_stacks()["Stacks"]
            found += [stack["StackName"] for stack in described]
        return sorted(stacks.keys() & set(found))

    def physical_ids(self, stack: str) -> dict[str, str]:
        """What the resources are called, by logical id."""
        cloudformation = self.emulator.client("cloudformation", region=self.stacks()[stack])
        resources = cloudformation.describe_stack_resources(StackName=stack)
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources["StackResources"]}

    def physical_id(self, stack: str, path: str) -> str:
        """What the resource of a construct is called; `path` is the construct path inside the stack."""
        ids = self.physical_ids(stack)
        for logical_id, resource in self.template(stack)["Resources"].items():
            if resource.get("Metadata", {}).get("aws:cdk:path") == f"{stack}/{path}/Resource":
                return ids[logical_id]
        raise LookupError(f"no resource at {stack}/{path}/Resource in the synthesized template")


def load(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def bootstrap(emulator: Emulator, *more_regions: str) -> str:
    # The CLI's own default, given because ministack takes the empty parameter for a list of one.
    policies = "--cloudformation-execution-policies=arn:aws:iam::aws:policy/AdministratorAccess"
    # In a directory without cdk.json, where the CLI has no app to synthesize first.
    places = [f"aws://{ACCOUNT}/{region}" for region in (REGION, *more_regions)]
    return cdk(emulator, "bootstrap", *places, policies, cwd=emulator.directory)


def cdk(emulator: Emulator, *arguments: str, cwd: Path) -> str:
    """Run the CDK CLI; return what it printed, or raise with it."""
    process = subprocess.Popen(
        [node(), str(cdk_cli()), "--no-notices", *arguments],
        cwd=cwd,
        # CDK's validation of each template has tests of its own, and takes half of the time of an app.
        env={**emulator.environment(), "CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_VALIDATION": "false", "CI": "true"},
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
