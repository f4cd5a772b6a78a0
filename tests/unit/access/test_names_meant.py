"""Whom a name means: all whom it stands for, and nobody who is only called like that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.access import (
    ANYBODY_ELSE,
    DEPLOYER,
    ROOT,
    AccessError,
    AccessMap,
    assert_can,
    assert_cannot,
    assert_only,
)
from secure_kms_constructs.policies import Unknown
from tests.unit.cases.access_rows import ROOT_ALONE
from tests.unit.landscapes import (
    ACCOUNT,
    OTHER_ACCOUNT,
    ROOT_ARN,
    ROOT_MAY,
    access,
    allow,
    deny,
    identity,
    key,
    landscape,
    role_arn,
    source,
)

ADMITTED = {"AWS": ROOT_ARN}
ANY = f"any principal of {ACCOUNT} with kms:* on *"
ANY_ROLE = f"any role of {ACCOUNT} with kms:* on *"
ANY_USER = f"any user of {ACCOUNT} with kms:* on *"
ANY_ELSEWHERE = "any principal of another account with kms:* on *"
LIKE_TEAM = {"aws:PrincipalArn": role_arn("team-*")}


def can(asked: AccessMap, who: object, **more: Any) -> bool:
    """Whether it is asserted that somebody can; and that they cannot fails then."""
    with pytest.raises(AssertionError):
        assert_cannot(asked, "kms:Decrypt", "App/Key", who, **more)
    try:
        assert_can(asked, "kms:Decrypt", "App/Key", who, **more)
    except AssertionError:
        return False
    return True


def cannot(asked: AccessMap, *who: object, **more: Any) -> bool:
    for one in who:
        assert_cannot(asked, "kms:Decrypt", "App/Key", one, **more)
        with pytest.raises(AssertionError):
            assert_can(asked, "kms:Decrypt", "App/Key", one, **more)
    return True


@pytest.mark.parametrize(
    "statement, meant, others",
    [
        (allow(ADMITTED, ArnLike={"aws:PrincipalArn": role_arn("*", "*")}), [ANY_ROLE], [ANY_USER, ANY_ELSEWHERE]),
        (allow(ADMITTED, StringEquals={"aws:PrincipalType": "AssumedRole"}), [ANY_ROLE], [ANY_USER]),
        (allow(ADMITTED, StringEquals={"aws:PrincipalType": "User"}), [ANY_USER], [ANY_ROLE]),
        (allow(ADMITTED, ArnLike=LIKE_TEAM), [ANY_ROLE], [ANY_USER, "any AWS service"]),
    ],
)
def test_a_general_name_means_each_kind_that_it_stands_for(
    statement: dict[str, Any], meant: list[str], others: list[str]
) -> None:
    asked = access(key(ROOT_ALONE, statement))
    for one in (*meant, ANY, ANYBODY_ELSE):
        # Of those whom it stands for some can; that all can is not so.
        assert can(asked, one) is (one in meant and "team" not in str(statement))
        assert asked.explain(one, "kms:Decrypt", "Key").allowed is not False
        assert asked.when_can(one, "kms:Decrypt", "Key", context={})
    assert cannot(asked, *others)
    assert cannot(access(key(ROOT_ALONE)), ANY, ANY_ROLE, ANY_USER, ANYBODY_ELSE)


@pytest.mark.parametrize("more", [{}, {"via": "secretsmanager"}, {"context": {"aws:SourceVpce": "vpce-1"}}])
def test_a_general_name_means_them_with_a_service_and_a_context_too(more: dict[str, Any]) -> None:
    asked = access(key(ROOT_ALONE, allow(ADMITTED, ArnLike=LIKE_TEAM)))
    assert not can(asked, ANY, **more)
    assert cannot(access(key(ROOT_ALONE)), ANY, **more)


def test_a_pattern_of_services_and_of_accounts_is_meant() -> None:
    services = access(key(ROOT_ALONE, allow("*", StringLike={"aws:PrincipalServiceName": "log*"})))
    assert not can(services, "any AWS service")
    assert cannot(services, ANY, ANY_ELSEWHERE)
    accounts = access(key(ROOT_ALONE, allow("*", StringLike={"aws:PrincipalAccount": "4444*"})))
    assert not can(accounts, ANY_ELSEWHERE)
    assert cannot(accounts, ANY)
    # Every request has an account, a service's too, and no page says which.
    with pytest.raises(AssertionError, match="any AWS service might"):
        cannot(accounts, "any AWS service")


def test_an_account_that_no_policy_mentions_is_another_account() -> None:
    asked = access(key(allow("*", StringNotEquals={"aws:PrincipalAccount": ACCOUNT})))
    assert can(asked, f"any role of {OTHER_ACCOUNT} with kms:* on *")
    assert cannot(access(key(ROOT_MAY)), f"any role of {OTHER_ACCOUNT} with kms:* on *")


def test_of_a_key_whose_policy_is_not_known_nobody_is_said_to_be_unable() -> None:
    asked = access(key(path="App/Key"))
    for one in (ANY, ANY_ROLE, ANY_ELSEWHERE, "any AWS service", ANYBODY_ELSE):
        assert not can(asked, one)


def test_what_is_not_known_of_principals_counts_for_each_kind() -> None:
    asked = access(key(allow({"AWS": Unknown("Parameter Who")}, StringEquals={"aws:PrincipalType": "User"})))
    assert not can(asked, ANY_USER)
    assert cannot(asked, ANY_ROLE)


def test_a_name_of_nobody_is_an_error() -> None:
    with pytest.raises(AccessError, match="no principal is called 'any rule of"):
        assert_cannot(access(key(ROOT_MAY)), "kms:Decrypt", "App/Key", f"any rule of {ACCOUNT}")


def test_a_role_means_the_sessions_that_a_key_policy_names() -> None:
    nightly = {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/App/nightly"}
    asked = access(key(ROOT_ALONE, allow(nightly)), identity("App"), identity("Other"))
    assert not can(asked, "App/App")
    assert can(asked, "App/App as nightly")
    assert cannot(asked, "App/Other")
    assert asked.explain("App/App", "kms:Decrypt", "Key").allowed is None
    assert cannot(access(key(ROOT_ALONE, allow(nightly, "kms:Encrypt")), identity("App")), "App/App")


def test_a_user_means_the_federated_sessions_that_it_makes() -> None:
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    by_arn = deny("*", ArnNotLike={"aws:PrincipalArn": "arn:aws:sts::*:*"})
    asked = access(key(allow({"AWS": bob}), by_arn), identity("bob", arn=bob), identity("amy", arn=f"{bob[:-3]}amy"))
    assert [str(row) for row in asked.who_can("kms:Decrypt", "Key")] == [
        "App/bob as federated user can kms:Decrypt App/Key"
    ]
    assert not can(asked, "App/bob")
    assert cannot(asked, "App/amy", ANYBODY_ELSE)
    denied = deny("*", ArnLike={"aws:PrincipalArn": "arn:aws:sts::*:*"})
    alone = access(key(allow({"AWS": bob}), denied), identity("bob", arn=bob))
    assert [row.principal for row in alone.who_can("kms:Decrypt", "Key")] == ["App/bob"]


DEPLOYER_NAME = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-us-east-1"


@pytest.mark.parametrize("made, name, ok", [
    (False, DEPLOYER_NAME, True),
    (True, DEPLOYER_NAME, False),
    (False, DEPLOYER_NAME.replace(ACCOUNT, "999999999999"), False),
    (False, "deployer", False),
])  # fmt: skip
def test_the_deployer_is_a_role_of_no_template_with_its_account_in_its_name(made: bool, name: str, ok: bool) -> None:
    things = [identity(name, path=f"App/{name}")] if made else []
    asked = access(key(ROOT_ALONE, allow({"AWS": role_arn(name)})), *things)
    if ok:
        assert_only(asked, "kms:Decrypt", "App/Key", {ROOT, DEPLOYER})
        return
    with pytest.raises(AssertionError, match=r"too many|unknown"):
        assert_only(asked, "kms:Decrypt", "App/Key", {ROOT, DEPLOYER})


@pytest.mark.parametrize("path", [
    f"root user of {ACCOUNT}",
    "root user",
    f"deployer {DEPLOYER_NAME}",
    "deployer",
    ANY,
    f"any role of {ACCOUNT} like {role_arn('team-*')}",
    "logs.us-east-1.amazonaws.com",
    f"construct root user of {ACCOUNT}",
    ROOT_ARN,
])  # fmt: skip
def test_a_construct_is_not_who_its_path_says_it_is(path: str) -> None:
    asked = access(key(ROOT_ALONE, allow({"AWS": role_arn("a")})), identity("a", path=path))
    assert asked.principals == (f"construct {path}",)
    with pytest.raises(AssertionError, match=f"too many: construct {path.split('*')[0]}".replace("(", ".")):
        assert_only(asked, "kms:Decrypt", "App/Key", {ROOT})
    assert_only(asked, "kms:Decrypt", "App/Key", {ROOT, f"construct {path}"})


def test_two_constructs_of_one_path_are_told_apart() -> None:
    one = identity("a", path="App/Role")
    other = replace(identity("b", path="App/Role"), source=replace(source("App/Role"), logical_id="Copy"))
    asked = access(key(ROOT_ALONE, allow({"AWS": role_arn("b")})), one, other)
    assert asked.who_can("kms:Decrypt", "Key")[0].principal == "App/Role (App/Copy)"
    with pytest.raises(AccessError, match="no principal is called 'App/Role'"):
        assert_only(asked, "kms:Decrypt", "App/Key", {ROOT, "App/Role"})
    assert access(key(ROOT_ALONE), one).principals == ("App/Role",)


def test_what_somebody_can_is_asked_of_all_keys() -> None:
    other = key(ROOT_ALONE, arn=key(ROOT_MAY).arn[:-1] + "0", path="App/Other")
    asked = access(key(ROOT_MAY), other, identity("reader", allow(action="kms:*")))
    assert {row.key for row in asked.what_can("reader")} == {"App/Key"}
    assert {row.action for row in asked.what_can("App/reader", ["kms:decrypt"])} == {"kms:Decrypt"}
    assert {row.key for row in asked.what_can(ANY, ["kms:Decrypt"])} == {"App/Key"}
    assert {row.key for row in asked.what_can(f"root user of {ACCOUNT}")} == {"App/Key", "App/Other"}
    assert asked.what_can(ANYBODY_ELSE, ["kms:Decrypt"])
    with pytest.raises(AccessError, match="no principal is called 'raeder'"):
        asked.what_can("raeder")


def test_a_name_that_stands_for_others_in_one_outcome_alone_is_asked_in_all() -> None:
    mentioned = landscape(
        key(ROOT_MAY, allow({"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}, "kms:Encrypt")), assumes={"C": True}
    )
    open_to_all = landscape(key(allow("*")), assumes={"C": False})
    asked = AccessMap((mentioned, open_to_all))
    rows = asked.when_can(f"any role of {OTHER_ACCOUNT} with kms:* on *", "kms:Decrypt", "Key")
    assert [(row.principal, row.when) for row in rows] == [("any role of another account with kms:* on *", ("not C",))]
