"""An app with cdk-nag and these checks: what both find, and what is acknowledged to each, is in one report."""

import json
from pathlib import Path

import cdk_nag
from aws_cdk import Acknowledgment, App, Environment, Stack, Validations
from aws_cdk import aws_kms as kms

from secure_kms_constructs import HardenedKey, KmsLeastPrivilegeChecks

# What the two call the same thing: a key that is not rotated.
ROTATION = ("KmsLeastPrivilege::KLP401", "AwsSolutions::AwsSolutions-KMS5")


def build(outdir: str | None = None) -> App:
    app = App(outdir=outdir)
    Validations.of(app).add_plugins(KmsLeastPrivilegeChecks(), cdk_nag.AwsSolutionsChecks())
    stack = Stack(app, "Vault", env=Environment(account="111122223333", region="us-east-1"))
    HardenedKey(stack, "Key")

    by_hand = kms.Key(stack, "ByHand", enable_key_rotation=False)
    reason = "its material is of the vendor, who rotates it by hand each spring, review by 2099-06-30"
    Validations.of(by_hand).acknowledge(*(Acknowledgment(id=one, reason=reason) for one in ROTATION))
    return app


def acknowledged(assembly: str) -> list[tuple[str, str, str]]:
    """Return who acknowledged what, and why, out of the one report of all plugins."""
    report = json.loads(Path(assembly, "validation-report.json").read_text())
    return [
        (plugin["pluginName"], one["ruleName"], one["reason"])
        for plugin in report["pluginReports"]
        for one in plugin.get("suppressedViolations", ())
    ]


if __name__ == "__main__":
    for line in acknowledged(build().synth().directory):
        print(*line)
