"""What plans of AWS Backup select: by name, by a tag of the template, and what only the deployment tells."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App
from secure_kms_constructs.authoring.served_keys import Decision
from tests.unit.authoring.small_apps import HERE, KEY, ROLE, ROOT, THERE, app, decided, ref, said, written

TABLE = "AWS::DynamoDB::Table"
DAILY = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}
ALL_TABLES = "arn:aws:dynamodb:*:*:table/*"


def table(**more: Any) -> tuple[str, dict[str, Any]]:
    return TABLE, {"SSESpecification": {"SSEEnabled": True, "KMSMasterKeyId": KEY}, **more}


def selection(role: Any = None, **content: Any) -> tuple[str, dict[str, Any]]:
    named = {"IamRoleArn": ref("Role") if role is None else role}
    return "AWS::Backup::BackupSelection", {"BackupSelection": {**named, **content}}


def under(chosen: tuple[str, dict[str, Any]], **more: Any) -> App:
    return app(Role=ROLE, Chosen=chosen, **{"Table": table(), **more})


def admitted(decision: Decision) -> list[Any]:
    return [one for one in written(decision) if one["Principal"] == {"AWS": ref("Role")}]


def test_what_a_selection_names_its_role_decrypts_through_its_service() -> None:
    decision = decided(under(selection(Resources=[ref("Table")])))
    [one] = admitted(decision)
    assert one["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert one["Condition"] == {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
    assert said(decision) == []


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "backup", "Value": "daily"}],
        {"backup": "daily"},
        [{"Key": "x", "Value": "y"}, {"Key": "backup", "Value": "daily"}],
    ],
)
def test_what_a_tag_of_the_template_selects_is_served_too(tags: Any) -> None:
    decision = decided(under(selection(ListOfTags=[DAILY]), Table=table(Tags=tags)))
    assert len(admitted(decision)) == 1
    assert said(decision) == []


@pytest.mark.parametrize(
    "tags",
    [
        None,
        [{"Key": "backup", "Value": "weekly"}],
        [{"Key": "daily", "Value": "backup"}],
        [{"Key": "backup", "Value": {"Ref": "Name"}}],
        {"Ref": "Tags"},
        ["backup"],
    ],
)
def test_a_tag_that_the_template_does_not_tell_is_a_finding(tags: Any) -> None:
    decision = decided(under(selection(ListOfTags=[DAILY]), Table=table(Tags=tags)))
    assert admitted(decision) == []
    [(name, text)] = decision.findings
    assert name == "perhapsTagged"
    assert "Stack/Chosen (AWS::Backup::BackupSelection) may select Stack/Table by a tag that its template" in text
    assert "name it in the selection (backup.BackupResource.from_arn(...))" in text


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"Resources": ["*"]},
        {"Resources": [ALL_TABLES]},
        {"Resources": ["arn:aws:*:*:*:*"]},
        {"Resources": ["arn:aws:${Service}:*"]},
        {"Resources": ["arn:aws:s3:::*", ALL_TABLES]},
        {"Resources": ["arn:aws:s3:::data"], "ListOfTags": [DAILY]},
        {"Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "daily"}]}},
        {"ListOfTags": [DAILY], "Conditions": {"StringLike": [{"ConditionKey": "a", "ConditionValue": "b*"}]}},
        {"NotResources": ["arn:aws:s3:::data"]},
    ],
)
def test_a_pattern_is_a_finding(content: dict[str, Any]) -> None:
    tagged = table(Tags=[{"Key": "backup", "Value": "daily"}])
    decision = decided(under(selection(**content), Table=tagged))
    assert admitted(decision) == []
    [(name, text)] = decision.findings
    assert name == "perhapsSelected"
    assert "may select Stack/Table without naming it, and a backup job succeeds without" in text


@pytest.mark.parametrize(
    "content",
    [
        {"Resources": ["arn:aws:s3:::*"]},
        {"Resources": ["arn:aws:dynamodb:us-east-1:111122223333:table/another"]},
        {"NotResources": [ref("Table")]},
        {"Resources": ["*"], "NotResources": [ref("Table")]},
        {"Resources": ["arn:aws:s3:::data"], "Conditions": {"StringEquals": [{"ConditionKey": "a"}]}},
    ],
)
def test_what_is_not_selected_is_not_told(content: dict[str, Any]) -> None:
    decision = decided(under(selection(**content)))
    assert (admitted(decision), said(decision)) == ([], [])


@pytest.mark.parametrize("content", ["odd", None, ["odd"]])
def test_what_is_no_selection_as_it_should_be_may_select_anything(content: Any) -> None:
    made = app(Chosen=("AWS::Backup::BackupSelection", {"BackupSelection": content}), Table=table())
    assert said(decided(made)) == ["perhapsSelected"]


def test_an_odd_member_of_the_tags_is_passed_over() -> None:
    tagged = table(Tags=[{"Key": "backup", "Value": "daily"}])
    decision = decided(under(selection(ListOfTags=["odd", DAILY]), Table=tagged))
    assert (len(admitted(decision)), said(decision)) == (1, [])


def test_several_are_told_together() -> None:
    chosen = selection(Resources=["*"])
    [(_, text)] = decided(under(chosen, Other=table(), Queue=("AWS::SQS::Queue", {"KmsMasterKeyId": KEY}))).findings
    assert "may select Stack/Table, Stack/Other without" in text


def test_what_only_belief_asks_for_is_no_reason_to_warn() -> None:
    database = ("AWS::RDS::DBInstance", {"KmsKeyId": KEY})
    assert said(decided(under(selection(Resources=["*"]), Table=database))) == []
    [grant] = admitted(decided(under(selection(Resources=[ref("Table")]), Table=database)))
    assert (grant["Action"], grant["Condition"]["Bool"]) == ("kms:CreateGrant", {"kms:GrantIsForAWSResource": "true"})


@pytest.mark.parametrize(
    "place, told",
    [
        (HERE, True),
        (THERE, False),
        (HERE._replace(region="eu-west-1"), False),
        (HERE._replace(region="${AWS.Region}", account="${AWS.AccountId}"), True),
        (None, True),
    ],
)
def test_a_plan_selects_in_its_own_account_and_region(place: Any, told: bool) -> None:
    made = app(place, Table=table(), OtherChosen=selection(LITERAL, Resources=["*"]))
    assert said(decided(made)) == (["perhapsSelected"] if told else [])


def test_where_nobody_knows_a_place_it_may_be_the_same() -> None:
    made = app(None, OtherTable=table(), Chosen=selection(LITERAL, Resources=["*"]))
    assert "perhapsSelected" in said(decided(made))


def test_what_is_named_beside_a_pattern_is_served() -> None:
    decision = decided(under(selection(Resources=[ref("Table"), "*"])))
    assert (len(admitted(decision)), said(decision)) == (1, [])


LITERAL = "arn:aws:iam::111122223333:role/service-role/AWSBackupDefaultServiceRole"


def allows(principal: Any, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        **more,
    }


def by_name(name: str, via: str = "dynamodb") -> dict[str, Any]:
    through = {"StringEquals": {"kms:ViaService": f"{via}.us-east-1.amazonaws.com"}}
    return allows(ROOT, Condition={"ArnEquals": {"aws:PrincipalArn": name}, **through})


@pytest.mark.parametrize(
    "role, statement, told",
    [
        (None, allows("${Stack/Role.Arn}"), False),
        (None, by_name("${Stack/Role.Arn}"), False),
        (LITERAL, allows(LITERAL), False),
        (LITERAL, by_name(LITERAL.replace("/service-role", "")), False),
        (LITERAL, by_name(LITERAL, "s3"), True),
        (LITERAL, by_name(f"{LITERAL}2"), True),
        (LITERAL, allows(LITERAL, Action="kms:Decrypt"), True),
        (LITERAL, allows(LITERAL, Effect="Deny"), True),
        (LITERAL, allows(ROOT), True),
        # Left to the policies of the account, for that service.
        (
            LITERAL,
            allows(ROOT, Condition={"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}),
            False,
        ),
        (LITERAL, allows(ROOT, Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}), True),
        (LITERAL, {**allows(LITERAL), "Principal": "*"}, True),
    ],
)
def test_a_role_that_is_admitted_is_not_told(role: Any, statement: dict[str, Any], told: bool) -> None:
    decision = decided(under(selection(role, Resources=["*"])), statements=[statement])
    assert said(decision) == (["perhapsSelected"] if told else [])


def test_a_role_that_is_admitted_by_its_literal_name_is_not_told() -> None:
    named = ("AWS::IAM::Role", {"RoleName": "backups"})
    made = app(Role=named, Chosen=selection(Resources=["*"]), Table=table())
    statement = by_name("arn:aws:iam::111122223333:role/backups")
    assert said(decided(made, statements=[statement])) == []
    assert said(decided(made, statements=[by_name("arn:aws:iam::111122223333:role/others")])) == ["perhapsSelected"]


VAULT = ("AWS::Backup::BackupVault", {"EncryptionKeyArn": KEY})


def plan(vault: str) -> tuple[str, dict[str, Any]]:
    rules = [
        {"TargetBackupVault": ref("Plain", "BackupVaultName")},
        {"TargetBackupVault": ref(vault, "BackupVaultName")},
    ]
    return "AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanRule": rules}}


def of_plan(**more: Any) -> tuple[str, dict[str, Any]]:
    kind, properties = selection(**more)
    return kind, {"BackupPlanId": ref("Plan", "BackupPlanId"), **properties}


def test_the_role_of_a_selection_uses_the_vault_of_its_plan() -> None:
    decision = decided(app(Role=ROLE, Vault=VAULT, Plan=plan("Vault"), Chosen=of_plan(Resources=["arn:aws:s3:::x"])))
    grant, use = admitted(decision)
    assert (grant["Action"], use["Action"]) == ("kms:CreateGrant", ["kms:Decrypt", "kms:GenerateDataKey"])
    assert use["Condition"] == {"StringLike": {"kms:ViaService": "backup.*.amazonaws.com"}}
    assert said(decision) == []


def test_a_plan_for_another_vault_asks_nothing_of_this_key() -> None:
    made = app(Role=ROLE, Vault=VAULT, Plan=plan("Plain"), Chosen=of_plan(Resources=["arn:aws:s3:::x"]))
    assert (admitted(decided(made)), said(decided(made))) == ([], [])


def test_a_plan_is_nothing_that_another_one_selects() -> None:
    chosen = selection(Resources=["*"], NotResources=[ref("Table")])
    assert "perhapsSelected" not in said(decided(under(chosen, Vault=VAULT, Plan=plan("Vault"))))


DISK = {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}}


@pytest.mark.parametrize("named_by", ["LaunchTemplateId", "LaunchTemplateName"])
@pytest.mark.parametrize(
    "chosen, name",
    [(selection(ListOfTags=[DAILY]), "perhapsTagged"), (selection(Resources=["*"]), "perhapsSelected")],
)
def test_an_instance_that_may_be_selected_is_told_by_its_launch_template(chosen: Any, name: str, named_by: str) -> None:
    instance = ("AWS::EC2::Instance", {"LaunchTemplate": {named_by: ref("Template", "Ref")}})
    made = app(Role=ROLE, Chosen=chosen, Template=("AWS::EC2::LaunchTemplate", DISK), Machine=instance)
    assert [one for one in decided(made).findings if "Stack/Machine" in one[1] and one[0] == name]


def test_a_bucket_that_notifies_what_is_under_the_key_is_not_under_it() -> None:
    to = {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": ref("Queue")}]}
    bucket = ("AWS::S3::Bucket", {"NotificationConfiguration": to})
    queue = ("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
    made = app(Role=ROLE, Chosen=selection(Resources=["*"]), Queue=queue, Bucket=bucket)
    assert "perhapsSelected" not in said(decided(made))


def test_an_instance_is_under_the_key_of_its_launch_template() -> None:
    instance = ("AWS::EC2::Instance", {"LaunchTemplate": {"LaunchTemplateId": ref("Template", "Ref")}})
    template = ("AWS::EC2::LaunchTemplate", DISK)
    made = under(selection(Resources=[ref("Machine", "Ref")]), Table=template, Template=template, Machine=instance)
    assert [one["Action"] for one in admitted(decided(made))] == [
        "kms:CreateGrant",
        ["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
    ]


def test_a_cluster_is_read_with_its_id_in_the_context() -> None:
    """https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html"""
    cluster = ("AWS::DSQL::Cluster", {"KmsEncryptionKey": KEY})
    [one] = admitted(decided(under(selection(Resources=[ref("Table")]), Table=cluster)))
    assert one["Action"] == "kms:Decrypt"
    assert one["Condition"] == {
        "StringEquals": {"kms:ViaService": "dsql.us-east-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:dsql:ClusterId": "*"},
    }
