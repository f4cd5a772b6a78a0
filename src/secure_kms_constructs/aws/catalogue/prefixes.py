"""Which ``kms:ViaService`` a CloudFormation namespace comes through, and what the constants of ``Service`` are called.

The prefixes are those of the table of the KMS condition keys page; others have a page of their own here.
"""

from __future__ import annotations

from .making import page

TABLE = page("kms/latest/developerguide/conditions-kms#conditions-kms-via-service")

# Namespace of CloudFormation -> prefix. A namespace that is not here has none that a page names.
PREFIXES = {
    "AIOps": "aiops",
    "AmazonMQ": "mq",
    "AppFlow": "appflow",
    "AppRunner": "apprunner",
    "APS": "aps",
    "Athena": "athena",
    "Backup": "backup",
    "BackupGateway": "backup-gateway",
    "Bedrock": "bedrock",
    "BedrockAgentCore": "bedrock-agentcore",
    "Cassandra": "cassandra",
    "CodeArtifact": "codeartifact",
    "Comprehend": "comprehend",
    "Connect": "connect",
    "CustomerProfiles": "profile",
    "Deadline": "deadline",
    "DevOpsAgent": "aidevops",
    "DMS": "dms",
    "DSQL": "dsql",
    "DocDB": "rds",
    "DocDBElastic": "docdb-elastic",
    "DynamoDB": "dynamodb",
    "EC2": "ec2",
    "ECR": "ecr",
    "EFS": "elasticfilesystem",
    "ElastiCache": "elasticache",
    "Elasticsearch": "es",
    "EMRServerless": "emr-serverless",
    "EntityResolution": "entityresolution",
    "Events": "events",
    "EventsV2": "events",
    "FinSpace": "finspace",
    "Forecast": "forecast",
    "FSx": "fsx",
    "Glue": "glue",
    "GroundStation": "groundstation",
    "HealthLake": "healthlake",
    "IoTSiteWise": "iotsitewise",
    "Kendra": "kendra",
    "Kinesis": "kinesis",
    "KinesisAnalyticsV2": "kinesisanalytics",
    "KinesisFirehose": "firehose",
    "KinesisVideo": "kinesisvideo",
    "Lambda": "lambda",
    "Lex": "lex",
    "Location": "geo",
    "Logs": "logs",
    "LookoutEquipment": "lookoutequipment",
    "M2": "m2",
    "MemoryDB": "memorydb",
    "MGN": "mgn",
    "MSK": "kafka",
    "MWAA": "airflow",
    "MWAAServerless": "airflow-serverless",
    "Neptune": "rds",
    "Omics": "omics",
    "OpenSearchServerless": "aoss",
    "OpenSearchService": "es",
    "Proton": "proton",
    "QBusiness": "qbusiness",
    "QLDB": "qldb",
    "RDS": "rds",
    "Redshift": "redshift",
    "RedshiftServerless": "redshift-serverless",
    "Rekognition": "rekognition",
    "S3": "s3",
    "S3Express": "s3",
    "S3Tables": "s3tables",
    "S3Vectors": "s3vectors",
    "SageMaker": "sagemaker",
    "Scheduler": "scheduler",
    "SecretsManager": "secretsmanager",
    "SecurityAgent": "securityagent",
    "SecurityHub": "securityhub",
    "SecurityLake": "securitylake",
    "SES": "ses",
    "SNS": "sns",
    "SQS": "sqs",
    "SSMGuiConnect": "ssm-guiconnect",
    "SSMIncidents": "ssm-incidents",
    "StepFunctions": "states",
    "StorageGateway": "storagegateway",
    "Timestream": "timestream",
    "Translate": "translate",
    "VerifiedPermissions": "verifiedpermissions",
    # Its types are in the namespace of EC2.
    "VerifiedAccess": "verified-access",
    "Wisdom": "wisdom",
    "WorkSpaces": "workspaces",
    "WorkSpacesThinClient": "thinclient",
    "WorkSpacesWeb": "workspaces-web",
}

# Types of a namespace that come through another one.
_BY_TYPE = {
    "AWS::EC2::VerifiedAccessEndpoint": "verified-access",
    "AWS::EC2::VerifiedAccessGroup": "verified-access",
    "AWS::EC2::VerifiedAccessTrustProvider": "verified-access",
}

# Prefixes that are not in the table, and the page that names each.
_PAGES = {
    "aidevops": page("devopsagent/latest/userguide/aws-devops-agent-security-encryption-at-rest-for-devops-agent"),
    "airflow-serverless": page("mwaa/latest/mwaa-serverless-userguide/data-protection"),
    "aps": page("prometheus/latest/userguide/encryption-at-rest-Amazon-Service-Prometheus"),
    "bedrock-agentcore": page("bedrock-agentcore/latest/devguide/gateway-encryption"),
    "dsql": page("aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup"),
    "deadline": page("deadline-cloud/latest/userguide/key-management"),
    "emr-serverless": page("emr/latest/EMR-Serverless-UserGuide/disk-encryption-cmk"),
    "kinesisanalytics": page("managed-flink/latest/java/manage-cmk-api"),
    "logs": page("AmazonCloudWatch/latest/logs/encrypt-log-data-kms"),
    "qbusiness": page("amazonq/latest/qbusiness-ug/data-encryption"),
    "s3vectors": page("AmazonS3/latest/userguide/s3-vectors-data-encryption"),
    "scheduler": page("scheduler/latest/UserGuide/encryption-rest"),
    "securityhub": page("securityhub/latest/userguide/securityhub-v2-integrations-key-policy"),
    "securityagent": page("securityagent/latest/userguide/customer-managed-keys"),
    "ssm-guiconnect": page("systems-manager/latest/userguide/systems-manager-just-in-time-node-access-setting-up"),
    "verifiedpermissions": page("verifiedpermissions/latest/userguide/security-data-protection-cmk"),
}


def prefix_of(kind: str) -> str:
    """Return the prefix that calls for a CloudFormation type come through; empty where no page names one."""
    return _BY_TYPE.get(kind) or PREFIXES.get(kind.split("::")[1], "")


def page_of(prefix: str) -> str:
    """Return the page that names a prefix."""
    return _PAGES.get(prefix, TABLE)
