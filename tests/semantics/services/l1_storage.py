"""L1s of buckets, volumes and what launches from launch templates."""

from __future__ import annotations

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_iam as iam

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, Construction, deploys, only, service, uses
from tests.semantics.services.constructions import SCALING, SENDS, VOLUMES, arn, role
from tests.semantics.services.l1_making import GDK, GDKWP, SEALED_BUCKET, at, l1, linked
from tests.semantics.services.launched import FLEET, SPOT, SPOT_FLEET


def encrypted_source(s: Stack, k: HardenedKey) -> None:
    """Make a bucket under the key, with a name, whose role holds what reads it to replicate it."""
    replicating = role(s)
    replicating.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[k.key_arn]))
    made = {
        **at(f"{SEALED_BUCKET}/KMSMasterKeyID", k.key_arn),
        "BucketName": "source",
        "ReplicationConfiguration": {"Role": replicating.role_arn, "Rules": []},
    }
    CfnResource(s, "It", type="AWS::S3::Bucket", properties=made)


def replication(s: Stack, k: HardenedKey) -> None:
    """Make a bucket whose role holds what replicates, as the key policy alone would not be enough for S3."""
    replicating = role(s)
    replicating.add_to_policy(iam.PolicyStatement(actions=["kms:Encrypt"], resources=[k.key_arn]))
    made = at("ReplicationConfiguration/Rules/*/Destination/EncryptionConfiguration/ReplicaKmsKeyID", k.key_arn)
    made["ReplicationConfiguration"]["Role"] = replicating.role_arn
    CfnResource(s, "It", type="AWS::S3::Bucket", properties=made)


_SPOT = "SpotFleetRequestConfigData/LaunchTemplateConfigs/*/LaunchTemplateSpecification"

STORAGE = (
    *(
        l1(
            f"{part.lower()}_metadata",
            "AWS::S3::Bucket",
            {f"MetadataConfiguration/{part}TableConfiguration/EncryptionConfiguration/KmsKeyArn": "KEY"},
            *(
                service(principal, SENDS, {"aws:s3:arn": arn("s3tables", "bucket/aws-s3/table/x")})
                for principal in ("metadata.s3", "maintenance.s3tables")
            ),
        )
        for part in ("Annotation", "Journal")
    ),
    # "including the source bucket itself", where no destination is named
    l1(
        "own_logs",
        "AWS::S3::Bucket",
        {f"{SEALED_BUCKET}/KMSMasterKeyID": "KEY", "LoggingConfiguration/LogFilePrefix": "logs/"},
        service("logging.s3", SENDS),
    ),
    l1(
        "server_logs",
        "AWS::S3::Bucket",
        {"LoggingConfiguration/DestinationBucketName": "BUCKET"},
        service("logging.s3", SENDS),
    ),
    Construction(
        "by_l1_replicated",
        encrypted_source,
        # With a Bucket Key the context is the bucket, without it is the object.
        tuple(
            ask
            for name in ("source", "source/object")
            for ask in only(
                uses("Role", "s3", "Decrypt", {"aws:s3:arn": f"arn:aws:s3:::{name}"}), ":::source", ":::payroll"
            )
        ),
    ),
    Construction(
        "by_l1_replication",
        replication,
        uses("Role", "s3", "Encrypt"),
    ),
    l1("volume", "AWS::EC2::Volume", {"KmsKeyId": "KEY"}, deploys("ec2", VOLUMES)),
    l1(
        "fleet_disks",
        "AWS::EC2::EC2Fleet",
        {"LaunchTemplateConfigs/*/Overrides/*/BlockDeviceMappings/*/Ebs/KmsKeyId": "KEY", "Type": "instant"},
        deploys("ec2", VOLUMES),
    ),
    l1(
        "instance_by_name",
        "AWS::EC2::Instance",
        {"LaunchTemplate/LaunchTemplateName": "TEMPLATE"},
        deploys("ec2", VOLUMES),
    ),
    *(
        l1(
            f"spot_fleet_{number}",
            "AWS::EC2::EC2Fleet",
            {path: word, **more},
            (*linked(FLEET), *(linked(SPOT) if more else ())),
        )
        for number, (path, word, more) in enumerate(
            (path, word, more)
            for path, word in (
                ("LaunchTemplateConfigs/*/Overrides/*/BlockDeviceMappings/*/Ebs/KmsKeyId", "KEY"),
                ("LaunchTemplateConfigs/*/LaunchTemplateSpecification/LaunchTemplateName", "TEMPLATE"),
                ("LaunchTemplateConfigs/*/LaunchTemplateSpecification/LaunchTemplateId", "TEMPLATE"),
            )
            for more in (
                {"SpotOptions/AllocationStrategy": "lowest-price"},
                {"TargetCapacitySpecification/DefaultTargetCapacityType": "spot"},
                {"TargetCapacitySpecification/SpotTargetCapacity": 1},
                {},
            )
        )
    ),
    l1(
        "spot_fleet_by_name",
        "AWS::EC2::SpotFleet",
        {f"{_SPOT}/LaunchTemplateName": "TEMPLATE"},
        linked(SPOT_FLEET),
        linked(SPOT),
    ),
    l1(
        "games_by_name",
        "AWS::GameLift::GameServerGroup",
        {"LaunchTemplate/LaunchTemplateName": "TEMPLATE"},
        linked(SCALING),
    ),
    *(
        l1(
            f"batch_{number}",
            "AWS::Batch::ComputeEnvironment",
            {
                f"ComputeResources/LaunchTemplate/{path}": "TEMPLATE",
                **({"ComputeResources/SpotIamFleetRole": "x"} if spot else {}),
            },
            linked(SPOT_FLEET if spot else SCALING),
        )
        for number, (path, spot) in enumerate(
            (path, spot)
            for path in ("LaunchTemplateName", "Overrides/*/LaunchTemplateId", "Overrides/*/LaunchTemplateName")
            for spot in (False, True)
        )
    ),
    *(
        l1(
            f"fleet_{by.lower()}",
            "AWS::EC2::EC2Fleet",
            {f"LaunchTemplateConfigs/*/LaunchTemplateSpecification/LaunchTemplate{by}": "TEMPLATE", "Type": "instant"},
            deploys("ec2", VOLUMES),
        )
        for by in ("Id", "Name")
    ),
    *(
        l1(f"group_{number}", "AWS::AutoScaling::AutoScalingGroup", {path: "TEMPLATE"}, linked(SCALING))
        for number, path in enumerate(
            (
                *("LaunchTemplate/LaunchTemplateId", "LaunchTemplate/LaunchTemplateName"),
                "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateId",
                "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateName",
                "MixedInstancesPolicy/LaunchTemplate/Overrides/*/LaunchTemplateSpecification/LaunchTemplateId",
                "MixedInstancesPolicy/LaunchTemplate/Overrides/*/LaunchTemplateSpecification/LaunchTemplateName",
            )
        )
    ),
    l1("nodes_by_name", "AWS::EKS::Nodegroup", {"LaunchTemplate/Name": "TEMPLATE"}, linked(SCALING)),
    l1(
        "files",
        "AWS::EFS::FileSystem",
        {"KmsKeyId": "KEY"},
        deploys("elasticfilesystem", f"CreateGrant {GDKWP}"),
    ),
    l1(
        "distribution",
        "AWS::CloudFront::Distribution",
        {"DistributionConfig/Origins/*/DomainName": "BUCKET DOMAIN"},
        service("cloudfront", "Decrypt", arn=f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
    ),
    *(
        l1(f"{name}_delivered", "AWS::S3::Bucket", {path: "BUCKET ARN", "BucketName": "source"}, asks)
        for name, path in (
            ("inventory", "InventoryConfigurations/*/Destination/BucketArn"),
            ("analytics", "AnalyticsConfigurations/*/StorageClassAnalysis/DataExport/Destination/BucketArn"),
        )
        for asks in (only(service("s3", GDK, account=True, arn="arn:aws:s3:::source"), ":::source", ":::payroll"),)
    ),
)
