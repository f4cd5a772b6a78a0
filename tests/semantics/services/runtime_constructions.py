"""What uses a key once its resource is there, as pages say beside the handlers: one L1 for each row."""

from __future__ import annotations

from tests.semantics.services.asks import Ask, Construction, service, uses
from tests.semantics.services.constructions import SENDS, arn
from tests.semantics.services.named_constructions import EVERY, SECRET, bucket_name, key_arn, l1, named_role, secret

WORKGROUP, DETECTOR = arn("athena", "workgroup/sales"), arn("logs", "anomaly-detector:x")
GROUP = arn("aiops", "investigation-group/x")
GROUP_KEY = "aws:aiops:investigation-group-arn"
RESULTS = "WorkGroupConfiguration/ManagedQueryResultsConfiguration/EncryptionConfiguration/KmsKey"
_FIREHOSE, _SOURCE = "AWS::KinesisFirehose::DeliveryStream", "SourceParameters"
_BATCH = "ContainerProperties"


def detector(name: str, actions: str) -> tuple[Ask, ...]:
    return service("logs.us-east-1", actions, {name: DETECTOR}, account=True, arn=DETECTOR)


def reads(name: str, kind: str, named_in: str, path: str) -> Construction:
    """Return what reads a secret under the key by a role of its own."""
    build = l1(kind, {named_in: named_role, path: secret})
    return Construction(f"runs_{name}", build, uses("Role", "secretsmanager", "Decrypt", SECRET))


RUNTIME = (
    Construction(
        "runs_queries",
        l1("AWS::Athena::WorkGroup", {"Name": "sales", RESULTS: key_arn}),
        (
            *service(
                "encryption.athena",
                f"{SENDS} DescribeKey",
                {"aws:athena:arn": WORKGROUP},
                account=True,
                arn=WORKGROUP,
            ),
        ),
    ),
    Construction(
        "runs_detector",
        l1("AWS::Logs::LogAnomalyDetector", {"KmsKeyId": key_arn}),
        (
            *detector("aws:logs:arn", "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext"),
            *detector("aws-crypto-ec:aws:logs:arn", EVERY),
            *service("logs.us-east-1", "DescribeKey", account=True),
        ),
    ),
    Construction(
        "runs_investigations",
        l1("AWS::AIOps::InvestigationGroup", {"EncryptionConfig/KmsKeyId": key_arn}),
        (
            *service("aiops", f"{SENDS} DescribeKey", {GROUP_KEY: GROUP}, account=True, arn=GROUP),
            *service(
                "aiops.alarms.cloudwatch",
                SENDS,
                {GROUP_KEY: GROUP},
                account=True,
                arn=arn("cloudwatch", "alarm:x"),
            ),
        ),
    ),
    Construction(
        "runs_jobs_on_disks",
        l1("AWS::EMRServerless::Application", {"DiskEncryptionConfiguration/EncryptionKeyArn": key_arn}),
        service(
            "emr-serverless",
            SENDS,
            account=True,
            arn=arn("emr-serverless", "/applications/x"),
        ),
    ),
    Construction(
        "runs_accelerator",
        l1("AWS::GlobalAccelerator::Accelerator", {"Name": "a", "FlowLogsS3Bucket": bucket_name}),
        service("delivery.logs", SENDS),
    ),
    *(
        reads(
            f"firehose_{number}",
            _FIREHOSE,
            f"{one}/SecretsManagerConfiguration/RoleARN",
            f"{one}/SecretsManagerConfiguration/SecretARN",
        )
        for number, one in enumerate(
            (
                "DatabaseSourceConfiguration/DatabaseSourceAuthenticationConfiguration",
                *(f"{name}DestinationConfiguration" for name in ("HttpEndpoint", "Redshift", "Snowflake", "Splunk")),
            )
        )
    ),
    *(
        reads(f"pipe_{number}", "AWS::Pipes::Pipe", "RoleArn", f"{_SOURCE}/{one}")
        for number, one in enumerate(
            (
                "ActiveMQBrokerParameters/Credentials/BasicAuth",
                "ManagedStreamingKafkaParameters/Credentials/SaslScram512Auth",
                "RabbitMQBrokerParameters/Credentials/BasicAuth",
                "SelfManagedKafkaParameters/Credentials/SaslScram512Auth",
            )
        )
    ),
    reads(
        *("registry", "AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
        "ContainerDefinitions/*/RepositoryCredentials/CredentialsParameter",
    ),
    reads(
        *("shipped", "AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
        "ContainerDefinitions/*/LogConfiguration/SecretOptions/*/ValueFrom",
    ),
    *(
        reads(f"batch_{number}", "AWS::Batch::JobDefinition", f"{_BATCH}/ExecutionRoleArn", f"{_BATCH}/{one}")
        for number, one in enumerate(
            (
                *("Secrets/*/ValueFrom", "LogConfiguration/SecretOptions/*/ValueFrom"),
                "RepositoryCredentials/CredentialsParameter",
            )
        )
    ),
    *(
        reads(
            f"knowledge_{one.lower()}",
            "AWS::Bedrock::KnowledgeBase",
            "RoleArn",
            f"StorageConfiguration/{one}Configuration/CredentialsSecretArn",
        )
        for one in ("MongoDbAtlas", "Pinecone", "Rds")
    ),
)
