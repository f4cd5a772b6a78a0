"""Functions, containers, builds and what runs them."""

from __future__ import annotations

from .making import ALL, caller, deployer, nothing, role, service
from .needs import Basis, Grants, Require

_FUNCTION = "AWS::Lambda::Function"
_FUNCTION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{name}"
_ANY_FUNCTION = "arn:{partition}:lambda:{region}:{account}:function:*"
_ZIP = "lambda/latest/dg/encrypt-zip-package"
_FILTER = "lambda/latest/dg/invocation-eventfiltering"
_CLUSTER = "AWS::ECS::Cluster"
_EXEC = "AmazonECS/latest/developerguide/ecs-exec"
_EXEC_PATH = "Configuration/ExecuteCommandConfiguration/KmsKeyId"
_FARGATE = "AmazonECS/latest/developerguide/fargate-create-storage-key"
_FARGATE_PATH = "Configuration/ManagedStorageConfiguration/FargateEphemeralStorageKmsKeyId"
_FARGATE_CONTEXT = {"aws:ecs:clusterAccount": "{account}", "aws:ecs:clusterName": "{name}"}
_COGNITO = "cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers"
_SENDERS = "LambdaConfig/KMSKeyID"

ROWS = (
    # The page names three of them, and is about environment variables: the same key also encrypts snapshots and images,
    # of which no page says who asks, so what the handlers list beside is kept. Only the deployer gets it.
    deployer(
        _FUNCTION,
        "CreateGrant Decrypt Encrypt GenerateDataKey",
        "lambda",
        "lambda/latest/dg/configuration-envvars-encryption",
        paths="KmsKeyArn DurableConfig/KMSKeyArn",
    ),
    deployer(_FUNCTION, "Decrypt GenerateDataKey", "lambda", _ZIP, paths="Code/SourceKMSKeyArn", basis=Basis.HANDLERS),
    service(
        _FUNCTION,
        "lambda.amazonaws.com",
        "Decrypt GenerateDataKey",
        _ZIP,
        paths="Code/SourceKMSKeyArn",
        context={"aws:lambda:FunctionArn": _FUNCTION_ARN},
        named_by="FunctionName",
    ),
    deployer("AWS::Lambda::EventSourceMapping", "Decrypt GenerateDataKey", "lambda", _FILTER),
    # The page's sample has the regional name; whether the global one calls is not said.
    *(
        service(
            "AWS::Lambda::EventSourceMapping",
            principal,
            "Decrypt",
            _FILTER,
            context={"aws:lambda:FunctionArn": _ANY_FUNCTION},
            at_run=True,
            basis=basis,
        )
        for principal, basis in (
            ("lambda.{region}.amazonaws.com", Basis.PAGE),
            ("lambda.amazonaws.com", Basis.BELIEF),
        )
    ),
    # "kms:GrantIsForAWSResource is not supported for the CreateCluster action"
    deployer("AWS::EKS::Cluster", "CreateGrant", "", "eks/latest/userguide/enable-kms", grants=Grants.ANY),
    # CDK's own cluster of aws_eks is made by a role of its own.
    role(
        "Custom::AWSCDK-EKS-Cluster",
        "AssumeRoleArn",
        "CreateGrant",
        "eks/latest/userguide/enable-kms",
        paths="Config/encryptionConfig/*/provider/keyArn",
        grants=Grants.ANY,
    ),
    nothing("Custom::AWSCDK-EKS-Cluster", "eks/latest/userguide/enable-kms"),
    nothing(
        _CLUSTER,
        _EXEC,
        paths=f"{_EXEC_PATH} Configuration/ManagedStorageConfiguration/KmsKeyId {_FARGATE_PATH}",
    ),
    # The role of the task decrypts, and whoever executes a command asks for a data key: told until somebody may.
    *(
        caller(_CLUSTER, actions, "", _EXEC, paths=_EXEC_PATH, asked_by=asked_by)
        for actions, asked_by in (
            ("Decrypt", ""),
            ("GenerateDataKey", "ecs:ExecuteCommand"),
            ("GenerateDataKey", ""),
        )
    ),
    caller(
        _CLUSTER,
        f"{ALL} CreateGrant",
        "ec2",
        "AmazonECS/latest/developerguide/ebs-kms-encryption",
        paths="Configuration/ManagedStorageConfiguration/KmsKeyId",
    ),
    service(
        _CLUSTER,
        "fargate.amazonaws.com",
        "GenerateDataKeyWithoutPlaintext",
        _FARGATE,
        paths=_FARGATE_PATH,
        context=_FARGATE_CONTEXT,
        named_by="ClusterName",
        requires=(Require.ONE_REGION,),
        at_run=True,
    ),
    service(
        _CLUSTER,
        "fargate.amazonaws.com",
        "CreateGrant",
        _FARGATE,
        paths=_FARGATE_PATH,
        context=_FARGATE_CONTEXT,
        named_by="ClusterName",
        grants=Grants.FOR_DECRYPT,
        at_run=True,
    ),
    role(
        "AWS::ECS::Service",
        "ServiceConnectConfiguration/Services/*/Tls/RoleArn",
        "Decrypt Encrypt GenerateDataKey GenerateDataKeyPair",
        "AmazonECS/latest/developerguide/service-connect-tls",
        paths="ServiceConnectConfiguration/Services/*/Tls/KmsKey",
    ),
    role(
        "AWS::CodeBuild::Project",
        "ServiceRole",
        ALL,
        "codebuild/latest/userguide/setting-up-kms",
        via="s3",
        at_run=True,
    ),
    nothing("AWS::CodeBuild::Project", "codebuild/latest/userguide/setting-up-kms"),
    role(
        "AWS::CodePipeline::Pipeline",
        "RoleArn",
        ALL,
        "codepipeline/latest/userguide/S3-artifact-encryption",
        via="s3",
        at_run=True,
        basis=Basis.BELIEF,
    ),
    nothing("AWS::CodePipeline::Pipeline", "codepipeline/latest/userguide/S3-artifact-encryption"),
    # The property is missing in the registry schema.
    deployer(
        "AWS::CodeArtifact::Domain",
        "CreateGrant",
        "codeartifact",
        "codeartifact/latest/ug/domain-create",
        paths="EncryptionKey",
    ),
    deployer(
        "AWS::KinesisAnalyticsV2::Application",
        "Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
        "kinesisanalytics",
        "managed-flink/latest/java/manage-cmk-api",
        context={"aws:kinesisanalytics:arn": "arn:{partition}:kinesisanalytics:{region}:{account}:application/{name}"},
        named_by="ApplicationName",
    ),
    deployer(
        "AWS::KinesisAnalyticsV2::Application",
        "CreateGrant",
        "kinesisanalytics",
        "managed-flink/latest/java/manage-cmk-api",
        context={"aws:kinesisanalytics:arn": "arn:{partition}:kinesisanalytics:{region}:{account}:application/{name}"},
        named_by="ApplicationName",
        grants=Grants.FOR_DECRYPT,
    ),
    *(
        service(
            "AWS::KinesisAnalyticsV2::Application",
            principal,
            actions,
            "managed-flink/latest/java/manage-cmk-api",
            context=(
                {"aws:kinesisanalytics:arn": "arn:{partition}:kinesisanalytics:{region}:{account}:application/{name}"}
                if actions != "DescribeKey"
                else {}
            ),
            source_account=actions in ("DescribeKey", "GenerateDataKey"),
            source_arn=(
                "arn:{partition}:kinesisanalytics:{region}:{account}:application/{name}"
                if actions in ("DescribeKey", "GenerateDataKey")
                else ""
            ),
            named_by="ApplicationName",
            grants=Grants.FOR_DECRYPT,
        )
        for principal, actions in (
            ("kinesisanalytics.amazonaws.com", "DescribeKey"),
            ("infrastructure.kinesisanalytics.amazonaws.com", "DescribeKey"),
            ("kinesisanalytics.amazonaws.com", "GenerateDataKey"),
            ("kinesisanalytics.amazonaws.com", "Decrypt"),
            ("infrastructure.kinesisanalytics.amazonaws.com", "CreateGrant Decrypt GenerateDataKeyWithoutPlaintext"),
        )
    ),
    # The id of the pool is not known before it is made; that the context is there, is.
    deployer(
        "AWS::Cognito::UserPool", "CreateGrant", "", _COGNITO, paths=_SENDERS, context={"userpool-id": "{region}_*"}
    ),
    role(
        "AWS::Synthetics::Canary",
        "ExecutionRoleArn",
        "Decrypt GenerateDataKey",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_artifact_encryption",
        paths="ArtifactConfig/S3Encryption/KmsKeyArn",
        via="s3",
        at_run=True,
    ),
    nothing(
        "AWS::Synthetics::Canary",
        "AmazonCloudWatch/latest/monitoring/CloudWatch_Synthetics_artifact_encryption",
        paths="ArtifactConfig/S3Encryption/KmsKeyArn",
    ),
)
