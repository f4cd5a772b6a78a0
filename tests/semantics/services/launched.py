"""What launches instances from a launch template whose disk is under the key, each by a role of its service."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack

from secure_kms_constructs import HardenedKey
from tests.semantics.services.asks import ACCOUNT, Ask, Construction, directly
from tests.semantics.services.constructions import SCALING
from tests.semantics.services.rare_constructions import EVERY, l1, template

_FOR_AWS = {"kms:GrantIsForAWSResource": "true"}


def linked(service: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}.amazonaws.com/AWSServiceRoleFor{name}"


def launches(*roles: str) -> tuple[Ask, ...]:
    """Return what each role asks to launch instances with encrypted disks."""
    return tuple(
        ask
        for role in roles
        for ask in (*directly(role, f"{EVERY} DescribeKey"), *directly(role, "CreateGrant", None, **_FOR_AWS))
    )


FLEET, SPOT_FLEET = linked("ec2fleet", "EC2Fleet"), linked("spotfleet", "EC2SpotFleet")
SPOT, CLUSTERS = linked("spot", "EC2Spot"), linked("pcs", "PCS")


def configured(s: Stack, k: HardenedKey, **overrides: Any) -> list[dict[str, Any]]:
    named = {"LaunchTemplateId": template(s, k), "Version": "1"}
    return [{"LaunchTemplateSpecification": named, **overrides}]


def fleet(kind: str | None, bought: str) -> Any:
    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        capacity = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": bought}
        made = {"LaunchTemplateConfigs": configured(s, k), "TargetCapacitySpecification": capacity}
        return made if kind is None else {**made, "Type": kind}

    return l1("AWS::EC2::EC2Fleet", properties)


def overridden(_stack: Stack, k: HardenedKey) -> dict[str, Any]:
    """A fleet that names the key itself."""
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": True, "KmsKeyId": k.key_arn}}
    named = {"LaunchTemplateId": "lt-1", "Version": "1"}
    config = {"LaunchTemplateSpecification": named, "Overrides": [{"BlockDeviceMappings": [disk]}]}
    capacity = {"TotalTargetCapacity": 1, "SpotTargetCapacity": 1}
    return {"LaunchTemplateConfigs": [config], "TargetCapacitySpecification": capacity}


def spot_fleet(s: Stack, k: HardenedKey) -> dict[str, Any]:
    request = {"IamFleetRole": "arn:aws:iam::1:role/x", "TargetCapacity": 1, "LaunchTemplateConfigs": configured(s, k)}
    return {"SpotFleetRequestConfigData": request}


def batch(**more: Any) -> Any:
    def properties(s: Stack, k: HardenedKey) -> dict[str, Any]:
        named = {"LaunchTemplateId": template(s, k)}
        resources = {"Type": "EC2", "MaxvCpus": 1, "Subnets": [], "LaunchTemplate": named, **more}
        return {"Type": "MANAGED", "ComputeResources": resources}

    return l1("AWS::Batch::ComputeEnvironment", properties)


def games(s: Stack, k: HardenedKey) -> dict[str, Any]:
    named = {"LaunchTemplateId": template(s, k)}
    role = "arn:aws:iam::1:role/x"
    return {"GameServerGroupName": "g", "RoleArn": role, "InstanceDefinitions": [], "LaunchTemplate": named}


def nodes(s: Stack, k: HardenedKey) -> dict[str, Any]:
    return {"ClusterId": "c", "CustomLaunchTemplate": {"TemplateId": template(s, k), "Version": "1"}, "SubnetIds": []}


LAUNCHED = (
    Construction("launched_by_fleet", fleet(None, "on-demand"), launches(FLEET)),
    Construction("launched_by_spot_request", fleet("request", "spot"), launches(FLEET, SPOT)),
    Construction("launched_by_overridden_fleet", l1("AWS::EC2::EC2Fleet", overridden), launches(FLEET, SPOT)),
    Construction("launched_by_spot_fleet", l1("AWS::EC2::SpotFleet", spot_fleet), launches(SPOT_FLEET, SPOT)),
    Construction("launched_by_batch", batch(), launches(SCALING)),
    Construction("launched_by_batch_on_spot", batch(SpotIamFleetRole="arn:aws:iam::1:role/x"), launches(SPOT_FLEET)),
    Construction("launched_by_games", l1("AWS::GameLift::GameServerGroup", games), launches(SCALING)),
    Construction("launched_by_cluster", l1("AWS::PCS::ComputeNodeGroup", nodes), launches(CLUSTERS)),
)
