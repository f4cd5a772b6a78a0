"""What other constructs add to a key policy is narrowed, or refused with the way out."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.authoring.narrowing import L2_ADMIN_ACTIONS, add_narrowed
from secure_kms_constructs.aws.services import Service

ID = "111122223333"
ROOT = f"arn:aws:iam::{ID}:root"
OTHER_ROOT = "arn:aws:iam::999999999999:root"
ROLE = f"arn:aws:iam::{ID}:role/r"
FOREIGN = "arn:aws:iam::999999999999:role/r"
VIA_SECRETS = "secretsmanager.eu-west-1.amazonaws.com"


def statement(principal: Any, action: Any = "kms:Decrypt", condition: Any = None, **more: Any) -> dict[str, Any]:
    written = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {**written, "Condition": condition} if condition else written


def added(*written: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """Return what a key policy gains by the statements."""
    policy = KeyPolicy(Account(ROOT, ID), deployer="arn:aws:iam::111122223333:role/deployer", **options)
    before = len(policy.document()["Statement"])
    for one in written:
        add_narrowed(policy, one, one, ID, ID)
    return policy.document()["Statement"][before:]


def provisions(*written: dict[str, Any]) -> list[dict[str, Any]]:
    policy = KeyPolicy(Account(ROOT, ID), deployer="deployer")
    for one in written:
        add_narrowed(policy, one, one, ID, ID)
    return [
        s
        for s in policy.document()["Statement"]
        if s["Sid"].startswith("AllowDeployerTo") and s["Sid"] != "AllowDeployerToManageKey"
    ]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(statement({"AWS": ROLE}), id="a role of the account"),
        pytest.param(statement({"AWS": FOREIGN}), id="a use by a role of another account"),
        pytest.param(statement({"AWS": ROOT}, ["kms:DescribeKey", "kms:GetKeyPolicy"]), id="metadata for root"),
        pytest.param(
            statement({"AWS": ROOT}, condition={"ArnEquals": {"aws:PrincipalArn": ROLE}}), id="root for one role"
        ),
        pytest.param(
            statement({"AWS": OTHER_ROOT}, condition={"ArnEquals": {"aws:PrincipalArn": FOREIGN}}),
            id="another account's root for one role",
        ),
        pytest.param(statement("*", "kms:*", Effect="Deny"), id="any Deny"),
        pytest.param(
            statement({"Service": "s3.amazonaws.com"}, condition={"StringEquals": {"aws:SourceAccount": ID}}),
            id="a service bound to an account",
        ),
        pytest.param(
            statement({"Service": "s3.amazonaws.com"}, condition={"ArnLike": {"AWS:sourcearn": "arn:aws:s3:::b"}}),
            id="a service bound to a source, in any case",
        ),
        pytest.param(
            statement(
                {"Service": "logs.eu-west-1.amazonaws.com"},
                condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": "arn:x"}},
            ),
            id="a service bound by encryption context",
        ),
        pytest.param(statement({"Service": "events.amazonaws.com"}), id="a service that sends no source"),
    ],
)
def test_what_is_narrow_is_added_as_it_is(written: dict[str, Any]) -> None:
    assert added(written) == [written]


def test_an_unbound_service_is_bound_to_the_account() -> None:
    written = statement({"Service": "s3.amazonaws.com"}, condition={"Bool": {"aws:SecureTransport": "true"}})
    [narrowed] = added(written)
    assert narrowed["Condition"] == {
        "Bool": {"aws:SecureTransport": "true"},
        "StringEquals": {"aws:SourceAccount": ID},
    }


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param({"StringNotEquals": {"aws:SourceAccount": "999999999999"}}, id="any account but one"),
        pytest.param({"Null": {"aws:SourceArn": "false"}}, id="any source"),
        pytest.param({"StringLike": {"aws:SourceAccount": "*"}}, id="every account"),
    ],
)
def test_a_condition_that_binds_nothing_does_not_count(condition: dict[str, Any]) -> None:
    [narrowed] = added(statement({"Service": "s3.amazonaws.com"}, condition=condition))
    assert narrowed["Condition"].get("StringEquals") == {"aws:SourceAccount": ID}


def test_principals_in_one_statement_are_judged_one_by_one() -> None:
    gained = added(statement({"AWS": [ROLE, f"{ROLE}2"], "Service": "s3.amazonaws.com"}))
    assert [one["Principal"] for one in gained] == [
        {"AWS": ROLE},
        {"AWS": f"{ROLE}2"},
        {"Service": "s3.amazonaws.com"},
    ]


def test_what_secret_adds_for_root_becomes_what_the_deployer_needs() -> None:
    condition = {"StringEquals": {"kms:ViaService": VIA_SECRETS}}
    actions = ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]
    gained = provisions(
        statement({"AWS": ROOT}, actions, condition),
        statement({"AWS": ROOT}, ["kms:CreateGrant", "kms:DescribeKey"], condition),
    )
    assert gained == [
        {
            "Sid": "AllowDeployerToDecrypt",
            "Effect": "Allow",
            "Principal": {"AWS": "deployer"},
            "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": condition,
        }
    ]


@pytest.mark.parametrize(
    "via, services",
    [
        pytest.param("glue.eu-west-1.amazonaws.com", "glue.eu-west-1.amazonaws.com", id="one service"),
        pytest.param(
            ["glue.eu-west-1.amazonaws.com", "ecr.eu-west-1.amazonaws.com"],
            ["ecr.eu-west-1.amazonaws.com", "glue.eu-west-1.amazonaws.com"],
            id="a list of services",
        ),
    ],
)
def test_root_through_an_unknown_service_keeps_its_actions_for_the_deployer(via: Any, services: Any) -> None:
    [gained] = provisions(statement({"AWS": ROOT}, condition={"StringEquals": {"kms:ViaService": via}}))
    assert gained["Action"] == "kms:Decrypt"
    assert gained["Condition"] == {"StringEquals": {"kms:ViaService": services}}


@pytest.mark.parametrize("via", ["ec2.*.amazonaws.com", "ec2.eu-west-?.amazonaws.com"])
def test_root_through_a_service_of_any_region_is_compared_by_pattern(via: str) -> None:
    gained = provisions(statement({"AWS": ROOT}, condition={"StringLike": {"kms:ViaService": via}}))
    assert gained
    assert all(one["Condition"]["StringLike"] == {"kms:ViaService": via} for one in gained)
    assert not any("StringEquals" in one["Condition"] for one in gained)


@pytest.mark.parametrize("via", ["*.amazonaws.com", "e*.eu-west-1.amazonaws.com"])
def test_root_through_services_that_a_pattern_names_is_refused(via: str) -> None:
    with pytest.raises(ValueError, match="does not delegate to the IAM policies"):
        provisions(statement({"AWS": ROOT}, condition={"StringLike": {"kms:ViaService": via}}))


def test_the_case_of_a_condition_key_does_not_matter() -> None:
    [gained] = provisions(statement({"AWS": ROOT}, condition={"StringEquals": {"kms:viaservice": VIA_SECRETS}}))
    assert gained["Condition"] == {"StringEquals": {"kms:ViaService": VIA_SECRETS}}


REFUSED = [
    pytest.param(statement({"AWS": ROOT}, "kms:*"), "does not delegate", id="everything for root"),
    pytest.param(statement({"AWS": ROOT}), "does not delegate", id="one use for root"),
    pytest.param(statement({"AWS": ID}), "does not delegate", id="the account's id"),
    pytest.param(statement({"AWS": OTHER_ROOT}), "does not delegate", id="another account's root"),
    pytest.param(
        statement({"AWS": OTHER_ROOT}, condition={"StringEquals": {"kms:ViaService": VIA_SECRETS}}),
        "does not delegate",
        id="another account's root through a service",
    ),
    pytest.param(
        statement({"AWS": ROOT}, condition={"StringEquals": {"kms:CallerAccount": ID}}),
        "does not delegate",
        id="root with the caller's account",
    ),
    pytest.param(
        statement({"AWS": ROOT}, condition={"StringNotEquals": {"kms:ViaService": VIA_SECRETS}}),
        "does not delegate",
        id="root through every service but one",
    ),
    pytest.param(statement("*"), "admits nobody by '*'", id="everyone"),
    pytest.param(statement({"AWS": "*"}), "admits nobody by '*'", id="everyone of AWS"),
    pytest.param(statement({"AWS": [ROLE, "*"]}), "admits nobody by '*'", id="everyone among others"),
    pytest.param(
        {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"},
        "must name its actions and principals",
        id="everyone but one",
    ),
    pytest.param(
        {"Effect": "Allow", "Principal": {"AWS": ROLE}, "NotAction": "kms:Decrypt", "Resource": "*"},
        "must name its actions and principals",
        id="everything but one action",
    ),
    pytest.param(
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"},
        "must name its actions and principals",
        id="no principal",
    ),
    pytest.param(statement({"Federated": "accounts.google.com"}), "got Federated", id="an identity provider"),
    pytest.param(statement({"CanonicalUser": "abc"}), "got CanonicalUser", id="a canonical user"),
    pytest.param(
        statement({"AWS": f"arn:aws:iam::{ID}:role/app-*"}), "app-*", id="a wildcard in a principal, which KMS refuses"
    ),
    pytest.param(
        statement({"AWS": f"arn:aws:iam::{ID}:role/app-?"}), "KMS takes no wildcard", id="one character left open"
    ),
    pytest.param(
        statement(
            {"AWS": ROOT},
            condition={
                "StringEquals": {"kms:ViaService": VIA_SECRETS},
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/*"},
            },
        ),
        "does not delegate",
        id="every role through a service, which is not the deployer",
    ),
    pytest.param(statement({"AWS": ROLE}, "kms:PutKeyPolicy"), "policy_administrators", id="a policy update"),
    pytest.param(
        statement({"AWS": ROLE}, [*L2_ADMIN_ACTIONS, "kms:Decrypt"]),
        "policy_administrators",
        id="administration together with a use",
    ),
    pytest.param(
        statement({"AWS": ROLE}, [*L2_ADMIN_ACTIONS], {"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
        "policy_administrators",
        id="administration under a condition, which would be lost",
    ),
    pytest.param(
        statement({"AWS": ROOT}, "kms:*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ID}:role/?*"}}),
        "does not delegate",
        id="every role by pattern",
    ),
    pytest.param(
        statement({"AWS": ROOT}, condition={"ArnLike": {"aws:PrincipalArn": [ROLE, f"arn:aws:iam::{ID}:role/*"]}}),
        "does not delegate",
        id="every role by pattern, beside one that is named",
    ),
    pytest.param(
        statement({"AWS": ROOT}, condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/application"}}),
        "does not delegate",
        id="a role of any account",
    ),
    pytest.param(
        statement({"AWS": OTHER_ROOT}, condition={"StringLike": {"aws:PrincipalArn": "**"}}),
        "does not delegate",
        id="everybody of another account by pattern",
    ),
    pytest.param(
        statement({"AWS": ROOT}, "kms:*", {"ArnEquals": {"aws:PrincipalArn": ROLE}}),
        "policy_administrators",
        id="everything for a role named in a condition",
    ),
    pytest.param(statement({"Service": "ec2.amazonaws.com"}, "kms:*"), "no service", id="everything for a service"),
    pytest.param(statement({"AWS": ROLE}, "kms:*"), "policy_administrators", id="everything for a role"),
    pytest.param(statement({"AWS": ROLE}, ["kms:Decrypt", "kms:Put*"]), "policy_administrators", id="Put*"),
    pytest.param(statement({"AWS": ROLE}, "KMS:PutKeyPolicy"), "policy_administrators", id="another case"),
    pytest.param(
        statement({"AWS": FOREIGN}, ["kms:Decrypt", "kms:EnableKey"]),
        "KMS honours no kms:EnableKey for a principal of another account",
        id="administration by another account",
    ),
]


@pytest.mark.parametrize("written, message", REFUSED)
def test_what_would_open_the_key_is_refused(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="|".join([message.replace("*", r"\*")])):
        added(written)


def test_a_refusal_shows_what_was_given_and_the_ways_out() -> None:
    with pytest.raises(ValueError, match="delegate") as caught:
        added(statement({"AWS": ROOT}, "kms:Encrypt"))
    for said in ("kms:Encrypt", ROOT, "key.grant_decrypt(role)", "delegate_via=[service]", "kms.Key.from_key_arn"):
        assert said in str(caught.value)


def test_the_l2_admin_grant_becomes_an_administrator_without_policy_updates() -> None:
    [gained] = [
        s for s in _document(statement({"AWS": ROLE}, [*L2_ADMIN_ACTIONS, "kms:TagResource"])) if ROLE in str(s)
    ]
    assert gained["Sid"] == "AllowAdministrators"
    assert not {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:Put*", "kms:Create*"} & set(gained["Action"])


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_statement_without_actions_is_refused(effect: str) -> None:
    written = {name: value for name, value in statement({"AWS": ROLE}, []).items() if name != "Action"}
    with pytest.raises(ValueError, match="must name its actions"):
        added({**written, "Effect": effect})


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey*", "kms:Re*", "kms:decrypt"])
def test_a_statement_that_uses_the_key_is_refused_for_an_administrator(action: str) -> None:
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        added(statement({"AWS": ROLE}, action), administrators=[ROLE])


def test_an_administrator_named_in_a_condition_is_known() -> None:
    named = statement({"AWS": ROOT}, condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        added(named, administrators=[ROLE])


@pytest.mark.parametrize("action", ["kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial"])
def test_what_is_as_good_as_a_use_is_refused_for_an_administrator(action: str) -> None:
    with pytest.raises(ValueError, match="an administrator of the key must not use it"):
        added(statement({"AWS": ROLE}, action), administrators=[ROLE])


def test_a_statement_that_only_reads_metadata_is_fine_for_an_administrator() -> None:
    assert added(statement({"AWS": ROLE}, "kms:DescribeKey"), administrators=[ROLE])


def _document(written: dict[str, Any]) -> list[dict[str, Any]]:
    policy = KeyPolicy(Account(ROOT, ID), deployer="deployer")
    add_narrowed(policy, written, written, ID, ID)
    return policy.document()["Statement"]


BY_ARN = {"ArnLike": {"aws:SourceArn": f"arn:*:*:*:{ID}:*"}}
BY_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ID}}


@pytest.mark.parametrize(
    "principal, of, condition",
    [
        # EventBridge says to queues whom it works for, and not to topics.
        ("events", Service.SQS, BY_ARN),
        ("events", Service.SNS, None),
        ("events", None, None),
        # Of a bucket no page says that it asks for EventBridge.
        ("events", Service.S3, BY_ACCOUNT),
        ("s3", Service.SQS, BY_ACCOUNT),
        ("s3", None, BY_ACCOUNT),
    ],
)
def test_a_service_is_bound_by_what_it_sends_to_the_resource_that_asks(
    principal: str, of: Service | None, condition: Any
) -> None:
    policy = KeyPolicy(Account(ROOT, ID), deployer="arn:aws:iam::111122223333:role/deployer")
    before = len(policy.document()["Statement"])
    written = statement({"Service": f"{principal}.amazonaws.com"})
    add_narrowed(policy, written, written, ID, ID, of=of)
    [found] = policy.document()["Statement"][before:]
    assert found.get("Condition") == condition


def _with_source(resolved: Any, service: str) -> Any:
    policy = KeyPolicy(Account(ROOT, ID), deployer="arn:aws:iam::111122223333:role/deployer")
    before = len(policy.document()["Statement"])
    principal = {"Service": f"{service}.amazonaws.com"}
    # A statement is written with tokens, which only Node can tell from one another.
    written = statement(principal) | {"Condition": {"ArnLike": {"aws:SourceArn": "${Token[TOKEN.1]}"}}}
    told = statement(principal) | {"Condition": {"ArnLike": {"aws:SourceArn": resolved}}}
    add_narrowed(policy, written, told, ID, ID)
    [found] = policy.document()["Statement"][before:]
    return found["Condition"]


_THEIRS = {"ArnLike": {"aws:SourceArn": "${Token[TOKEN.1]}"}}
_PARTITION = {"Ref": "AWS::Partition"}


@pytest.mark.parametrize("service", ["events", "s3", "delivery.logs", "cloudfront", "unknown-to-us"])
@pytest.mark.parametrize(
    "resolved",
    [
        f"arn:aws:logs:eu-west-1:{ID}:delivery-source:x",
        {"Fn::Join": ["", ["arn:", _PARTITION, f":logs:eu-west-1:{ID}:delivery-source:x"]]},
        {
            "Fn::Join": [
                "",
                ["arn:", _PARTITION, ":logs:", {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}, ":x"],
            ]
        },
    ],
)
def test_a_source_that_somebody_names_stays_as_it_is(service: str, resolved: Any) -> None:
    assert _with_source(resolved, service) == _THEIRS


@pytest.mark.parametrize("service", ["events", "sns", "cloudfront", "unknown-to-us"])
def test_a_source_that_is_made_here_stays(service: str) -> None:
    assert _with_source({"Fn::GetAtt": ["Topic", "TopicArn"]}, service) == _THEIRS


def test_a_source_that_is_made_here_is_of_the_account_where_the_service_says_so() -> None:
    """It may have to become a pattern, and the ARN of a bucket tells no account."""
    assert _with_source({"Fn::GetAtt": ["Bucket", "Arn"]}, "s3") == _THEIRS | BY_ACCOUNT


_CONDITION = {"ArnLike": {"aws:PrincipalArn": "${Token[TOKEN.1]}"}}


def _named(resolved: Any, root: str = ROOT, operator: str = "ArnLike") -> None:
    told = statement({"AWS": root}) | {"Condition": {operator: {"aws:PrincipalArn": resolved}}}
    policy = KeyPolicy(Account(ROOT, ID), deployer="deployer")
    add_narrowed(policy, statement({"AWS": root}) | {"Condition": {operator: {"aws:PrincipalArn": "x"}}}, told, ID, ID)


@pytest.mark.parametrize(
    "resolved",
    [
        {"Fn::GetAtt": ["Role", "Arn"]},
        {"Fn::Join": ["", ["arn:", _PARTITION, ":iam::", {"Ref": "AWS::AccountId"}, ":role/app"]]},
        {"Fn::Join": ["", ["arn:", _PARTITION, f":iam::{ID}:role/team/app-*"]]},
    ],
)
def test_a_role_that_a_condition_names_visibly_is_taken(resolved: Any) -> None:
    _named(resolved)


@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals", "StringLike"])
@pytest.mark.parametrize(
    "resolved, told",
    [
        ({"Ref": "Parameter"}, "visibly one role or user"),
        ({"Fn::ImportValue": "somebody"}, "visibly one role or user"),
        ({"Fn::Join": ["", [f"arn:aws:iam::{ID}:role/", {"Ref": "Parameter"}]]}, "visibly one role or user"),
        ({"Fn::Join": ["", [f"arn:aws:iam::{ID}:role/app-", {"Ref": "Parameter"}, "*"]]}, "must be visible"),
    ],
)
def test_a_name_of_a_condition_that_may_turn_out_a_wildcard_is_refused(resolved: Any, told: str, operator: str) -> None:
    with pytest.raises(ValueError, match=told):
        _named(resolved, operator=operator)


def test_a_role_of_another_account_than_the_statement_is_for_is_refused() -> None:
    with pytest.raises(ValueError, match="write the statement for the account of the role"):
        _named(ROLE, OTHER_ROOT)
    _named(FOREIGN, OTHER_ROOT)
