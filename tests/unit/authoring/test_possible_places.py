"""Where a stack without environment may be deployed, as far as a policy tells places apart."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.possible_places import called, possible

ACCOUNT, REGION, PARTITION = "${AWS.AccountId}", "${AWS.Region}", "${AWS.Partition}"
BOTH = [f"arn:{PARTITION}:iam::{ACCOUNT}:role/deployer-{REGION}"]
ONE, ANY = "111122223333", "000000000000"


def accounts(policy: Any, **known: str) -> set[str]:
    return {one[ACCOUNT] for one in possible(policy, [ACCOUNT], {f"${{AWS.{name}}}": it for name, it in known.items()})}


def regions(policy: Any) -> set[str]:
    return {one[REGION] for one in possible(policy, [REGION], {})}


@pytest.mark.parametrize(
    "named, found",
    [
        ("nobody", {ANY}),
        (ONE, {ANY, ONE}),
        (f"{ONE} 999999999999", {ANY, ONE, "999999999999"}),
        ("1111*", {ANY, "111100000000"}),
        ("1111????3333", {ANY, "111100003333"}),
        ("12345", {ANY}),
        ("1111222233334", {ANY}),
    ],
)
def test_an_account_is_one_that_the_policy_names_or_means_or_none_of_them(named: str, found: set[str]) -> None:
    assert accounts({"Condition": named}) == found


@pytest.mark.parametrize(
    "named, found",
    [
        ("nothing", {"us-east-1"}),
        ("us-east-1", {"us-east-1", "eu-west-1"}),
        ("il-central-1", {"il-central-1", "us-east-1"}),
        ("us-gov-west-1", {"us-gov-west-1", "us-east-1"}),
        (
            "eu-*",
            {"us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1", "cn-north-1", "us-gov-west-1", "il-central-1"},
        ),
    ],
)
def test_a_region_is_one_that_the_policy_names_or_of_each_kind_that_a_pattern_may_mean(
    named: str, found: set[str]
) -> None:
    assert regions({"Condition": named}) == found


def test_what_is_known_stays_and_what_no_text_asks_for_is_not_told_apart() -> None:
    assert possible({"Condition": ONE}, BOTH, {ACCOUNT: ONE, REGION: "eu-west-1"}) == [
        {ACCOUNT: ONE, REGION: "eu-west-1", PARTITION: "aws"}
    ]
    assert possible({"Condition": ONE}, ["arn:aws:iam::1:role/x"], {}) == [{}]
    assert possible({"Condition": "nothing"}, [REGION], {ACCOUNT: ONE}) == [
        {ACCOUNT: ONE, REGION: "us-east-1", PARTITION: "aws"}
    ]


@pytest.mark.parametrize(
    "region, partition", [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_a_region_tells_its_partition_unless_that_is_known(region: str, partition: str) -> None:
    assert possible({}, BOTH, {ACCOUNT: ONE, REGION: region})[0][PARTITION] == partition
    assert possible({}, BOTH, {ACCOUNT: ONE, REGION: region, PARTITION: "aws-iso"})[0][PARTITION] == "aws-iso"
    assert PARTITION not in possible({}, [ACCOUNT], {})[0]


def test_every_account_is_tried_in_every_region() -> None:
    found = possible({"Condition": f"{ONE} us-east-1"}, BOTH, {})
    assert {(one[ACCOUNT], one[REGION]) for one in found} == {
        (account, region) for account in (ANY, ONE) for region in ("us-east-1", "eu-west-1")
    }


def test_a_place_is_called_by_what_is_not_known_before() -> None:
    place = {ACCOUNT: ONE, REGION: "eu-west-1", PARTITION: "aws"}
    assert called(place, {}) == f"account {ONE} and region eu-west-1"
    assert called(place, {ACCOUNT: ONE}) == "region eu-west-1"
    assert called({ACCOUNT: ONE}, {}) == f"account {ONE}"
    assert called(place, place) == ""
