"""KeyPolicy: who is admitted, rendered as few statements as possible and never wider."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.admissions import Account, Admission, through
from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.aws.facts import ADMINISTRATOR_ACTIONS, DEPLOYER_ACTIONS, POLICY_ADMINISTRATOR_ACTIONS
from secure_kms_constructs.aws.services import Service, Use

ROOT = "arn:aws:iam::111122223333:root"
ACCOUNT = Account(ROOT, "111122223333")
VIA = "secretsmanager.eu-west-1.amazonaws.com"


def role(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def secret(name: str) -> str:
    return f"arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}-??????"


def policy(**options: Any) -> KeyPolicy:
    return KeyPolicy(ACCOUNT, deployer=role("deployer"), **options)


def reader(name: str, *contexts: str, account: Account | None = ACCOUNT) -> Admission:
    return through(Service.SECRETS_MANAGER, Use.READ, VIA, role(name), account, contexts)


def statements(key_policy: KeyPolicy, prefix: str) -> list[dict[str, Any]]:
    return [s for s in key_policy.document()["Statement"] if s["Sid"].startswith(prefix)]


def test_a_new_policy_admits_root_auditors_and_the_deployer_in_this_order() -> None:
    assert [statement["Sid"] for statement in policy().document()["Statement"]] == [
        "EnableRootAccessAndPreventPermissionDelegation",
        "AllowMetadataThroughIamPolicies",
        "AllowDeployerToManageKey",
        "AllowDeployerByName",
        "DenyGrantsOutsideAwsServices",
    ]


def test_a_deployer_that_was_made_again_is_admitted_by_its_name_to_write_the_policy_anew() -> None:
    [again] = statements(policy(), "AllowDeployerByName")
    assert again["Principal"] == {"AWS": ACCOUNT.root}
    assert again["Condition"] == {"ArnEquals": {"aws:PrincipalArn": role("deployer")}}
    assert again["Action"] == ["kms:DescribeKey", "kms:EnableKeyRotation", "kms:PutKeyPolicy"]


def test_the_deployer_manages_the_key_and_does_not_use_it() -> None:
    [deployer] = statements(policy(), "AllowDeployerToManageKey")
    assert deployer["Principal"] == {"AWS": role("deployer")}
    assert deployer["Action"] == sorted(DEPLOYER_ACTIONS.value)
    assert "Condition" not in deployer


def test_a_multi_region_key_can_be_replicated_by_who_may_change_its_policy() -> None:
    key_policy = policy(multi_region=True, administrators=[role("a")], policy_administrators=[role("p")])
    admitted = {s["Sid"]: "kms:ReplicateKey" in s["Action"] for s in key_policy.document()["Statement"]}
    assert admitted["AllowDeployerToManageKey"]
    assert admitted["AllowPolicyAdministrators"]
    assert not admitted["AllowAdministrators"]


def test_a_key_of_one_region_cannot_be_replicated() -> None:
    rendered = policy(policy_administrators=[role("p")]).document()["Statement"]
    assert not any("kms:ReplicateKey" in statement["Action"] for statement in rendered)


def test_administrators_share_a_statement() -> None:
    [administrators] = statements(policy(administrators=[role("b"), role("a"), role("b")]), "AllowAdministrators")
    assert administrators["Principal"] == {"AWS": [role("a"), role("b")]}
    assert administrators["Action"] == sorted(ADMINISTRATOR_ACTIONS.value)


def test_policy_administrators_may_also_change_the_policy() -> None:
    [administrators] = statements(policy(policy_administrators=[role("p")]), "AllowPolicyAdministrators")
    assert administrators["Action"] == sorted(POLICY_ADMINISTRATOR_ACTIONS.value)


def test_an_administrator_added_twice_is_named_once() -> None:
    key_policy = policy(administrators=[role("a")])
    key_policy.add_administrator(role("a"))
    key_policy.add_administrator(role("b"))
    [administrators] = statements(key_policy, "AllowAdministrators")
    assert administrators["Principal"] == {"AWS": [role("a"), role("b")]}


def test_a_reader_is_admitted_through_its_service_and_account_and_needs_an_identity_policy() -> None:
    key_policy = policy()
    key_policy.admit(reader("r", secret("a")))
    assert statements(key_policy, "AllowRead") == [
        {
            "Sid": "AllowReadThroughSecretsManager",
            "Effect": "Allow",
            "Principal": {"AWS": ROOT},
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"kms:ViaService": VIA, "kms:CallerAccount": "111122223333"},
                "ArnEquals": {"aws:PrincipalArn": role("r")},
                "StringLike": {"kms:EncryptionContext:SecretARN": secret("a")},
            },
        }
    ]


def test_a_principal_named_directly_is_bound_to_service_and_context() -> None:
    key_policy = policy()
    key_policy.admit(reader("r", secret("a"), account=None))
    [statement] = statements(key_policy, "AllowRead")
    assert statement["Principal"] == {"AWS": role("r")}
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": VIA},
        "StringLike": {"kms:EncryptionContext:SecretARN": secret("a")},
    }


def test_a_direct_use_names_the_principal_and_no_service() -> None:
    key_policy = policy()
    key_policy.admit(Admission("AllowUse", role("r"), ACCOUNT, ("kms:Decrypt",)))
    [statement] = statements(key_policy, "AllowUse")
    assert statement["Condition"] == {
        "StringEquals": {"kms:CallerAccount": "111122223333"},
        "ArnEquals": {"aws:PrincipalArn": role("r")},
    }


@pytest.mark.parametrize(
    "admissions, expected",
    [
        pytest.param(
            [reader("r", secret("a")), reader("r", secret("b"))],
            [([role("r")], [secret("a"), secret("b")])],
            id="the contexts of one principal add up",
        ),
        pytest.param(
            [reader("r", secret("a")), reader("r")],
            [([role("r")], None)],
            id="an open context takes in a named one",
        ),
        pytest.param(
            [reader("r"), reader("r", secret("a"))],
            [([role("r")], None)],
            id="a named context does not narrow an open one, in either order",
        ),
        pytest.param(
            [reader("r"), reader("r", secret("a")), reader("r", secret("b"))],
            [([role("r")], None)],
            id="an open context stays open",
        ),
        pytest.param(
            [reader("r", secret("a")), reader("q", secret("a"))],
            [([role("q"), role("r")], [secret("a")])],
            id="principals with equal contexts share a statement",
        ),
        pytest.param(
            [reader("r", secret("a")), reader("q", secret("b"))],
            [([role("r")], [secret("a")]), ([role("q")], [secret("b")])],
            id="principals with different contexts do not share one",
        ),
        pytest.param(
            [reader("r", secret("a")), reader("r", secret("a"))],
            [([role("r")], [secret("a")])],
            id="an admission twice is one",
        ),
    ],
)
def test_admissions_are_joined_where_that_is_no_wider(admissions: list[Admission], expected: list[Any]) -> None:
    key_policy = policy()
    for admission in admissions:
        key_policy.admit(admission)
    rendered = [
        (
            _listed(statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]),
            _listed(statement["Condition"].get("StringLike", {}).get("kms:EncryptionContext:SecretARN")),
        )
        for statement in statements(key_policy, "AllowRead")
    ]
    assert rendered == expected


def test_a_hundred_readers_of_one_secret_are_one_statement() -> None:
    key_policy = policy()
    for number in range(100):
        key_policy.admit(reader(f"r{number}", secret("a")))
    assert len(statements(key_policy, "AllowRead")) == 1


def test_what_the_deployer_needs_to_create_things_goes_through_their_services_only() -> None:
    key_policy = policy()
    key_policy.provision(["kms:Decrypt", "kms:CreateGrant", "kms:DescribeKey"], "rds.eu-west-1.amazonaws.com")
    key_policy.provision(["kms:Decrypt"], VIA)
    provisions = [s for s in statements(key_policy, "AllowDeployerTo") if s["Sid"] != "AllowDeployerToManageKey"]
    assert {s["Action"]: s["Condition"] for s in provisions} == {
        "kms:CreateGrant": {
            "StringEquals": {"kms:ViaService": "rds.eu-west-1.amazonaws.com"},
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
        "kms:Decrypt": {"StringEquals": {"kms:ViaService": ["rds.eu-west-1.amazonaws.com", VIA]}},
    }
    assert all(s["Principal"] == {"AWS": role("deployer")} for s in provisions)


def test_delegation_is_bound_to_the_account_and_one_service() -> None:
    key_policy = policy()
    key_policy.delegate(Service.SECRETS_MANAGER, VIA)
    assert statements(key_policy, "Delegate") == [
        {
            "Sid": "DelegateToIamThroughSecretsManager",
            "Effect": "Allow",
            "Principal": {"AWS": ROOT},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": VIA}},
        }
    ]


def test_a_service_nobody_reads_or_writes_through_cannot_be_delegated() -> None:
    with pytest.raises(ValueError, match=r"delegate_via needs a service with documented reads or writes, got RDS$"):
        policy().delegate(Service.RDS, "rds.eu-west-1.amazonaws.com")


def test_the_constant_of_a_namespace_leads_to_the_one_that_can_be_delegated() -> None:
    with pytest.raises(ValueError, match=r"got SecretsManager; give Service\.SECRETS_MANAGER$"):
        policy().delegate(Service.SECRETSMANAGER, VIA)

    policy().delegate(Service.SECRETS_MANAGER, VIA)


def test_log_groups_of_one_key_share_the_statements_and_name_each_group() -> None:
    key_policy = policy()
    groups = [f"arn:aws:logs:eu-west-1:111122223333:log-group:/{name}" for name in "ab"]
    for group in groups:
        key_policy.admit_log_group("logs.eu-west-1.amazonaws.com", "logs.eu-west-1.amazonaws.com", group)
    crypto, describe = statements(key_policy, "AllowCloudWatchLogs")
    assert crypto["Condition"] == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": groups}}
    assert describe["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    [deployer] = statements(key_policy, "AllowDeployerToCreateLogGroups")
    assert deployer["Principal"] == {"AWS": role("deployer")}
    assert deployer["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "logs.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:logs:arn": groups,
        }
    }
    assert "kms:DescribeKey" not in deployer["Action"]


def test_sids_are_unique() -> None:
    key_policy = policy()
    for name in "abc":
        key_policy.admit(reader(name, secret(name)))
    sids = [statement["Sid"] for statement in key_policy.document()["Statement"]]
    assert sids[-3:] == [
        "AllowReadThroughSecretsManager",
        "AllowReadThroughSecretsManager2",
        "AllowReadThroughSecretsManager3",
    ]
    assert len(set(sids)) == len(sids)


def test_a_made_up_sid_does_not_meet_one_that_is_taken() -> None:
    key_policy = policy()
    for sid, action in [("Mine", "kms:Sign"), ("Mine2", "kms:Verify"), ("Mine", "kms:Encrypt")]:
        key_policy.add(
            {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": role("r")}, "Action": action, "Resource": "*"}
        )
    sids = [statement["Sid"] for statement in key_policy.document()["Statement"]]
    assert len(set(sids)) == len(sids)


def test_a_finished_statement_is_added_once() -> None:
    key_policy = policy()
    statement = {"Effect": "Allow", "Principal": {"AWS": role("r")}, "Action": "kms:Sign", "Resource": "*"}
    key_policy.add(statement)
    key_policy.add(dict(statement))
    assert key_policy.document()["Statement"].count(statement) == 1


def test_rendering_twice_gives_the_same() -> None:
    key_policy = policy(administrators=[role("a")])
    key_policy.admit(reader("r", secret("a"), secret("b")))
    assert key_policy.document() == key_policy.document()


@pytest.mark.parametrize("kind", ["administrators", "policy_administrators"])
@pytest.mark.parametrize(
    "action",
    [
        "kms:Decrypt",
        "kms:Sign",
        "kms:GenerateMac",
        pytest.param("kms:GenerateDataKey*", id="a wildcard that means a use"),
        pytest.param("kms:ReEncrypt*", id="a wildcard that means two uses"),
    ],
)
def test_an_administrator_is_refused_as_a_user(kind: str, action: str) -> None:
    key_policy = policy(**{kind: [role("a")]})
    with pytest.raises(ValueError, match=r"must not use it, got '.*role/a' as both: .*separation_of_duties=False"):
        key_policy.admit(Admission("AllowUse", role("a"), ACCOUNT, (action,)))


def test_a_user_is_refused_as_an_administrator() -> None:
    key_policy = policy()
    key_policy.admit(reader("r"))
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key_policy.add_administrator(role("r"))


def test_who_uses_the_key_by_a_finished_statement_is_refused_as_an_administrator() -> None:
    key_policy = policy()
    key_policy.note_use(role("r"), ["kms:Decrypt"])
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        key_policy.add_administrator(role("r"))


def test_another_principal_may_administer() -> None:
    key_policy = policy(administrators=[role("a")])
    key_policy.admit(reader("r"))
    assert statements(key_policy, "AllowRead")


def test_an_administrator_may_read_metadata() -> None:
    key_policy = policy(administrators=[role("a")])
    key_policy.admit(Admission("AllowUse", role("a"), ACCOUNT, ("kms:DescribeKey",)))
    assert statements(key_policy, "AllowUse")


def test_both_duties_can_be_allowed_on_request() -> None:
    key_policy = policy(administrators=[role("a")], separation_of_duties=False)
    key_policy.admit(reader("a"))
    assert statements(key_policy, "AllowRead")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value
