"""What is read of an account, call by call; and what is unknown when a call is not answered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from secure_kms_constructs import AccessMap
from secure_kms_constructs.account import Options, Snapshot, read_snapshot, take_snapshot, write_snapshot
from secure_kms_constructs.account.calls import CALLS, OBSERVED, Call, required_policy
from secure_kms_constructs.account.files import as_text
from secure_kms_constructs.account.records import Key, Trail, Usage
from tests.unit.account.accounts import (
    APP,
    GAAD,
    MANAGED,
    SECRET,
    SHUT,
    SPARE,
    THEN,
    TRAIL,
    fake_account,
    grant,
    key_arn,
    role_arn,
)
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, FakeAws, Json, RefusalError

EVERY_PART = ("stacks", "organization", "security-hub", "trails")
READ = [one for one in CALLS if one.part not in ("verify", *OBSERVED)]


def key(snapshot: Snapshot, id: str) -> Key:
    return next(one for _, one in snapshot.keys if one.id == id)


@pytest.fixture
def refusing(aws: tuple[FakeAws, Any]) -> FakeAws:
    return aws[0]


def read(aws: tuple[FakeAws, Any], **options: Any) -> Snapshot:
    return take_snapshot(Options(**options), session=aws[1])


def test_everything_is_answered(snapshot: Snapshot) -> None:
    assert snapshot.unread == []


def test_keys_are_read_with_all_that_is_about_them(snapshot: Snapshot) -> None:
    app, spare, managed = (key(snapshot, one) for one in (APP, SPARE, MANAGED))
    assert (app.arn, app.aliases, app.state, app.rotation, app.grants) == (
        key_arn(APP),
        ["alias/app"],
        "Enabled",
        True,
        [],
    )
    assert app.last_usage == Usage("2026-11-01T00:00:00+00:00", "Decrypt", "2026-11-01T00:00:00+00:00", "e-1")
    assert spare.state == "Disabled"
    assert spare.last_usage == Usage("2026-11-01T00:00:00+00:00")
    assert (managed.manager, managed.rotation, managed.last_usage) == ("AWS", None, None)
    assert [one["GrantId"] for one in key(snapshot, SHUT).grants or ()] == ["g1", "g2", "g3", "g4"]


def test_what_is_under_keys_is_read(snapshot: Snapshot) -> None:
    found = {(one.kind, one.name): (one.key, one.older) for one in snapshot.accounts[0].resources}
    assert found == {
        ("secret", "app"): ("alias/app", [SPARE]),
        ("secret", "defaulted"): (None, []),
        ("parameter", "/app/token"): ("alias/app", []),
        ("log group", "/app"): (key_arn(APP), []),
        ("queue", "work"): ("alias/app", []),
        ("topic", "news"): (APP, []),
        ("table", "orders"): (key_arn(APP), []),
        ("file system", "fs-1"): (key_arn(APP), []),
        ("database", "main"): (key_arn(APP), []),
        ("bucket", "kept"): (key_arn(APP), []),
    }


def test_identities_are_read_with_groups_boundaries_and_documents(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    by_name = {one.arn.rpartition("/")[2]: one for one in account.identities}
    assert set(by_name) == {"Reader", "Wide", "Dead", "Needless", "Bounded", "ann"}
    assert by_name["Bounded"].boundary == by_name["Wide"].attached[0]
    assert by_name["ann"].groups == ["ops"]
    assert [one.name for one in account.groups] == ["ops"]
    assert account.policies[by_name["Wide"].attached[0]]["Statement"][0]["Action"] == "kms:Decrypt"


def test_stacks_and_the_organization_are_read_on_request(snapshot: Snapshot, aws: tuple[FakeAws, Any]) -> None:
    [account] = snapshot.accounts
    assert account.stacks == {f"{REGION}/App": {"Key": APP}}
    assert account.organization is not None
    assert [list(level) for level in account.organization.scps] == [["of r-1"], ["of ou-1"], [f"of {ACCOUNT}"]]
    assert [list(level) for level in account.organization.rcps] == [[], [], []]
    [plain] = read(aws).accounts
    assert (plain.stacks, plain.organization) == ({}, None)


def test_trails_are_read_on_request_with_what_they_record(snapshot: Snapshot, aws: tuple[FakeAws, Any]) -> None:
    assert snapshot.accounts[0].trails == [
        Trail(
            TRAIL,
            "eu-west-1",
            multi_region=True,
            logging=True,
            since="2026-11-01T00:00:00+00:00",
            selectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}],
            advanced=[],
        )
    ]
    assert read(aws).accounts[0].trails is None
    # One that records all regions is told in each, and is one.
    assert len(read(aws, regions=[REGION, "eu-west-1"], parts=["trails"]).accounts[0].trails or ()) == 1


@pytest.mark.parametrize("operation", ["DescribeTrails", "GetTrailStatus", "GetEventSelectors"])
def test_what_is_not_told_of_trails_is_unknown(operation: str, aws: tuple[FakeAws, Any]) -> None:
    aws[0].refuse["cloudtrail", operation] = "AccessDeniedException"
    [account] = read(aws, parts=["trails"]).accounts
    assert [one.action for one in account.unread] == [f"cloudtrail:{operation}"]
    told = [(one.logging, one.selectors is not None) for one in account.trails or ()]
    expected = {"GetTrailStatus": [(None, True)], "GetEventSelectors": [(True, False)]}
    assert told == expected.get(operation, [])


def test_the_printed_policy_is_what_was_called(whole: tuple[Snapshot, FakeAws]) -> None:
    called = {(service, operation) for service, operation, _ in whole[1].calls}
    table = {(one.service, one.operation): one.allowed_by for one in CALLS}
    used = sorted({table[one] for one in called} - {"sts:GetCallerIdentity"})
    [statement] = required_policy(("account", *EVERY_PART))["Statement"]  # type: ignore[misc]
    assert statement["Action"] == used
    [less] = required_policy()["Statement"]  # type: ignore[misc]
    assert set(used) - set(less["Action"]) == {one.allowed_by for one in CALLS if one.part in EVERY_PART}


def test_nothing_is_called_that_returns_a_secret_or_makes_a_key(whole: tuple[Snapshot, FakeAws]) -> None:
    calls = whole[1].calls
    verbs = {operation for _, operation, _ in calls}
    assert all(verb.startswith(("Get", "List", "Describe")) for verb in verbs)
    assert not verbs & {"GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath"}
    assert all("alias" not in asked["KeyId"] for _, operation, asked in calls if operation == "DescribeKey")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_do_not_matter(size: int, snapshot: Snapshot) -> None:
    read = take_snapshot(Options(parts=EVERY_PART), session=fake_account(size=size).session())
    assert read.accounts == snapshot.accounts


# What each call without an answer leaves unknown: whether the map of the app's key still knows it for sure.
@pytest.mark.parametrize("call", [one for one in READ if one.service != "sts"], ids=lambda one: one.allowed_by)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_call_that_is_refused_is_unknown(call: Call, code: str, refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse[call.service, call.operation] = code
    snapshot = read(aws, parts=EVERY_PART)
    refused = [one for one in snapshot.unread if one.action == call.allowed_by]
    assert {one.action for one in snapshot.unread} == {call.allowed_by}
    assert refused
    assert all(one.what == call.what and one.why == code for one in refused)
    advice = f"allow {call.allowed_by}" if code == "AccessDeniedException" else "read again later"
    assert all(str(one).endswith(advice) for one in refused)
    told = AccessMap.from_account(snapshot).to_text(["kms:Decrypt"])
    assert all(f"? account {ACCOUNT}: {one}" in told for one in refused)


def test_a_key_policy_that_is_refused_leaves_everybody_unknown(refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse["kms", "GetKeyPolicy"] = "AccessDeniedException"
    access = AccessMap.from_account(read(aws))
    rows = access.who_can("kms:PutKeyPolicy", key_arn(APP))
    assert rows
    assert {row.allowed for row in rows} == {None}
    reasons = str(access.explain(role_arn("Dead"), "kms:PutKeyPolicy", key_arn(APP)))
    assert "allow kms:GetKeyPolicy" in reasons


def test_grants_that_are_refused_leave_everybody_unknown(refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse["kms", "ListGrants"] = "AccessDeniedException"
    access = AccessMap.from_account(read(aws))
    told = access.explain(role_arn("Dead"), "kms:Decrypt", key_arn(SHUT))
    assert told.allowed is None
    assert "allow kms:ListGrants" in str(told)
    assert access.explain(role_arn("Dead"), "kms:PutKeyPolicy", key_arn(SHUT)).allowed is False


def test_roles_that_are_refused_are_stood_for(refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse[GAAD] = "AccessDenied"
    snapshot = read(aws)
    access = AccessMap.from_account(snapshot)
    assert snapshot.accounts[0].identities == []
    told = {row.principal: row.allowed for row in access.who_can("kms:Decrypt", key_arn(APP))}
    assert told[f"any principal of {ACCOUNT} with kms:* on *"] is True
    assert "roles, users and their policies" in str(access.notes)


def test_a_page_that_is_refused_in_the_middle_leaves_the_rest_unknown() -> None:
    aws = fake_account(size=2)
    answer = aws.answers["kms", "ListGrants"]

    def second_page_refused(asked: Json) -> Json:
        if asked.get("Marker"):
            raise RefusalError("AccessDeniedException")
        return answer(asked)

    aws.answers["kms", "ListGrants"] = second_page_refused
    snapshot = take_snapshot(session=aws.session())
    assert key(snapshot, SHUT).grants is None
    assert key(snapshot, APP).grants == []
    assert [one.about for one in snapshot.unread] == [key_arn(SHUT)]


def test_keys_on_pages_before_a_refused_one_are_kept() -> None:
    aws = fake_account(size=2)
    answer = aws.answers["kms", "ListKeys"]

    def second_page_refused(asked: Json) -> Json:
        if asked.get("Marker"):
            raise RefusalError("AccessDeniedException")
        return answer(asked)

    aws.answers["kms", "ListKeys"] = second_page_refused
    snapshot = take_snapshot(session=aws.session())
    assert [one.id for _, one in snapshot.keys] == [APP, SHUT]
    assert [(one.action, one.about) for one in snapshot.unread] == [("kms:ListKeys", REGION)]


@pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyPolicy", "ListGrants"])
def test_a_key_deleted_while_it_is_read_is_left_out(operation: str) -> None:
    aws = fake_account()
    answer = aws.answers["kms", operation]

    def gone(asked: Json) -> Json:
        if asked["KeyId"] == SHUT:
            raise RefusalError("NotFoundException")
        return answer(asked)

    aws.answers["kms", operation] = gone
    snapshot = take_snapshot(session=aws.session())
    assert [one.id for _, one in snapshot.keys] == [APP, SPARE, MANAGED]
    assert snapshot.unread == []


@pytest.mark.parametrize("operation", ["GetResourcePolicy", "ListSecretVersionIds"])
def test_a_secret_deleted_while_it_is_read_is_left_out(operation: str) -> None:
    aws = fake_account()

    def gone(asked: Json) -> Json:
        if asked["SecretId"] == SECRET:
            raise RefusalError("ResourceNotFoundException")
        return {"Versions": []} if operation == "ListSecretVersionIds" else {}

    aws.answers["secretsmanager", operation] = gone
    snapshot = take_snapshot(session=aws.session())
    assert [one.name for one in snapshot.accounts[0].resources if one.kind == "secret"] == ["defaulted"]


def test_a_policy_that_is_no_json_is_unknown_and_said_so() -> None:
    aws = fake_account()
    aws.answers["kms", "GetKeyPolicy"] = lambda _: {"Policy": "{not json"}
    access = AccessMap.from_account(take_snapshot(session=aws.session()))
    assert {row.allowed for row in access.who_can("kms:Decrypt", key_arn(APP))} == {None}
    assert "must be JSON" in str(access.notes)


@pytest.mark.parametrize(
    "wrong", [{"Operations": ["Fly"]}, {"Constraints": {"EncryptionContextEquals": {"a": 1}}}, {"GranteePrincipal": ""}]
)
def test_a_grant_that_is_none_is_unknown_and_said_so(wrong: Json, snapshot: Snapshot) -> None:
    account = snapshot.accounts[0]
    odd = Key(
        key_arn(SHUT), policy=key(snapshot, SHUT).policy, grants=[grant("g9", role_arn("Dead"), "Decrypt") | wrong]
    )
    access = AccessMap.from_account(Snapshot("now", [type(account)(ACCOUNT, "aws", [REGION], keys=[odd])]))
    assert "read as grants that are not known" in str(access.notes)
    assert access.who_can("kms:Decrypt", key_arn(SHUT))
    assert {row.allowed for row in access.who_can("kms:Decrypt", key_arn(SHUT))} == {None}


@pytest.mark.parametrize(
    "options, said",
    [
        (
            {"account": "444455556666"},
            "account must be 444455556666, these credentials are of 111122223333: .*",
        ),
        ({"regions": ["mars-north-1"]}, "region must be one that has KMS, such as eu-west-1, got 'mars-north-1'"),
        (
            {"parts": ["everything"]},
            "part must be one of account, stacks, organization, .*, got 'everything'",
        ),
        ({"roles": ["Reader"]}, "role must be the ARN of a role, .*, got 'Reader'"),
    ],
)
def test_what_cannot_be_read_is_refused(options: Json, said: str, aws: tuple[FakeAws, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        read(aws, **options)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"])
def test_credentials_that_are_not_accepted_are_refused(code: str, refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse["sts", "GetCallerIdentity"] = code
    with pytest.raises(ValueError, match=rf"^AWS does not accept the credentials \({code}\): sign in again$"):
        read(aws)


def test_credentials_that_end_in_the_middle_are_refused(refusing: FakeAws, aws: tuple[FakeAws, Any]) -> None:
    refusing.refuse["kms", "GetKeyPolicy"] = "ExpiredTokenException"
    with pytest.raises(ValueError, match="sign in again"):
        read(aws)


def test_without_a_region_it_asks_for_one() -> None:
    with pytest.raises(ValueError, match=r"^region is not set: name one with --region"):
        take_snapshot(session=fake_account().session(region_name=None))


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ValueError, match=r"^no AWS credentials were found: sign in, or name a profile with --profile$"):
        take_snapshot(Options(regions=["eu-west-1"]), session=boto3.Session())
    with pytest.raises(ValueError, match=r"The config profile \(nope\) could not be found"):
        take_snapshot(Options(profile="nope", regions=["eu-west-1"]))


def test_an_endpoint_that_is_not_there_is_said() -> None:
    import boto3

    session = boto3.Session("x", "y", region_name=REGION)
    with pytest.raises(ValueError, match=r'^AWS cannot be reached: Could not connect to the endpoint URL: "http://127'):
        take_snapshot(Options(endpoint_url="http://127.0.0.1:9/"), session=session)


def test_two_regions_are_read_and_buckets_once() -> None:
    aws = fake_account()
    snapshot = take_snapshot(Options(regions=[REGION, "eu-west-1"]), session=aws.session())
    assert snapshot.accounts[0].regions == [REGION, "eu-west-1"]
    assert [one.kind for one in snapshot.accounts[0].resources].count("bucket") == 1
    assert sum(operation == "ListBuckets" for _, operation, _ in aws.calls) == 1
    assert sum(operation == "GetAccountAuthorizationDetails" for _, operation, _ in aws.calls) == 1
    assert sum(operation == "ListKeys" for _, operation, _ in aws.calls) == 2


def test_progress_is_told_with_counts(aws: tuple[FakeAws, Any]) -> None:
    said: list[str] = []
    read(aws, progress=said.append)
    assert f"{ACCOUNT} {REGION}: 4 keys" in said
    assert f"{ACCOUNT} {REGION}: 6 roles and users" in said


def test_several_accounts_are_read_by_a_role_of_each() -> None:
    aws = fake_account()
    numbers, key_id = iter((ACCOUNT, OTHER_ACCOUNT)), {"AccessKeyId": "A" * 16, "SecretAccessKey": "x"}
    made = {"Credentials": {**key_id, "SessionToken": "x", "Expiration": THEN}}
    aws.answers["sts", "AssumeRole"] = lambda _: made
    aws.answers["sts", "GetCallerIdentity"] = lambda _: {"Account": next(numbers), "Arn": role_arn("Caller")}
    roles = [f"arn:aws:iam::{number}:role/Reads" for number in (ACCOUNT, OTHER_ACCOUNT)]
    snapshot = take_snapshot(Options(roles=roles), session=aws.session())
    assert [one.account for one in snapshot.accounts] == [ACCOUNT, OTHER_ACCOUNT]
    assumed = [asked for _, operation, asked in aws.calls if operation == "AssumeRole"]
    assert [one["RoleArn"] for one in assumed] == roles
    assert {one["RoleSessionName"] for one in assumed} == {"secure-kms"}


def test_one_account_is_not_read_twice_and_a_role_that_refuses_is_named() -> None:
    aws = fake_account()
    key_id = {"AccessKeyId": "A" * 16, "SecretAccessKey": "x", "SessionToken": "x", "Expiration": THEN}
    aws.answers["sts", "AssumeRole"] = lambda _: {"Credentials": key_id}
    roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("One", "Other")]
    with pytest.raises(ValueError, match=rf"^account {ACCOUNT} would be read twice: name one role for each account$"):
        take_snapshot(Options(roles=roles), session=aws.session())
    aws.refuse["sts", "AssumeRole"] = "AccessDenied"
    with pytest.raises(
        ValueError, match=r"^role .*/One cannot be assumed \(AccessDenied\): allow sts:AssumeRole on it"
    ):
        take_snapshot(Options(roles=roles), session=aws.session())


def test_roles_of_one_name_in_two_accounts_are_told_apart(snapshot: Snapshot, tmp_path: Path) -> None:
    text = as_text(snapshot).replace(ACCOUNT, OTHER_ACCOUNT)
    twin = msgspec.convert(json.loads(text)["snapshot"], Snapshot)
    write_snapshot(Snapshot("now", [*snapshot.accounts, *twin.accounts]), tmp_path / "both.json")
    access = AccessMap.from_account(read_snapshot(tmp_path / "both.json"))
    there = key_arn(APP).replace(ACCOUNT, OTHER_ACCOUNT)
    for key_name, home in ((key_arn(APP), ACCOUNT), (there, OTHER_ACCOUNT)):
        can = {row.principal for row in access.who_can("kms:Decrypt", key_name) if row.allowed}
        assert {one for one in can if one.endswith("/Reader")} == {f"arn:aws:iam::{home}:role/Reader"}


def test_keys_of_other_regions_with_the_same_material_are_told_where_they_were_not_read() -> None:
    """Who cannot use this one may use those, and decrypt the same."""
    aws = fake_account()
    answer = aws.answers["kms", "DescribeKey"]
    there = key_arn(APP).replace(REGION, "eu-west-1")

    def described(asked: Json) -> Json:
        found = answer(asked)
        if asked["KeyId"] == APP:
            both = {"PrimaryKey": {"Arn": key_arn(APP)}, "ReplicaKeys": [{"Arn": there, "Region": "eu-west-1"}]}
            found["KeyMetadata"] |= {"MultiRegion": True, "MultiRegionConfiguration": both}
        return found

    aws.answers["kms", "DescribeKey"] = described
    snapshot = take_snapshot(session=aws.session())
    assert (key(snapshot, APP).related, key(snapshot, SHUT).related) == ([there], [])
    said = f"{there} decrypts what alias/app encrypted, and was not read: give --region eu-west-1"
    assert said in str(AccessMap.from_account(snapshot).notes)
    [account] = snapshot.accounts
    both = Snapshot("now", [replace(account, keys=[*account.keys, replace(account.keys[0], arn=there, related=[])])])
    assert said not in str(AccessMap.from_account(both).notes)
