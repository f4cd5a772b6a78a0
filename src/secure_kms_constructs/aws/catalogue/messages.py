"""Queues, topics, buses, schedules and workflows."""

from __future__ import annotations

from .making import ALL, REENCRYPT, caller, deployer, linked_role, nothing, role, service
from .needs import Basis, Require

_SQS = "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management"
_SNS = "sns/latest/dg/sns-key-management"
_EVENTS = "eventbridge/latest/userguide/"
_BUS = "arn:{partition}:events:{region}:{account}:event-bus/{name}"
_BUS_CONTEXT = {"aws:events:event-bus:arn": _BUS}
_STATES = "step-functions/latest/dg/encryption-at-rest"
_MACHINE = "AWS::StepFunctions::StateMachine"
_MACHINE_CONTEXT = {"aws:states:stateMachineArn": "arn:{partition}:states:{region}:{account}:stateMachine:{name}"}
_LOGS_CONTEXT = {"SourceArn": "arn:{partition}:logs:{region}:{account}:*"}
_PIPE = "arn:{partition}:pipes:{region}:{account}:pipe/{name}"
_SCHEDULE = {"aws:scheduler:schedule:arn": "arn:{partition}:scheduler:{region}:{account}:schedule/*"}
_CONNECTION = {"SecretARN": "arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/*"}

ROWS = (
    nothing("AWS::SQS::Queue", _SQS, basis=Basis.BELIEF),
    caller("AWS::SQS::Queue", "Decrypt GenerateDataKey", "sqs", _SQS),
    nothing("AWS::SNS::Topic", _SNS, basis=Basis.BELIEF),
    caller("AWS::SNS::Topic", "Decrypt GenerateDataKey", "sns", _SNS),
    deployer(
        "AWS::Events::EventBus",
        f"Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext {REENCRYPT}",
        "events",
        _EVENTS + "eb-encryption-event-bus-cmkey",
    ),
    service(
        "AWS::Events::EventBus",
        "events.amazonaws.com",
        "Decrypt DescribeKey GenerateDataKey",
        _EVENTS + "eb-encryption-key-policy",
        context=_BUS_CONTEXT,
        source_account=True,
        source_arn=_BUS,
        named_by="Name",
    ),
    deployer(
        "AWS::Events::Archive",
        f"Decrypt GenerateDataKey {REENCRYPT}",
        "events",
        _EVENTS + "encryption-archives",
        basis=Basis.HANDLERS,
    ),
    service(
        "AWS::Events::Archive",
        "events.amazonaws.com",
        f"Decrypt DescribeKey GenerateDataKey {REENCRYPT}",
        _EVENTS + "encryption-archives",
        context=_BUS_CONTEXT,
        named_by="SourceArn",
    ),
    # The context is that of the secret in which EventBridge keeps the authorization.
    deployer(
        "AWS::Events::Connection",
        "Decrypt Encrypt GenerateDataKey",
        "secretsmanager",
        _EVENTS + "encryption-connections",
        any_region=True,
        context=_CONNECTION,
        requires=(Require.TAGGED,),
    ),
    linked_role(
        "AWS::Events::Connection",
        "apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations",
        "Decrypt DescribeKey GenerateDataKey",
        _EVENTS + "encryption-connections",
        via="secretsmanager",
        any_region=True,
        context=_CONNECTION,
        basis=Basis.BELIEF,
    ),
    # The page: the same context in all operations; it spells the name in two ways.
    *(
        row
        for name in ("aws:pipe:arn", "aws:pipes:arn")
        for row in (
            deployer(
                "AWS::Pipes::Pipe",
                "Decrypt GenerateDataKey",
                "",
                _EVENTS + "eb-encryption-pipes-cmkey",
                context={name: _PIPE},
                named_by="Name",
                basis=Basis.HANDLERS,
            ),
            role(
                "AWS::Pipes::Pipe",
                "RoleArn",
                "Decrypt DescribeKey GenerateDataKey",
                _EVENTS + "eb-encryption-pipes-cmkey",
                context={name: _PIPE},
                named_by="Name",
            ),
        )
    ),
    service(
        "AWS::Pipes::Pipe",
        "delivery.logs.amazonaws.com",
        "Decrypt GenerateDataKey",
        _EVENTS + "eb-encryption-pipes-cmkey",
        context=_LOGS_CONTEXT,
        only_with="LogConfiguration/IncludeExecutionData",
        at_run=True,
    ),
    role(
        "AWS::Pipes::Pipe",
        "RoleArn",
        "GenerateDataKey",
        _EVENTS + "eb-encryption-pipes-cmkey",
        context=_LOGS_CONTEXT,
        only_with="LogConfiguration/IncludeExecutionData",
        at_run=True,
    ),
    deployer(
        "AWS::Scheduler::Schedule",
        "Decrypt GenerateDataKey",
        "scheduler",
        "scheduler/latest/UserGuide/encryption-rest",
        context=_SCHEDULE,
    ),
    role(
        "AWS::Scheduler::Schedule",
        "Target/RoleArn",
        "Decrypt",
        "scheduler/latest/UserGuide/encryption-rest",
        context=_SCHEDULE,
        at_run=True,
    ),
    deployer(_MACHINE, "Decrypt GenerateDataKey", "states", _STATES),
    role(
        _MACHINE, "RoleArn", "Decrypt GenerateDataKey", _STATES, context=_MACHINE_CONTEXT, named_by="StateMachineName"
    ),
    service(
        _MACHINE,
        "delivery.logs.amazonaws.com",
        "Decrypt",
        _STATES,
        only_with="LoggingConfiguration",
        at_run=True,
    ),
    role(
        _MACHINE,
        "RoleArn",
        "GenerateDataKey",
        _STATES,
        context=_LOGS_CONTEXT,
        only_with="LoggingConfiguration",
        at_run=True,
    ),
    # StartExecution, StopExecution and the like need nothing of the caller.
    caller(
        _MACHINE,
        "Decrypt",
        "states",
        _STATES,
        context=_MACHINE_CONTEXT,
        named_by="StateMachineName",
        asked_by="states:DescribeExecution states:DescribeStateMachine states:DescribeStateMachineForExecution "
        "states:GetExecutionHistory states:StartSyncExecution",
    ),
    nothing("AWS::StepFunctions::Activity", _STATES),
    caller(
        "AWS::StepFunctions::Activity",
        "Decrypt",
        "states",
        _STATES,
        context={"aws:states:activityArn": "arn:{partition}:states:{region}:{account}:activity:{name}"},
        named_by="Name",
        asked_by="states:GetActivityTask",
    ),
    deployer(
        "AWS::AppConfig::HostedConfigurationVersion",
        "GenerateDataKey",
        "",
        "appconfig/latest/userguide/appconfig-security",
        paths="ConfigurationProfileId",
        leads_to="AWS::AppConfig::ConfigurationProfile",
    ),
    nothing("AWS::AppConfig::ConfigurationProfile", "appconfig/latest/userguide/appconfig-security"),
    caller("AWS::AppConfig::ConfigurationProfile", "Decrypt", "", "appconfig/latest/userguide/appconfig-security"),
    deployer(
        "AWS::AppConfig::Deployment",
        "GenerateDataKey GenerateDataKeyWithoutPlaintext",
        "",
        "appconfig/latest/userguide/appconfig-security",
    ),
    deployer(
        "AWS::AppConfig::Deployment",
        "Decrypt",
        "",
        "appconfig/latest/userguide/appconfig-security",
        paths="ConfigurationProfileId",
        leads_to="AWS::AppConfig::ConfigurationProfile",
    ),
    service(
        "AWS::AppConfig::Deployment",
        "appconfig.amazonaws.com",
        "Decrypt",
        "appconfig/latest/userguide/appconfig-security",
        context={
            "aws:appconfig:deployment:arn": "arn:{partition}:appconfig:{region}:{account}:application/*/environment/*"
        },
        at_run=True,
    ),
    deployer(
        "AWS::SecretsManager::Secret",
        "Decrypt Encrypt GenerateDataKey",
        "secretsmanager",
        "secretsmanager/latest/userguide/security-encryption",
        paths="KmsKeyId",
    ),
    caller(
        "AWS::SecretsManager::Secret",
        "Decrypt",
        "secretsmanager",
        "secretsmanager/latest/userguide/security-encryption",
        paths="KmsKeyId",
        context={"SecretARN": "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-??????"},
        named_by="Name",
    ),
    # In the region of the secret, which is another one: admit_replicas_of names the deployer there.
    deployer(
        "AWS::SecretsManager::Secret",
        "Encrypt GenerateDataKey",
        "secretsmanager",
        "secretsmanager/latest/apireference/API_ReplicateSecretToRegions",
        paths="ReplicaRegions/*/KmsKeyId",
    ),
    deployer(
        "AWS::CodeCommit::Repository",
        f"{ALL}",
        "",
        "codecommit/latest/userguide/encryption",
    ),
    caller("AWS::CodeCommit::Repository", ALL, "", "codecommit/latest/userguide/encryption"),
)
