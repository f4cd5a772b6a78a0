"""What differs between accounts and templates: each change, and nothing where nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account import Options, Snapshot, inputs, take_snapshot, write_snapshot
from secure_kms_constructs.account.drift import Change, Drift, compare_accounts, compare_templates
from secure_kms_constructs.account.matching import match
from secure_kms_constructs.account.records import Account, Group, Identity, Key, Organization, Unread
from secure_kms_constructs.account.texts import drift_as
from secure_kms_constructs.templates import read_templates
from tests.unit.account import accounts
from tests.unit.account.accounts import APP, MANAGED, SHUT, allow, document, fake_account, key_arn, role_arn
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Json

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
NAMED = f"arn:aws:iam::{ACCOUNT}:role/Named"
MADE = f"arn:aws:iam::{ACCOUNT}:role/App-Made-XYZ"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:Secret-XYZ-AbCdEf"
TEMPLATE: Json = {
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "EnableKeyRotation": True,
                "KeyPolicy": document(
                    {"Effect": "Allow", "Principal": ROOT, "Action": "kms:PutKeyPolicy", "Resource": "*"},
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::GetAtt": ["Made", "Arn"]}},
                        "Action": "kms:Decrypt",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": {"Ref": "Secret"}}},
                    },
                    {"Effect": "Allow", "Principal": ROOT, "Action": "kms:Encrypt", "Resource": "*"},
                ),
            },
        },
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/app", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Ref": "Key"}}},
        "Made": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document()}},
        "Named": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "Named",
                "AssumeRolePolicyDocument": document(),
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/SomethingOfAws"],
                "Policies": [
                    {
                        "PolicyName": "encrypts",
                        "PolicyDocument": document(allow("kms:Encrypt", {"Fn::GetAtt": ["Key", "Arn"]})),
                    }
                ],
            },
        },
    }
}


def compare(before: Path, after: Path) -> Drift:
    return inputs.compare(inputs.read_both(before, after))


def grant(id: str, grantee: str, *operations: str, **more: Any) -> Json:
    """A grant as a snapshot keeps it."""
    return accounts.grant(id, grantee, *operations, **more) | {"CreationDate": "2026-11-01"}


def live(**changed: Any) -> Account:
    """The account after the template was deployed, with a role and a key beside it."""
    policy = document(
        {"Effect": "Allow", "Principal": ROOT, "Action": "kms:PutKeyPolicy", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"AWS": MADE},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": SECRET}},
        },
        {"Effect": "Allow", "Principal": ROOT, "Action": "kms:Encrypt", "Resource": "*"},
    )
    of_aws = "arn:aws:iam::aws:policy/SomethingOfAws"
    identities = [
        Identity(MADE, "role"),
        Identity(NAMED, "role", inline={"encrypts": document(allow("kms:Encrypt", key_arn(APP)))}, attached=[of_aws]),
        Identity(OTHER, "role", inline={"own": document(allow("kms:Encrypt", key_arn(APP)))}),
    ]
    of_service = grant("g1", "lambda.amazonaws.com", "Decrypt")
    key = Key(key_arn(APP), policy=policy, grants=[of_service], aliases=["alias/app"], rotation=True)
    beside = Key(key_arn(SHUT), policy=document(), grants=[])
    account = Account(
        ACCOUNT,
        "aws",
        [REGION],
        identities=identities,
        groups=[Group(f"arn:aws:iam::{ACCOUNT}:group/g", "g")],
        policies={of_aws: document(allow("s3:GetObject"))},
        keys=[key, beside],
        stacks={f"{REGION}/App": {"Key": APP, "Made": "App-Made-XYZ", "Named": "Named", "Secret": SECRET}},
    )
    return replace(account, **changed)


def snapshot(account: Account) -> Snapshot:
    return Snapshot("now", [account])


def against(account: Account, template: Json = TEMPLATE, **more: Any) -> Drift:
    templates = read_templates({"App": template}, account=ACCOUNT, region=REGION)
    return compare_templates(templates, snapshot(account), **more)


def with_key(**changed: Any) -> Account:
    account = live()
    return replace(account, keys=[replace(account.keys[0], **changed), *account.keys[1:]])


def with_statement(*statements: Json) -> Account:
    policy = live().keys[0].policy
    return with_key(policy={**policy, "Statement": [*policy["Statement"], *statements]})


def with_role(arn: str, **changed: Any) -> Account:
    account = live()
    return replace(
        account, identities=[replace(one, **changed) if one.arn == arn else one for one in account.identities]
    )


def test_what_was_deployed_is_the_same() -> None:
    found = against(live())
    assert str(found) == "nobody gained or lost access"
    assert not found


CHANGES: list[tuple[str, Callable[[], Account], str]] = [
    (
        "a statement of the key policy",
        lambda: with_statement(
            {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:Decrypt", "Resource": "*"}
        ),
        f"gained: {OTHER}: Decrypt",
    ),
    (
        "a denial in the key policy",
        lambda: with_statement({"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}),
        "lost: App/Named: Encrypt",
    ),
    (
        "an inline policy of a role of the template",
        lambda: with_role(NAMED, inline={}),
        "lost: App/Named: Encrypt",
    ),
    (
        "a grant",
        lambda: with_key(grants=[grant("g2", OTHER, "Decrypt")]),
        f"gained: {OTHER}: Decrypt",
    ),
    (
        "a grant to a role of the template",
        lambda: with_key(grants=[grant("g2", MADE, "Decrypt")]),
        "widened: App/Made: Decrypt, if SecretARN = App/Secret -> always",
    ),
    ("a disabled key", lambda: with_key(state="Disabled"), "key-off: App/Key is Disabled"),
    ("a key to be deleted", lambda: with_key(state="PendingDeletion"), "key-off: App/Key is PendingDeletion"),
    ("rotation", lambda: with_key(rotation=False), "rotation-off: App/Key is not rotated"),
    ("an alias that is gone", lambda: with_key(aliases=[]), "alias-moved: App/Alias alias/app is gone"),
    (
        "an alias of another key",
        lambda: replace(
            with_key(aliases=[]),
            keys=[with_key(aliases=[]).keys[0], replace(live().keys[1], aliases=["alias/app"])],
        ),
        f"alias-moved: App/Alias alias/app points to {key_arn(SHUT)}, not to {key_arn(APP)}",
    ),
    (
        "a role that is gone",
        lambda: replace(live(), identities=[one for one in live().identities if one.arn != NAMED]),
        "missing: App/Named is not in the account",
    ),
]


@pytest.mark.parametrize("change, said", [it[1:] for it in CHANGES], ids=[it[0] for it in CHANGES])
def test_each_change_is_found(change: Callable[[], Account], said: str) -> None:
    found = against(change())
    assert found
    assert said in str(found)


@pytest.mark.parametrize("unknown", ["policy", "grants"])
def test_what_of_a_key_was_not_read_is_not_compared(unknown: str) -> None:
    """Else everybody might have gained, and nobody would see who did."""
    unread = with_key(**{unknown: None})
    both = (compare_accounts(snapshot(live()), snapshot(unread)), compare_accounts(snapshot(unread), snapshot(live())))
    for found in (against(unread), *both):
        assert (found.access.differences, found.changes, found.is_whole) == ((), (), False)
    granted = grant("g2", OTHER, "Decrypt")
    statement = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:Sign", "Resource": "*"}
    more = {**live().keys[0].policy, "Statement": [*live().keys[0].policy["Statement"], statement]}
    first = replace(unread.keys[0], policy=more if unknown == "grants" else None, state="Disabled")
    changed = replace(unread, keys=[first, replace(live().keys[1], grants=[granted])])
    found = compare_accounts(snapshot(live()), snapshot(changed))
    assert [str(one) for one in found.access.differences] == [
        *([f"gained: {OTHER}: Sign"] if unknown == "grants" else []),
        f"gained: {OTHER}: Decrypt",
    ]
    assert [one.kind for one in found.changes] == ["key-off"]


FORBIDS = Organization(scps=[{"all": document(allow("*"))}, {"no": document(allow("kms:*") | {"Effect": "Deny"})}])


def test_an_organization_that_is_in_one_file_only_is_not_compared() -> None:
    """Else its policies would be a difference each time that one was taken without them."""
    bound = replace(live(), organization=FORBIDS)
    for both in ((live(), bound), (bound, live())):
        found = compare_accounts(*map(snapshot, both))
        assert (found.access.differences, found.is_whole) == ((), False)
        assert found.unknown == (
            f"the policies of the organization of {ACCOUNT} are in one of the files only: "
            "take both with --organization",
        )
    freed = replace(live(), organization=Organization(scps=[{"all": document(allow("*"))}]))
    assert "lost: " in str(compare_accounts(snapshot(freed), snapshot(bound)).access)
    assert compare_accounts(snapshot(bound), snapshot(bound)).is_whole


def test_an_organization_binds_an_app_too() -> None:
    assert str(against(replace(live(), organization=FORBIDS)).access) == "nobody gained or lost access"
    granted = with_key(grants=[grant("g2", OTHER, "Decrypt")])
    assert not against(replace(granted, organization=FORBIDS))


def test_all_that_was_read_is_whole() -> None:
    assert against(live()).is_whole
    assert compare_accounts(snapshot(live()), snapshot(live())).is_whole


def test_a_role_beside_the_template_may_change_its_own_policies() -> None:
    """What the key policy delegates, the account may use: the template says so."""
    assert not against(with_role(OTHER, inline={}))


def test_grants_of_services_are_no_difference() -> None:
    assert not against(with_key(grants=[]))
    volume = f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"
    for grantee in (volume, f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"):
        retired = grant("g3", grantee, "Decrypt", RetiringPrincipal="ec2.us-east-1.amazonaws.com")
        assert not against(with_key(grants=[retired]))


def test_an_alias_of_a_key_that_is_not_there_is_no_difference_beside_the_key() -> None:
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Second"] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document()}}
    template["Resources"]["Alias2"] = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/second", "TargetKeyId": {"Fn::GetAtt": ["Second", "Arn"]}},
    }
    assert [str(one) for one in against(live(), template).changes] == [
        "missing: App/Second is not in the account, or was not found there"
    ]


def test_a_grant_to_a_role_of_a_service_that_nobody_retires_is_a_difference() -> None:
    """Somebody made it by hand, such as for another account's Auto Scaling."""
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    assert f"gained: {linked}: Decrypt" in str(against(with_key(grants=[grant("g3", linked, "Decrypt")])))


@pytest.mark.parametrize(
    "grantee, more",
    [
        (OTHER, {"RetiringPrincipal": "rds.us-east-1.amazonaws.com"}),
        (OTHER, {"RetiringServicePrincipal": "rds.amazonaws.com"}),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/Thief", {"RetiringServicePrincipal": "rds.amazonaws.com"}),
    ],
)
def test_a_grant_to_somebody_is_a_difference_though_a_service_retires_it(grantee: str, more: Json) -> None:
    """Whoever may make grants may say that a service retires them."""
    assert f"gained: {grantee}: Decrypt" in str(against(with_key(grants=[grant("g3", grantee, "Decrypt", **more)])))


def test_a_service_that_acts_for_another_account_is_a_difference() -> None:
    for account, differs in ((ACCOUNT, False), (OTHER_ACCOUNT, True)):
        source = {"Constraints": {"SourceArn": f"arn:aws:lambda:{REGION}:{account}:function:x"}}
        made = grant("g4", "lambda.amazonaws.com", "Decrypt", **source)
        assert bool(against(with_key(grants=[made]))) is differs


def test_a_stack_that_is_called_otherwise_is_named() -> None:
    account = replace(live(), stacks={f"{REGION}/App-prod": live().stacks[f"{REGION}/App"]})
    assert not against(account, stacks={"App": "App-prod"})
    assert "missing: App/Made" in str(against(account))


def test_without_physical_ids_keys_are_found_by_alias_and_roles_by_name() -> None:
    found = against(replace(live(), stacks={}))
    assert [change.about for change in found.changes] == ["App/Made"]
    with pytest.raises(ValueError, match=r"^no key of the templates was found in the account: take the snapshot with"):
        against(replace(with_key(aliases=[]), stacks={}))


@pytest.mark.parametrize("action", ["kms:ListKeys", "iam:GetAccountAuthorizationDetails"])
def test_nothing_is_compared_where_keys_or_roles_were_not_read(action: str) -> None:
    unread = replace(live(), unread=[Unread(action, REGION, "AccessDenied", "it")])
    with pytest.raises(ValueError, match=f"^nothing can be compared: it of {REGION} not known, .*: allow {action}$"):
        against(unread)
    with pytest.raises(ValueError, match=r"^nothing can be compared"):
        compare_accounts(snapshot(live()), snapshot(unread))


def test_what_else_was_not_read_is_told() -> None:
    unread = Unread("secretsmanager:ListSecrets", REGION, "AccessDenied", "secrets")
    found = against(replace(live(), unread=[unread]))
    assert found.unknown == (str(unread),)
    assert "not known\n? secrets of us-east-1" in str(found)


def test_the_way_of_the_conditions_that_is_nearest_counts() -> None:
    maybe = json.loads(json.dumps(TEMPLATE))
    maybe["Parameters"] = {"Stage": {"Type": "String"}}
    maybe["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    more = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:Sign", "Resource": "*"}
    statements = maybe["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"]
    statements.append({"Fn::If": ["IsProd", more, {"Ref": "AWS::NoValue"}]})
    assert not against(live(), maybe)
    assert not against(with_statement(more), maybe)


# Between two snapshots of the same account.


def test_an_account_is_as_it_was() -> None:
    assert not compare_accounts(snapshot(live()), snapshot(live()))


@pytest.mark.parametrize("change, said", [it[1:] for it in CHANGES[:8]], ids=[it[0] for it in CHANGES[:8]])
def test_each_change_of_an_account_is_found(change: Callable[[], Account], said: str) -> None:
    found = compare_accounts(snapshot(live()), snapshot(change()))
    paths = {"App/Named": NAMED, "App/Made": MADE, "App/Secret": SECRET, "App/Key": key_arn(APP)}
    for path, arn in paths.items():
        said = said.replace(path, arn)
    assert found
    assert said.split(" is ")[0].split(", if")[0] in str(found)
    assert compare_accounts(snapshot(change()), snapshot(live()))


def test_keys_that_are_new_or_gone_are_found() -> None:
    less = replace(live(), keys=live().keys[:1])
    assert [str(one) for one in compare_accounts(snapshot(live()), snapshot(less)).changes] == [
        f"gone-key: {key_arn(SHUT)} is gone"
    ]
    assert [str(one) for one in compare_accounts(snapshot(less), snapshot(live())).changes] == [
        f"new-key: {key_arn(SHUT)} was made"
    ]


def test_aliases_rotation_and_state_are_compared() -> None:
    after = with_key(aliases=["alias/b"], rotation=False, state="Disabled")
    assert [one.kind for one in compare_accounts(snapshot(live()), snapshot(after)).changes] == [
        "key-off",
        "alias-moved",
        "rotation-off",
    ]
    assert [one.kind for one in compare_accounts(snapshot(after), snapshot(live())).changes] == [
        "key-on",
        "alias-moved",
        "rotation-on",
    ]


@pytest.mark.parametrize(
    "before, after, said",
    [
        (["alias/app"], [], "was alias/app and is nothing"),
        ([], ["alias/a", "alias/b"], "was nothing and is alias/a, alias/b"),
    ],
)
def test_an_alias_that_moved_is_told_with_where_it_was(before: list[str], after: list[str], said: str) -> None:
    found = compare_accounts(snapshot(with_key(aliases=before)), snapshot(with_key(aliases=after)))
    assert [str(one) for one in found.changes] == [f"alias-moved: {key_arn(APP)} {said}"]


def test_another_account_is_not_compared() -> None:
    other = replace(live(), account=OTHER_ACCOUNT)
    with pytest.raises(ValueError, match=f"^both must be of the same accounts, got {ACCOUNT} and {OTHER_ACCOUNT}$"):
        compare_accounts(snapshot(live()), snapshot(other))


# Inputs and formats.


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    write_snapshot(snapshot(live()), tmp_path / "account.json")
    write_snapshot(snapshot(with_key(state="Disabled")), tmp_path / "after.json")
    (tmp_path / "App.template.json").write_text(json.dumps(TEMPLATE))
    return {one.name: one for one in tmp_path.iterdir()}


def test_inputs_are_told_apart(files: dict[str, Path]) -> None:
    account, after, template = files["account.json"], files["after.json"], files["App.template.json"]
    assert not compare(account, account)
    assert not compare(template, account)
    assert not compare(template, template)
    assert [one.kind for one in compare(account, after).changes] == ["key-off"]
    assert [one.kind for one in compare(template, after).changes] == ["key-off"]
    with pytest.raises(ValueError, match=r"^an account is compared with templates that come first"):
        compare(account, template)
    with pytest.raises(ValueError, match=r"nowhere.json does not exist$"):
        compare(account, account.with_name("nowhere.json"))


def test_each_format_says_what_differs() -> None:
    found = against(replace(with_key(state="Disabled", grants=[grant("g2", OTHER, "Decrypt")]), unread=[]))
    found = replace(found, unknown=("something",))
    assert json.loads(drift_as(found, "json"))["access"][0]["principal"] == OTHER
    assert json.loads(drift_as(found, "json"))["unknown"] == ["something"]
    assert "| key-off | App/Key | App/Key is Disabled |" in drift_as(found, "markdown")
    assert "? something" in drift_as(found, "markdown")
    run = json.loads(drift_as(found, "sarif"))["runs"][0]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("access-gained", "error"),
        ("key-off", "error"),
        ("not-read", "note"),
    ]
    assert {one["id"] for one in run["tool"]["driver"]["rules"]} == {"access-gained", "key-off", "not-read"}
    assert drift_as(against(live()), "markdown") == "Nothing differs."
    assert drift_as(found, "text") == str(found)


def test_a_snapshot_that_was_read_is_as_it_was(tmp_path: Path) -> None:
    taken = take_snapshot(Options(), session=fake_account().session())
    write_snapshot(taken, tmp_path / "a.json")
    assert not compare(tmp_path / "a.json", tmp_path / "a.json")
    assert MANAGED in (tmp_path / "a.json").read_text()
    assert role_arn("Reader") in (tmp_path / "a.json").read_text()


def test_a_bucket_is_known_by_its_name_though_it_was_not_read() -> None:
    [templates] = read_templates(
        {"App": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}}, account=ACCOUNT, region=REGION
    )
    account = replace(live(), stacks={f"{REGION}/App": {"Bucket": "app-bucket-xyz"}})
    assert match(templates, snapshot(account), {}).arns == {"App/Bucket": "arn:aws:s3:::app-bucket-xyz"}
    assert match(templates, snapshot(live()), {}).arns == {}


def test_nothing_foreign_is_markup_and_every_kind_is_described() -> None:
    hostile = "App/<img> @everyone https://evil.example | x"
    found = against(replace(with_key(state="Disabled", grants=[grant("g2", OTHER, "Decrypt")]), unread=[]))
    found = replace(
        found, unknown=(hostile,), documented=(hostile,), changes=(*found.changes, Change("a", hostile, "b"))
    )
    text = drift_as(found, "markdown")
    assert "<img>" not in text
    assert "@everyone" not in text
    assert "https://" not in text
    run = json.loads(drift_as(found, "sarif"))["runs"][0]
    described = {one["id"]: one["shortDescription"]["text"] for one in run["tool"]["driver"]["rules"]}
    assert set(described) == {one["ruleId"] for one in run["results"]}
    assert described["not-read"] == "Something was not read, and may differ"
    assert described["documented"] == "A documented exception explains a difference"
    assert described["key-off"] == "Something differs: key off"
    assert described["access-gained"] == "Access to a key is gained"
    assert run["tool"]["driver"]["semanticVersion"] == version("secure-kms-constructs")
