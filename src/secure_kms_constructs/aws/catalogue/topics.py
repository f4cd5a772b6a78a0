"""Who publishes to an encrypted topic, and so needs its key."""

from __future__ import annotations

from .making import caller, linked_role, service
from .needs import Basis, Need

_SNS = "sns/latest/dg/sns-key-management"
_SENDS = "Decrypt GenerateDataKey"
_TOPIC = "AWS::SNS::Topic"
_SES = "ses/latest/dg/receiving-email-permissions"


def _notifies(kind: str, paths: str, principal: str, arn: str = "", source: str = _SNS, **more: object) -> Need:
    """Return that a service publishes to a topic, with ``aws:SourceAccount`` and ``aws:SourceArn``."""
    return service(
        kind,
        f"{principal}.amazonaws.com",
        _SENDS,
        source,
        paths=paths,
        leads_to=_TOPIC,
        source_account=True,
        source_arn=arn,
        at_run=True,
        **more,
    )


ROWS = (
    _notifies(
        "AWS::CloudWatch::Alarm",
        "AlarmActions/* OKActions/* InsufficientDataActions/*",
        "cloudwatch",
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
        named_by="AlarmName",
    ),
    _notifies(
        "AWS::CloudWatch::CompositeAlarm",
        "AlarmActions/* OKActions/* InsufficientDataActions/*",
        "cloudwatch",
        "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
        named_by="AlarmName",
    ),
    # "aws:SourceAccount, aws:SourceArn and aws:SourceOrgID are not supported" for EventBridge to an encrypted topic.
    service(
        "AWS::Events::Rule",
        "events.amazonaws.com",
        _SENDS,
        _SNS,
        paths="Targets/*/Arn",
        leads_to=_TOPIC,
        sourceless=True,
        at_run=True,
    ),
    _notifies("AWS::S3::Bucket", "NotificationConfiguration/TopicConfigurations/*/Topic", "s3"),
    _notifies("Custom::S3BucketNotifications", "NotificationConfiguration/TopicConfigurations/*/TopicArn", "s3"),
    _notifies(
        "AWS::Budgets::Budget",
        "NotificationsWithSubscribers/*/Subscribers/*/Address",
        "budgets",
        source="cost-management/latest/userguide/budgets-sns-policy",
        basis=Basis.BELIEF,
    ),
    _notifies(
        "AWS::CE::AnomalySubscription",
        "Subscribers/*/Address",
        "costalerts",
        source="cost-management/latest/userguide/ad-SNS",
    ),
    _notifies("AWS::CodeCommit::Repository", "Triggers/*/DestinationArn", "codecommit"),
    _notifies("AWS::DMS::EventSubscription", "SnsTopicArn", "dms"),
    _notifies("AWS::DAX::Cluster", "NotificationTopicARN", "dynamodb"),
    _notifies("AWS::RDS::EventSubscription", "SnsTopicArn", "events.rds"),
    _notifies("AWS::Redshift::EventSubscription", "SnsTopicArn", "redshift"),
    _notifies("AWS::CodeStarNotifications::NotificationRule", "Targets/*/TargetAddress", "codestar-notifications"),
    _notifies("AWS::Backup::BackupVault", "Notifications/SNSTopicArn", "backup", basis=Basis.BELIEF),
    _notifies("AWS::CloudTrail::Trail", "SnsTopicName", "cloudtrail", basis=Basis.BELIEF),
    *(
        _notifies("AWS::SSMIncidents::ResponsePlan", "ChatChannel/ChatbotSns/*", principal)
        for principal in ("ssm-contacts", "ssm-incidents")
    ),
    _notifies(
        "AWS::SES::ReceiptRule",
        " ".join(
            f"Rule/Actions/*/{action}/TopicArn"
            for action in ("S3Action", "SNSAction", "BounceAction", "LambdaAction", "StopAction", "WorkmailAction")
        ),
        "ses",
        "arn:{partition}:ses:{region}:{account}:receipt-rule-set/*",
        source=_SES,
    ),
    _notifies(
        "AWS::SES::ConfigurationSetEventDestination",
        "EventDestination/SnsDestination/TopicARN",
        "ses",
    ),
    # "aws:SourceArn and aws:SourceAccount condition keys are not supported"
    linked_role(
        "AWS::AutoScaling::AutoScalingGroup",
        "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        _SENDS,
        "autoscaling/ec2/userguide/ec2-auto-scaling-sns-notifications",
        paths="NotificationConfigurations/*/TopicARN",
        leads_to=_TOPIC,
        at_run=True,
    ),
    linked_role(
        "AWS::ImageBuilder::InfrastructureConfiguration",
        "imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder",
        _SENDS,
        "imagebuilder/latest/userguide/ibhow-integrations",
        paths="SnsTopicArn",
        leads_to=_TOPIC,
        at_run=True,
    ),
    # This page says that encrypted topics are not supported, that of SNS that the recorder's role needs the key.
    caller(
        "AWS::Config::DeliveryChannel",
        _SENDS,
        "",
        "config/latest/developerguide/sns-topic-policy",
        paths="SnsTopicARN",
        leads_to=_TOPIC,
    ),
)
