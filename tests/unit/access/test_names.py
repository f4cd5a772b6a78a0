"""Whom a name means that is neither a path nor an ARN: the function for its role, and whoever deploys."""

from __future__ import annotations

import pytest

from secure_kms_constructs.access import AccessError
from secure_kms_constructs.access.names import find

DEPLOYER = "deployer cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1"
NAMES = {one: one for one in ("Shop/Worker/ServiceRole", "Shop/Task/TaskRole", "Shop/Role", DEPLOYER)}


@pytest.mark.parametrize(
    "name, meant",
    [
        ("Worker", "Shop/Worker/ServiceRole"),
        ("Shop/Worker", "Shop/Worker/ServiceRole"),
        ("deployer", DEPLOYER),
        (DEPLOYER.removeprefix("deployer "), DEPLOYER),
        ("Role", "Shop/Role"),
    ],
)
def test_a_name_means(name: str, meant: str) -> None:
    assert find(name, "principal", NAMES, {}) == meant


@pytest.mark.parametrize("name", ["orker", "Task", "Shop", "ServiceRole/", "deploy", "Deployer"])
def test_a_name_means_nobody(name: str) -> None:
    with pytest.raises(AccessError, match="no principal is called"):
        find(name, "principal", NAMES, {})


def test_a_name_that_means_two_is_an_error() -> None:
    with pytest.raises(AccessError, match="'deployer' may be any of"):
        find("deployer", "principal", {**NAMES, "deployer other": ""}, {})
    with pytest.raises(AccessError, match="'Worker' may be any of"):
        find("Worker", "principal", {**NAMES, "Other/Worker/ServiceRole": ""}, {})


def test_the_end_of_a_path_comes_before_what_it_may_mean() -> None:
    assert find("Worker", "principal", {**NAMES, "Other/Worker": "user"}, {}) == "user"
