"""Who needs the key of another resource: what sends to a queue or writes into a bucket, and roles of their own."""

from __future__ import annotations

from .making import role, service
from .needs import Basis

_SQS = "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management"
_SNS = "sns/latest/dg/sns-key-management"
_SENDS = "Decrypt GenerateDataKey"
_TOPIC, _QUEUE, _BUCKET = "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket"
_SES = "ses/latest/dg/receiving-email-permissions"
_MAIL_ROLE = "Rule/Actions/*/S3Action/IamRoleArn"


ROWS = (
    # -- to queues --
    service(
        "AWS::S3::Bucket",
        "s3.amazonaws.com",
        _SENDS,
        "AmazonS3/latest/userguide/grant-destinations-permissions-to-s3",
        paths="NotificationConfiguration/QueueConfigurations/*/Queue",
        leads_to=_QUEUE,
        source_account=True,
        source_arn="arn:{partition}:s3:::{name}",
        named_by="BucketName",
    ),
    service(
        "Custom::S3BucketNotifications",
        "s3.amazonaws.com",
        _SENDS,
        "AmazonS3/latest/userguide/grant-destinations-permissions-to-s3",
        paths="NotificationConfiguration/QueueConfigurations/*/QueueArn",
        leads_to=_QUEUE,
        source_account=True,
    ),
    service(
        "AWS::Events::Rule",
        "events.amazonaws.com",
        _SENDS,
        _SQS,
        paths="Targets/*/Arn Targets/*/DeadLetterConfig/Arn",
        leads_to=_QUEUE,
        source_arn="arn:{partition}:events:{region}:{account}:rule/*",
        at_run=True,
    ),
    service(
        "AWS::Events::EventBus",
        "events.amazonaws.com",
        _SENDS,
        _SQS,
        paths="DeadLetterConfig/Arn",
        leads_to=_QUEUE,
        source_arn="arn:{partition}:events:{region}:{account}:*",
        at_run=True,
    ),
    service(
        "AWS::SNS::Subscription",
        "sns.amazonaws.com",
        _SENDS,
        _SQS,
        paths="Endpoint RedrivePolicy",
        leads_to=_QUEUE,
        source_arn="arn:{partition}:sns:{region}:{account}:*",
        at_run=True,
    ),
    # -- by a role of their own, through the service of the target --
    *(
        role(kind, named_in, actions, source, paths=paths, leads_to=target, via=via, at_run=True, basis=basis)
        for kind, named_in, paths, target, via, actions, source, basis in (
            ("AWS::Lambda::Function", "Role", "DeadLetterConfig/TargetArn", _QUEUE, "sqs", _SENDS, _SQS, Basis.PAGE),
            ("AWS::Lambda::Function", "Role", "DeadLetterConfig/TargetArn", _TOPIC, "sns", _SENDS, _SNS, Basis.PAGE),
            (
                "AWS::StepFunctions::StateMachine",
                *(
                    "RoleArn",
                    "Definition DefinitionString DefinitionSubstitutions/*",
                    _QUEUE,
                    "sqs",
                    _SENDS,
                    _SQS,
                    Basis.PAGE,
                ),
            ),
            (
                "AWS::StepFunctions::StateMachine",
                *(
                    "RoleArn",
                    "Definition DefinitionString DefinitionSubstitutions/*",
                    _TOPIC,
                    "sns",
                    _SENDS,
                    _SNS,
                    Basis.PAGE,
                ),
            ),
            ("AWS::Pipes::Pipe", "RoleArn", "Target", _QUEUE, "sqs", _SENDS, _SQS, Basis.PAGE),
            ("AWS::Pipes::Pipe", "RoleArn", "Source", _QUEUE, "sqs", "Decrypt", _SQS, Basis.PAGE),
            ("AWS::Pipes::Pipe", "RoleArn", "Target", _TOPIC, "sns", _SENDS, _SNS, Basis.PAGE),
            ("AWS::Scheduler::Schedule", "Target/RoleArn", "Target/Arn", _QUEUE, "sqs", _SENDS, _SQS, Basis.PAGE),
            ("AWS::Scheduler::Schedule", "Target/RoleArn", "Target/Arn", _TOPIC, "sns", _SENDS, _SNS, Basis.PAGE),
            (
                "AWS::Scheduler::Schedule",
                *("Target/RoleArn", "Target/DeadLetterConfig/Arn", _QUEUE, "sqs", _SENDS, _SQS, Basis.PAGE),
            ),
            ("AWS::IoT::TopicRule", "TopicRulePayload/Actions/*/Sqs/RoleArn", "TopicRulePayload/Actions/*/Sqs/QueueUrl")
            + (_QUEUE, "sqs", _SENDS, _SQS, Basis.PAGE),
            (
                "AWS::IoT::TopicRule",
                "TopicRulePayload/Actions/*/Sns/RoleArn",
                "TopicRulePayload/Actions/*/Sns/TargetArn",
            )
            + (_TOPIC, "sns", _SENDS, _SNS, Basis.PAGE),
            # The page has the service role publish; that a publisher needs the key is said by that of SNS.
            ("AWS::CodeDeploy::DeploymentGroup", "ServiceRoleArn", "TriggerConfigurations/*/TriggerTargetArn")
            + (_TOPIC, "sns", _SENDS, _SNS, Basis.PAGE),
            ("AWS::AutoScaling::LifecycleHook", "RoleARN", "NotificationTargetARN", _TOPIC, "sns", _SENDS, _SNS)
            + (Basis.PAGE,),
            ("AWS::AutoScaling::LifecycleHook", "RoleARN", "NotificationTargetARN", _QUEUE, "sqs", _SENDS, _SQS)
            + (Basis.PAGE,),
        )
    ),
    role(
        "AWS::StepFunctions::StateMachine",
        "RoleArn",
        _SENDS,
        "step-functions/latest/dg/encryption-at-rest",
        paths="Definition DefinitionString DefinitionSubstitutions/*",
        leads_to="AWS::StepFunctions::Activity",
        context={"aws:states:activityArn": "arn:{partition}:states:{region}:{account}:activity:*"},
        at_run=True,
    ),
    role(
        "AWS::AppConfig::ConfigurationProfile",
        "RetrievalRoleArn",
        "Decrypt",
        "appconfig/latest/userguide/appconfig-security",
        paths="LocationUri",
        leads_to="AWS::SecretsManager::Secret",
        via="secretsmanager",
        context={"SecretARN": "arn:{partition}:secretsmanager:{region}:{account}:secret:*"},
    ),
    role(
        "AWS::AppConfig::ConfigurationProfile",
        "RetrievalRoleArn",
        "Decrypt",
        "appconfig/latest/userguide/appconfig-security",
        paths="LocationUri",
        leads_to=_BUCKET,
        via="s3",
    ),
    # -- to buckets --
    service(
        "AWS::SSMGuiConnect::Preferences",
        "ssm-guiconnect.amazonaws.com",
        "GenerateDataKey GenerateDataKeyWithoutPlaintext",
        "systems-manager/latest/userguide/systems-manager-just-in-time-node-access-rdp-recording",
        paths="ConnectionRecordingPreferences/RecordingDestinations/S3Buckets/*/BucketName",
        leads_to=_BUCKET,
        source_account=True,
        at_run=True,
    ),
    service(
        _BUCKET,
        "logging.s3.amazonaws.com",
        _SENDS,
        "AmazonS3/latest/userguide/enable-server-access-logging",
        paths="LoggingConfiguration/DestinationBucketName",
        leads_to=_BUCKET,
        at_run=True,
    ),
    service(
        _BUCKET,
        "s3.amazonaws.com",
        "GenerateDataKey",
        "AmazonS3/latest/userguide/configure-inventory",
        paths="InventoryConfigurations/*/Destination/BucketArn "
        "AnalyticsConfigurations/*/StorageClassAnalysis/DataExport/Destination/BucketArn",
        leads_to=_BUCKET,
        source_account=True,
        source_arn="arn:{partition}:s3:::{name}",
        named_by="BucketName",
        at_run=True,
    ),
    service(
        "AWS::CloudFront::Distribution",
        "cloudfront.amazonaws.com",
        "Decrypt",
        "AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3",
        paths="DistributionConfig/Origins/*/DomainName",
        leads_to=_BUCKET,
        source_arn="arn:{partition}:cloudfront::{account}:distribution/*",
        at_run=True,
    ),
    service(
        "AWS::SES::ReceiptRule",
        "ses.amazonaws.com",
        "Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        _SES,
        paths="Rule/Actions/*/S3Action/BucketName",
        leads_to=_BUCKET,
        only_without=_MAIL_ROLE,
        source_account=True,
        source_arn="arn:{partition}:ses:{region}:{account}:receipt-rule-set/*",
        at_run=True,
    ),
    # "SES assumes that role for PutObject"
    role(
        "AWS::SES::ReceiptRule",
        _MAIL_ROLE,
        _SENDS,
        _SES,
        paths="Rule/Actions/*/S3Action/BucketName",
        leads_to=_BUCKET,
        only_with=_MAIL_ROLE,
        via="s3",
        at_run=True,
    ),
    service(
        "AWS::Config::DeliveryChannel",
        "config.amazonaws.com",
        _SENDS,
        "config/latest/developerguide/s3-kms-key-policy",
        paths="S3BucketName",
        leads_to=_BUCKET,
        source_account=True,
        source_arn="arn:{partition}:config:{region}:{account}:*",
        at_run=True,
    ),
)
