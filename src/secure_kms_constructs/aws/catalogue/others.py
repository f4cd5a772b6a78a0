"""Logs, trails, zones, models and workspaces."""

from __future__ import annotations

from .making import ALL, caller, deployer, nothing, role, service
from .needs import Basis, Require

_LOGS = "AmazonCloudWatch/latest/logs/encrypt-log-data-kms"
_LOGS_PRINCIPAL = "logs.{region}.{suffix}"
_TRAIL = "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail"
_TRAIL_ARN = "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}"
_CONFIG = "config/latest/developerguide/s3-kms-key-policy"
_FINDINGS = "guardduty/latest/ug/guardduty_exportfindings"
_DNSSEC = "Route53/latest/DeveloperGuide/access-control-managing-permissions"
_MWAA = "mwaa/latest/userguide/custom-keys-certs"
_GLUE = "glue/latest/dg/encryption-security-configuration"
_SECURITY = "EncryptionConfiguration/"
_GUARDRAIL = "bedrock/latest/userguide/guardrails-permissions-kms"
_GATEWAY = "bedrock-agentcore/latest/devguide/gateway-encryption"
_SES = "ses/latest/dg/receiving-email-permissions"
_MAIL_ROLE = "Rule/Actions/*/S3Action/IamRoleArn"
_WORKSPACES = "workspaces/latest/adminguide/encrypt-workspaces"
_TOWER, _LANDING_ZONE = "controltower/latest/userguide/configure-kms-keys", "AWS::ControlTower::LandingZone"
_TOWER_KEYS = "Manifest/centralizedLogging/configurations/kmsKeyArn Manifest/config/configurations/kmsKeyArn"
_SAGEMAKER = "sagemaker/latest/dg/encryption-at-rest-nbi"


def _log_group(pattern: str) -> dict[str, str]:
    return {"aws:logs:arn": "arn:{partition}:logs:{region}:{account}:log-group:" + pattern}


ROWS = (
    deployer("AWS::Logs::LogGroup", ALL, "logs", _LOGS, context=_log_group("{name}"), named_by="LogGroupName"),
    # DescribeKey is in the page's statement, under a context that it never has: so it is not needed.
    service(
        "AWS::Logs::LogGroup",
        _LOGS_PRINCIPAL,
        ALL,
        _LOGS,
        context=_log_group("{name}"),
        named_by="LogGroupName",
    ),
    nothing("AWS::CloudTrail::Trail", _TRAIL),
    service(
        "AWS::CloudTrail::Trail",
        "cloudtrail.amazonaws.com",
        "GenerateDataKey GenerateDataKeyWithoutPlaintext",
        _TRAIL,
        context={"aws:cloudtrail:arn": "arn:{partition}:cloudtrail:*:{account}:trail/*"},
        source_account=True,
        source_arn=_TRAIL_ARN,
        named_by="TrailName",
    ),
    # For a bucket with a Bucket Key, and to validate the key.
    service(
        "AWS::CloudTrail::Trail",
        "cloudtrail.amazonaws.com",
        "Decrypt DescribeKey",
        _TRAIL,
        source_account=True,
        source_arn=_TRAIL_ARN,
        named_by="TrailName",
    ),
    deployer("AWS::CloudTrail::EventDataStore", "Decrypt GenerateDataKey", "", _TRAIL),
    # The id of the store is not known before it is made.
    service(
        "AWS::CloudTrail::EventDataStore",
        "cloudtrail.amazonaws.com",
        "Decrypt DescribeKey GenerateDataKey",
        _TRAIL,
        source_account=True,
    ),
    nothing(_LANDING_ZONE, _TOWER, paths=_TOWER_KEYS),
    # Recorders of all accounts deliver here.
    service(
        _LANDING_ZONE,
        "config.amazonaws.com",
        "Decrypt GenerateDataKey",
        _TOWER,
        paths=_TOWER_KEYS,
        requires=(Require.ONE_REGION,),
    ),
    service(
        _LANDING_ZONE,
        "cloudtrail.amazonaws.com",
        "Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        _TOWER,
        paths=_TOWER_KEYS,
        context={"aws:cloudtrail:arn": "arn:{partition}:cloudtrail:*:{account}:trail/*"},
        source_arn="arn:{partition}:cloudtrail:{region}:{account}:trail/aws-controltower-BaselineCloudTrail",
    ),
    # What its backups need is on no page that was read.
    deployer(_LANDING_ZONE, "", "", _TOWER, paths="Manifest/backup/configurations/kmsKeyArn", basis=Basis.HANDLERS),
    nothing("AWS::Config::DeliveryChannel", _CONFIG),
    service(
        "AWS::Config::DeliveryChannel",
        "config.amazonaws.com",
        "Decrypt GenerateDataKey",
        _CONFIG,
        source_account=True,
        source_arn="arn:{partition}:config:{region}:{account}:*",
        at_run=True,
    ),
    nothing("AWS::GuardDuty::PublishingDestination", _FINDINGS),
    service(
        "AWS::GuardDuty::PublishingDestination",
        "guardduty.amazonaws.com",
        "GenerateDataKey",
        _FINDINGS,
        source_account=True,
        source_arn="arn:{partition}:guardduty:{region}:{account}:detector/*",
    ),
    nothing("AWS::Route53::KeySigningKey", _DNSSEC),
    service(
        "AWS::Route53::KeySigningKey",
        "dnssec-route53.amazonaws.com",
        "CreateGrant DescribeKey GetPublicKey Sign",
        _DNSSEC,
        source_account=True,
        source_arn="arn:{partition}:route53:::hostedzone/*",
        requires=(Require.DNSSEC,),
    ),
    deployer(
        "AWS::MWAA::Environment",
        "CreateGrant",
        "airflow",
        _MWAA,
        requires=(Require.ONE_REGION, Require.FULL_ARN),
    ),
    service(
        "AWS::MWAA::Environment",
        _LOGS_PRINCIPAL,
        ALL,
        _MWAA,
        context=_log_group("airflow-{name}-*"),
        named_by="Name",
    ),
    nothing("AWS::Glue::SecurityConfiguration", _GLUE),
    service(
        "AWS::Glue::SecurityConfiguration",
        _LOGS_PRINCIPAL,
        ALL,
        _GLUE,
        paths=_SECURITY + "CloudWatchEncryption/KmsKeyArn",
        context=_log_group("/aws-glue/*"),
        at_run=True,
    ),
    caller("AWS::Glue::SecurityConfiguration", ALL, "", _GLUE),
    *(
        role(
            kind,
            "Role",
            f"{ALL} DescribeKey",
            _GLUE,
            paths=path,
            leads_to="AWS::Glue::SecurityConfiguration",
            at_run=True,
        )
        for kind, path in (
            ("AWS::Glue::Job", "SecurityConfiguration"),
            ("AWS::Glue::Crawler", "CrawlerSecurityConfiguration"),
        )
    ),
    deployer(
        "AWS::APS::Workspace",
        "CreateGrant Decrypt GenerateDataKey",
        "aps",
        "prometheus/latest/userguide/encryption-at-rest-Amazon-Service-Prometheus",
    ),
    deployer("AWS::Bedrock::Guardrail", "CreateGrant Decrypt GenerateDataKey RetireGrant", "bedrock", _GUARDRAIL),
    caller("AWS::Bedrock::Guardrail", "Decrypt", "bedrock", _GUARDRAIL),
    *(
        role(
            kind,
            named_in,
            actions,
            _GATEWAY,
            via="bedrock-agentcore",
            context=context,
            basis=Basis.PAGE if kind.endswith("Gateway") else Basis.BELIEF,
        )
        for kind, named_in, context in (
            (
                "AWS::BedrockAgentCore::Gateway",
                "RoleArn",
                {
                    "aws:bedrock-agentcore-gateway:arn": (
                        "arn:{partition}:bedrock-agentcore:{region}:{account}:gateway/*"
                    )
                },
            ),
            ("AWS::BedrockAgentCore::Memory", "MemoryExecutionRoleArn", {}),
        )
        for actions in ("Decrypt GenerateDataKey CreateGrant",)
    ),
    nothing("AWS::SES::ReceiptRule", _SES),
    service(
        "AWS::SES::ReceiptRule",
        "ses.amazonaws.com",
        "GenerateDataKey GenerateDataKeyWithoutPlaintext",
        _SES,
        only_without=_MAIL_ROLE,
        source_account=True,
        source_arn="arn:{partition}:ses:{region}:{account}:receipt-rule-set/*",
        at_run=True,
    ),
    role(
        "AWS::SES::ReceiptRule",
        _MAIL_ROLE,
        "GenerateDataKey GenerateDataKeyWithoutPlaintext",
        _SES,
        only_with=_MAIL_ROLE,
        at_run=True,
    ),
    deployer("AWS::WorkSpaces::Workspace", f"{ALL} CreateGrant", "workspaces ec2", _WORKSPACES),
    deployer(
        "AWS::SageMaker::EndpointConfig", "CreateGrant", "sagemaker", _SAGEMAKER, paths="KmsKeyId", basis=Basis.BELIEF
    ),
    # A transform or a nested application makes the role, with rights in its own policy alone.
    *(
        role(
            kind,
            path.partition("/")[0],
            "Decrypt GenerateDataKey",
            "secretsmanager/latest/userguide/rotating-secrets-required-permissions-function",
            paths=path,
            via="secretsmanager",
            delegated=True,
            at_run=True,
        )
        for kind, path in (
            ("AWS::SecretsManager::RotationSchedule", "HostedRotationLambda/KmsKeyArn"),
            ("AWS::Serverless::Application", "Parameters/kmsKeyArn"),
        )
    ),
    *(
        nothing(kind, "secretsmanager/latest/userguide/rotating-secrets-required-permissions-function")
        for kind in ("AWS::SecretsManager::RotationSchedule", "AWS::Serverless::Application")
    ),
    # The deployer of the replica's region calls the primary itself.
    deployer(
        "AWS::KMS::ReplicaKey",
        "ReplicateKey",
        "",
        "kms/latest/developerguide/multi-region-keys-auth",
        unnamed_via=False,
        requires=(Require.SEVERAL_REGIONS,),
    ),
    # An alias needs what the key's deployer has.
    nothing("AWS::KMS::Alias", "kms/latest/developerguide/alias-access"),
    # The property is read-only.
    nothing("AWS::PaymentCryptography::Key", "payment-cryptography/latest/userguide/what-is"),
)
