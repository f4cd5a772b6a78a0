"""The demo account read over its API: the map equals that of the templates, and what is changed by hand is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from attempts import LIBRARY, STOCK
from deployment import Deployment
from emulator import ACCOUNT, REGION, ROOT, Emulator
from scene import INNOCENT, Scene, create_auditor, delete_auditor, scene

from secure_kms_constructs import AccessMap
from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from secure_kms_constructs.account.drift import Drift, compare_accounts, compare_templates
from secure_kms_constructs.templates import read_assembly


@pytest.fixture(scope="module")
def deployment(emulator: Emulator) -> Iterator[Deployment]:
    deployed = Deployment(emulator)
    deployed.deploy()
    create_auditor(emulator)
    yield deployed
    deployed.destroy()
    delete_auditor(emulator)


@pytest.fixture(scope="module")
def library(deployment: Deployment) -> Scene:
    return scene(deployment, LIBRARY)


@pytest.fixture(scope="module")
def stock(deployment: Deployment) -> Scene:
    return scene(deployment, STOCK)


def read(emulator: Emulator, *parts: str) -> Snapshot:
    session = boto3.Session(ROOT.access_key, ROOT.secret_key, region_name=REGION)
    return take_snapshot(Options(endpoint_url=emulator.endpoint, account=ACCOUNT, parts=parts), session=session)


def drift(deployment: Deployment) -> Drift:
    templates = read_assembly(deployment.assembly)
    return compare_templates(templates, read(deployment.emulator, "stacks"))


def test_all_is_answered_but_what_the_emulator_does_not_have(deployment: Deployment) -> None:
    unread = read(deployment.emulator, "stacks").unread
    assert {one.action for one in unread} <= {"kms:GetKeyLastUsage"}


def test_the_account_is_as_the_templates_say(deployment: Deployment) -> None:
    found = drift(deployment)
    assert str(found.access) == "nobody gained or lost access"
    assert found.changes == ()


def test_a_grant_is_in_the_map(deployment: Deployment, library: Scene) -> None:
    with grant(deployment, library):
        access = AccessMap.from_account(read(deployment.emulator))
        role = f"arn:aws:iam::{ACCOUNT}:role/{library.roles[INNOCENT]}"
        key = next(one for one in access.keys if one.endswith(library.key.rpartition("/")[2]))
        [row] = [one for one in access.who_can("kms:Encrypt", key) if one.principal == role]
        assert row.allowed is True
        assert any(one.policy.startswith("grant ") for one in row.statements)


def policy_changed(deployment: Deployment, scene: Scene) -> Any:
    kms = deployment.emulator.client("kms")
    before = kms.get_key_policy(KeyId=scene.key)["Policy"]
    document = json.loads(before)
    role = f"arn:aws:iam::{ACCOUNT}:role/{scene.roles[INNOCENT]}"
    admits = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Decrypt", "Resource": "*"}
    document["Statement"].append(admits)
    return (
        lambda: kms.put_key_policy(KeyId=scene.key, PolicyName="default", Policy=json.dumps(document)),
        lambda: kms.put_key_policy(KeyId=scene.key, PolicyName="default", Policy=before),
    )


def role_changed(deployment: Deployment, scene: Scene) -> Any:
    iam = deployment.emulator.client("iam")
    asked = {"RoleName": scene.roles[INNOCENT], "PolicyName": "by-hand"}
    statement = {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return lambda: iam.put_role_policy(**asked, PolicyDocument=document), lambda: iam.delete_role_policy(**asked)


def key_disabled(deployment: Deployment, scene: Scene) -> Any:
    kms = deployment.emulator.client("kms")
    return lambda: kms.disable_key(KeyId=scene.key), lambda: kms.enable_key(KeyId=scene.key)


@contextmanager
def grant(deployment: Deployment, scene: Scene) -> Iterator[None]:
    do, undo = granted(deployment, scene)
    do()
    try:
        yield
    finally:
        undo()


def granted(deployment: Deployment, scene: Scene) -> Any:
    kms = deployment.emulator.client("kms")
    role = f"arn:aws:iam::{ACCOUNT}:role/{scene.roles[INNOCENT]}"
    made: list[str] = []
    return (
        lambda: made.append(
            kms.create_grant(KeyId=scene.key, GranteePrincipal=role, Operations=["Encrypt"])["GrantId"]
        ),
        lambda: kms.revoke_grant(KeyId=scene.key, GrantId=made.pop()),
    )


@pytest.mark.parametrize(
    "change, of, said",
    [
        (policy_changed, "library", f"gained: {LIBRARY}/InnocentRole: Decrypt"),
        (granted, "library", f"gained: {LIBRARY}/InnocentRole: Encrypt"),
        (role_changed, "stock", f"lost: {STOCK}/InnocentRole: Encrypt"),
        (key_disabled, "library", f"key-off: {LIBRARY}/Key is Disabled"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_a_change_behind_the_back_of_cdk_is_seen_and_nothing_after_it(
    change: Any, of: str, said: str, deployment: Deployment, request: pytest.FixtureRequest
) -> None:
    do, undo = change(deployment, request.getfixturevalue(of))
    before = read(deployment.emulator)
    do()
    try:
        found = drift(deployment)
        between = compare_accounts(before, read(deployment.emulator))
    finally:
        undo()
    assert found
    assert said in str(found), str(found)
    assert between
    assert not drift(deployment)
    assert not compare_accounts(before, read(deployment.emulator))


def test_keys_past_a_page_and_boundaries_are_read(deployment: Deployment) -> None:
    kms, iam = deployment.emulator.client("kms"), deployment.emulator.client("iam")
    before = len(read(deployment.emulator).accounts[0].keys)
    more = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(101 - before % 100)]
    bound = f"arn:aws:iam::{ACCOUNT}:policy/Bound"
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_policy(PolicyName="Bound", PolicyDocument=document)
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust, PermissionsBoundary=bound)
    try:
        [account] = read(deployment.emulator).accounts
        assert {one.id for one in account.keys} >= set(more)
        assert {one.arn.rpartition("/")[2]: one.boundary for one in account.identities}["bounded"] == bound
    finally:
        iam.delete_role(RoleName="bounded")
        iam.delete_policy(PolicyArn=bound)


def test_a_secret_under_a_key_is_told_from_one_under_the_default_key(deployment: Deployment, library: Scene) -> None:
    [account] = read(deployment.emulator).accounts
    keys = {one.key for one in account.resources if one.kind == "secret" and one.key}
    assert any(str(one).endswith(library.key.rpartition("/")[2]) for one in keys)


def test_a_snapshot_is_the_same_twice(deployment: Deployment) -> None:
    one, other = read(deployment.emulator, "stacks"), read(deployment.emulator, "stacks")
    assert replace(one, made="") == replace(other, made="")
