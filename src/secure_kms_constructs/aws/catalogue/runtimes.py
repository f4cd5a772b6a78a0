"""Who uses a key once a resource is there, of types whose handlers tell of their deployer alone."""

from __future__ import annotations

from .making import ALL, DATA_KEYS, caller, nothing, role, service
from .needs import Basis

_USES = "Decrypt GenerateDataKey"
_WORKGROUP = "arn:{partition}:athena:{region}:{account}:workgroup/{name}"
_RESULTS = "WorkGroupConfiguration/ManagedQueryResultsConfiguration/EncryptionConfiguration/KmsKey"
_ATHENA = "athena/latest/ug/managed-results"
_DETECTOR, _DETECTORS = "AWS::Logs::LogAnomalyDetector", "AmazonCloudWatch/latest/logs/LogsAnomalyDetection-KMS"
_ANY_DETECTOR = "arn:{partition}:logs:{region}:{account}:anomaly-detector:*"
_GROUP, _INVESTIGATES = "AWS::AIOps::InvestigationGroup", "AmazonCloudWatch/latest/monitoring/Investigations-Security"
_ANY_GROUP = "arn:{partition}:aiops:{region}:{account}:investigation-group/*"
_GROUP_CONTEXT = {"aws:aiops:investigation-group-arn": _ANY_GROUP}
_VIDEO = "kinesisvideostreams/latest/dg/how-kms"
_SECRET = "AWS::SecretsManager::Secret"
_CONTAINER = ("Secrets/*/ValueFrom", "LogConfiguration/SecretOptions/*/ValueFrom")
_REGISTRY = "RepositoryCredentials/CredentialsParameter"
_SOURCE = "SourceParameters"

# Type, the property with the role, and those that name the secrets which it reads.
_READERS = (
    *(
        (
            "AWS::KinesisFirehose::DeliveryStream",
            f"{one}/SecretsManagerConfiguration/RoleARN",
            f"{one}/SecretsManagerConfiguration/SecretARN",
        )
        for one in (
            "DatabaseSourceConfiguration/DatabaseSourceAuthenticationConfiguration",
            *(f"{name}DestinationConfiguration" for name in ("HttpEndpoint", "Redshift", "Snowflake", "Splunk")),
        )
    ),
    (
        *("AWS::Pipes::Pipe", "RoleArn"),
        " ".join(
            f"{_SOURCE}/{one}Parameters/Credentials/*"
            for one in ("ActiveMQBroker", "ManagedStreamingKafka", "RabbitMQBroker", "SelfManagedKafka")
        ),
    ),
    (
        *("AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
        " ".join(f"ContainerDefinitions/*/{one}" for one in (_CONTAINER[1], _REGISTRY)),
    ),
    (
        *("AWS::Batch::JobDefinition", "ContainerProperties/ExecutionRoleArn"),
        " ".join(f"ContainerProperties/{one}" for one in (*_CONTAINER, _REGISTRY)),
    ),
    (
        *("AWS::Bedrock::KnowledgeBase", "RoleArn"),
        " ".join(f"StorageConfiguration/{one}Configuration/CredentialsSecretArn" for one in ("MongoDbAtlas", "Rds"))
        + " StorageConfiguration/PineconeConfiguration/CredentialsSecretArn",
    ),
)

ROWS = (
    *(
        service(
            *("AWS::Athena::WorkGroup", "encryption.athena.amazonaws.com", actions, _ATHENA),
            paths=_RESULTS,
            context=context,
            source_account=True,
            source_arn=_WORKGROUP,
            named_by="Name",
            at_run=True,
            basis=basis,
        )
        # The page has DescribeKey under a context that it never has.
        for actions, context, basis in (
            (_USES, {"aws:athena:arn": _WORKGROUP}, Basis.PAGE),
            ("DescribeKey", {}, Basis.BELIEF),
        )
    ),
    caller("AWS::Athena::WorkGroup", _USES, "", _ATHENA, paths=_RESULTS),
    *(
        service(
            *(_DETECTOR, "logs.{region}.{suffix}", actions, _DETECTORS),
            context={name: _ANY_DETECTOR},
            source_account=True,
            source_arn=_ANY_DETECTOR,
            at_run=True,
        )
        for name, actions in (
            ("aws:logs:arn", f"Decrypt Encrypt {DATA_KEYS}"),
            ("aws-crypto-ec:aws:logs:arn", ALL),
        )
    ),
    service(_DETECTOR, "logs.{region}.{suffix}", "DescribeKey", _DETECTORS, source_account=True, at_run=True),
    # The page has kms:ViaService for the alarms too, which a service principal's own call has not: the rest binds it.
    *(
        service(
            *(_GROUP, principal, actions, _INVESTIGATES),
            context=context,
            source_account=True,
            source_arn=source,
            at_run=True,
        )
        for principal, actions, context, source in (
            ("aiops.amazonaws.com", _USES, _GROUP_CONTEXT, _ANY_GROUP),
            ("aiops.amazonaws.com", "DescribeKey", {}, _ANY_GROUP),
            (
                *("aiops.alarms.cloudwatch.amazonaws.com", _USES, _GROUP_CONTEXT),
                "arn:{partition}:cloudwatch:{region}:{account}:alarm:*",
            ),
        )
    ),
    caller(_GROUP, _USES, "aiops", _INVESTIGATES, context=_GROUP_CONTEXT),
    # "The KMS key isn't accessed until the PutMedia or GetMedia operation is carried out."
    nothing("AWS::KinesisVideo::Stream", _VIDEO),
    *(
        caller("AWS::KinesisVideo::Stream", action, "", _VIDEO, asked_by=asked_by)
        for action, asked_by in (
            ("GenerateDataKey", "kinesisvideo:PutMedia"),
            ("Decrypt", "kinesisvideo:GetMedia"),
            (_USES, ""),
        )
    ),
    *(
        role(
            *(kind, named_in, "Decrypt", "secretsmanager/latest/userguide/security-encryption"),
            paths=paths,
            leads_to=_SECRET,
            via="secretsmanager",
            context={"SecretARN": "arn:{partition}:secretsmanager:{region}:{account}:secret:*"},
            at_run=True,
        )
        for kind, named_in, paths in _READERS
    ),
)
