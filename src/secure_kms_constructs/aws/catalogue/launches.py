"""Who launches instances whose volumes are under a key: the deployer, or a service by its service-linked role."""

from __future__ import annotations

from .making import ALL, VOLUMES, deployer, linked_role, nothing
from .needs import Basis, Need

_TEMPLATE = "AWS::EC2::LaunchTemplate"
_FLEET, _SPOT_FLEET, _BATCH = "AWS::EC2::EC2Fleet", "AWS::EC2::SpotFleet", "AWS::Batch::ComputeEnvironment"
_EBS = "ebs/latest/userguide/ebs-encryption-requirements"
_EC2 = "AWSEC2/latest/UserGuide/"
_FLEETS, _SPOT_FLEETS = _EC2 + "ec2-fleet-prerequisites", _EC2 + "spot-fleet-prerequisites"
_SPOTS = _EC2 + "service-linked-roles-spot-instance-requests"
_SCALING = "autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption"
_SCALING_ROLE = "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_FLEET_ROLE = "ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet"
_SPOT_FLEET_ROLE = "spotfleet.amazonaws.com/AWSServiceRoleForEC2SpotFleet"
_SPOT_ROLE = "spot.amazonaws.com/AWSServiceRoleForEC2Spot"
_INSTANT, _BY_SPOT_FLEET = "Type=instant", "ComputeResources/SpotIamFleetRole"
_IS_SPOT = ("SpotOptions", "TargetCapacitySpecification/DefaultTargetCapacityType=spot")
_HAS_SPOT = "TargetCapacitySpecification/SpotTargetCapacity"


def _template(*prefixes: str) -> str:
    """Return the properties that name a launch template, by its id or its name."""
    return " ".join(f"{prefix}/LaunchTemplate{by}" for prefix in prefixes for by in ("Id", "Name"))


def _launches(kind: str, principal: str, path: str, paths: str, **more: object) -> Need:
    """Return that a service-linked role launches instances, from a launch template where nothing else is said."""
    to = {"paths": paths, "leads_to": _TEMPLATE, **more}
    return linked_role(kind, principal, f"{ALL} CreateGrant DescribeKey", path, **to)


_OVERRIDES = "LaunchTemplateConfigs/*/Overrides/*/BlockDeviceMappings/*/Ebs/KmsKeyId"
_OF_FLEET = _template("LaunchTemplateConfigs/*/LaunchTemplateSpecification")
_OF_SPOT_FLEET = _template("SpotFleetRequestConfigData/LaunchTemplateConfigs/*/LaunchTemplateSpecification")
_OF_BATCH = _template("ComputeResources/LaunchTemplate", "ComputeResources/LaunchTemplate/Overrides/*")

ROWS = (
    nothing(_TEMPLATE, _EBS),
    deployer("AWS::EC2::Instance", VOLUMES, "ec2", _EBS, paths=_template("LaunchTemplate"), leads_to=_TEMPLATE),
    # "An instant EC2 Fleet does not require this role": all others launch by it, and not as their deployer.
    deployer(_FLEET, VOLUMES, "ec2", _EBS, paths=_OVERRIDES, only_with=_INSTANT),
    nothing(_FLEET, _FLEETS, paths=_OVERRIDES, only_without=_INSTANT),
    deployer(_FLEET, VOLUMES, "ec2", _EBS, paths=_OF_FLEET, leads_to=_TEMPLATE, only_with=_INSTANT),
    _launches(_FLEET, _FLEET_ROLE, _FLEETS, _OVERRIDES, leads_to="", only_without=_INSTANT),
    _launches(_FLEET, _FLEET_ROLE, _FLEETS, _OF_FLEET, only_without=_INSTANT),
    *(
        _launches(_FLEET, _SPOT_ROLE, _SPOTS, paths, leads_to=to, only_with=what)
        for paths, to in ((_OVERRIDES, ""), (_OF_FLEET, _TEMPLATE))
        for what in (*_IS_SPOT, _HAS_SPOT)
    ),
    _launches(_SPOT_FLEET, _SPOT_FLEET_ROLE, _SPOT_FLEETS, _OF_SPOT_FLEET),
    _launches(_SPOT_FLEET, _SPOT_ROLE, _SPOTS, _OF_SPOT_FLEET),
    _launches(
        "AWS::AutoScaling::AutoScalingGroup",
        _SCALING_ROLE,
        _SCALING,
        _template(
            "LaunchTemplate",
            "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification",
            "MixedInstancesPolicy/LaunchTemplate/Overrides/*/LaunchTemplateSpecification",
        ),
    ),
    # These make an Auto Scaling group of their own, whose role launches the instances.
    *(
        _launches(kind, _SCALING_ROLE, path, paths, basis=Basis.BELIEF)
        for kind, path, paths in (
            ("AWS::EKS::Nodegroup", _SCALING, "LaunchTemplate/Id LaunchTemplate/Name"),
            (
                "AWS::GameLift::GameServerGroup",
                "gameliftservers/latest/fleetiqguide/gsg-integrate-gameservergroup",
                _template("LaunchTemplate"),
            ),
        )
    ),
    # AWS Batch makes one too, or a spot fleet where there is a role for that.
    _launches(
        _BATCH,
        _SCALING_ROLE,
        "batch/latest/userguide/invalid_compute_environment",
        _OF_BATCH,
        only_without=_BY_SPOT_FLEET,
        basis=Basis.BELIEF,
    ),
    _launches(_BATCH, _SPOT_FLEET_ROLE, _SPOT_FLEETS, _OF_BATCH, only_with=_BY_SPOT_FLEET, basis=Basis.BELIEF),
    _launches(
        "AWS::PCS::ComputeNodeGroup",
        "pcs.amazonaws.com/AWSServiceRoleForPCS",
        "pcs/latest/userguide/security-key-policy-for-encrypted-volumes",
        "CustomLaunchTemplate/TemplateId",
    ),
)
