"""Who needs which key because of what; and what is to be said of an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from secure_kms_constructs.account.needs import Need, Needs
from secure_kms_constructs.account.records import Account, Identity, Key, Resource
from secure_kms_constructs.account.remarks import remarks_of
from secure_kms_constructs.account.uses import Access
from secure_kms_constructs.policies.verdicts import Verdict
from tests.unit.account.accounts import (
    APP,
    GRANTS,
    MANAGED,
    ROOT,
    SECRET,
    SHUT,
    SPARE,
    allow,
    document,
    fake_account,
    grant,
    key_arn,
    role,
    role_arn,
)
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Json


@pytest.fixture(scope="session")
def needs(snapshot: Snapshot) -> Needs:
    return Needs(snapshot)


def snapshot_with(**changed: Any) -> Snapshot:
    return take_snapshot(Options(), session=fake_account(**changed).session())


def short(one: Need) -> tuple[str, str, str, bool | None, bool | None]:
    return one.principal.rpartition("/")[2], one.key[-1], one.because, one.may, one.can


def of_people(needs: Needs) -> list[Need]:
    """Those of roles and users."""
    return [one for one in needs.all if one.principal.startswith("arn:")]


def test_a_need_names_the_key_and_the_thing(needs: Needs) -> None:
    assert [short(one) for one in of_people(needs)] == [
        ("Dead", "1", "secret app", True, False),
        ("Dead", "3", "older versions of secret app", True, False),
        ("Reader", "1", "secret app", True, True),
        ("Reader", "3", "older versions of secret app", True, False),
        ("Wide", "1", "secret app", True, True),
        ("Wide", "3", "older versions of secret app", True, True),
    ]


def test_needs_are_found_from_both_sides(needs: Needs) -> None:
    assert {one.key for one in needs.of(role_arn("Reader"))} == {key_arn(APP), key_arn(SPARE)}
    services = {"elasticfilesystem.amazonaws.com", "logs.us-east-1.amazonaws.com", "rds.amazonaws.com"}
    roles = {role_arn(name) for name in ("Dead", "Reader", "Wide")}
    assert {one.principal for one in needs.on(key_arn(APP))} == services | roles
    assert needs.of(role_arn("Nobody")) == ()


@pytest.mark.parametrize(
    "action, because, kms",
    [
        ("secretsmanager:PutSecretValue", "secret app", "kms:GenerateDataKey"),
        ("ssm:GetParameter", "parameter /app/token", "kms:Decrypt"),
        ("ssm:GetParameters", "parameter /app/token", "kms:Decrypt"),
        ("sqs:ReceiveMessage", "queue work", "kms:Decrypt"),
        ("sqs:SendMessage", "queue work", "kms:GenerateDataKey"),
        ("sns:Publish", "topic news", "kms:GenerateDataKey"),
        ("dynamodb:GetItem", "table orders", "kms:Decrypt"),
        ("dynamodb:PutItem", "table orders", "kms:Decrypt"),
        ("s3:GetObject", "bucket kept", "kms:Decrypt"),
        ("s3:PutObject", "bucket kept", "kms:GenerateDataKey"),
    ],
)
def test_what_somebody_may_do_takes_a_key(action: str, because: str, kms: str) -> None:
    needs = Needs(snapshot_with(roles=[role("One", allow(action)), role("Other", allow("s3:ListBucket"))]))
    found = of_people(needs)
    assert ("One", because, kms) in [(one.principal.rpartition("/")[2], one.because, one.action) for one in found]
    assert {one.principal for one in found} == {role_arn("One")}


READS: Json = allow("secretsmanager:GetSecretValue", SECRET)


@pytest.mark.parametrize(
    "statements, may",
    [
        ([READS], True),
        ([READS, allow("secretsmanager:*", SECRET) | {"Effect": "Deny"}], False),
        ([READS, allow("secretsmanager:*", SECRET, Condition={"Bool": {"a:b": "true"}}) | {"Effect": "Deny"}], None),
        ([allow("secretsmanager:GetSecretValue", SECRET.replace("app", "other"))], False),
        ([{"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}], True),
    ],
)
def test_who_may_read_is_told_by_all_policies(statements: list[Json], may: bool | None) -> None:
    found = Needs(snapshot_with(roles=[role("One", *statements)])).of(role_arn("One"))
    told = {one.may for one in found if one.because == "secret app"}
    assert told == (set() if may is False else {may})


@pytest.mark.parametrize(
    "resource, found",
    [
        (SECRET, True),
        (["arn:aws:s3:::other", SECRET], True),
        (SECRET.replace("app", "a*"), True),
        (SECRET[:-1] + "?", True),
        ("arn:aws:secretsmanager:*", True),
        ("*", True),
        (SECRET.replace("app", "${aws:PrincipalTag/app}"), True),
        (SECRET.replace("app", "other"), False),
        (SECRET.replace("app", "b*"), False),
    ],
)
def test_a_thing_is_found_by_every_way_to_name_it(resource: object, found: bool) -> None:
    roles = [role("One", allow("secretsmanager:GetSecretValue", resource))]
    assert bool(Needs(snapshot_with(roles=roles)).of(role_arn("One"))) is found


def test_only_whoever_names_a_thing_or_may_mean_it_is_asked_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a thousand roles that read a secret each are a thousand questions, and not a million."""
    asked: list[tuple[str, str]] = []
    may = Needs._may

    def counted(self: Needs, party: Party, access: Access, thing: Resource) -> Verdict:
        if access.action == "secretsmanager:getsecretvalue":
            asked.append((party.principal.rpartition("/")[2], thing.name))
        return may(self, party, access, thing)

    monkeypatch.setattr(Needs, "_may", counted)
    names = ("a", "b", "c")
    arns = {one: f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{one}-AbCdEf" for one in names}
    read = "secretsmanager:GetSecretValue"
    held = {
        "Own": [allow(read, arns["a"])],
        "Two": [allow(read, [arns["a"], arns["b"]])],
        "All": [allow(read)],
        "Some": [allow(read, arns["a"].replace("a-Ab", "?-Ab"))],
        "But": [{"Effect": "Allow", "Action": read, "NotResource": arns["a"]}],
        "Less": [allow(read, arns["c"]), allow("secretsmanager:*") | {"Effect": "Deny"}],
        "Other": [allow("s3:GetObject", arns["a"])],
    }
    account = Account(
        ACCOUNT,
        "aws",
        [REGION],
        identities=[Identity(role_arn(one), "role", inline={"p": document(*it)}) for one, it in held.items()],
        keys=[Key(key_arn(APP), policy=document(), grants=[])],
        resources=[Resource("secret", arn, one, key_arn(APP)) for one, arn in arns.items()],
    )
    found = Needs(Snapshot("now", [account])).all
    broad = {(who, one) for who in ("All", "Some", "But") for one in names}
    assert set(asked) == {("Own", "a"), ("Two", "a"), ("Two", "b"), ("Less", "c"), *broad}
    assert len(asked) == len(set(asked))
    assert {(short(one)[0], one.because.removeprefix("secret ")) for one in found} == {
        ("Own", "a"),
        ("Two", "a"),
        ("Two", "b"),
        *broad,
    } - {("But", "a")}


def test_a_thing_that_no_resource_excludes_is_found() -> None:
    reads = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "NotResource": "arn:aws:s3:::other"}
    assert Needs(snapshot_with(roles=[role("One", reads)])).of(role_arn("One"))
    reads["NotResource"] = SECRET
    assert not Needs(snapshot_with(roles=[role("One", reads)])).of(role_arn("One"))


def test_a_boundary_limits_who_may_read() -> None:
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/Wide"}}
    assert of_people(Needs(snapshot_with(roles=[role("One", READS, **bound)]))) == []


def test_a_policy_of_the_secret_admits_too(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    admits = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": role_arn("Needless")},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        }
    )
    resources = [replace(one, policy=admits) if one.arn == SECRET else one for one in account.resources]
    found = Needs(Snapshot("now", [replace(account, resources=resources)])).of(role_arn("Needless"))
    assert [(one.because, one.may) for one in found if one.key == key_arn(APP)] == [("secret app", True)]


LOGS = f"logs.{REGION}.amazonaws.com"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app"
USES = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


def admits_logs(group: str, **more: Any) -> Json:
    """The statement of the page of CloudWatch Logs."""
    condition = {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}, **more}
    return allow(USES, Principal={"Service": LOGS}, Condition=condition)


@pytest.mark.parametrize(
    "statements, can",
    [
        ([], False),
        ([admits_logs(LOG_GROUP)], True),
        ([admits_logs(LOG_GROUP + "2")], False),
        ([admits_logs(f"{LOG_GROUP}:*")], False),
        ([admits_logs(LOG_GROUP, StringEquals={"aws:SourceAccount": ACCOUNT})], None),
        ([admits_logs(LOG_GROUP) | {"Principal": {"Service": "logs.eu-west-1.amazonaws.com"}}], False),
    ],
)
def test_a_log_group_is_why_cloudwatch_logs_needs_a_key(statements: list[Json], can: bool | None) -> None:
    policies = {APP: document(allow("kms:*", Principal={"AWS": ROOT}), *statements)}
    found = Needs(snapshot_with(key_policies=policies, grants={})).of(LOGS)
    assert {(one.key, one.because, one.thing, one.may, one.can) for one in found} == {
        (key_arn(APP), "log group /app", LOG_GROUP, True, can)
    }
    asked = "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
    assert [one.action for one in found] == [f"kms:{one}" for one in asked.split()]
    told = said(snapshot_with(key_policies=policies, grants={}), "dead-service")
    assert told == ([(LOG_GROUP, f"is under {key_arn(APP)}, which {LOGS} cannot use")] if can is False else [])


@pytest.mark.parametrize(
    "made, can",
    [
        ([], None),
        ([grant("g", "rds.us-east-1.amazonaws.com", "Decrypt")], True),
        ([grant("g", role_arn("Wide"), "Decrypt", RetiringPrincipal="rds.us-east-1.amazonaws.com")], True),
        ([grant("g", "rds.us-east-1.amazonaws.com", "Encrypt")], None),
        ([grant("g", "dynamodb.us-east-1.amazonaws.com", "Decrypt")], None),
        ([grant("g", role_arn("Wide"), "Decrypt")], None),
    ],
)
def test_a_database_is_why_its_service_needs_a_key_by_grant(made: list[Json], can: bool | None) -> None:
    found = Needs(snapshot_with(grants=GRANTS | {APP: made}))
    [need] = found.of("rds.amazonaws.com")
    assert (need.key, need.because, need.action, need.may, need.can) == (
        key_arn(APP),
        "database main",
        "kms:Decrypt",
        True,
        can,
    )
    [other] = found.of("elasticfilesystem.amazonaws.com")
    assert (other.because, other.can) == ("file system fs-1", None)


FOREIGN = f"arn:aws:kms:{REGION}:444455556666:key/{APP}"


@pytest.mark.parametrize("name", [FOREIGN, "alias/unknown"])
def test_a_key_that_was_not_read_is_needed_too(name: str, snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    resources = [replace(one, key=name, older=[]) for one in account.resources if one.arn == SECRET]
    found = Needs(Snapshot("now", [replace(account, resources=resources)]))
    assert {(short(one)[0], one.key, one.can) for one in found.all} == {
        (who, name, None) for who in ("Dead", "Reader", "Wide")
    }


def test_a_key_that_aws_manages_is_needed_by_nobody(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    for name in ("alias/aws/secretsmanager", key_arn(MANAGED)):
        resources = [replace(one, key=name, older=[]) for one in account.resources if one.arn == SECRET]
        assert Needs(Snapshot("now", [replace(account, resources=resources)])).all == ()


ANYBODY = f"any principal of {ACCOUNT}"


@pytest.mark.parametrize(
    "call, because",
    [
        (("iam", "GetAccountAuthorizationDetails"), {"secret app", "parameter /app/token", "queue work"}),
        (("secretsmanager", "GetResourcePolicy"), {"secret app"}),
    ],
)
def test_who_may_use_a_thing_is_unknown_where_it_was_not_read(call: tuple[str, str], because: set[str]) -> None:
    aws = fake_account()
    aws.refuse[call] = "AccessDeniedException"
    needs = Needs(take_snapshot(session=aws.session()))
    found = needs.of(ANYBODY)
    assert {(one.may, one.can) for one in found} == {(None, None)}
    assert because <= {one.because for one in found}
    assert all(str(one) in needs.unread for one in take_snapshot(session=aws.session()).unread)
    assert Needs(snapshot_with()).of(ANYBODY) == ()


def said(snapshot: Snapshot, kind: str) -> list[tuple[str, str]]:
    return [(one.about, one.text) for one in remarks_of(snapshot) if one.kind == kind]


def test_a_role_with_all_keys_is_told_which_it_needs(snapshot: Snapshot) -> None:
    told = dict(said(snapshot, "all-keys"))
    assert set(told) == {role_arn("Wide"), role_arn("Bounded")}
    # By the control of the policy that it has.
    assert told[role_arn("Wide")].startswith("may use all keys (Security Hub KMS.1) and needs ")
    assert "(Prowler iam_inline_policy_no_full_access_to_kms, Security Hub KMS.2)" in told[role_arn("Bounded")]
    assert f"needs {key_arn(APP)} because of secret app; {key_arn(SPARE)} because of older" in told[role_arn("Wide")]
    assert told[role_arn("Bounded")].endswith("needs none that was read")


def test_dead_readers_are_told(snapshot: Snapshot) -> None:
    assert (role_arn("Dead"), f"may read secret app and cannot decrypt it with {key_arn(APP)}") in said(
        snapshot, "dead-reader"
    )
    assert role_arn("Wide") not in dict(said(snapshot, "dead-reader"))


def test_permissions_on_keys_of_aws_are_told(snapshot: Snapshot) -> None:
    [(who, text)] = said(snapshot, "inert-permission")
    assert who == role_arn("Needless")
    assert "alias/aws/secretsmanager, which does nothing" in text
    assert any(MANAGED in key.arn for key in snapshot.accounts[0].keys)


def test_a_secret_under_an_alias_and_one_with_older_keys_are_told(snapshot: Snapshot) -> None:
    assert [about for about, _ in said(snapshot, "alias-as-key")] == [SECRET]
    assert said(snapshot, "older-key") == [
        (SECRET, f"has older versions under {SPARE}: that key must not be deleted"),
    ]


def test_grants_are_told(snapshot: Snapshot) -> None:
    assert [text.split(" ")[2] for _, text in said(snapshot, "foreign-grant")] == ["g2"]
    assert [text.split(" ")[2] for _, text in said(snapshot, "open-grant")] == ["g2", "g3"]
    assert [text.split(" ")[2] for _, text in said(snapshot, "stale-grant")] == ["g3"]


def test_a_grant_to_an_id_is_stale_and_one_without_context_is_not_open() -> None:
    grants = GRANTS | {
        SHUT: [grant("g5", "AROAEXAMPLEEXAMPLEEXA", "Decrypt"), grant("g6", role_arn("Wide"), "DescribeKey")]
    }
    found = snapshot_with(grants=grants)
    assert [text.split(" ")[2] for _, text in said(found, "stale-grant")] == ["g5"]
    assert [text.split(" ")[2] for _, text in said(found, "open-grant")] == ["g5"]
    assert said(found, "foreign-grant") == []


def test_a_grantee_is_not_stale_where_roles_were_not_read() -> None:
    aws = fake_account()
    aws.refuse["iam", "GetAccountAuthorizationDetails"] = "AccessDenied"
    assert said(take_snapshot(session=aws.session()), "stale-grant") == []


def test_keys_that_nobody_used_or_that_are_off_are_told(snapshot: Snapshot) -> None:
    assert [about for about, _ in said(snapshot, "unused-key")] == [key_arn(SHUT)]
    assert [about for about, _ in said(snapshot, "key-off")] == [key_arn(SPARE)]


def test_a_key_that_one_role_alone_can_administer_is_told() -> None:
    keeper = document(
        {"Effect": "Allow", "Principal": {"AWS": role_arn("Keeper")}, "Action": "kms:PutKeyPolicy", "Resource": "*"}
    )
    both = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": [role_arn("Keeper"), role_arn("Second")]},
            "Action": "kms:PutKeyPolicy",
            "Resource": "*",
        }
    )
    roles = [role("Keeper"), role("Second")]
    found = snapshot_with(roles=roles, key_policies={APP: keeper, SHUT: both}, grants={})
    assert said(found, "one-administrator") == [(key_arn(APP), f"would be locked without {role_arn('Keeper')}")]


@pytest.mark.parametrize(
    "state, told",
    [
        ("PendingImport", True),
        ("Unavailable", True),
        ("PendingDeletion", True),
        ("Updating", False),
        ("unknown", False),
    ],
)
def test_a_key_that_cannot_be_used_is_told(state: str, told: bool, snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    keys = [replace(one, state=state) for one in account.keys if one.id == APP]
    assert bool(said(Snapshot("now", [replace(account, keys=keys)]), "key-off")) is told


def test_nobody_is_said_to_be_the_only_administrator_where_roles_were_not_read() -> None:
    keeper = {"Effect": "Allow", "Principal": {"AWS": role_arn("Keeper")}, "Action": "kms:PutKeyPolicy"}
    aws = fake_account(key_policies={APP: document(keeper | {"Resource": "*"})}, roles=[role("Keeper")], grants={})
    assert said(take_snapshot(session=aws.session()), "one-administrator")
    aws.refuse["iam", "GetAccountAuthorizationDetails"] = "AccessDenied"
    assert said(take_snapshot(session=aws.session()), "one-administrator") == []


def test_grants_that_a_service_retires_are_told_where_somebody_else_has_them() -> None:
    made = grant(
        "g7", f"arn:aws:iam::{OTHER_ACCOUNT}:role/Thief", "Decrypt", RetiringServicePrincipal="rds.amazonaws.com"
    )
    found = snapshot_with(grants=GRANTS | {SHUT: [made]})
    assert [text.split(" ")[2] for _, text in said(found, "foreign-grant")] == ["g7"]


@pytest.mark.parametrize(
    "to, kinds",
    [
        (ACCOUNT, {"open-grant"}),
        (OTHER_ACCOUNT, {"foreign-grant", "open-grant"}),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:root", {"foreign-grant", "open-grant"}),
        ("AROAEXAMPLEEXAMPLEEXA", {"stale-grant", "open-grant"}),
        (role_arn("Gone"), {"stale-grant", "open-grant"}),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/Gone", {"foreign-grant", "open-grant"}),
        (role_arn("Wide"), {"open-grant"}),
        ("dynamodb.us-east-1.amazonaws.com", set()),
    ],
)
def test_what_is_told_of_a_grant_depends_on_whom_it_is_for(to: str, kinds: set[str]) -> None:
    found = remarks_of(snapshot_with(grants=GRANTS | {SHUT: [grant("g8", to, "Decrypt")]}))
    assert {one.kind for one in found if one.kind.endswith("-grant")} == kinds


@pytest.mark.parametrize("account, told", [(ACCOUNT, []), (OTHER_ACCOUNT, ["foreign-grant"])])
def test_a_service_that_acts_for_another_account_is_told(account: str, told: list[str]) -> None:
    made = {
        "GrantId": "g9",
        "GranteeServicePrincipal": "lambda.amazonaws.com",
        "RetiringServicePrincipal": "lambda.amazonaws.com",
        "Operations": ["Decrypt"],
        "Constraints": {"SourceArn": f"arn:aws:lambda:us-east-1:{account}:function:x"},
    }
    found = remarks_of(snapshot_with(grants=GRANTS | {SHUT: [made]}))
    assert [one.kind for one in found if one.kind.endswith("-grant")] == told
    acts = f"lambda.amazonaws.com, which acts for arn:aws:lambda:us-east-1:{account}:function:x, of another account"
    assert not told or any(acts in one.text for one in found)


def test_an_account_without_anything_needs_nothing() -> None:
    empty = Snapshot("now", [Account(ACCOUNT, "aws", ["us-east-1"])])
    assert Needs(empty).all == ()
    assert remarks_of(empty) == ()
