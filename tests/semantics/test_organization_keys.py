"""A HardenedKey of an organization admits nobody of another one, and locks nobody of its own account out."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from secure_kms_constructs import AccessMap, HardenedKey, KmsDriftAlarms, assert_no_findings
from secure_kms_constructs.aws.facts import DEPLOYER_ACTIONS
from tests.semantics.assembly import deploy_app
from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge

ACCOUNT, PARTNER, REGION = "111122223333", "444455556666", "eu-west-1"
ORGANIZATION = "o-ourcompany1"
READER = f"arn:aws:iam::{PARTNER}:role/reader"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def app_with(organization: str | None) -> App:
    app = App()
    stack = Stack(app, "App", env=Environment(account=ACCOUNT, region=REGION))
    key = HardenedKey(stack, "Key", organization=organization)
    secretsmanager.Secret(stack, "Secret", encryption_key=key)
    key.grant_decrypt(iam.Role.from_role_arn(stack, "Reader", READER))
    KmsDriftAlarms(stack, "Drift", topic=sns.Topic(stack, "Topic", master_key=key))
    return app


@pytest.fixture(scope="module")
def keys() -> dict[str | None, Deployment]:
    return {one: deploy_app(app_with(one), account=ACCOUNT, region=REGION) for one in (ORGANIZATION, None)}


def allowed(judge: Judge, key: Deployment, who: str, action: str = "kms:Decrypt", **more: Any) -> bool:
    identity = [EVERYTHING] if who.startswith("arn:") else None
    return judge.ask(key.question(who, action, key.key("Key"), identity=identity, **more)).allowed


OURS, THEIRS = {"aws:PrincipalOrgID": ORGANIZATION}, {"aws:PrincipalOrgID": "o-theircompany"}


@pytest.mark.parametrize(
    "context, is_allowed", [(OURS, True), (THEIRS, False), ({}, False)], ids=["of it", "of another", "of none"]
)
def test_another_account_is_admitted_as_long_as_it_is_of_the_organization(
    judge: Judge, keys: dict[str | None, Deployment], context: dict[str, str], is_allowed: bool
) -> None:
    assert allowed(judge, keys[ORGANIZATION], READER, context=context) is is_allowed
    assert allowed(judge, keys[None], READER, context=context)


@pytest.mark.parametrize("context", [OURS, THEIRS, {}], ids=["of it", "of another", "of none"])
@pytest.mark.parametrize("action", DEPLOYER_ACTIONS.value)
def test_the_deployer_is_never_locked_out(
    judge: Judge, keys: dict[str | None, Deployment], action: str, context: dict[str, str]
) -> None:
    assert allowed(judge, keys[ORGANIZATION], DEPLOYER, action, context=context)


def test_the_root_user_is_never_locked_out(judge: Judge, keys: dict[str | None, Deployment]) -> None:
    assert allowed(judge, keys[ORGANIZATION], f"arn:aws:iam::{ACCOUNT}:root", "kms:PutKeyPolicy")


def test_a_service_belongs_to_no_organization(judge: Judge, keys: dict[str | None, Deployment]) -> None:
    assert allowed(judge, keys[ORGANIZATION], "events.amazonaws.com", "kms:GenerateDataKey")
    assert not allowed(judge, keys[ORGANIZATION], "glacier.amazonaws.com", "kms:GenerateDataKey")


def test_a_grant_through_a_service_is_denied_too(judge: Judge, keys: dict[str | None, Deployment]) -> None:
    through = {"via": "secretsmanager", "context": THEIRS}
    assert not allowed(judge, keys[ORGANIZATION], READER, **through)
    assert allowed(judge, keys[None], READER, **through)


def test_the_map_and_the_checks_understand_it() -> None:
    app = app_with(ORGANIZATION)
    access = AccessMap.from_app(app)
    # Whether the other account is of the organization, a template does not tell.
    assert f"? {READER}: Decrypt if aws:PrincipalOrgID = {ORGANIZATION}" in access.to_text().splitlines()
    assert_no_findings(app)
