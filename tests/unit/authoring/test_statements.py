"""The statements the library writes, each whole."""

from __future__ import annotations

import pytest

from secure_kms_constructs.authoring import statements
from secure_kms_constructs.aws.facts import METADATA_ACTIONS
from secure_kms_constructs.aws.services import Service, Use

ROOT = "arn:aws:iam::111122223333:root"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"
PATTERN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:b-??????"
VIA = "secretsmanager.eu-west-1.amazonaws.com"
LOG_GROUP = "arn:aws:logs:eu-west-1:111122223333:log-group:/a"


def test_root_access_prevents_delegation() -> None:
    assert statements.root_access(ROOT) == {
        "Sid": "EnableRootAccessAndPreventPermissionDelegation",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}},
    }


def test_only_metadata_is_delegated() -> None:
    assert statements.metadata_delegation(ROOT) == {
        "Sid": "AllowMetadataThroughIamPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": sorted(METADATA_ACTIONS.value),
        "Resource": "*",
    }


def test_grants_outside_aws_services_are_denied_in_the_form_control_tower_checks() -> None:
    assert statements.deny_grants_outside_aws_services() == {
        "Sid": "DenyGrantsOutsideAwsServices",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {
            "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"},
        },
    }


def test_reading_through_a_service_is_bound_to_key_service_and_context() -> None:
    read = statements.identity_via(Service.SECRETS_MANAGER, Use.READ, key_arn=KEY, via=VIA, context_values=[SECRET])
    assert read == [
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": KEY,
            "Condition": {"StringEquals": {"kms:ViaService": VIA, "kms:EncryptionContext:SecretARN": SECRET}},
        }
    ]


def test_a_service_without_context_is_bound_to_key_and_service() -> None:
    [write] = statements.identity_via(Service.SQS, Use.WRITE, key_arn=KEY, via="sqs.eu-west-1.amazonaws.com")
    assert write["Resource"] == KEY
    assert write["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}


def test_describe_key_never_shares_a_statement_with_an_encryption_context() -> None:
    written = statements.identity_via(
        Service.CLOUDWATCH_LOGS, Use.WRITE, key_arn=KEY, via="logs.eu-west-1.amazonaws.com", context_values=[LOG_GROUP]
    )
    assert [statement["Action"] for statement in written] == [["kms:Decrypt", "kms:GenerateDataKey"], "kms:DescribeKey"]
    assert "kms:EncryptionContext:aws:logs:arn" in written[0]["Condition"]["StringEquals"]
    assert written[1]["Condition"] == {"StringEquals": {"kms:ViaService": "logs.eu-west-1.amazonaws.com"}}


@pytest.mark.parametrize(
    "values, operator",
    [
        pytest.param([SECRET], "StringEquals", id="a complete ARN is compared exactly"),
        pytest.param([PATTERN], "StringLike", id="six unknown characters need StringLike"),
        pytest.param([SECRET, PATTERN], "StringLike", id="one pattern among exact ARNs needs StringLike"),
        pytest.param(["arn:*"], "StringLike", id="a star needs StringLike"),
    ],
)
def test_the_operator_of_an_encryption_context(values: list[str], operator: str) -> None:
    expected = values[0] if len(values) == 1 else sorted(values)
    assert statements.encryption_context("SecretARN", values) == {
        operator: {"kms:EncryptionContext:SecretARN": expected}
    }


@pytest.mark.parametrize(
    "values, expected",
    [(["a"], "a"), (["b", "a"], ["a", "b"]), (["a", "a"], "a"), (("b", "a", "b"), ["a", "b"])],
)
def test_values_are_written_once_and_sorted(values: list[str], expected: object) -> None:
    assert statements.one_or_many(values) == expected


def test_the_order_of_tokens_does_not_depend_on_their_numbers() -> None:
    """Numbers grow with every construct made before; sorted as text, 10 stands before 9 and a template changes."""

    def order(first: int) -> list[int]:
        given = [f"${{Token[TOKEN.{first + n}]}}" for n in range(3)]
        return [given.index(token) for token in statements.one_or_many(given)]

    assert order(8) == order(20)


def test_create_grant_is_for_aws_resources_only() -> None:
    via, context = {"StringEquals": {"kms:ViaService": VIA}}, {"StringEquals": {"kms:EncryptionContext:a": "b"}}
    parts = statements.split_by_condition(["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey"], via, context)
    both = {"kms:ViaService": VIA, "kms:EncryptionContext:a": "b"}
    assert parts == [
        (["kms:CreateGrant"], {"StringEquals": both, "Bool": {"kms:GrantIsForAWSResource": "true"}}),
        (["kms:Decrypt"], {"StringEquals": both}),
        (["kms:DescribeKey"], via),
    ]


def test_merging_conditions_changes_none_of_them() -> None:
    one, other = {"StringEquals": {"a": "1"}}, {"StringEquals": {"b": "2"}, "Bool": {"c": "true"}}
    assert statements.merged(one, other) == {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}
    assert one == {"StringEquals": {"a": "1"}}


def test_the_logs_service_is_bound_to_the_log_groups_and_describes_apart() -> None:
    crypto, describe = statements.logs_service("logs.eu-west-1.amazonaws.com", [LOG_GROUP], "111122223333")
    assert crypto["Principal"] == describe["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert crypto["Condition"] == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": LOG_GROUP}}
    assert "kms:DescribeKey" not in crypto["Action"]
    assert "kms:CreateGrant" not in crypto["Action"]
    assert {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"} < set(crypto["Action"])
    assert describe["Action"] == "kms:DescribeKey"
    assert describe["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_reading_a_secret_without_stages_is_one_statement() -> None:
    assert statements.secret_access([SECRET], None) == [
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": SECRET,
        }
    ]


def test_a_version_stage_binds_the_value_and_not_the_description() -> None:
    describe, read = statements.secret_access([SECRET], ["AWSPREVIOUS", "AWSCURRENT"])
    assert describe == {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": SECRET}
    assert read == {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": SECRET,
        "Condition": {"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": ["AWSCURRENT", "AWSPREVIOUS"]}},
    }
