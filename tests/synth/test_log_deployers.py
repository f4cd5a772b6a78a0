"""A log group may be created by another deployer than the key's."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey, LogGroupWithCmk
from tests.synth.templates import ACCOUNT, DEPLOYER, naming, readable, resources, template


def test_the_deployer_of_the_group_is_admitted_where_the_keys_is_another(stack: Stack, other_stack: Stack) -> None:
    own = iam.ArnPrincipal(f"arn:aws:iam::{ACCOUNT}:role/keys-deployer")
    key = HardenedKey(stack, "Key", deployer=own)
    LogGroupWithCmk(other_stack, "Group", key=key, log_group_name="/orders")
    [made] = resources(template(stack), "AWS::KMS::Key").values()
    use = [one for one in naming(readable(made["KeyPolicy"]["Statement"]), DEPLOYER) if "Encrypt" in str(one["Action"])]
    assert use
    assert naming(use, "log-group:/orders")
