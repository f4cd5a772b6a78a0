"""The statements the library writes, as plain dicts. Who gets them is decided in ``grants``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from secure_kms_constructs.aws.facts import (
    ENCRYPTION_CONTEXT_ACTIONS,
    METADATA_ACTIONS,
    REPLICATE_ACTIONS,
    SECRET_REPLICA_ACTIONS,
)
from secure_kms_constructs.aws.services import Service, Use

Statement = dict[str, Any]


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """Return a policy document of the statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def one_or_many(values: Iterable[str]) -> str | list[str]:
    """Return each value once: a lone one without a list, several sorted, those with CDK tokens as they came.

    A token's number grows with every construct made before it, so sorting by it would change templates at random.
    """
    unique = list(dict.fromkeys(values))
    several = sorted(value for value in unique if "${Token[" not in value)
    several += [value for value in unique if "${Token[" in value]
    return several[0] if len(several) == 1 else several


def key_statement(
    sid: str, principal: Any, actions: Iterable[str], condition: dict[str, Any] | None = None, *, effect: str = "Allow"
) -> Statement:
    """Return a key-policy statement; in a key policy ``Resource: "*"`` means this key."""
    statement = {
        "Sid": sid,
        "Effect": effect,
        "Principal": principal,
        "Action": one_or_many(actions),
        "Resource": "*",
    }
    return {**statement, "Condition": condition} if condition else statement


def root_access(account_root: str) -> Statement:
    """Return the statement that admits the account's root user and delegates nothing to IAM policies.

    https://repost.aws/knowledge-center/update-key-policy-future
    """
    return key_statement(
        "EnableRootAccessAndPreventPermissionDelegation",
        {"AWS": account_root},
        ["kms:*"],
        {"StringEquals": {"aws:PrincipalType": "Account"}},
    )


def metadata_delegation(account_root: str) -> Statement:
    """Return the delegation of metadata alone, or Config, Security Hub and Access Analyzer go blind."""
    return key_statement("AllowMetadataThroughIamPolicies", {"AWS": account_root}, METADATA_ACTIONS.value)


def deny_grants_outside_aws_services(exempt: Sequence[Any] = ()) -> Statement:
    """Return the Deny in the form that CT.KMS.PR.3 checks.

    :param exempt: principals that create grants in their own name for a service that does not support the condition:
        EKS does not (https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html).

    https://docs.aws.amazon.com/controltower/latest/controlreference/kms-rules.html
    """
    condition: dict[str, Any] = {
        "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    }
    if exempt:
        operator = "ArnNotLike" if any("*" in str(one) for one in exempt) else "ArnNotEquals"
        condition[operator] = {"aws:PrincipalArn": exempt[0] if len(exempt) == 1 else list(exempt)}
    return key_statement("DenyGrantsOutsideAwsServices", "*", ["kms:CreateGrant"], condition, effect="Deny")


def deny_other_organizations(organization: str, account: str) -> Statement:
    """Return the Deny of principals outside an organization, whatever else the policy lets in.

    Services call in their own name and belong to none. The account of the key is never shut out, so that neither a
    wrong id nor an account that leaves its organization locks a key.

    https://github.com/aws-samples/data-perimeter-policy-examples/blob/main/resource_based_policies/kms_key_policy.json
    """
    condition = {
        "StringNotEqualsIfExists": {"aws:PrincipalAccount": account, "aws:PrincipalOrgID": organization},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    return key_statement("DenyOtherOrganizations", "*", ["kms:*"], condition, effect="Deny")


def replication_of_keys(deployer: str, region: str) -> Statement:
    """Return what a deployer needs of a multi-Region key to make its replica in one other region.

    https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-auth.html
    """
    condition = {"StringEquals": {"kms:ReplicaRegion": region}}
    return key_statement("AllowReplicaKeys", {"AWS": deployer}, REPLICATE_ACTIONS.value, condition)


def replication_of_secrets(deployer: str, via: Iterable[str]) -> Statement:
    """Return what the deployer of a primary secret needs of the key of its replicas.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html
    """
    condition = {"StringEquals": {"kms:ViaService": one_or_many(via)}}
    return key_statement("AllowSecretReplicas", {"AWS": deployer}, SECRET_REPLICA_ACTIONS.value, condition)


def encryption_context(context_key: str, values: Iterable[str]) -> dict[str, Any]:
    """Return the condition that an encryption context names one of the values; ``?`` and ``*`` count as wildcards."""
    values = list(values)
    operator = "StringLike" if any("?" in v or "*" in v for v in values) else "StringEquals"
    return {operator: {f"kms:EncryptionContext:{context_key}": one_or_many(values)}}


def merged(*conditions: dict[str, Any]) -> dict[str, Any]:
    """Return one condition block that holds all of them."""
    result: dict[str, Any] = {}
    for condition in conditions:
        for operator, keys in condition.items():
            result[operator] = {**result.get(operator, {}), **keys}
    return result


def split_by_condition(
    actions: Iterable[str], condition: dict[str, Any], context: dict[str, Any]
) -> list[tuple[list[str], dict[str, Any]]]:
    """Split actions so that none stands under a condition that can never match it.

    DescribeKey carries no encryption context; CreateGrant is for AWS services only.
    """
    parts: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for action in sorted(set(actions)):
        if action == "kms:CreateGrant":
            part, block = "grant", merged(condition, context, {"Bool": {"kms:GrantIsForAWSResource": "true"}})
        elif context and action in ENCRYPTION_CONTEXT_ACTIONS.value:
            part, block = "context", merged(condition, context)
        else:
            part, block = "plain", condition
        parts.setdefault(part, ([], block))[0].append(action)
    return list(parts.values())


def identity_via(
    service: Service, use: Use, *, key_arn: str, via: str, context_values: Iterable[str] = ()
) -> list[Statement]:
    """Return the identity side of a use through a service: exact key, service, encryption context."""
    values = list(context_values)
    context = encryption_context(service.context_key, values) if service.context_key and values else {}
    return [
        {"Effect": "Allow", "Action": one_or_many(actions), "Resource": key_arn, "Condition": condition}
        for actions, condition in split_by_condition(
            service.actions_for(use), {"StringEquals": {"kms:ViaService": via}}, context
        )
    ]


def logs_service(principal: str, log_group_arns: Iterable[str], account: str) -> list[Statement]:
    """Return the statements that let CloudWatch Logs use a key for exactly these log groups (no ``:*`` at the end).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    crypto = [a for a in Service.CLOUDWATCH_LOGS.actions_for(Use.PROVISION) if a != "kms:DescribeKey"]
    return [
        key_statement(
            "AllowCloudWatchLogs",
            {"Service": principal},
            crypto,
            {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": one_or_many(log_group_arns)}},
        ),
        # DescribeKey has no encryption context: together with one it would never match.
        key_statement(
            "AllowCloudWatchLogsToDescribe",
            {"Service": principal},
            ["kms:DescribeKey"],
            {"StringEquals": {"aws:SourceAccount": account}},
        ),
    ]


def secret_access(secret_arns: Iterable[str], version_stages: Sequence[str] | None) -> list[Statement]:
    """Return the Secrets Manager side of reading secrets.

    ``secretsmanager:VersionStage`` exists for GetSecretValue only, so DescribeSecret stands apart under it.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    """
    resource = one_or_many(secret_arns)
    if version_stages is None:
        actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        return [{"Effect": "Allow", "Action": actions, "Resource": resource}]
    stages = {"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": one_or_many(version_stages)}}
    return [
        {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": resource},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource, "Condition": stages},
    ]


def secret_rotation(secret_arns: Iterable[str]) -> list[Statement]:
    """Return the Secrets Manager side of rotating secrets; GetRandomPassword has no resource.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
    """
    actions = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
    return [
        {
            "Effect": "Allow",
            "Action": [f"secretsmanager:{action}" for action in actions],
            "Resource": one_or_many(secret_arns),
        },
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
    ]


def parameter_access(parameter_arns: Iterable[str], path_arns: Sequence[str] = ()) -> list[Statement]:
    """Return the Parameter Store side of reading parameters; a path is asked for by its own ARN.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-retrieval-authorization.html
    """
    actions = ["ssm:GetParameter", "ssm:GetParameters"]
    written: list[Statement] = [{"Effect": "Allow", "Action": actions, "Resource": one_or_many(parameter_arns)}]
    if path_arns:
        written.append({"Effect": "Allow", "Action": "ssm:GetParametersByPath", "Resource": one_or_many(path_arns)})
    return written


def log_group_management(log_group_arn: str) -> list[Statement]:
    """Return the CloudWatch Logs side of creating and configuring log groups.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    actions = ("AssociateKmsKey", "CreateLogGroup", "PutRetentionPolicy", "TagResource")
    return [{"Effect": "Allow", "Action": [f"logs:{action}" for action in actions], "Resource": log_group_arn}]
