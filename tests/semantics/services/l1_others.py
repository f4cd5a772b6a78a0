"""L1s of databases, functions, builds and zones."""

from __future__ import annotations

from dataclasses import replace

from tests.semantics.services.asks import REGION, Ask, deploys, directly, only, service, uses
from tests.semantics.services.constructions import FARGATE, FUNCTION, LOGS_ARN, SENDS, arn
from tests.semantics.services.l1_making import EVERY, FOR_AWS, GDK, GDKWP, l1
from tests.semantics.services.launched import linked as linked_arn

OTHERS = (
    l1(
        "table",
        "AWS::DynamoDB::Table",
        {"SSESpecification/KMSMasterKeyId": "KEY"},
        deploys("dynamodb", f"{EVERY} CreateGrant RevokeGrant"),
    ),
    l1(
        "global_table",
        "AWS::DynamoDB::GlobalTable",
        {"Replicas/*/SSESpecification/KMSMasterKeyId": "KEY"},
        deploys("dynamodb", f"{EVERY} CreateGrant RevokeGrant"),
    ),
    *(
        l1(
            f"streamed_{kind.lower()}",
            f"AWS::DynamoDB::{kind}",
            {path: "STREAM"},
            uses(linked_arn("kinesisreplication.dynamodb", "DynamoDBKinesisDataStreamsReplication"), "kinesis", GDK),
        )
        for kind, path in (
            ("Table", "KinesisStreamSpecification/StreamArn"),
            ("GlobalTable", "Replicas/*/KinesisStreamSpecification/StreamArn"),
        )
    ),
    *(
        l1(f"database_{number}", f"AWS::RDS::{kind}", {path: "KEY"}, deploys("rds", "CreateGrant"))
        for number, (kind, path) in enumerate(
            (
                *(("DBInstance", "KmsKeyId"), ("DBInstance", "PerformanceInsightsKMSKeyId")),
                *(("DBInstance", "AutomaticBackupReplicationKmsKeyId"), ("DBCluster", "KmsKeyId")),
                ("DBCluster", "PerformanceInsightsKmsKeyId"),
            )
        )
    ),
    l1("documents", "AWS::DocDB::DBCluster", {"KmsKeyId": "KEY"}, deploys("rds", "CreateGrant")),
    l1(
        "delivery",
        "AWS::KinesisFirehose::DeliveryStream",
        {"DeliveryStreamEncryptionConfigurationInput/KeyARN": "KEY"},
        deploys("firehose", "CreateGrant"),
    ),
    l1("secret", "AWS::SecretsManager::Secret", {"KmsKeyId": "KEY"}, deploys("secretsmanager", f"{SENDS} Encrypt")),
    l1("environment", "AWS::Lambda::Function", {"KmsKeyArn": "KEY"}, deploys("lambda", "CreateGrant Encrypt")),
    l1(
        "durable", "AWS::Lambda::Function", {"DurableConfig/KMSKeyArn": "KEY"}, deploys("lambda", "CreateGrant Encrypt")
    ),
    l1(
        "zip",
        "AWS::Lambda::Function",
        {"Code/SourceKMSKeyArn": "KEY", "FunctionName": "orders"},
        deploys("lambda", SENDS),
        only(service("lambda", SENDS, FUNCTION), "orders"),
    ),
    *(
        l1(
            f"function_dead_letters_{via}",
            "AWS::Lambda::Function",
            {"Role": "ROLE", "DeadLetterConfig/TargetArn": word},
            uses("Role", via, SENDS),
        )
        for word, via in (("QUEUE", "sqs"), ("TOPIC", "sns"))
    ),
    l1(
        "fargate",
        "AWS::ECS::Cluster",
        {
            "ClusterName": "web",
            "Configuration/ManagedStorageConfiguration/FargateEphemeralStorageKmsKeyId": "KEY",
        },
        only(
            (
                *service("fargate", GDKWP, FARGATE),
                Ask(
                    who="fargate.amazonaws.com",
                    action="kms:CreateGrant",
                    context=FARGATE,
                    sent={"kms:GrantOperations": "Decrypt"},
                ),
            ),
            "web",
            "shop",
        ),
    ),
    replace(
        l1(
            "zone",
            "AWS::Route53::KeySigningKey",
            {"KeyManagementServiceArn": "KEY"},
            service(
                "dnssec-route53", "DescribeKey GetPublicKey Sign", account=True, arn="arn:aws:route53:::hostedzone/Z"
            ),
        ),
        signs=True,
    ),
    l1("build", "AWS::CodeBuild::Project", {"EncryptionKey": "KEY", "ServiceRole": "ROLE"}, uses("Role", "s3", EVERY)),
    *(
        l1(
            f"pipeline_{number}",
            "AWS::CodePipeline::Pipeline",
            {path: "KEY", "RoleArn": "ROLE"},
            uses("Role", "s3", f"{SENDS} Encrypt"),
        )
        for number, path in enumerate(
            ("ArtifactStore/EncryptionKey/Id", "ArtifactStores/*/ArtifactStore/EncryptionKey/Id")
        )
    ),
    l1(
        "canary",
        "AWS::Synthetics::Canary",
        {"ArtifactConfig/S3Encryption/KmsKeyArn": "KEY", "ExecutionRoleArn": "ROLE"},
        uses("Role", "s3", SENDS),
    ),
    l1(
        "custom_sender",
        "AWS::Cognito::UserPool",
        {"LambdaConfig/KMSKeyID": "KEY"},
        directly("deployer", "CreateGrant", {"userpool-id": f"{REGION}_abc"}, **FOR_AWS),
    ),
    l1(
        "zone_of_logs",
        "AWS::EC2::FlowLog",
        {"LogDestination": "BUCKET ARN"},
        service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=LOGS_ARN),
    ),
    l1(
        "application",
        "AWS::SecurityAgent::Application",
        {"DefaultKmsKeyId": "KEY", "RoleArn": "ROLE"},
        uses("Role", "securityagent", SENDS, {"aws:securityagent:agent-space": arn("securityagent", "agent-space/x")}),
        service("securityagent", "DescribeKey"),
    ),
)
