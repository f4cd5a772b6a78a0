"""L1s that send, schedule, run and receive."""

from __future__ import annotations

from tests.semantics.services.asks import deploys, directly, only, service, uses
from tests.semantics.services.constructions import BUS, BUS_CONTEXT, MACHINE, PIPE, SCHEDULE, SENDS, arn
from tests.semantics.services.l1_making import GDK, GDKWP, l1

RULE = arn("events", "rule/x")

MESSAGES = (
    *(
        l1(
            f"{name}_{part}",
            kind,
            {f"{part}/*": "TOPIC"},
            service("cloudwatch", SENDS, account=True, arn=arn("cloudwatch", "alarm:x")),
        )
        for name, kind in (("alarm", "AWS::CloudWatch::Alarm"), ("composite", "AWS::CloudWatch::CompositeAlarm"))
        for part in ("OKActions", "InsufficientDataActions")
    ),
    l1("rule_to_topic", "AWS::Events::Rule", {"Targets/*/Arn": "TOPIC"}, service("events", SENDS)),
    l1("rule_to_queue", "AWS::Events::Rule", {"Targets/*/Arn": "QUEUE"}, service("events", SENDS, arn=RULE)),
    l1(
        "rule_dead_letters",
        "AWS::Events::Rule",
        {"Targets/*/DeadLetterConfig/Arn": "QUEUE"},
        service("events", SENDS, arn=RULE),
    ),
    l1(
        "topic_to_queue",
        "AWS::SNS::Subscription",
        {"Endpoint": "QUEUE"},
        service("sns", SENDS, arn=arn("sns", "topic")),
    ),
    l1(
        "topic_dead_letters",
        "AWS::SNS::Subscription",
        {"RedrivePolicy/deadLetterTargetArn": "QUEUE"},
        service("sns", SENDS, arn=arn("sns", "topic")),
    ),
    *(
        l1(
            f"bucket_to_{word.lower()}",
            "Custom::S3BucketNotifications",
            {f"NotificationConfiguration/{word}Configurations/*/{word}Arn": word.upper()},
            service("s3", SENDS, account=True),
        )
        for word in ("Queue", "Topic")
    ),
    l1(
        "vault_to_topic",
        "AWS::Backup::BackupVault",
        {"Notifications/SNSTopicArn": "TOPIC"},
        service("backup", SENDS, account=True),
    ),
    l1(
        "trail_to_topic",
        "AWS::CloudTrail::Trail",
        {"SnsTopicName": "TOPIC"},
        service("cloudtrail", SENDS, account=True),
    ),
    l1(
        "repository_to_topic",
        "AWS::CodeCommit::Repository",
        {"Triggers/*/DestinationArn": "TOPIC"},
        service("codecommit", SENDS, account=True),
    ),
    *(
        l1(
            f"mail_{action.lower()}",
            "AWS::SES::ReceiptRule",
            {f"Rule/Actions/*/{action}/TopicArn": "TOPIC"},
            service("ses", SENDS, account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
        )
        for action in ("S3Action", "SNSAction", "BounceAction", "LambdaAction", "StopAction", "WorkmailAction")
    ),
    l1(
        "mail_to_bucket",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/BucketName": "BUCKET"},
        service("ses", f"{SENDS} {GDKWP}", account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")),
    ),
    l1(
        "mail_by_role",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/BucketName": "BUCKET", "Rule/Actions/*/S3Action/IamRoleArn": "ROLE"},
        uses("Role", "s3", SENDS),
    ),
    l1(
        "sealed_mail_by_role",
        "AWS::SES::ReceiptRule",
        {"Rule/Actions/*/S3Action/KmsKeyArn": "KEY", "Rule/Actions/*/S3Action/IamRoleArn": "ROLE"},
        directly("Role", f"{GDK} {GDKWP}"),
    ),
    *(
        l1(
            f"machine_{number}",
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": "ROLE", path: word},
            uses("Role", via, SENDS),
        )
        for number, (path, word, via) in enumerate(
            (path, word, via)
            for path in ("Definition/States/Do/Parameters/To", "DefinitionSubstitutions/To")
            for word, via in (("QUEUE URL", "sqs"), ("TOPIC", "sns"))
        )
    ),
    *(
        l1(
            f"machine_tasks_{number}",
            "AWS::StepFunctions::StateMachine",
            {"RoleArn": "ROLE", path: "ACTIVITY"},
            directly("Role", SENDS, {"aws:states:activityArn": arn("states", "activity:a")}),
        )
        for number, path in enumerate(("Definition/States/Do/Resource", "DefinitionSubstitutions/To"))
    ),
    l1(
        "machine",
        "AWS::StepFunctions::StateMachine",
        {"RoleArn": "ROLE", "EncryptionConfiguration/KmsKeyId": "KEY", "StateMachineName": "orders"},
        deploys("states", f"DescribeKey {GDK}"),
        only(directly("Role", SENDS, MACHINE), "orders"),
    ),
    l1(
        "schedule",
        "AWS::Scheduler::Schedule",
        {"KmsKeyArn": "KEY", "Target/RoleArn": "ROLE"},
        directly("Role", "Decrypt", SCHEDULE),
    ),
    l1(
        "schedule_to_queue",
        "AWS::Scheduler::Schedule",
        {"Target/Arn": "QUEUE", "Target/RoleArn": "ROLE"},
        uses("Role", "sqs", SENDS),
    ),
    l1(
        "pipe",
        "AWS::Pipes::Pipe",
        {"KmsKeyIdentifier": "KEY", "RoleArn": "ROLE", "Name": "orders"},
        only(directly("deployer", SENDS, PIPE), "orders"),
        only(directly("deployer", SENDS, {"aws:pipe:arn": PIPE["aws:pipes:arn"]}), "orders"),
        only(directly("Role", SENDS, PIPE), "orders"),
    ),
    l1(
        "bus",
        "AWS::Events::EventBus",
        {"KmsKeyIdentifier": "KEY", "Name": "orders"},
        only(service("events", SENDS, BUS_CONTEXT, account=True, arn=BUS), "orders"),
        service("events", "DescribeKey", account=True, arn=BUS),
    ),
    l1(
        "archive",
        "AWS::Events::Archive",
        {"KmsKeyIdentifier": "KEY", "SourceArn": BUS},
        only(service("events", f"{SENDS} ReEncryptFrom ReEncryptTo", BUS_CONTEXT), "orders"),
        service("events", "DescribeKey"),
    ),
    l1(
        "configuration_of_secret",
        "AWS::AppConfig::ConfigurationProfile",
        {"LocationUri": "SECRET", "RetrievalRoleArn": "ROLE"},
        uses("Role", "secretsmanager", "Decrypt", {"SecretARN": arn("secretsmanager", "secret:x-AbCdEf")}),
    ),
    l1(
        "configuration_of_bucket",
        "AWS::AppConfig::ConfigurationProfile",
        {"LocationUri": "BUCKET", "RetrievalRoleArn": "ROLE"},
        uses("Role", "s3", "Decrypt"),
    ),
    l1(
        "configuration",
        "AWS::AppConfig::HostedConfigurationVersion",
        {"ConfigurationProfileId": "PROFILE"},
        directly("deployer", GDK),
    ),
)
