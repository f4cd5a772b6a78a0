"""The checks as a test of a project. `pytest` runs it."""

from aws_cdk import App, Environment
from hardened_secrets import HardenedSecrets

from secure_kms_constructs import assert_no_findings


def test_the_keys_are_least_privilege() -> None:
    app = App()
    stack = HardenedSecrets(app, "Secrets", env=Environment(account="111122223333", region="us-east-1"))
    # The example has a role with kms:* on * on purpose.
    assert_no_findings(stack, severities={"every-action": "off", "decrypt-on-all-keys": "off"})
