"""Agents and flows, and the stores and workflows that are as new: most call KMS for their caller and by themselves."""

from __future__ import annotations

from .making import ALL, REENCRYPT, caller, deployer, role, service
from .needs import Basis, Require

_FLOWS = "bedrock/latest/userguide/encryption-flows"
_KNOWLEDGE = "bedrock/latest/userguide/encryption-kb"
_DEVOPS = "devopsagent/latest/userguide/aws-devops-agent-security-encryption-at-rest-for-devops-agent"
_SECURITY = "securityagent/latest/userguide/customer-managed-keys"
_SPACE, _INTEGRATION = "AWS::SecurityAgent::AgentSpace", "AWS::SecurityAgent::Integration"
_APPLICATION = "AWS::SecurityAgent::Application"
_OF_SPACES = "arn:{partition}:securityagent:{region}:{account}:agent-space/*"
_OF_INTEGRATIONS = "arn:{partition}:securityagent:{region}:{account}:integration/*"
_SPACE_CONTEXT = {"aws:securityagent:agent-space": _OF_SPACES}
_INTEGRATION_CONTEXT = {"aws-crypto-ec:aws:securityagent:integration": _OF_INTEGRATIONS}
_RENEWS = f"Decrypt GenerateDataKeyWithoutPlaintext {REENCRYPT}"
_POLICIES = "verifiedpermissions/latest/userguide/security-data-protection-cmk"
_STORE = f"Decrypt Encrypt GenerateDataKeyWithoutPlaintext {REENCRYPT}"
_AIRFLOW = "mwaa/latest/mwaa-serverless-userguide/data-protection"
_WORKFLOW = "AWS::MWAAServerless::Workflow"

ROWS = (
    deployer("AWS::Bedrock::Flow", "Decrypt GenerateDataKey", "bedrock", _FLOWS),
    role(
        "AWS::Bedrock::Flow",
        "ExecutionRoleArn",
        "Decrypt GenerateDataKey",
        _FLOWS,
        via="bedrock",
        context={"aws:bedrock-flows:arn": "arn:{partition}:bedrock:{region}:{account}:flow/*"},
        at_run=True,
    ),
    # The role is that of the knowledge base to which the data source belongs.
    caller("AWS::Bedrock::DataSource", "Decrypt GenerateDataKey", "", _KNOWLEDGE),
    *(
        row
        for kind, resource in (("AgentSpace", "agentspace"), ("Service", "service"))
        for arn in (f"arn:{{partition}}:aidevops:{{region}}:{{account}}:{resource}/*",)
        for row in (
            deployer(
                f"AWS::DevOpsAgent::{kind}",
                ALL,
                "aidevops",
                _DEVOPS,
                requires=(Require.ONE_REGION, Require.FULL_ARN),
            ),
            service(f"AWS::DevOpsAgent::{kind}", "aidevops.amazonaws.com", "DescribeKey", _DEVOPS),
            service(
                f"AWS::DevOpsAgent::{kind}",
                "aidevops.amazonaws.com",
                ALL,
                _DEVOPS,
                context={"aws-crypto-ec:aws:aidevops:arn": arn},
                source_arn=arn,
                at_run=True,
            ),
        )
    ),
    deployer("AWS::DevOpsAgent::AgentSpace", "CreateGrant RetireGrant", "aidevops", _DEVOPS, basis=Basis.HANDLERS),
    deployer(_SPACE, _RENEWS, "securityagent", _SECURITY, context=_SPACE_CONTEXT),
    service(
        _SPACE,
        "securityagent.amazonaws.com",
        _RENEWS,
        _SECURITY,
        context=_SPACE_CONTEXT,
        source_arn=_OF_SPACES,
        at_run=True,
    ),
    caller(_SPACE, "Decrypt GenerateDataKey", "securityagent", _SECURITY, context=_SPACE_CONTEXT),
    deployer(_INTEGRATION, f"{_RENEWS} Encrypt", "securityagent", _SECURITY, context=_INTEGRATION_CONTEXT),
    deployer(_INTEGRATION, "CreateGrant", "securityagent", _SECURITY, basis=Basis.HANDLERS),
    service(_INTEGRATION, "securityagent.amazonaws.com", "DescribeKey", _SECURITY),
    service(
        _INTEGRATION,
        "securityagent.amazonaws.com",
        f"{_RENEWS} Encrypt",
        _SECURITY,
        context=_INTEGRATION_CONTEXT,
        source_arn=_OF_INTEGRATIONS,
        at_run=True,
    ),
    # Its key is that of the spaces and integrations which name none of their own, wherever they are made.
    *(
        row
        for actions, of, context in (
            (_RENEWS, _OF_SPACES, _SPACE_CONTEXT),
            (f"{_RENEWS} Encrypt", _OF_INTEGRATIONS, _INTEGRATION_CONTEXT),
        )
        for row in (
            deployer(_APPLICATION, actions, "securityagent", _SECURITY, context=context),
            service(
                _APPLICATION,
                "securityagent.amazonaws.com",
                actions,
                _SECURITY,
                context=context,
                source_arn=of,
                at_run=True,
            ),
        )
    ),
    role(
        _APPLICATION,
        "RoleArn",
        "Decrypt GenerateDataKey",
        _SECURITY,
        via="securityagent",
        context=_SPACE_CONTEXT,
        at_run=True,
    ),
    service(_APPLICATION, "securityagent.amazonaws.com", "DescribeKey", _SECURITY),
    deployer("AWS::VerifiedPermissions::PolicyStore", _STORE, "verifiedpermissions", _POLICIES),
    service(
        "AWS::VerifiedPermissions::PolicyStore",
        "verifiedpermissions.amazonaws.com",
        f"{_STORE} DescribeKey",
        _POLICIES,
        source_account=True,
        source_arn="arn:{partition}:verifiedpermissions::{account}:policy-store/*",
    ),
    caller("AWS::VerifiedPermissions::PolicyStore", _STORE, "verifiedpermissions", _POLICIES),
    deployer(_WORKFLOW, "CreateGrant Decrypt Encrypt GenerateDataKey", "airflow-serverless", _AIRFLOW),
    # "you can not use kms:viaService in the execution role"
    role(
        _WORKFLOW,
        "RoleArn",
        "Decrypt GenerateDataKey",
        _AIRFLOW,
        context={"aws:airflow-serverless:workflow-arn": "arn:{partition}:airflow-serverless:{region}:{account}:*"},
        at_run=True,
    ),
    # The page leaves the name of the log group open.
    service(
        _WORKFLOW,
        "logs.{region}.{suffix}",
        ALL,
        _AIRFLOW,
        context={"aws:logs:arn": "arn:{partition}:logs:{region}:{account}:log-group:*"},
        at_run=True,
    ),
    deployer(
        "AWS::SSMGuiConnect::Preferences",
        "CreateGrant",
        "ssm-guiconnect",
        "systems-manager/latest/userguide/systems-manager-just-in-time-node-access-rdp-recording",
        any_region=True,
        requires=(Require.TAGGED_FOR_NODES,),
    ),
)
