"""What checking costs: ``python benchmarks/checks.py [--quick]``.

One app with 1,000 IAM policies and 100 keys. Added to its synthesis by our plugin and by cdk-nag's AwsSolutions, in
seconds of the processor, Node included, interleaved, the least of each; then `secure-kms check` beside checkov
over the same assembly, in seconds by the clock, with the largest process of each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

POLICIES, KEYS = 1_000, 100
SYNTH_AIM, CHECK_AIM = 0.5, 0.1
KINDS = ("neither", "ours", "cdk-nag")


def synthesize(kind: str, directory: str, policies: int, keys: int) -> None:
    """Build the app and synthesize it; run in a process of its own."""
    import aws_cdk as cdk
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms

    app = cdk.App(outdir=directory, context={"@aws-cdk/core:stackResourceLimit": 0})
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="us-east-1"))
    made = [kms.Key(stack, f"Key{number}", enable_key_rotation=True) for number in range(keys)]
    for number in range(policies):
        role = iam.Role(stack, f"Role{number}", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        key = made[number % keys]
        uses = iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn])
        role.add_to_policy(uses)
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:aws:s3:::bucket-{number}/*"]))
    if kind == "ours":
        from secure_kms_constructs import KmsLeastPrivilegeChecks

        cdk.Validations.of(app).add_plugins(KmsLeastPrivilegeChecks())
    elif kind == "cdk-nag":
        import cdk_nag

        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks())
    before = processor()
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    print(processor() - before)


def processor() -> float:
    """Seconds of the processor that this process and its Node have taken. Linux only."""
    ticks, waiting = 0, children(os.getpid())
    while waiting:
        process = waiting.pop()
        waiting += children(process)
        # After the name, which is in parentheses: fields 14 and 15 of proc(5), user and system time.
        fields = Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def children(process: int) -> list[int]:
    threads = Path("/proc", str(process), "task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def run(command: list[str]) -> float:
    """Return what a command prints, a number."""
    environment = {**os.environ, "CDK_VALIDATION": "false"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    return float(done.stdout.splitlines()[-1])


def clock(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock that a command takes, and the megabytes of its largest process."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def least(rounds: int, measure: dict[str, Callable[[], float]]) -> dict[str, float]:
    """The least of measurements taken in turn: what else the machine does only adds, and here differences count."""
    taken: dict[str, list[float]] = {name: [] for name in measure}
    for _ in range(rounds):
        for name, one in measure.items():
            taken[name].append(one())
    return {name: min(values) for name, values in taken.items()}


def synthesis(rounds: int, directory: Path, policies: int, keys: int) -> float:
    def command(kind: str) -> list[str]:
        return [sys.executable, __file__, "--one", kind, str(directory / kind), str(policies), str(keys)]

    taken = least(rounds, {kind: lambda kind=kind: run(command(kind)) for kind in KINDS})
    ours, nag = (taken[kind] - taken["neither"] for kind in ("ours", "cdk-nag"))
    print(f"| synthesis without checks | {taken['neither']:.2f} s |")
    print(f"| added by KmsLeastPrivilegeChecks | {ours:.2f} s |")
    print(f"| added by cdk-nag AwsSolutions | {nag:.2f} s |")
    return ours / nag


def command_line(rounds: int, directory: Path, checkov: str) -> float:
    start = "from secure_kms_constructs.cli import main; main()"
    assembly = str(directory / "neither")
    scan = [
        checkov,
        "--directory",
        assembly,
        "--framework",
        "cloudformation",
        "--output",
        "json",
        "--compact",
        "--quiet",
    ]
    commands = {"secure-kms check": [sys.executable, "-c", start, "check", assembly], "checkov": scan}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(clock(command))
    seconds = {name: statistics.median(one for one, _ in found) for name, found in taken.items()}
    for name, found in taken.items():
        print(f"| {name} | {seconds[name]:.2f} s, {max(size for _, size in found):.0f} MB |")
    return seconds["secure-kms check"] / seconds["checkov"]


def verdict(ratio: float, aim: float) -> str:
    return f"{ratio:.2f} times (the aim of {aim} is {'met' if ratio <= aim else 'missed'})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round each")
    parser.add_argument("--one", nargs=4, metavar=("KIND", "DIRECTORY", "POLICIES", "KEYS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        kind, directory, policies, keys = given.one
        synthesize(kind, directory, int(policies), int(keys))
        return
    rounds = 1 if given.quick else 9
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        print(f"{POLICIES} IAM policies and {KEYS} keys, {rounds} rounds\n\n| what | takes |\n|--|--|")
        ratio = synthesis(rounds, directory, POLICIES, KEYS)
        checkov = os.environ.get("CHECKOV", "")
        found = command_line(min(rounds, 3), directory, checkov) if Path(checkov).is_file() else None
        print(f"\nat synthesis {verdict(ratio, SYNTH_AIM)} cdk-nag")
        if found is None:
            print("no checkov: set CHECKOV to compare with it")
        else:
            print(f"on the command line {verdict(found, CHECK_AIM)} checkov")


if __name__ == "__main__":
    main()
