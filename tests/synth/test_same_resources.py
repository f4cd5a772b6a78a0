"""An app that takes the constructs of this library in place of the L2s keeps its keys and log groups.

CloudFormation knows a resource by its logical id, and replaces it where one of a few properties changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from secure_kms_constructs import HardenedKey, LogGroupWithCmk
from tests.synth.templates import environment, template

# The properties of which AWS's page says "Update requires: Replacement", with what they are where they are left out.
REPLACES: dict[str, dict[str, Any]] = {
    "AWS::KMS::Key": {
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "Origin": "AWS_KMS",
    },
    "AWS::KMS::Alias": {"AliasName": None},
    "AWS::Logs::LogGroup": {"LogGroupName": None},
}

Make = Callable[[Construct], Any]
WEEK = logs.RetentionDays.ONE_WEEK

SAME: dict[str, tuple[Make, Make]] = {
    "a key": (lambda s: kms.Key(s, "Key"), lambda s: HardenedKey(s, "Key")),
    "a key with an alias": (
        lambda s: kms.Key(s, "Key", alias="alias/orders"),
        lambda s: HardenedKey(s, "Key", alias="alias/orders"),
    ),
    "a multi-Region key": (
        lambda s: kms.Key(s, "Key", multi_region=True),
        lambda s: HardenedKey(s, "Key", multi_region=True),
    ),
    "a key that signs": (
        lambda s: kms.Key(s, "Key", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY),
        lambda s: HardenedKey(s, "Key", key_spec=kms.KeySpec.ECC_NIST_P256, key_usage=kms.KeyUsage.SIGN_VERIFY),
    ),
    "a log group with a name": (
        lambda s: logs.LogGroup(s, "Log", log_group_name="/orders", encryption_key=HardenedKey(s, "Key")),
        lambda s: LogGroupWithCmk(s, "Log", log_group_name="/orders", key=HardenedKey(s, "Key")),
    ),
    "a log group whose name CloudFormation made up": (
        lambda s: logs.LogGroup(s, "Log"),
        lambda s: LogGroupWithCmk(s, "Log", generated_name=True),
    ),
}


def made(make: Make) -> dict[str, dict[str, Any]]:
    stack = Stack(App(), "Stack", env=environment())
    make(Construct(stack, "Scope"))
    return template(stack)["Resources"]


def replaced(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """The resources that are gone, and those that CloudFormation makes anew."""
    found = []
    for logical_id, old in before.items():
        new = after.get(logical_id)
        if new is None or new["Type"] != old["Type"]:
            found.append(logical_id)
            continue
        given, taken = old.get("Properties", {}), new.get("Properties", {})
        for name, left_out in REPLACES[old["Type"]].items():
            if given.get(name, left_out) != taken.get(name, left_out):
                found.append(f"{logical_id}.{name}")
    return found


@pytest.mark.parametrize("before, after", SAME.values(), ids=list(SAME))
def test_the_same_id_keeps_the_resource(before: Make, after: Make) -> None:
    assert replaced(made(before), made(after)) == []


@pytest.mark.parametrize("before, after", SAME.values(), ids=list(SAME))
def test_and_the_way_back_keeps_it_too(before: Make, after: Make) -> None:
    there, back = made(after), made(before)
    ours = {name: one for name, one in there.items() if name in back or one["Type"] != "AWS::KMS::Key"}
    assert replaced(ours, back) == []


@pytest.mark.parametrize(
    "after, found",
    [
        pytest.param(lambda s: LogGroupWithCmk(s, "Log"), r"ScopeLog\w+\.LogGroupName", id="a name of the template"),
        pytest.param(lambda s: LogGroupWithCmk(s, "Other", generated_name=True), r"ScopeLog\w+", id="another id"),
    ],
)
def test_what_replaces_a_log_group_is_found(after: Make, found: str) -> None:
    [one] = replaced(made(lambda s: logs.LogGroup(s, "Log")), made(after))
    assert re.fullmatch(found, one)


def test_a_key_that_leaves_the_stack_is_kept() -> None:
    [key] = made(lambda s: HardenedKey(s, "Key")).values()
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    [destroyed] = made(lambda s: HardenedKey(s, "Key", removal_policy=RemovalPolicy.DESTROY)).values()
    assert destroyed["DeletionPolicy"] == "Delete"
