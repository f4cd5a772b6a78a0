"""What a resource passes on, read for the names that are in it: ids that AWS makes up hold none."""

from __future__ import annotations

from collections.abc import Mapping

from .physical_names import attribute, name_or_arn
from .resolution import Resolver
from .stacks import Stack

REF = "Ref"
# What AWS makes up whole, of nothing that the template says.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
_IDS: Mapping[str, frozenset[str]] = {
    "AWS::EC2::SecurityGroup": frozenset({"GroupId"}),
    "AWS::EC2::Subnet": frozenset({REF, "SubnetId"}),
    "AWS::EC2::VPC": frozenset({REF, "VpcId", "DefaultNetworkAcl", "DefaultSecurityGroup"}),
    "AWS::EC2::VPCEndpoint": frozenset({REF, "Id"}),
}
# Of one in no VPC it is the name, which the template may say.
_REF_IN_VPC = "AWS::EC2::SecurityGroup"
# Stands in no name.
_AN_ID = "\n"


def names_alone(resolver: Resolver) -> Resolver:
    """Return a resolver for which ids that AWS makes up are known to be no name of anybody.

    For nothing else: which of them are the same, as in a condition on the VPC, it does not tell.
    """
    return resolver.reading_with(name_or_arn=_name_or_arn, attribute=_attribute)


def _name_or_arn(resolver: Resolver, stack: Stack, logical_id: str) -> object:
    return _AN_ID if _is_id(stack, logical_id, REF) else name_or_arn(resolver, stack, logical_id)


def _attribute(resolver: Resolver, stack: Stack, logical_id: str, name: str) -> object:
    return _AN_ID if _is_id(stack, logical_id, name) else attribute(resolver, stack, logical_id, name)


def _is_id(stack: Stack, logical_id: str, name: str) -> bool:
    kind = str(stack.resource(logical_id).get("Type"))
    if name == REF and kind == _REF_IN_VPC:
        return "VpcId" in stack.properties(logical_id)
    return name in _IDS.get(kind, ())
