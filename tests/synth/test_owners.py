"""What the constructs tell of policies that are not theirs is read back by `secure-kms owners`."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs

from secure_kms_constructs import (
    HardenedKey,
    LogGroupWithCmk,
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedSecretReader,
)
from secure_kms_constructs.account.owners import Owner, owners_of
from secure_kms_constructs.templates.givens import Givens

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{OTHER}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
OWN_KEY = KEY.replace(OTHER, ACCOUNT)
SECRET = f"arn:aws:secretsmanager:{REGION}:{OTHER}:secret:shared-AbCdEf"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = App(outdir=str(tmp_path_factory.mktemp("app")))
    stack = Stack(app, "App", env=Environment(account=ACCOUNT, region=REGION))
    theirs = ResolvedKey.from_arn(stack, "Theirs", KEY)
    ours = ResolvedKey.from_arn(stack, "Ours", OWN_KEY)
    shared = secretsmanager.Secret.from_secret_complete_arn(stack, "Shared", SECRET)
    trusted = iam.ServicePrincipal("lambda.amazonaws.com")
    generated, named = (
        iam.Role(stack, "Made", assumed_by=trusted),
        iam.Role(stack, "Named", assumed_by=trusted, role_name="named"),
    )
    for number, role in enumerate((generated, named)):
        ScopedSecretReader(stack, f"Read{number}", grantee=role, secrets=[shared], key=theirs)
    LogGroupWithCmk(stack, "Logs", key=ours, log_group_name="/app", owner_admits=True)
    ScopedLogGroupManager(stack, "Manage", grantee=named, key=ours, log_group_prefix="/app/")
    sqs.Queue(stack, "Queue", encryption_master_key=ours)
    foreign = iam.Role.from_role_arn(stack, "Foreign", f"arn:aws:iam::{OTHER}:role/reader")
    mine = HardenedKey(stack, "Mine")
    secret = secretsmanager.Secret(stack, "Secret", encryption_key=mine)
    ScopedSecretReader(stack, "Abroad", grantee=foreign, secrets=[secret])
    logs.LogGroup(stack, "Plain")
    return Path(app.synth().directory)


@pytest.fixture(scope="module")
def owners(directory: Path) -> dict[str, Owner]:
    return {f"{one.policy} of {one.of}": one for one in owners_of(directory, Givens())}


def test_every_policy_that_somebody_else_changes_is_there(owners: dict[str, Owner]) -> None:
    assert set(owners) == {
        f"key policy of {KEY}",
        f"key policy of {OWN_KEY}",
        f"resource policy of {SECRET}",
        f"identity policy of arn:aws:iam::{OTHER}:role/reader",
    }
    assert [*owners[f"key policy of {KEY}"].because] == ["App/Read0", "App/Read1"]
    assert {"App/Logs", "App/Manage"} <= set(owners[f"key policy of {OWN_KEY}"].because)


def test_arns_are_real_where_they_are_known(owners: dict[str, Owner], directory: Path) -> None:
    def readers(found: Owner) -> list[str]:
        return [one["Condition"]["ArnEquals"]["aws:PrincipalArn"] for one in found.statements]

    found = owners[f"key policy of {KEY}"]
    assert readers(found) == ["<ARN of App/Made>", f"arn:aws:iam::{ACCOUNT}:role/named"]
    assert found.unknown == ["App/Made"]
    told = Givens(same={"App/Made": f"arn:aws:iam::{ACCOUNT}:role/App-Made-XYZ"})
    found = next(one for one in owners_of(directory, told) if one.of == KEY)
    assert readers(found) == [f"arn:aws:iam::{ACCOUNT}:role/App-Made-XYZ", f"arn:aws:iam::{ACCOUNT}:role/named"]
    assert not found.unknown


def test_the_owner_of_a_foreign_role_is_told_its_side(owners: dict[str, Owner]) -> None:
    found = owners[f"identity policy of arn:aws:iam::{OTHER}:role/reader"]
    # The key and the secret have no ARN before the deployment.
    assert found.unknown == ["App/Mine", "App/Secret"]
    assert "<ARN of App/Mine>" in str(found.statements)
