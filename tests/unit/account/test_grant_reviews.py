"""Grants reviewed: which rule each breaks, and the call that takes it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from secure_kms_constructs.account.grant_reviews import GRANT_RULES, as_data, as_text, reviews, unread
from tests.unit.account.accounts import APP, DYNAMODB, GRANTS, PARTNER, SHUT, fake_account, grant, key_arn, role_arn
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Json

READER, CONTEXT = role_arn("Reader"), {"EncryptionContextSubset": {"Department": "IT"}}
INSTANCE = f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0abc"


def snapshot_with(*grants: Json) -> Snapshot:
    made = GRANTS | {SHUT: list(grants)}
    return take_snapshot(Options(), session=fake_account(grants=made).session())


def found(*grants: Json) -> list[list[str]]:
    return [[rule.name for rule in one.found] for one in reviews(snapshot_with(*grants))]


@pytest.mark.parametrize(
    "made, broken",
    [
        (grant("g", READER, "Decrypt", Constraints=CONTEXT), []),
        (grant("g", READER, "Decrypt"), ["open-grant"]),
        (grant("g", READER, "DescribeKey"), []),
        (grant("g", READER, "DescribeKey", RetiringPrincipal=f"ec2.{REGION}.amazonaws.com"), []),
        (grant("g", READER, "Decrypt", "CreateGrant", Constraints=CONTEXT), ["granting-grant"]),
        (grant("g", PARTNER, "Encrypt", Constraints=CONTEXT), ["foreign-grant"]),
        (grant("g", f"arn:aws:iam::{OTHER_ACCOUNT}:root", "DescribeKey"), ["foreign-grant"]),
        (grant("g", role_arn("Gone"), "DescribeKey"), ["stale-grant"]),
        (grant("g", f"arn:aws:iam::{ACCOUNT}:user/gone", "DescribeKey"), ["stale-grant"]),
        (grant("g", f"arn:aws:iam::{ACCOUNT}:user/ann", "DescribeKey"), []),
        (grant("g", "AROAEXAMPLEEXAMPLEEXA", "DescribeKey"), ["stale-grant"]),
        (grant("g", f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/one", "DescribeKey"), []),
        (grant("g", f"arn:aws:sts::{ACCOUNT}:assumed-role/Gone/one", "DescribeKey"), ["stale-grant"]),
        (grant("g", f"arn:aws:sts::{ACCOUNT}:assumed-role/ann/one", "DescribeKey"), ["stale-grant"]),
        (grant("g", INSTANCE, "DescribeKey"), []),
        (
            grant("g", role_arn("Gone"), "Decrypt", "CreateGrant"),
            ["open-grant", "stale-grant", "granting-grant"],
        ),
        (grant("g", PARTNER, "Decrypt", "CreateGrant"), ["foreign-grant", "open-grant", "granting-grant"]),
    ],
)
def test_a_grant_breaks_the_rules_that_it_breaks(made: Json, broken: list[str]) -> None:
    assert found(made) == [broken]


@pytest.mark.parametrize(
    "made",
    [
        grant("g", DYNAMODB, "Decrypt", "CreateGrant"),
        grant("g", INSTANCE, "Decrypt", RetiringPrincipal=f"ec2.{REGION}.amazonaws.com"),
    ],
)
def test_what_a_service_made_for_itself_is_left_out(made: Json) -> None:
    assert found(made) == []
    assert as_text(snapshot_with(made)) == "1 that services made for themselves are left out"


def of_service(source: str) -> Json:
    made = grant("g", "", "Decrypt", GranteeServicePrincipal="backup.amazonaws.com", Constraints={"SourceArn": source})
    return {name: value for name, value in made.items() if value != ""}


def test_a_service_that_acts_for_another_account_is_foreign_and_is_there() -> None:
    assert found(of_service(f"arn:aws:backup:{REGION}:{OTHER_ACCOUNT}:vault:x")) == [["foreign-grant"]]
    assert found(of_service(f"arn:aws:backup:{REGION}:{ACCOUNT}:vault:x")) == []


def test_a_service_that_acts_for_who_knows_whom_is_told_and_no_more_is_said() -> None:
    assert found(of_service("arn:aws:s3:::some-bucket")) == [[]]


LINKED = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
OF_AWS = [("sts", "assumed-role/aws:ec2-infrastructure/i-1", "ec2"), ("iam", LINKED, "autoscaling")]


@pytest.mark.parametrize("kind, name, service", OF_AWS)
@pytest.mark.parametrize("account", [ACCOUNT, OTHER_ACCOUNT])
def test_what_aws_has_in_another_account_is_of_that_account(kind: str, name: str, service: str, account: str) -> None:
    """Whoever may make grants names a service that retires them, and the other account starts its instances."""
    retired = {"RetiringServicePrincipal": f"{service}.amazonaws.com"}
    made = grant("g", f"arn:aws:{kind}::{account}:{name}", "Decrypt", Constraints=CONTEXT, **retired)
    assert found(made) == ([] if account == ACCOUNT else [["foreign-grant"]])
    missing = found({name: value for name, value in made.items() if name != "RetiringServicePrincipal"})
    assert missing == [[]] if account == ACCOUNT and kind == "sts" else [["foreign-grant"], ["stale-grant"]]


def test_each_rule_says_why_what_to_do_and_where() -> None:
    assert len({rule.name for rule in GRANT_RULES}) == len(GRANT_RULES) == 4
    for rule in GRANT_RULES:
        assert rule.source.startswith("https://docs.aws.amazon.com/kms/")
        assert rule.why.endswith(".")
        assert rule.fix.endswith(".")


def test_the_call_that_takes_a_grant_back_names_it_in_full() -> None:
    id = "f020fe75197b93991dc8491d6f19dd3cebb24ee62277a05914386724f3d48758"
    [one] = reviews(snapshot_with(grant(id, READER, "Decrypt")))
    call = f"aws kms revoke-grant --region {REGION} --key-id {key_arn(SHUT)} --grant-id {id}"
    assert one.grant.revoke == call
    assert f"to take it back: {call}" in as_text(snapshot_with(grant(id, READER, "Decrypt")))


def test_a_hostile_id_does_not_reach_the_shell() -> None:
    [one] = reviews(snapshot_with(grant("g; rm -rf x", READER, "Decrypt")))
    assert one.grant.revoke.endswith("--grant-id 'g; rm -rf x'")


def test_the_text_has_each_grant_with_its_constraint_and_what_is_wrong() -> None:
    text = as_text(snapshot_with(grant("g1", READER, "Decrypt", Constraints=CONTEXT), grant("g2", PARTNER, "Encrypt")))
    first, second = text.split("\n\n")
    key = f"{key_arn(SHUT)} ({SHUT})"
    condition = "EncryptionContextSubset Department = IT"
    assert first == f"{key} has grant g1 of Decrypt to {READER} if {condition}, since 2026-11-01"
    assert second.split("\n")[0] == f"{key} has grant g2 of Encrypt to {PARTNER}, since 2026-11-01"
    assert "  foreign-grant: of another account. No policy shows it" in second
    assert "  open-grant: without constraints." in second
    assert "https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html" in second


def test_only_the_keys_and_the_grantee_asked_for_are_told() -> None:
    snapshot = snapshot_with(grant("g1", READER, "Decrypt"), grant("g2", PARTNER, "Encrypt"))
    assert "g1" in as_text(snapshot, (key_arn(SHUT),))
    assert as_text(snapshot, (key_arn(APP),)) == "there are no grants"
    assert [one["id"] for one in as_data(snapshot, None, PARTNER)["grants"]] == ["g2"]


def test_the_data_is_that_of_the_text() -> None:
    [one] = as_data(snapshot_with(grant("g1", READER, "Decrypt", "CreateGrant", Constraints=CONTEXT)))["grants"]
    assert one["found"] == ["granting-grant"]
    assert (one["key"], one["grantee"], one["operations"]) == (key_arn(SHUT), READER, ["Decrypt", "CreateGrant"])
    assert one["constraints"] == CONTEXT
    assert one["revoke"].startswith("aws kms revoke-grant ")


def refused(service: str, operation: str, **changed: Any) -> Snapshot:
    aws = fake_account(**changed)
    aws.refuse[service, operation] = "AccessDeniedException"
    return take_snapshot(session=aws.session())


def test_grants_that_were_not_read_are_not_none() -> None:
    snapshot = refused("kms", "ListGrants")
    assert key_arn(SHUT) in unread(snapshot)
    assert f"? grants of {key_arn(SHUT)} were not read: it may have any" in as_text(snapshot)
    assert "there are no grants" not in as_text(snapshot)
    assert key_arn(SHUT) in as_data(snapshot)["grantsUnread"]


def test_nobody_is_stale_where_roles_were_not_read() -> None:
    snapshot = refused("iam", "GetAccountAuthorizationDetails", grants=GRANTS)
    assert "stale-grant" not in as_text(snapshot)


def test_an_account_without_grants_says_so() -> None:
    snapshot = snapshot_with()
    assert as_text(replace(snapshot)) == "there are no grants"
