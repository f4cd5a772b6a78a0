"""What a key policy has to say for what uses the key is decided without Node."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Place
from secure_kms_constructs.authoring.served_statements import is_said
from secure_kms_constructs.aws.services import Service, Use
from tests.unit.authoring.small_apps import HERE, KEY, ROLE, ROOT, THERE, app, decided, ref, said, written


def test_a_deployer_gets_what_the_page_says_through_the_service() -> None:
    decision = decided(app(Files=("AWS::EFS::FileSystem", {"KmsKeyId": KEY})))
    assert decision.provisions == {
        action: {"elasticfilesystem": None}
        for action in ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext")
    }
    assert (decision.statements, decision.refusals, decision.findings) == ([], [], [])


def test_a_resource_that_names_no_key_of_ours_is_no_use() -> None:
    decision = decided(app(Files=("AWS::EFS::FileSystem", {"KmsKeyId": ref("Elsewhere")})))
    assert decision.uses == []
    assert said(decision) == ["unusedKey"]


@pytest.mark.parametrize(
    "more", [{"extra": [Service.RDS]}, {"delegates": [Service.SECRETS_MANAGER]}], ids=["provision_via", "delegate_via"]
)
def test_a_key_for_others_is_not_called_unused(more: dict[str, Any]) -> None:
    assert said(decided(app(), **more)) == []


def test_a_key_that_roles_use_is_not_called_unused() -> None:
    use = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "kms:Decrypt"}
    assert said(decided(app(), statements=[use])) == []


@pytest.mark.parametrize("name", ["alias/orders", "arn:aws:kms:us-east-1:111122223333:alias/orders"])
def test_an_alias_names_the_key(name: str) -> None:
    alias = ("AWS::KMS::Alias", {"AliasName": "alias/orders", "TargetKeyId": KEY})
    decision = decided(app(Alias=alias, Files=("AWS::EFS::FileSystem", {"KmsKeyId": name})))
    assert decision.provisions


def test_an_alarm_under_the_topic_s_key_admits_cloudwatch_for_this_alarm() -> None:
    topic = ("AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
    alarm = ("AWS::CloudWatch::Alarm", {"AlarmName": "slow", "AlarmActions": ["x", ref("Topic", "Ref")]})
    [statement] = written(decided(app(Topic=topic, Alarm=alarm)))
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:slow"},
    }


def test_alarms_share_a_statement_and_another_service_does_not() -> None:
    topic = ("AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
    alarms = {
        f"Alarm{name}": ("AWS::CloudWatch::Alarm", {"AlarmName": name, "AlarmActions": [ref("Topic", "Ref")]})
        for name in "ab"
    }
    events = ("AWS::RDS::EventSubscription", {"SnsTopicArn": ref("Topic", "Ref")})
    made = written(decided(app(Topic=topic, Events=events, **alarms)))
    cloudwatch, rds = sorted(made, key=lambda one: str(one["Principal"]))
    assert [one.rpartition(":")[2] for one in cloudwatch["Condition"]["ArnLike"]["aws:SourceArn"]] == ["a", "b"]
    assert rds["Principal"] == {"Service": "events.rds.amazonaws.com"}


def test_a_topic_under_another_key_is_no_edge() -> None:
    topic = ("AWS::SNS::Topic", {"KmsMasterKeyId": ref("Elsewhere")})
    alarm = ("AWS::CloudWatch::Alarm", {"AlarmActions": [ref("Topic", "Ref")]})
    assert written(decided(app(Topic=topic, Alarm=alarm))) == []


def test_describing_stands_apart_from_a_context() -> None:
    use, describe = written(decided(app(Bus=("AWS::Events::EventBus", {"Name": "b", "KmsKeyIdentifier": KEY}))))
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert "kms:EncryptionContext:aws:events:event-bus:arn" in use["Condition"]["StringEquals"]
    assert describe["Action"] == "kms:DescribeKey"
    assert "EncryptionContext" not in str(describe)


def test_a_role_by_itself_is_bound_to_its_machine_and_to_no_service() -> None:
    machine = {"StateMachineName": "m", "RoleArn": ref("Role"), "EncryptionConfiguration": {"KmsKeyId": KEY}}
    [statement] = written(decided(app(Role=ROLE, Machine=("AWS::StepFunctions::StateMachine", machine))))
    assert statement["Principal"] == {"AWS": ref("Role")}
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:EncryptionContext:aws:states:stateMachineArn": "arn:aws:states:us-east-1:111122223333:stateMachine:m"
        }
    }


def test_a_row_for_a_property_that_is_not_there_does_not_hold() -> None:
    machine = {"RoleArn": ref("Role"), "EncryptionConfiguration": {"KmsKeyId": KEY}}
    plain = decided(app(Role=ROLE, Machine=("AWS::StepFunctions::StateMachine", machine)))
    logged = {**machine, "LoggingConfiguration": {"Level": "ALL"}}
    with_logs = decided(app(Role=ROLE, Machine=("AWS::StepFunctions::StateMachine", logged)))
    assert "delivery.logs" not in str(plain.statements)
    assert "delivery.logs" in str(with_logs.statements)
    assert said(with_logs) == ["unboundService"]


def caller_of_a_machine(action: str) -> App:
    machine = {
        "StateMachineName": "m",
        "EncryptionConfiguration": {"KmsKeyId": KEY},
        "RoleArn": "arn:aws:iam::1:role/x",
    }
    allowed = {"Effect": "Allow", "Action": action, "Resource": [ref("Machine", "Ref")]}
    held = {"PolicyDocument": {"Statement": [allowed]}, "Roles": [ref("Caller", "Ref")]}
    return app(Machine=("AWS::StepFunctions::StateMachine", machine), Caller=ROLE, Held=("AWS::IAM::Policy", held))


@pytest.mark.parametrize("action", ["states:GetExecutionHistory", "states:Describe*", "states:StartSyncExecution"])
def test_who_reads_executions_may_decrypt_for_this_machine_through_the_service(action: str) -> None:
    made = written(decided(caller_of_a_machine(action)))
    (one,) = (it for it in made if it["Principal"] == {"AWS": ref("Caller")})
    assert one["Action"] == "kms:Decrypt"
    assert one["Condition"]["StringEquals"] == {
        "kms:ViaService": "states.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:states:stateMachineArn": "arn:aws:states:us-east-1:111122223333:stateMachine:m",
    }


def test_who_starts_executions_needs_nothing() -> None:
    assert ref("Caller") not in [
        one["Principal"].get("AWS") for one in written(decided(caller_of_a_machine("states:StartExecution")))
    ]


def test_the_role_of_backup_plans_is_told() -> None:
    vault = ("AWS::Backup::BackupVault", {"EncryptionKeyArn": KEY})
    rules = [{"TargetBackupVault": ref("Vault", "BackupVaultName")}]
    plan = ("AWS::Backup::BackupPlan", {"BackupPlan": {"BackupPlanRule": rules}})
    decision = decided(app(Vault=vault, Plan=plan))
    [(name, text)] = decision.findings
    assert name == "callers"
    assert (
        'key.grant_via(role, Service("Backup", "backup", None, '
        '{Use.WRITE: ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey",)}, '
    ) in text
    assert decided(app(Vault=vault)).findings == []


def test_a_replication_reads_its_own_bucket_only() -> None:
    encryption = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": KEY}}]}
    bucket = {"BucketEncryption": encryption, "ReplicationConfiguration": {"Role": ref("Role")}}
    named = written(decided(app(Role=ROLE, Bucket=("AWS::S3::Bucket", {**bucket, "BucketName": "data"}))))
    assert {one["Action"] for one in named} == {"kms:Decrypt"}
    contexts = [block.get("kms:EncryptionContext:aws:s3:arn") for one in named for block in one["Condition"].values()]
    assert {one for one in contexts if one} == {"arn:aws:s3:::data", "arn:aws:s3:::data/*"}
    # Of a bucket whose name is made up nothing can be said.
    (other,) = written(decided(app(Role=ROLE, Bucket=("AWS::S3::Bucket", bucket))))
    assert other["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}


def test_an_archive_is_bound_to_its_bus() -> None:
    bus = ("AWS::Events::EventBus", {"Name": "orders"})
    for source in (ref("Bus"), {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":events:r:a:event-bus/orders"]]}):
        archive = ("AWS::Events::Archive", {"KmsKeyIdentifier": KEY, "SourceArn": source})
        text = str(written(decided(app(Bus=bus, Archive=archive))))
        assert "'arn:aws:events:us-east-1:111122223333:event-bus/orders'" in text
        assert "event-bus/*" not in text
    unknown = ("AWS::Events::Archive", {"KmsKeyIdentifier": KEY, "SourceArn": {"Ref": "Parameter"}})
    assert "event-bus/*" in str(written(decided(app(Archive=unknown))))


def test_a_name_that_refers_to_something_else_is_not_that_one_s() -> None:
    other = ("AWS::SSM::Parameter", {"Name": "/names/bus"})
    bus = ("AWS::Events::EventBus", {"Name": ref("Parameter", "Value"), "KmsKeyIdentifier": KEY})
    assert "event-bus/*" in str(written(decided(app(Parameter=other, Bus=bus))))


def test_the_role_is_that_of_the_same_member_of_a_list() -> None:
    volumes = [
        {"ManagedEBSVolume": {"KmsKeyId": "other", "RoleArn": ref("RoleA")}},
        {"ManagedEBSVolume": {"KmsKeyId": KEY, "RoleArn": ref("RoleB")}},
    ]
    decision = decided(app(RoleA=ROLE, RoleB=ROLE, Service=("AWS::ECS::Service", {"VolumeConfigurations": volumes})))
    assert {one["Principal"]["AWS"]["Resource"] for one in decision.statements} == {"Stack/RoleB"}


def function(role: Any) -> dict[str, Any]:
    queue = ("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
    return {
        "Dead": queue,
        "Fn": ("AWS::Lambda::Function", {"Role": role, "DeadLetterConfig": {"TargetArn": ref("Dead")}}),
    }


def test_a_role_of_another_stack_is_named_by_its_literal_name() -> None:
    named = ("AWS::IAM::Role", {"RoleName": "app", "Path": "/team/"})
    [statement] = written(decided(app(OtherRole=named, **function(ref("OtherRole")))))
    assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:role/team/app"}
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize(
    "role, says",
    [(ref("OtherRole"), "give it a literal role_name"), ({"Ref": "Parameter"}, "cannot be told: call key.grant")],
)
def test_a_role_that_cannot_be_named_is_refused(role: Any, says: str) -> None:
    [refusal] = decided(app(OtherRole=ROLE, **function(role))).refusals
    assert "Stack/Fn (AWS::Lambda::Function, DeadLetterConfig/TargetArn) with the key of Stack/Dead" in refusal
    assert says in refusal


def held(*actions: str, effect: str = "Allow", resource: Any = KEY) -> tuple[str, dict[str, Any]]:
    """Return a policy of the role of another stack."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return "AWS::IAM::Policy", {"PolicyDocument": {"Statement": [statement]}, "Roles": [ref("OtherRole", "Ref")]}


SENDS = ("kms:Decrypt", "kms:GenerateDataKey")


@pytest.mark.parametrize("delegates", [(), (Service.SQS,), (Service.S3,)])
@pytest.mark.parametrize(
    "policy, place, enough",
    [
        pytest.param(held(*SENDS), HERE, True, id="all that it needs"),
        pytest.param(held("kms:*"), HERE, True, id="more"),
        pytest.param(held(*SENDS[:1]), HERE, False, id="less"),
        pytest.param(held(*SENDS, effect="Deny"), HERE, False, id="a Deny"),
        pytest.param(held(*SENDS, resource=ref("Dead")), HERE, False, id="for something else"),
        pytest.param(held(*SENDS), THERE, False, id="of another account"),
    ],
)
def test_what_a_role_is_allowed_by_iam_is_enough_where_the_key_leaves_that_to_iam(
    delegates: Any, policy: Any, place: Place, enough: bool
) -> None:
    made = app(place, OtherRole=ROLE, OtherPolicy=policy, **function(ref("OtherRole")))
    decision = decided(made, delegates=delegates)
    whose = [one for one in decision.refusals if "for the role in Role" in one]
    assert bool(whose) is not (enough and delegates == (Service.SQS,))
    assert all(one.endswith("or pass delegate_via=[Service.SQS] to the HardenedKey") is enough for one in whose)
    assert not [one for one in written(decision) if "GenerateDataKey" in str(one)]


def test_a_prefix_that_no_page_names_is_refused_until_it_is_given() -> None:
    made = app(Db=("AWS::Transfer::HostKey", {"KmsKey": KEY}))
    [refusal] = decided(made).refusals
    assert 'provision_via=[Service("Transfer", "transfer", None, {Use.PROVISION: (' in refusal
    actions = ("kms:Decrypt", "kms:GenerateDataKey")
    given = Service("Transfer", "transfer", None, {Use.PROVISION: actions}, "https://docs.aws.amazon.com/x.html")
    assert decided(made, extra=[given]).refusals == []
    less = Service("Transfer", "transfer", None, {Use.PROVISION: actions[:1]}, "https://docs.aws.amazon.com/x.html")
    assert decided(made, extra=[less]).refusals


def test_the_role_that_makes_a_cluster_of_cdk_may_create_any_grant() -> None:
    config = {"encryptionConfig": [{"provider": {"keyArn": KEY}, "resources": ["secrets"]}]}
    cluster = ("Custom::AWSCDK-EKS-Cluster", {"AssumeRoleArn": ref("Role"), "Config": config})
    decision = decided(app(Role=ROLE, Cluster=cluster))
    [one] = written(decision)
    assert (one["Principal"], one["Action"], "Condition" in one) == ({"AWS": ref("Role")}, "kms:CreateGrant", False)
    assert decision.exempt == [ref("Role")]
    assert (decision.refusals, decision.findings, decision.provisions) == ([], [], {})


def test_eks_may_create_any_grant_and_is_exempt_alone() -> None:
    cluster = ("AWS::EKS::Cluster", {"EncryptionConfig": [{"Provider": {"KeyArn": KEY}}]})
    decision = decided(app(Cluster=cluster))
    [statement] = written(decision)
    assert statement["Principal"] == {"AWS": HERE.deployer}
    assert "Condition" not in statement
    assert decision.exempt == ["{deployer}"]
    assert said(decision) == ["unboundDeployer"]
    assert decided(app(Files=("AWS::EFS::FileSystem", {"KmsKeyId": KEY}))).exempt == []


def test_a_deployer_of_another_account_is_named() -> None:
    made = app(THERE, OtherFiles=("AWS::EFS::FileSystem", {"KmsKeyId": KEY}))
    statements = written(decided(made))
    assert {str(one["Principal"]) for one in statements} == {str({"AWS": THERE.deployer})}
    unknown = app(THERE._replace(deployer=""), OtherFiles=("AWS::EFS::FileSystem", {"KmsKeyId": KEY}))
    assert "is deployed by somebody else than the key" in decided(unknown).refusals[0]


def test_a_service_linked_role_is_named_and_told() -> None:
    template = {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}}
    group = {"LaunchTemplate": {"LaunchTemplateId": ref("Template", "Ref")}}
    made = app(Template=("AWS::EC2::LaunchTemplate", template), Group=("AWS::AutoScaling::AutoScalingGroup", group))
    decision = decided(made)
    linked = f"arn:aws:iam::{HERE.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert {one["Principal"]["AWS"] for one in written(decision)} == {linked}
    assert said(decision) == ["serviceLinkedRole"]


def test_a_child_without_a_key_of_its_own_uses_that_of_its_parent() -> None:
    guardrail = ("AWS::Bedrock::Guardrail", {"KmsKeyArn": KEY})
    version = ("AWS::Bedrock::GuardrailVersion", {"GuardrailIdentifier": ref("Guardrail", "Ref")})
    decision = decided(app(Guardrail=guardrail, Version=version))
    assert [use.resource.path for use in decision.uses if use.target] == ["Stack/Version"]


@pytest.mark.parametrize(
    "kind, properties, more, says",
    [
        ("AWS::MWAA::Environment", {"KmsKey": KEY}, {"multi": True}, "needs no multi-Region key"),
        ("AWS::MWAA::Environment", {"KmsKey": ref("Key", "Ref")}, {}, "needs the full ARN of the key"),
        ("AWS::EFS::FileSystem", {"KmsKeyId": KEY}, {"usage": "SIGN_VERIFY"}, "needs a symmetric key"),
        ("AWS::Route53::KeySigningKey", {"KeyManagementServiceArn": KEY}, {}, "needs an ECC_NIST_P256 key"),
        (
            *("AWS::Events::Connection", {"KmsKeyIdentifier": KEY}, {}),
            'Tags.of(key).add("EventBridgeApiDestinations", "true")',
        ),
        (
            *("AWS::SSMGuiConnect::Preferences", {"ConnectionRecordingPreferences": {"KMSKeyArn": KEY}}, {}),
            'Tags.of(key).add("SystemsManagerJustInTimeNodeAccessManaged", "true")',
        ),
        ("AWS::SecretsManager::RotationSchedule", {"HostedRotationLambda": {"KmsKeyArn": KEY}}, {}, "delegate_via="),
    ],
)
def test_what_a_key_is_not_is_refused(kind: str, properties: dict[str, Any], more: dict[str, Any], says: str) -> None:
    assert says in decided(app(It=(kind, properties)), **more).refusals[0]


def test_what_no_page_and_no_handler_says_is_told() -> None:
    assert said(decided(app(Job=("AWS::DataBrew::Job", {"EncryptionKeyArn": KEY})))) == ["unreadNeeds"]


# -- statements of roles that do nothing --


def policy(statement: dict[str, Any], **more: Any) -> dict[str, Any]:
    document = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY} | statement]}
    return {
        "Role": ROLE,
        "Policy": ("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": document} | more),
    }


def test_a_statement_that_the_key_policy_does_not_admit_is_refused() -> None:
    [refusal] = decided(app(**policy({}))).refusals
    assert "Stack/Policy allows kms:Decrypt on the key to Stack/Role" in refusal
    assert "key.grant(role, 'kms:Decrypt')" in refusal


ADMITS = {"Effect": "Allow", "Principal": {"AWS": "${Stack/Role.Arn}"}, "Action": "kms:Decrypt", "Resource": "*"}
BY_NAME = {
    **ADMITS,
    "Principal": {"AWS": ROOT},
    "Condition": {"ArnEquals": {"aws:PrincipalArn": "${Stack/Role.Arn}"}},
}
LEFT = {
    **ADMITS,
    "Principal": {"AWS": ROOT},
    "Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
}


@pytest.mark.parametrize("admits", [ADMITS, BY_NAME, LEFT], ids=["by ARN", "by aws:PrincipalArn", "left to IAM"])
def test_a_statement_that_it_admits_is_not(admits: dict[str, Any]) -> None:
    assert decided(app(**policy({})), statements=[admits]).refusals == []
    assert decided(app(**policy({})), statements=[{**admits, "Effect": "Deny"}]).refusals
    assert decided(app(**policy({})), statements=[{**admits, "Action": "kms:Encrypt"}]).refusals


@pytest.mark.parametrize(
    "statement",
    [{"Effect": "Deny"}, {"Action": "kms:DescribeKey"}, {"Resource": ref("Elsewhere")}, {"Action": "s3:*"}],
    ids=["a denial", "metadata", "another key", "another service"],
)
def test_what_is_no_use_of_the_key_is_left_alone(statement: dict[str, Any]) -> None:
    assert decided(app(**policy(statement))).refusals == []


def test_what_is_left_to_iam_through_another_service_is_not_left() -> None:
    via = {"Condition": {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}}
    assert decided(app(**policy(via)), statements=[LEFT]).refusals


# -- what is said already --

STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:*"}},
}


@pytest.mark.parametrize(
    "there, answer",
    [
        (STATEMENT, True),
        ({**STATEMENT, "Condition": {}}, True),
        ({**STATEMENT, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}, True),
        ({**STATEMENT, "Condition": {"ArnLike": {"aws:SourceArn": "arn:*:*:*:111122223333:*"}}}, True),
        ({**STATEMENT, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:one"}}}, False),
        ({**STATEMENT, "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}, False),
        ({**STATEMENT, "Action": "kms:Decrypt"}, False),
        ({**STATEMENT, "Effect": "Deny"}, False),
        ({**STATEMENT, "Principal": {"Service": "sqs.amazonaws.com"}}, False),
    ],
)
def test_a_statement_that_is_there_no_narrower_is_not_written_again(there: dict[str, Any], answer: bool) -> None:
    assert is_said(STATEMENT, [there]) is answer


# -- statements about all keys, which do nothing for this one --

ALL_KEYS = "arn:aws:kms:*:111122223333:key/*"


def about_all_keys(**change: Any) -> App:
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": ALL_KEYS} | change
    held = {"PolicyDocument": {"Statement": [statement]}, "Roles": [ref("Role", "Ref")]}
    return app(Role=ROLE, Policy=("AWS::IAM::Policy", held))


def test_a_statement_about_all_keys_is_told_and_not_refused() -> None:
    decision = decided(about_all_keys())
    assert decision.refusals == []
    [text] = [text for name, text in decision.findings if name == "everyKey"]
    assert "Stack/Policy allows kms:Decrypt on all keys (key/*) to Stack/Role" in text
    assert "call key.grant(role, 'kms:Decrypt')" in text


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Action": "kms:DescribeKey"},
        {"Resource": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-1111-2222-333344445555"},
        {"Resource": "arn:aws:s3:::key/*"},
        {"Condition": {"StringEquals": {"kms:RequestAlias": "alias/other"}}},
    ],
)
def test_what_is_not_about_this_key_is_not_told(change: dict[str, Any]) -> None:
    assert "everyKey" not in said(decided(about_all_keys(**change)))


def test_a_role_that_the_key_policy_admits_is_not_told() -> None:
    admitted = {
        "Effect": "Allow",
        "Principal": {"AWS": "${Stack/Role.Arn}"},
        "Action": "kms:Decrypt",
        "Resource": "*",
    }
    assert "everyKey" not in said(decided(about_all_keys(), statements=[admitted]))


def test_a_service_that_sends_topics_no_source_by_its_page_is_not_said_to_be_unbound() -> None:
    rule = {"Targets": [{"Arn": ref("Topic", "Ref"), "Id": "a"}]}
    topic = {"KmsMasterKeyId": KEY}
    decision = decided(app(Topic=("AWS::SNS::Topic", topic), Rule=("AWS::Events::Rule", rule)))
    [statement] = written(decision)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in statement
    assert said(decision) == []
