"""What each page of AWS says that KMS is asked of a customer managed key: one row for each service, as data.

Written from the pages, not from the catalogue of the library: who asks (the deployer, a role or a service principal),
for what, through what, and with which encryption context and source keys. Each row names the constructions of which it
is asked. A row without requests says why there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.semantics.services.asks import ACCOUNT, REGION, Ask, deploys, directly, only, service, uses
from tests.semantics.services.constructions import (
    ALL,
    BUS,
    BUS_CONTEXT,
    FARGATE,
    FUNCTION,
    LOGS_ARN,
    MACHINE,
    NESTED_LOG,
    PIPE,
    SCALING,
    SCHEDULE,
    STREAM,
    TRAIL,
    arn,
)

GDK, GDKWP = "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"
BOTH = "Decrypt GenerateDataKey"
# "Encrypt, Decrypt, ReEncrypt*, GenerateDataKey*"
EVERY = f"{ALL} {GDKWP}"
FOR_AWS = {"kms:GrantIsForAWSResource": "true"}


@dataclass(frozen=True)
class Row:
    """What one page says of one service.

    :param page: its path on docs.aws.amazon.com.
    :param asks: requests by the construction that they are about.
    :param not_asked: why there are none, or why some of the page's are left out.
    """

    service: str
    page: str
    asks: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)
    not_asked: str = ""


def grants_for_decrypt(who: str, **more: object) -> Ask:
    """Return the creation of a grant that allows Decrypt alone."""
    return Ask(who=who, action="kms:CreateGrant", sent={"kms:GrantOperations": "Decrypt"}, **more)  # type: ignore[arg-type]


def bucket_object(name: str) -> dict[str, str]:
    return {"aws:s3:arn": f"arn:aws:s3:::{name}"}


def notifies(principal: str, source: str = "", *, account: bool = True) -> tuple[Ask, ...]:
    """Return what a service asks that publishes to an encrypted topic."""
    return service(principal, BOTH, account=account, arn=source)


def sealed(service_name: str, resource: str, key: str, actions: str) -> tuple[Ask, ...]:
    """Return what a service principal asks with its resource in the encryption context and as the source."""
    source = arn(service_name, resource)
    return service(service_name, actions, {key: source}, arn=source)


def no_page(name: str, page: str, what: str) -> Row:
    return Row(name, page, not_asked=what)


LOGS = f"logs.{REGION}"
AIRFLOW = {"aws:airflow-serverless:workflow-arn": arn("airflow-serverless", "workflow/x")}
FLINK_ARN = arn("kinesisanalytics", "application/orders")
FLINK = {"aws:kinesisanalytics:arn": FLINK_ARN}
TABLES = {"aws:s3:arn": arn("s3tables", "bucket/lake/table/x")}
CONNECTION = {"SecretARN": arn("secretsmanager", "secret:events!connection/x")}
SPACE = {"aws:securityagent:agent-space": arn("securityagent", "agent-space/x")}
IMAGES = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder"

STORAGE = (
    Row(
        "S3 bucket",
        "AmazonS3/latest/userguide/UsingKMSEncryption",
        {
            "bucket_read": uses("Role", "s3", "Decrypt", {"aws:s3:arn": "@Bucket/report.csv"}),
            "bucket_write": uses("Role", "s3", BOTH, {"aws:s3:arn": "@Bucket/report.csv"}),
            "bucket_with_bucket_key": uses("Role", "s3", BOTH, {"aws:s3:arn": "@Bucket"}),
        },
    ),
    Row(
        "S3 replication",
        "AmazonS3/latest/userguide/replication-config-for-kms-objects",
        {
            "replication": only(
                uses("SourceReplicationRole", "s3", "Encrypt", bucket_object("target/object")),
                ":::target",
                ":::payroll",
            ),
            "replication_of_encrypted": (
                # With a Bucket Key the context is the bucket, else the object.
                *only(
                    uses("SourceReplicationRole", "s3", "Decrypt", bucket_object("source")), ":::source", ":::payroll"
                ),
                *only(
                    uses("SourceReplicationRole", "s3", "Decrypt", bucket_object("source/object")),
                    ":::source",
                    ":::payroll",
                ),
                *only(
                    uses("SourceReplicationRole", "s3", "Encrypt GenerateDataKey", bucket_object("target/object")),
                    ":::target",
                    ":::payroll",
                ),
            ),
        },
    ),
    Row(
        "S3 notifications",
        "AmazonS3/latest/userguide/grant-destinations-permissions-to-s3",
        {
            name: service("s3", BOTH, account=True, arn="arn:aws:s3:::source")
            for name in ("bucket_to_queue", "bucket_to_queue_same_key", "bucket_to_topic")
        },
    ),
    Row(
        "S3 inventory and analytics",
        "AmazonS3/latest/userguide/configure-inventory",
        {
            "bucket_inventory": service("s3", GDK, account=True, arn="arn:aws:s3:::source"),
            "bucket_analytics": only(
                service("s3", GDK, account=True, arn="arn:aws:s3:::source"), ":::source", ":::payroll"
            ),
        },
    ),
    Row(
        "S3 server access logs",
        "AmazonS3/latest/userguide/enable-server-access-logging",
        {name: service("logging.s3", BOTH) for name in ("bucket_server_logs", "by_l1_own_logs", "by_l1_server_logs")},
    ),
    Row(
        "S3 Tables",
        "AmazonS3/latest/userguide/s3-tables-kms-permissions",
        {
            "l1_s3tables_tablebucket": only(service("maintenance.s3tables", BOTH, TABLES), "bucket/lake", "bucket/sea"),
            # Granted by key.grant, which binds to no table.
            "table_bucket_users": directly("User", BOTH),
        },
    ),
    Row(
        "S3 metadata tables",
        "AmazonS3/latest/userguide/s3-tables-kms-permissions",
        {
            "bucket_metadata_tables": tuple(
                ask
                for principal in ("metadata.s3", "maintenance.s3tables")
                for ask in service(principal, BOTH, {"aws:s3:arn": arn("s3tables", "bucket/aws-s3/table/x")})
            )
        },
    ),
    Row(
        "Vended logs to S3",
        "AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3",
        {
            "flow_log": service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=LOGS_ARN),
            "balancer_logs": service("delivery.logs", f"{EVERY} DescribeKey"),
            "log_delivery": only(
                service("delivery.logs", f"{EVERY} DescribeKey", account=True, arn=arn("logs", "delivery-source:x")),
                "delivery-source",
                "log-group",
            ),
        },
    ),
    Row(
        "CloudFront with origin access control",
        "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3",
        {"distribution": service("cloudfront", "Decrypt", arn=f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1")},
    ),
    Row(
        "EFS",
        "efs/latest/ug/EFSKMS",
        {
            name: deploys("elasticfilesystem", f"CreateGrant Decrypt DescribeKey {GDKWP}")
            for name in ("file_system", "file_system_replica")
        },
    ),
    Row(
        "FSx",
        "fsx/latest/WindowsGuide/encryption-at-rest",
        {"lustre": deploys("fsx", f"CreateGrant Decrypt DescribeKey {GDKWP}")},
    ),
    Row(
        "ECR",
        "AmazonECR/latest/userguide/encryption-at-rest",
        {"repository": deploys("ecr", "CreateGrant DescribeKey RetireGrant")},
    ),
    Row(
        "Backup",
        "aws-backup/latest/devguide/encryption",
        {
            "vault": deploys("backup", "CreateGrant Decrypt DescribeKey GenerateDataKey"),
            "backup_vault_of_a_plan": uses("Role", "backup", f"CreateGrant {BOTH}"),
            # "you must add the permissions kms:Decrypt and kms:GenerateDataKey to the IAM role used for backup"
            "backup_selection": uses("Role", "dynamodb", BOTH),
            "backup_selection_by_tag": uses("Role", "dynamodb", BOTH),
        },
        not_asked="what a selection may select without naming it, and restores: told by a finding, or key.grant_via",
    ),
    Row(
        "Backup of buckets and disks",
        "aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup",
        {
            "backup_selection": (
                *uses("Role", "s3", "Decrypt"),
                *uses("Role", "ec2", f"CreateGrant {GDKWP} ReEncryptFrom ReEncryptTo"),
            )
        },
    ),
    Row(
        "EBS",
        "ebs/latest/userguide/ebs-encryption-requirements",
        {
            name: deploys("ec2", f"CreateGrant Decrypt DescribeKey {GDKWP} ReEncryptFrom ReEncryptTo")
            for name in ("volume", "instance_volume", "fleet")
        },
    ),
    Row(
        "EC2 Auto Scaling with encrypted volumes",
        "autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption",
        {
            "scaling_group": (
                *directly(SCALING, f"{EVERY} DescribeKey"),
                *directly(SCALING, "CreateGrant", None, **FOR_AWS),
            )
        },
    ),
    Row(
        "GuardDuty export",
        "guardduty/latest/ug/guardduty_exportfindings",
        {"findings": service("guardduty", GDK, account=True, arn=arn("guardduty", "detector/x"))},
    ),
    Row(
        "Systems Manager, recordings of RDP",
        "systems-manager/latest/userguide/systems-manager-just-in-time-node-access-rdp-recording",
        {
            "node_recordings": (
                *deploys("ssm-guiconnect", "CreateGrant DescribeKey"),
                *service("ssm-guiconnect", f"{GDK} {GDKWP}", account=True),
            )
        },
    ),
)

MESSAGES = (
    Row(
        "SQS",
        "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management",
        {
            "queue_send": uses("Role", "sqs", BOTH),
            "queue_receive": uses("Role", "sqs", "Decrypt"),
            "queue_to_function": uses("FnServiceRole", "sqs", "Decrypt"),
        },
    ),
    Row(
        "SNS",
        "sns/latest/dg/sns-key-management",
        {"topic_publish": uses("Role", "sns", BOTH)},
        not_asked="GenerateDataKey* of the page includes data key pairs, which no topic uses",
    ),
    Row(
        "Services that publish to a topic",
        "sns/latest/dg/sns-key-management",
        {
            "alarm_to_topic": notifies("cloudwatch", arn("cloudwatch", "alarm:x")),
            "named_alarm_to_topic": only(notifies("cloudwatch", arn("cloudwatch", "alarm:latency")), "latency"),
            "composite_alarm_to_topic": only(
                notifies("cloudwatch", arn("cloudwatch", "alarm:x")), "alarm:x", "alarm:y"
            ),
            # "aws:SourceAccount, aws:SourceArn ... is not supported for EventBridge-to-encrypted topics"
            "rule_to_topic": notifies("events", account=False),
            "repository_to_topic": notifies("codecommit"),
            "migration_events": notifies("dms"),
            "accelerator_to_topic": notifies("dynamodb"),
            "warehouse_events": notifies("redshift"),
            "database_events": notifies("events.rds"),
            "mail_to_topic": notifies("ses", arn("ses", "receipt-rule-set/a:receipt-rule/b")),
            "sender_to_topic": notifies("ses"),
            "bucket_to_topic": notifies("s3", "arn:aws:s3:::source"),
            "incidents_to_topic": (*notifies("ssm-incidents"), *notifies("ssm-contacts")),
            "budget": notifies("budgets"),
            # https://docs.aws.amazon.com/cost-management/latest/userguide/ad-SNS.html
            "anomaly_to_topic": notifies("costalerts"),
            "trail_to_topic": notifies("cloudtrail"),
            "vault_to_topic": notifies("backup"),
        },
        not_asked="ds, glacier, importexport and inspector: no CloudFormation resource of theirs names a topic",
    ),
    Row(
        "Services that publish to a topic by a role",
        "sns/latest/dg/sns-key-management",
        {
            "lifecycle_to_topic": uses("GroupLifecycleHookHookRole", "sns", BOTH),
            "approval_to_topic": uses("ApprovalRole", "sns", BOTH),
            "things_to_topic": uses("Publisher", "sns", BOTH),
            "release_to_topic": uses("Role", "sns", BOTH),
            "machine_publishes": uses("MachineRole", "sns", BOTH),
            # Of service-linked roles, whose own pages name no service that they come through.
            "scaling_to_topic": directly(SCALING, BOTH),
            "images_to_topic": directly(IMAGES, BOTH),
        },
        not_asked="Config says on its own page that encrypted topics are not supported; Beanstalk and Elastic "
        "Transcoder name a topic in settings, not in a property",
    ),
    Row(
        "Services that send to a queue",
        "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management",
        {
            "rule_to_queue": service("events", BOTH, arn=arn("events", "rule/x")),
            "topic_to_queue": service("sns", BOTH, arn=arn("sns", "topic")),
            "bucket_to_queue": service("s3", BOTH, account=True, arn="arn:aws:s3:::source"),
            "things_to_queue": uses("Publisher", "sqs", BOTH),
            "machine_sends": uses("MachineRole", "sqs", BOTH),
            "schedule_to_queue": uses("SchedulerRole", "sqs", BOTH),
        },
    ),
    Row(
        "Dead-letter queues of SNS",
        "sns/latest/dg/sns-configure-dead-letter-queue",
        {"topic_dead_letters": service("sns", BOTH, arn=arn("sns", "topic"))},
    ),
    Row(
        "Dead-letter queues of EventBridge",
        "eventbridge/latest/userguide/eb-rule-dlq",
        {
            "rule_dead_letters": service("events", BOTH, arn=arn("events", "rule/x")),
            "bus_dead_letters": service("events", BOTH, arn=arn("events", "event-bus/x")),
        },
    ),
    Row(
        "Dead-letter queues and topics of Lambda",
        "lambda/latest/dg/invocation-async-retain-records",
        {
            "function_dead_letters": uses("FnServiceRole", "sqs", BOTH),
            "function_dead_letter_topic": uses("FnServiceRole", "sns", BOTH),
            "function_destination": uses("FnServiceRole", "sns", BOTH),
        },
    ),
    Row(
        "EventBridge bus",
        "eventbridge/latest/userguide/eb-encryption-event-bus-cmkey",
        {
            "bus": (
                *deploys("events", f"{EVERY} DescribeKey"),
                *only(service("events", BOTH, BUS_CONTEXT, account=True, arn=BUS), "orders"),
                *service("events", "DescribeKey", account=True, arn=BUS),
            )
        },
    ),
    Row(
        "EventBridge archive",
        "eventbridge/latest/userguide/encryption-archives",
        {
            "archive": (
                *deploys("events", f"{BOTH} DescribeKey ReEncryptFrom ReEncryptTo"),
                *service("events", f"{BOTH} ReEncryptFrom ReEncryptTo", BUS_CONTEXT),
                *service("events", "DescribeKey"),
            )
        },
    ),
    Row(
        "EventBridge pipe",
        "eventbridge/latest/userguide/eb-encryption-pipes-cmkey",
        {
            name: (
                *only(directly("deployer", BOTH, PIPE), "orders"),
                *only(directly("PipeRole", BOTH, PIPE), "orders"),
                *directly("PipeRole", "DescribeKey"),
                # The page spells the key in two ways.
                *only(directly("PipeRole", BOTH, {"aws:pipe:arn": PIPE["aws:pipes:arn"]}), "orders"),
            )
            for name in ("pipe", "pipe_logged")
        },
    ),
    Row(
        "EventBridge pipe with execution data in its logs",
        "eventbridge/latest/userguide/eb-encryption-pipes-cmkey",
        {
            "pipe_logged": (
                *service("delivery.logs", BOTH, {"SourceArn": LOGS_ARN}),
                *directly("PipeRole", GDK, {"SourceArn": LOGS_ARN}),
            )
        },
    ),
    Row(
        "EventBridge connection",
        "eventbridge/latest/userguide/encryption-connections",
        {
            "connection": (
                *deploys("secretsmanager", BOTH, **CONNECTION),
                *deploys("secretsmanager", "DescribeKey"),
            )
        },
        not_asked="AWSServiceRoleForAmazonEventBridgeApiDestinations is left to its own policy",
    ),
    Row(
        "EventBridge Scheduler",
        "scheduler/latest/UserGuide/encryption-rest",
        {
            "schedule": (
                *deploys(
                    "scheduler", BOTH, **{"aws__scheduler__schedule__arn": SCHEDULE["aws:scheduler:schedule:arn"]}
                ),
                *directly("SchedulerRole", "Decrypt", SCHEDULE),
            )
        },
    ),
    Row(
        "Step Functions state machine",
        "step-functions/latest/dg/encryption-at-rest",
        {
            "machine": (
                *deploys("states", "DescribeKey GenerateDataKey"),
                *only(directly("MachineRole", BOTH, MACHINE), "orders"),
            )
        },
    ),
    Row(
        "Step Functions with logs",
        "step-functions/latest/dg/encryption-at-rest",
        {
            "machine_logged": (
                *service("delivery.logs", "Decrypt"),
                *directly("MachineRole", GDK, {"SourceArn": LOGS_ARN}),
            )
        },
    ),
    Row(
        "Step Functions activity",
        "step-functions/latest/dg/encryption-at-rest",
        {
            "activity": directly("MachineRole", BOTH, {"aws:states:activityArn": arn("states", "activity:x")}),
            "activity_worker": uses("Worker", "states", "Decrypt"),
        },
    ),
    Row(
        "Secrets Manager",
        "secretsmanager/latest/userguide/security-encryption",
        {
            "secret": deploys("secretsmanager", f"{BOTH} Encrypt"),
            "secret_read": uses("Role", "secretsmanager", "Decrypt", {"SecretARN": "@Secret"}),
            "secret_write": uses("Role", "secretsmanager", BOTH, {"SecretARN": "@Secret"}),
            "secret_injected": uses("TaskExecutionRole", "secretsmanager", "Decrypt", {"SecretARN": "@Secret"}),
            "secret_rotated": uses("FnServiceRole", "secretsmanager", BOTH),
        },
        not_asked="replicas in other regions take keys of those: tests/semantics/test_replicas.py",
    ),
    no_page(
        "Hosted rotation",
        "secretsmanager/latest/userguide/rotating-secrets-required-permissions-function",
        "refused at synth without delegate_via: the role is made by a transform, and no template shows it",
    ),
    Row(
        "SSM SecureString",
        "systems-manager/latest/userguide/secure-string-parameter-kms-encryption",
        {
            "secure_parameter": (
                *uses("Role", "ssm", "Decrypt", {"PARAMETER_ARN": arn("ssm", "parameter/orders/password")}),
                *uses("Writer", "ssm", "Encrypt", {"PARAMETER_ARN": arn("ssm", "parameter/orders/password")}),
            )
        },
    ),
    Row(
        "AppConfig",
        "appconfig/latest/userguide/appconfig-security",
        {
            "hosted_configuration": directly("deployer", GDK),
            "deployed_configuration": (
                *directly("deployer", f"{GDK} {GDKWP}"),
                *service(
                    "appconfig",
                    "Decrypt",
                    {"aws:appconfig:deployment:arn": arn("appconfig", "application/a/environment/e/deployment/1")},
                ),
            ),
            "configuration_from_secret": uses(
                "ConfigRole", "secretsmanager", "Decrypt", {"SecretARN": arn("secretsmanager", "secret:x-AbCdEf")}
            ),
            "configuration_from_bucket": uses("ConfigRole", "s3", "Decrypt"),
        },
    ),
)

DATABASES = (
    Row(
        "DynamoDB",
        "amazondynamodb/latest/developerguide/encryption.usagenotes",
        {
            "table": deploys("dynamodb", f"{EVERY} CreateGrant DescribeKey RevokeGrant"),
            "table_v2": deploys("dynamodb", f"{EVERY} CreateGrant DescribeKey RevokeGrant"),
            "table_read": uses("Role", "dynamodb", "Decrypt DescribeKey"),
        },
    ),
    Row(
        "Kinesis stream",
        "streams/latest/dev/permissions-user-key-KMS",
        {
            "stream_put": uses("Role", "kinesis", GDK, STREAM),
            "stream_get": uses("Role", "kinesis", "Decrypt", STREAM),
            "rule_to_stream": uses("StreamEventsRole", "kinesis", GDK),
        },
    ),
    Row(
        "Firehose",
        "firehose/latest/dev/encryption",
        {
            "firehose_encrypted": deploys("firehose", "CreateGrant DescribeKey"),
            "firehose_to_bucket": uses("StreamS3DestinationRole", "s3", BOTH),
        },
        not_asked="a Kinesis stream as source is granted by the stream's own construct",
    ),
    Row(
        "RDS and Aurora",
        "AmazonRDS/latest/UserGuide/Overview.Encryption.Keys",
        {name: deploys("rds", "CreateGrant DescribeKey") for name in ("database", "database_insights", "aurora")},
    ),
    Row(
        "RDS with a secret",
        "AmazonRDS/latest/UserGuide/rds-secrets-manager",
        {"database_secret": deploys("secretsmanager", f"{BOTH} DescribeKey")},
    ),
    Row(
        "DocumentDB",
        "documentdb/latest/developerguide/encryption-at-rest",
        {"documents": deploys("rds", "CreateGrant DescribeKey")},
    ),
    Row(
        "Neptune",
        "neptune/latest/userguide/encrypt",
        {"l1_neptune_dbcluster": deploys("rds", f"{EVERY} CreateGrant DescribeKey")},
    ),
    Row(
        "Redshift",
        "redshift/latest/mgmt/working-with-db-encryption",
        {
            "l1_redshift_cluster": deploys("redshift", "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey"),
            "copy_grant": deploys("redshift", "CreateGrant DescribeKey"),
        },
    ),
    Row(
        "OpenSearch and Elasticsearch",
        "opensearch-service/latest/developerguide/encryption-at-rest",
        {name: deploys("es", "CreateGrant DescribeKey") for name in ("opensearch", "elasticsearch")},
    ),
    Row(
        "ElastiCache",
        "AmazonElastiCache/latest/dg/at-rest-encryption",
        {
            name: tuple(ask for via in ("elasticache", "dax") for ask in deploys(via, actions))
            for name, actions in (
                ("l1_elasticache_replicationgroup", "CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey"),
                ("serverless_cache", "CreateGrant DescribeKey"),
            )
        },
    ),
    Row(
        "MemoryDB",
        "memorydb/latest/devguide/at-rest-encryption",
        {"l1_memorydb_cluster": deploys("memorydb", "CreateGrant DescribeKey")},
    ),
    Row(
        "Keyspaces",
        "keyspaces/latest/devguide/encryption.customermanaged",
        {
            "l1_cassandra_table": (
                *deploys("cassandra", f"{EVERY} CreateGrant DescribeKey"),
                # "independent of any particular AWS Region"
                *deploys("cassandra.eu-west-1.amazonaws.com", f"{EVERY} CreateGrant"),
            )
        },
    ),
    Row(
        "Timestream database",
        "timestream/latest/developerguide/EncryptionAtRest",
        {
            "l1_timestream_database": deploys("timestream", "CreateGrant Decrypt DescribeKey"),
            "scheduled_query": deploys("timestream", "DescribeKey GenerateDataKey"),
            "rejected_records": deploys("timestream", "DescribeKey Encrypt GenerateDataKey"),
        },
    ),
    Row(
        "DMS",
        "dms/latest/userguide/CHAP_Security",
        {"l1_dms_replicationinstance": deploys("dms", "CreateGrant DescribeKey")},
    ),
    Row(
        "Redshift Serverless",
        "redshift/latest/mgmt/serverless-workgroups-and-namespaces-rotate-kms-key",
        {"serverless_warehouse": deploys("redshift-serverless", "CreateGrant Decrypt DescribeKey GenerateDataKey")},
    ),
    Row(
        "OpenSearch Serverless",
        "opensearch-service/latest/developerguide/serverless-encryption",
        {"l1_opensearchserverless_collection": deploys("aoss", "CreateGrant DescribeKey")},
    ),
    Row(
        "Athena",
        "athena/latest/ug/encrypting-query-results-stored-in-s3",
        {"query_results": deploys("athena", f"{BOTH} DescribeKey")},
        not_asked="who runs queries reads and writes through S3: granted by the bucket's construct",
    ),
    Row(
        "Aurora DSQL",
        "aurora-dsql/latest/userguide/data-encryption",
        {
            "postgres": (
                *deploys("dsql", f"Decrypt Encrypt {GDK}"),
                *service("dsql", "DescribeKey", arn=arn("dsql", "cluster/x")),
            )
        },
        not_asked="the service names the cluster by an id that no template has, so any is allowed: "
        "tests/unit/authoring/test_serving_branches.py",
    ),
    no_page("DAX", "amazondynamodb/latest/developerguide/DAXEncryptionAtRest", "takes no customer managed key"),
    no_page("QLDB", "qldb/latest/developerguide/encryption-at-rest", "ended in 2025; no handlers, told by a finding"),
)

COMPUTE = (
    Row(
        "EKS",
        "eks/latest/userguide/enable-kms",
        {
            "kubernetes": (
                # "kms:GrantIsForAWSResource is not supported"
                Ask(who="deployer", action="kms:CreateGrant", sent={"kms:GrantIsForAWSResource": "false"}),
                Ask(who="deployer", action="kms:DescribeKey"),
            ),
            "kubernetes_by_a_custom_resource": (
                Ask(who="ClusterCreationRole", action="kms:CreateGrant", sent={"kms:GrantIsForAWSResource": "false"}),
                Ask(who="ClusterCreationRole", action="kms:DescribeKey"),
            ),
        },
    ),
    Row(
        "ECS Exec",
        "AmazonECS/latest/developerguide/ecs-exec",
        {"execute_command": (*directly("TaskRole", "Decrypt"), *directly("Operator", GDK))},
    ),
    Row(
        "Fargate ephemeral storage",
        "AmazonECS/latest/developerguide/fargate-create-storage-key",
        {
            "fargate_storage": only(
                (
                    *service("fargate", GDKWP, FARGATE),
                    grants_for_decrypt("fargate.amazonaws.com", context=FARGATE),
                ),
                "web",
                "shop",
            )
        },
    ),
    Row(
        "ECS volumes",
        "AmazonECS/latest/developerguide/ebs-kms-encryption",
        {
            "service_volume": (
                *uses("Infrastructure", "ec2", f"{GDK} {GDKWP} ReEncryptFrom ReEncryptTo CreateGrant"),
                Ask(who="Infrastructure", action="kms:DescribeKey"),
            ),
            "cluster_storage": uses("Infrastructure", "ec2", f"{GDKWP} ReEncryptFrom ReEncryptTo CreateGrant"),
        },
    ),
    Row(
        "ECS Service Connect",
        "AmazonECS/latest/developerguide/service-connect-tls",
        {"service_connect_tls": directly("Tls", "Decrypt Encrypt GenerateDataKey GenerateDataKeyPair")},
    ),
    Row(
        "Lambda environment",
        "lambda/latest/dg/configuration-envvars-encryption",
        {"environment": deploys("lambda", "CreateGrant DescribeKey Encrypt")},
    ),
    Row(
        "Lambda zip",
        "lambda/latest/dg/encrypt-zip-package",
        {
            "zip": service("lambda", BOTH, FUNCTION),
            "zip_of_a_named_function": only(service("lambda", BOTH, FUNCTION), "orders"),
        },
    ),
    Row(
        "Lambda filter criteria",
        "lambda/latest/dg/invocation-eventfiltering",
        {
            "filter_criteria": (
                *deploys("lambda", f"{BOTH} DescribeKey"),
                *service(f"lambda.{REGION}", "Decrypt", FUNCTION),
                # The page prints the regional name; CDK writes the global one, bound to nothing, as a finding tells.
                *service("lambda", "Decrypt"),
            )
        },
    ),
    Row(
        "CodeBuild",
        "codebuild/latest/userguide/setting-up-kms",
        {"build_project": uses("ProjectRole", "s3", EVERY)},
        not_asked="DescribeKey of the page: no object is read or written with it",
    ),
    Row(
        "CodePipeline",
        "codepipeline/latest/userguide/S3-artifact-encryption",
        {
            "pipeline": (
                *uses("PipelineRole", "s3", f"{BOTH} Encrypt", {"aws:s3:arn": "@Bucket/x"}),
                *uses("DeployRole", "s3", "Decrypt", {"aws:s3:arn": "@Bucket/x"}),
            )
        },
    ),
    Row(
        "CodeArtifact",
        "codeartifact/latest/ug/domain-create",
        {"l1_codeartifact_domain": deploys("codeartifact", "CreateGrant DescribeKey")},
    ),
    Row(
        "CodeCommit",
        "codecommit/latest/userguide/encryption",
        {"code_repository": directly("deployer", EVERY)},
        not_asked="who pushes and pulls is granted by key.grant; the page names no kms:ViaService",
    ),
    Row(
        "Synthetics",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_artifact_encryption",
        {"canary_artifacts": uses("CanaryServiceRole", "s3", BOTH)},
    ),
    Row(
        "Cognito custom sender",
        "cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers",
        {
            "custom_sender": (
                *directly("deployer", "CreateGrant", {"userpool-id": f"{REGION}_abc"}, **FOR_AWS),
                *directly("FnServiceRole", "Decrypt"),
            )
        },
    ),
    Row(
        "Managed Flink",
        "managed-flink/latest/java/manage-cmk-api",
        {
            "l1_kinesisanalyticsv2_application": only(
                (
                    *deploys("kinesisanalytics", f"{BOTH} {GDKWP}", **{"aws__kinesisanalytics__arn": FLINK_ARN}),
                    grants_for_decrypt("deployer", via="kinesisanalytics", context=FLINK),
                    *service("kinesisanalytics", "DescribeKey", account=True, arn=FLINK_ARN),
                    *service("infrastructure.kinesisanalytics", "DescribeKey", account=True, arn=FLINK_ARN),
                    *service("kinesisanalytics", GDK, FLINK, account=True, arn=FLINK_ARN),
                    *service("kinesisanalytics", "Decrypt", FLINK),
                    *service("infrastructure.kinesisanalytics", f"Decrypt {GDKWP}", FLINK),
                    grants_for_decrypt("infrastructure.kinesisanalytics.amazonaws.com", context=FLINK),
                ),
                "orders",
            )
        },
    ),
    Row(
        "MWAA",
        "mwaa/latest/userguide/custom-keys-certs",
        {
            "l1_mwaa_environment": (
                *deploys("airflow", "CreateGrant DescribeKey"),
                *only(
                    service(LOGS, EVERY, {"aws:logs:arn": arn("logs", "log-group:airflow-flow-Task")}),
                    "airflow-flow",
                    "airflow-other",
                ),
            )
        },
    ),
    Row(
        "MWAA Serverless",
        "mwaa/latest/mwaa-serverless-userguide/data-protection",
        {
            "workflow": (
                *deploys("airflow-serverless", "CreateGrant Decrypt GenerateDataKey"),
                *directly("WorkflowRole", BOTH, AIRFLOW),
                *service(LOGS, EVERY, {"aws:logs:arn": arn("logs", "log-group:/aws/x")}),
            )
        },
    ),
    Row(
        "EMR Serverless",
        "emr/latest/EMR-Serverless-UserGuide/disk-encryption-cmk",
        {"spark": deploys("emr-serverless", f"{BOTH} DescribeKey")},
        not_asked="roles of jobs are named when a job is started: key.grant",
    ),
    Row(
        "MSK",
        "msk/latest/developerguide/msk-encryption",
        {"l1_msk_cluster": deploys("kafka", "CreateGrant DescribeKey")},
    ),
    Row(
        "Amazon MQ",
        "amazon-mq/latest/developer-guide/data-protection",
        {"l1_amazonmq_broker": deploys("mq", "CreateGrant DescribeKey")},
    ),
    Row(
        "WorkSpaces",
        "workspaces/latest/adminguide/encrypt-workspaces",
        {
            "l1_workspaces_workspace": (
                *deploys("workspaces", f"{EVERY} CreateGrant DescribeKey"),
                *deploys("ec2", f"{EVERY} CreateGrant"),
            )
        },
    ),
    Row(
        "WorkSpaces Secure Browser",
        "workspaces-web/latest/adminguide/encryption-rest",
        {"browser_portal": deploys("workspaces-web", f"CreateGrant {BOTH} DescribeKey Encrypt {GDKWP} ReEncryptFrom")},
    ),
    no_page(
        "EC2 Image Builder",
        "imagebuilder/latest/userguide/data-protection",
        "refused at synth until provision_via= says the prefix, which no page names",
    ),
    no_page(
        "Transfer Family host keys",
        "transfer/latest/userguide/encryption-at-rest",
        "refused at synth until provision_via= says the prefix, which no page names",
    ),
    no_page(
        "App Runner",
        "apprunner/latest/dg/security-data-protection-encryption",
        "told by a finding: neither page nor handlers list actions",
    ),
)

OTHERS = (
    Row(
        "CloudTrail trail",
        "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail",
        {
            "trail": only(
                (
                    *service("cloudtrail", f"{GDK} {GDKWP}", {"aws:cloudtrail:arn": TRAIL}, account=True, arn=TRAIL),
                    *service("cloudtrail", "Decrypt DescribeKey", account=True, arn=TRAIL),
                ),
                "trail/all",
                "trail/other",
            )
        },
        not_asked="who reads the log files is granted by key.grant or the bucket's construct",
    ),
    Row(
        "CloudTrail Lake",
        "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail",
        {
            "l1_cloudtrail_eventdatastore": service("cloudtrail", BOTH, account=True),
            "store_of_events": (*directly("deployer", BOTH), *directly("User", BOTH)),
        },
    ),
    Row(
        "CloudWatch Logs",
        "AmazonCloudWatch/latest/logs/encrypt-log-data-kms",
        {
            "log_group": only(
                (
                    *service(LOGS, EVERY, {"aws:logs:arn": arn("logs", "log-group:/app")}),
                    *deploys("logs", EVERY, aws__logs__arn=arn("logs", "log-group:/app")),
                ),
                "log-group:/app",
                "log-group:/other",
            ),
            "log_group_generated": service(
                LOGS, EVERY, {"aws:logs:arn": arn("logs", "log-group:log-group-generated-Log95422804-x")}
            ),
            "log_group_nested": only(
                service(LOGS, EVERY, {"aws:logs:arn": arn("logs", f"log-group:{NESTED_LOG}")}),
                "log-group:log-group-nested-Nest",
                "log-group:log-group-nested-Other",
            ),
        },
    ),
    Row(
        "SES to a bucket",
        "ses/latest/dg/receiving-email-permissions",
        {
            "mail_to_bucket": service(
                "ses", f"{BOTH} {GDKWP}", account=True, arn=arn("ses", "receipt-rule-set/a:receipt-rule/b")
            )
        },
        not_asked="the client-side encryption of the S3 action has a key of its own: test_services_sweep.py",
    ),
    Row(
        "Config",
        "config/latest/developerguide/s3-kms-key-policy",
        {
            "l1_config_deliverychannel": service("config", BOTH, account=True, arn=arn("config", "x")),
            "recorder": (
                *service("config", BOTH, account=True, arn=arn("config", "x")),
                *uses("RecorderRole", "s3", BOTH, {"aws:s3:arn": "@Bucket/x"}),
            ),
        },
    ),
    Row(
        "Managed Prometheus",
        "prometheus/latest/userguide/encryption-at-rest-Amazon-Service-Prometheus",
        {"l1_aps_workspace": deploys("aps", f"CreateGrant {BOTH} DescribeKey")},
    ),
    Row(
        "Bedrock guardrail",
        "bedrock/latest/userguide/guardrails-permissions-kms",
        {
            "l1_bedrock_guardrail": deploys("bedrock", f"CreateGrant {BOTH} DescribeKey"),
            "guardrail": uses("User", "bedrock", "Decrypt"),
        },
    ),
    Row(
        "Bedrock flow",
        "bedrock/latest/userguide/encryption-flows",
        {
            "flow": (
                *deploys("bedrock", BOTH),
                *uses("FlowRole", "bedrock", BOTH, {"aws:bedrock-flows:arn": arn("bedrock", "flow/F1")}),
            )
        },
    ),
    Row(
        "Bedrock agents, prompts and knowledge bases",
        "bedrock/latest/userguide/encryption-kb",
        {
            "l1_bedrock_agent": deploys("bedrock", BOTH),
            "prompt": deploys("bedrock", BOTH),
            "knowledge_base": deploys("bedrock", f"CreateGrant {BOTH}"),
            "knowledge_source": (*deploys("bedrock", BOTH), *directly("User", BOTH)),
        },
    ),
    Row(
        "Bedrock AgentCore",
        "bedrock-agentcore/latest/devguide/gateway-encryption",
        {
            "l1_bedrockagentcore_gateway": (
                *deploys("bedrock-agentcore", f"CreateGrant {BOTH} DescribeKey"),
                *uses(
                    "Role",
                    "bedrock-agentcore",
                    f"{BOTH} CreateGrant",
                    {"aws:bedrock-agentcore-gateway:arn": arn("bedrock-agentcore", "gateway/x")},
                ),
            ),
            "l1_bedrockagentcore_memory": deploys("bedrock-agentcore", f"CreateGrant {BOTH}"),
        },
    ),
    Row(
        "SageMaker",
        "sagemaker/latest/dg/encryption-at-rest-nbi",
        {
            "l1_sagemaker_notebookinstance": deploys("sagemaker", "CreateGrant Decrypt DescribeKey"),
            "l1_sagemaker_endpointconfig": deploys("sagemaker", "CreateGrant DescribeKey"),
            "training_volume": deploys("sagemaker", "CreateGrant DescribeKey"),
        },
        not_asked="roles of jobs are named when a job is started: key.grant",
    ),
    Row(
        "Glue",
        "glue/latest/dg/encryption-security-configuration",
        {
            "glue": (
                *service(LOGS, EVERY, {"aws:logs:arn": arn("logs", "log-group:/aws-glue/jobs")}),
                *directly("Role", f"{EVERY} DescribeKey"),
            )
        },
    ),
    Row(
        "Route 53 DNSSEC",
        "Route53/latest/DeveloperGuide/access-control-managing-permissions",
        {
            "dnssec": (
                *service(
                    "dnssec-route53",
                    "DescribeKey GetPublicKey Sign",
                    account=True,
                    arn="arn:aws:route53:::hostedzone/Z",
                ),
                Ask(
                    who="dnssec-route53.amazonaws.com",
                    action="kms:CreateGrant",
                    sent={
                        **FOR_AWS,
                        "aws:SourceAccount": ACCOUNT,
                        "aws:SourceArn": "arn:aws:route53:::hostedzone/Z",
                    },
                ),
            )
        },
    ),
    Row(
        "Connect",
        "connect/latest/adminguide/encryption-at-rest",
        {"l1_connect_instancestorageconfig": deploys("connect", "CreateGrant DescribeKey")},
    ),
    Row(
        "Kendra, Q Business, Location, HealthLake, AppFlow",
        "kendra/latest/dg/encryption-at-rest",
        {
            "l1_kendra_index": deploys("kendra", "CreateGrant DescribeKey"),
            "l1_qbusiness_application": deploys("qbusiness", "CreateGrant DescribeKey"),
            "tracker": deploys("geo", "CreateGrant DescribeKey"),
            "health_records": deploys("healthlake", f"CreateGrant {BOTH} DescribeKey"),
            "l1_appflow_flow": deploys("appflow", "CreateGrant DescribeKey"),
        },
    ),
    Row(
        "Deadline Cloud",
        "deadline-cloud/latest/userguide/key-management",
        {"l1_deadline_farm": deploys("deadline", f"CreateGrant {BOTH} DescribeKey")},
    ),
    Row(
        "S3 Vectors",
        "AmazonS3/latest/userguide/s3-vectors-data-encryption",
        {
            "l1_s3vectors_vectorbucket": (
                *deploys("s3vectors", BOTH),
                *service("indexing.s3vectors", "Decrypt", account=True, arn=arn("s3vectors", "bucket/x")),
            )
        },
    ),
    Row(
        "Verified Permissions",
        "verifiedpermissions/latest/userguide/security-data-protection-cmk",
        {
            "policy_store": (
                *deploys("verifiedpermissions", f"Decrypt DescribeKey Encrypt {GDKWP} ReEncryptFrom ReEncryptTo"),
                *service(
                    "verifiedpermissions",
                    f"Decrypt DescribeKey Encrypt {GDKWP} ReEncryptFrom ReEncryptTo",
                    account=True,
                    arn=f"arn:aws:verifiedpermissions::{ACCOUNT}:policy-store/x",
                ),
            )
        },
    ),
    Row(
        "DevOps Agent",
        "devopsagent/latest/userguide/aws-devops-agent-security-encryption-at-rest-for-devops-agent",
        {
            "agent_space": (
                *deploys("aidevops", f"{EVERY} DescribeKey CreateGrant RetireGrant"),
                *service("aidevops", "DescribeKey"),
                *sealed("aidevops", "agentspace/x", "aws-crypto-ec:aws:aidevops:arn", EVERY),
            )
        },
    ),
    Row(
        "Security Agent",
        "securityagent/latest/userguide/customer-managed-keys",
        {
            "pentest_space": (
                *deploys(
                    "securityagent",
                    f"Decrypt {GDKWP} ReEncryptFrom ReEncryptTo",
                    **{name.replace(":", "__"): value for name, value in SPACE.items()},
                ),
                *sealed(
                    "securityagent",
                    "agent-space/x",
                    "aws:securityagent:agent-space",
                    f"Decrypt {GDKWP} ReEncryptFrom ReEncryptTo",
                ),
            )
        },
        not_asked="the role of the web application is granted by key.grant",
    ),
)

ROWS = (*STORAGE, *MESSAGES, *DATABASES, *COMPUTE, *OTHERS)
COVERED = tuple(row for row in ROWS if row.asks)
