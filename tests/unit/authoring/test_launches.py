"""Who launches instances from a launch template under the key is told from the fleet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.authoring.small_apps import KEY, app, decided, ref, said, written

DISKS = {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}}
TEMPLATE = ("AWS::EC2::LaunchTemplate", DISKS)
NAMED = [{"LaunchTemplateSpecification": {"LaunchTemplateId": ref("Template", "Ref")}}]
BY_NAME = [{"LaunchTemplateSpecification": {"LaunchTemplateName": ref("Template", "Ref")}}]


def launched_by(kind: str, **properties: Any) -> tuple[set[str], bool]:
    """Return the service-linked roles that are admitted, and whether the deployer is."""
    decision = decided(app(Template=TEMPLATE, Launcher=(kind, properties)))
    roles = {
        str(one["Principal"]["AWS"]).rpartition("/")[2].removeprefix("AWSServiceRoleFor") for one in written(decision)
    }
    assert (len(roles) > 0) is ("serviceLinkedRole" in said(decision))
    return roles, bool(decision.provisions)


@pytest.mark.parametrize("configs", [NAMED, BY_NAME], ids=["by id", "by name"])
def test_an_instant_fleet_is_launched_by_its_deployer_alone(configs: Any) -> None:
    assert launched_by("AWS::EC2::EC2Fleet", LaunchTemplateConfigs=configs, Type="instant") == (set(), True)


@pytest.mark.parametrize("kind", [{}, {"Type": "maintain"}, {"Type": "request"}])
def test_every_other_fleet_is_launched_by_its_role_alone(kind: dict[str, str]) -> None:
    assert launched_by("AWS::EC2::EC2Fleet", LaunchTemplateConfigs=NAMED, **kind) == ({"EC2Fleet"}, False)


def test_a_fleet_whose_type_is_not_told_may_be_either() -> None:
    kind = ref("Kind", "Ref")
    assert launched_by("AWS::EC2::EC2Fleet", LaunchTemplateConfigs=NAMED, Type=kind) == ({"EC2Fleet"}, True)


@pytest.mark.parametrize(
    "bought, roles",
    [
        ({"TargetCapacitySpecification": {"DefaultTargetCapacityType": "spot"}}, {"EC2Fleet", "EC2Spot"}),
        ({"TargetCapacitySpecification": {"DefaultTargetCapacityType": "on-demand"}}, {"EC2Fleet"}),
        ({"TargetCapacitySpecification": {"SpotTargetCapacity": 1}}, {"EC2Fleet", "EC2Spot"}),
        ({"SpotOptions": {}}, {"EC2Fleet", "EC2Spot"}),
    ],
)
def test_spot_instances_have_a_role_of_their_own(bought: dict[str, Any], roles: set[str]) -> None:
    assert launched_by("AWS::EC2::EC2Fleet", LaunchTemplateConfigs=NAMED, **bought) == (roles, False)


def test_batch_launches_by_a_spot_fleet_where_there_is_a_role_for_it() -> None:
    named = {"LaunchTemplate": {"Overrides": [{"LaunchTemplateId": ref("Template", "Ref")}]}}
    plain, spot = (
        launched_by("AWS::Batch::ComputeEnvironment", ComputeResources={**named, **more})
        for more in ({}, {"SpotIamFleetRole": "arn:aws:iam::1:role/x"})
    )
    assert plain == ({"AutoScaling"}, False)
    assert spot == ({"EC2SpotFleet"}, False)
