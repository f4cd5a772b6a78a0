"""What is not read, and could change an answer, makes it unknown, whatever kind it is of."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import ROOT, AccessError, AccessMap, assert_cannot, assert_only
from secure_kms_constructs.checks import Severity, check_templates
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import read_templates

ACCOUNT, REGION = "111122223333", "eu-west-1"
Json = dict[str, Any]
INCLUDE = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/file.json"}}
READ = ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]
BUCKET = {"Type": "AWS::S3::Bucket", "Fn::Transform": INCLUDE}
API = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": {"Fn::Transform": INCLUDE}}}
STACK_SET = {"Type": "AWS::CloudFormation::StackSet", "Properties": {}}
APPLICATION = {"Type": "AWS::Serverless::Application", "Properties": {}}
NESTED = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://bucket/x.json"}}
ROLE: Json = {"Type": "AWS::IAM::Role", "Properties": {}}
GROUPED: Json = {"Type": "AWS::IAM::User", "Properties": {"Groups": [{"Ref": "G"}]}}
NAMED: Json = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app"}}


def statement(principal: str, action: str = "kms:*", **more: Any) -> Json:
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    only = {"Condition": {"ArnEquals": {"aws:PrincipalArn": principal}}} if principal else {}
    return {"Effect": "Allow", "Principal": who, "Action": action, "Resource": "*", **only, **more}


def key(principal: Any) -> Json:
    """A key that leaves it to the identity policies of one role."""
    policy = {"Version": "2012-10-17", "Statement": [statement(principal)]}
    return {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True, "KeyPolicy": policy}}


OF_ROLE = key({"Fn::GetAtt": ["Role", "Arn"]})


def template(role: Json = ROLE, made: Json | None = None, resources: Json | None = None, **sections: Any) -> Json:
    return {**sections, "Resources": {"Key": made or OF_ROLE, "Role": role, **(resources or {})}}


def product(**parameters: Any) -> Json:
    passed = [{"Key": name, "Value": value} for name, value in parameters.items()]
    kind = "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
    return {"Type": kind, "Properties": {"ProductName": "p", "ProvisioningParameters": passed, "Parameters": {}}}


def with_parameters(resource: Json, **parameters: Any) -> Json:
    return {**resource, "Properties": {**resource["Properties"], "Parameters": parameters}}


def looped(body: Any) -> Json:
    return {"Fn::ForEach::Loop": ["Name", ["A", "B"], {"${Name}Thing": body}]}


EXPORTED = {"O": {"Value": {"Ref": "Role"}, "Export": {"Name": "role"}}}
KEPT = {"O": {"Value": {"Ref": "Role"}}}
PUBLISHED = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Role"}}}
MODULE = {"Type": "Our::Company::Thing::MODULE", "Properties": {"Kind": "x"}}

NETWORK: Json = {
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": "vpc-0"}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"VpcId": "vpc-0", "GroupDescription": "x"}},
    "Old": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupName": {"Ref": "Role"}, "GroupDescription": "x"}},
    "Custom": {"Type": "Custom::Thing", "Properties": {"ServiceToken": "t", "Name": {"Ref": "Role"}}},
}
ROTATES = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSMySQLRotationSingleUser"
IN_CHINA = "arn:aws-cn:serverlessrepo:cn-north-1:193023089310:applications/SecretsManagerRDSMySQLRotationSingleUser"
BY_PARTITION = {"aws": {"id": ROTATES}, "aws-cn": {"id": IN_CHINA}}
LOOKED_UP = {"Fn::FindInMap": ["Apps", {"Ref": "AWS::Partition"}, "id"]}


def rotation(application: Any) -> Json:
    return {**APPLICATION, "Properties": {"Location": {"ApplicationId": application, "SemanticVersion": "1.1.670"}}}


def joined_refs(*names: str) -> Json:
    return {"Fn::Join": [",", [{"Ref": name} for name in names]]}


def att(name: str, attribute: str) -> Json:
    return {"Fn::GetAtt": [name, attribute]}


# A template with something unread, and whether it is known for sure that the role may not decrypt.
GAPS: dict[str, tuple[Json, bool]] = {
    "nothing": (template(), True),
    "a macro": (template(Transform="OurMacro"), False),
    "a macro among others": (template(Transform=["AWS::LanguageExtensions", {"Name": "OurMacro"}]), False),
    "macros of AWS that are read": (
        template(Transform=["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]),
        True,
    ),
    "the macro for rotation": (template(Transform="AWS::SecretsManager-2024-09-16"), True),
    "an include at the top": (template(Transform=INCLUDE), False),
    "a macro in the place of a section": (template(**{"Fn::Transform": INCLUDE}), False),
    "a macro beside resources": (template(resources={"Fn::Transform": INCLUDE}), False),
    "a macro as a resource": (template(resources={"More": {"Fn::Transform": INCLUDE}}), False),
    "a macro in another resource": (
        template(resources={"More": BUCKET}),
        False,
    ),
    "a macro in properties that have nothing to do with it": (
        template(resources={"Api": API}),
        True,
    ),
    "a macro beside the properties of the role": (template({**ROLE, "Fn::Transform": INCLUDE}), False),
    "a macro among the properties of the role": (
        template({"Type": "AWS::IAM::Role", "Properties": {"Path": "/", "Fn::Transform": INCLUDE}}),
        False,
    ),
    "a macro beside the properties of the key": (template(made={**OF_ROLE, "Fn::Transform": INCLUDE}), False),
    "a loop": (template(resources=looped(NESTED)), False),
    "a nested stack that cannot know the role": (template(resources={"N": NESTED}), True),
    "a nested stack that is given the role": (
        template(resources={"N": with_parameters(NESTED, Role={"Ref": "Role"})}),
        False,
    ),
    "one that is given something else": (template(resources={"N": with_parameters(NESTED, Key={"Ref": "Key"})}), True),
    "one that is given something unknown": (
        template(resources={"N": with_parameters(NESTED, X={"Fn::ImportValue": "x"})}),
        False,
    ),
    "one that can name the role": (template(NAMED, resources={"N": NESTED}), False),
    "one that can import the role": (template(resources={"N": NESTED}, Outputs=EXPORTED), False),
    "one that can ask for an output": (template(resources={"N": NESTED}, Outputs=KEPT), False),
    "one beside an output of something else": (template(resources={"N": NESTED}, Outputs={"O": {"Value": "x"}}), True),
    "one that can look the role up": (template(resources={"N": NESTED, "P": PUBLISHED}), False),
    "a module that cannot know the role": (template(resources={"M": MODULE}), True),
    "a module that is given the role": (
        template(resources={"M": {**MODULE, "Properties": {"Role": {"Ref": "Role"}}}}),
        False,
    ),
    "a product that is given the role": (template(resources={"P": product(Role={"Ref": "Role"})}), False),
    "a product that is not": (template(resources={"P": product(Key="x")}), True),
    "a stack set": (
        template(NAMED, resources={"S": STACK_SET}),
        False,
    ),
    "a nested stack that can name the group of a user": (
        template(GROUPED, resources={"N": NESTED, "G": {"Type": "AWS::IAM::Group", "Properties": {"GroupName": "g"}}}),
        False,
    ),
    "one that cannot": (template(GROUPED, resources={"N": NESTED, "G": {"Type": "AWS::IAM::Group"}}), True),
    "an application": (
        template(NAMED, resources={"A": APPLICATION}),
        False,
    ),
    "an application that is given a subnet and a security group": (
        template(
            resources={
                "A": with_parameters(APPLICATION, Subnets=joined_refs("Subnet"), Groups=att("Group", "GroupId")),
                **NETWORK,
            }
        ),
        True,
    ),
    "one that is given the name of a security group": (
        template(resources={"A": with_parameters(APPLICATION, Groups=att("Group", "Name")), **NETWORK}),
        False,
    ),
    "one that is given a group of no VPC, by its name": (
        template(resources={"A": with_parameters(APPLICATION, Groups={"Ref": "Old"}), **NETWORK}),
        False,
    ),
    "one that is given a group of a VPC": (
        template(resources={"A": with_parameters(APPLICATION, Groups={"Ref": "Group"}), **NETWORK}),
        True,
    ),
    "one that is given a subnet and the role": (
        template(resources={"A": with_parameters(APPLICATION, Subnets=joined_refs("Subnet", "Role")), **NETWORK}),
        False,
    ),
    "one that is given what a custom resource returns": (
        template(resources={"A": with_parameters(APPLICATION, X={"Ref": "Custom"}), **NETWORK}),
        False,
    ),
    "one that is given what a macro makes of a subnet": (
        template(
            resources={
                "A": with_parameters(APPLICATION, X={"Ref": "Subnet"}),
                "Subnet": {**NETWORK["Subnet"], "Fn::Transform": INCLUDE},
            }
        ),
        False,
    ),
    "a rotation of AWS": (template(NAMED, resources={"A": rotation(ROTATES)}), True),
    "a rotation of AWS that is looked up by partition": (
        template(NAMED, resources={"A": rotation(LOOKED_UP)}, Mappings={"Apps": BY_PARTITION}),
        True,
    ),
    "one of which a partition has another application": (
        template(
            NAMED,
            resources={"A": rotation(LOOKED_UP)},
            Mappings={"Apps": {**BY_PARTITION, "aws-cn": {"id": ROTATES.replace("297356227824", ACCOUNT)}}},
        ),
        False,
    ),
    "one of which a partition has none": (
        template(NAMED, resources={"A": rotation(LOOKED_UP)}, Mappings={"Apps": {**BY_PARTITION, "aws-cn": {}}}),
        False,
    ),
    "one that is looked up where there is nothing": (template(NAMED, resources={"A": rotation(LOOKED_UP)}), False),
    "one that is looked up where a macro adds": (
        template(
            NAMED, resources={"A": rotation(LOOKED_UP)}, Mappings={"Apps": {**BY_PARTITION, "Fn::Transform": INCLUDE}}
        ),
        False,
    ),
    "one that is looked up beside what a macro adds": (
        template(
            NAMED, resources={"A": rotation(LOOKED_UP)}, Mappings={"Apps": BY_PARTITION, "Fn::Transform": INCLUDE}
        ),
        False,
    ),
    "a location that a macro may change": (
        template(
            NAMED,
            resources={
                "A": {
                    **APPLICATION,
                    "Properties": {"Location": {"ApplicationId": ROTATES, "Fn::Transform": INCLUDE}},
                }
            },
        ),
        False,
    ),
    "a private type with the location of one": (
        template(resources={"A": with_parameters({**rotation(ROTATES), "Type": "Our::Own::Thing"}, X={"Ref": "Role"})}),
        False,
    ),
    "a rotation of somebody else": (
        template(NAMED, resources={"A": rotation(ROTATES.replace("297356227824", ACCOUNT))}),
        False,
    ),
    "another application of AWS": (
        template(NAMED, resources={"A": rotation(ROTATES.replace("RotationSingleUser", "Rotation"))}),
        False,
    ),
}
# Of which the checks need not warn: nobody who is read is another for it.
KNOWN = (
    "the macro for rotation",
    "a rotation of AWS",
    "a rotation of AWS that is looked up by partition",
    "a macro in properties that have nothing to do with it",
)


def access(given: Json) -> AccessMap:
    return AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION)


@pytest.mark.parametrize("name", GAPS)
def test_whether_a_role_may_decrypt_beside(name: str) -> None:
    given, certain = GAPS[name]
    if certain:
        assert_cannot(access(given), "kms:Decrypt", "T/Key", "T/Role")
        return
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(access(given), "kms:Decrypt", "T/Key", "T/Role")
    with pytest.raises((AssertionError, AccessError)):
        assert_only(access(given), "kms:Decrypt", "T/Key", {ROOT})


@pytest.mark.parametrize("name", [name for name in GAPS if name not in ("nothing", "macros of AWS that are read")])
def test_the_checks_warn_of(name: str) -> None:
    given, _ = GAPS[name]
    warned = {
        one.rule for one in check_templates({"T": given}, account=ACCOUNT, region=REGION).at_least(Severity.WARNING)
    }
    assert ("KLP004" in warned) is (name not in KNOWN)


def test_a_subnet_of_another_stack_is_no_role() -> None:
    exported = {name: {"Value": {"Ref": name}, "Export": {"Name": name}} for name in ("Subnet", "Custom")}
    outputs = {"Outputs": exported, "Resources": NETWORK | {"Role": ROLE}}
    for name, certain in (("Subnet", True), ("Custom", False)):
        passed = {"A": with_parameters(APPLICATION, X={"Fn::ImportValue": name})}
        given = AccessMap.from_templates(
            {"T": template(resources=passed), "Vpc": outputs}, account=ACCOUNT, region=REGION
        )
        if certain:
            assert_cannot(given, "kms:Decrypt", "T/Key", "T/Role")
        else:
            with pytest.raises(AssertionError, match="might"):
                assert_cannot(given, "kms:Decrypt", "T/Key", "T/Role")


def test_a_role_that_is_named_for_a_vpc_is_told_by_its_name() -> None:
    """What is passed on holds the name as all else knows it, a stand-in where only a deployment tells it."""
    network = {"Vpc": {"Type": "AWS::EC2::VPC"}, "A": with_parameters(APPLICATION, Who={"Ref": "Role"})}
    named = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "app-${Vpc}"}}}
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(access(template(named, resources=network)), "kms:Decrypt", "T/Key", "T/Role")


def test_two_vpcs_are_not_known_to_be_two() -> None:
    """An id is no name of anybody; whether a literal one is the same is as open as before."""
    conditioned = key({"Fn::GetAtt": ["Role", "Arn"]})
    conditioned["Properties"]["KeyPolicy"]["Statement"][0]["Condition"]["StringEquals"] = {"aws:SourceVpc": "vpc-1"}
    conditioned["Properties"]["KeyPolicy"]["Statement"].append(
        {**MAY_NOT, "Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceVpc": {"Ref": "Vpc"}}}}
    )
    network = {"Vpc": {"Type": "AWS::EC2::VPC"}, "A": with_parameters(APPLICATION, Vpc={"Ref": "Vpc"})}
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(access(template(holder(), conditioned, network)), "kms:Decrypt", "T/Key", "T/Role")


def test_what_is_read_is_no_reason_to_warn() -> None:
    for name in ("nothing", "macros of AWS that are read"):
        report = check_templates({"T": GAPS[name][0]}, account=ACCOUNT, region=REGION)
        assert "KLP004" not in {one.rule for one in report.findings}


TAKES = {"Parameters": {"Role": {"Type": "String"}, "Vpc": {"Type": "String", "Default": "v"}}}
INSIDE = {
    "a macro of all of it": ({"Transform": "OurMacro"}, False),
    "a loop": ({"Resources": looped({"Type": "AWS::SNS::Topic"})}, False),
    "a macro as a resource": ({"Resources": {"More": {"Fn::Transform": INCLUDE}}}, False),
    "nothing": ({"Resources": {"More": {"Type": "AWS::SNS::Topic"}}}, True),
}


@pytest.mark.parametrize("name", INSIDE)
def test_what_is_not_read_in_a_nested_stack_finds_what_that_is_given(name: str) -> None:
    inside, certain = INSIDE[name]
    unknown = {"Fn::ImportValue": "x"}
    for what, told in (({"Ref": "Role"}, certain), (unknown, certain), ({"Ref": "Vpc"}, True)):
        outer = template(resources={"N": with_parameters(NESTED, Role=what), "Vpc": {"Type": "AWS::EC2::VPC"}})
        read = AccessMap.from_templates(
            {"T": outer, "T/N": {"Resources": {}, **TAKES, **inside}}, account=ACCOUNT, region=REGION
        )
        if told:
            assert_cannot(read, "kms:Decrypt", "T/Key", "T/Role")
        else:
            with pytest.raises(AssertionError, match="might"):
                assert_cannot(read, "kms:Decrypt", "T/Key", "T/Role")


def test_a_macro_changes_nothing_in_other_stacks() -> None:
    stacks = {"T": template(), "Other": {"Transform": "OurMacro", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}}
    assert_cannot(AccessMap.from_templates(stacks, account=ACCOUNT, region=REGION), "kms:Decrypt", "T/Key", "T/Role")
    named = {**stacks, "T": template(NAMED)}
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(AccessMap.from_templates(named, account=ACCOUNT, region=REGION), "kms:Decrypt", "T/Key", "T/Role")
    places = {"T": f"aws://{ACCOUNT}/{REGION}", "Other": f"aws://444455556666/{REGION}"}
    assert_cannot(AccessMap(read_templates(named, environments=places)), "kms:Decrypt", "T/Key", "T/Role")


MAY = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
MAY_NOT = {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
MANAGED = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [MAY_NOT]}}}
IN_GROUP = {
    "Type": "AWS::IAM::Group",
    "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [MAY_NOT]}}]},
}
SHUT = key("")
SHUT["Properties"]["KeyPolicy"]["Statement"].append({**MAY_NOT, "Principal": "*"})


def holder(*statements: Json, kind: str = "Role", **properties: Any) -> Json:
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [MAY, *statements]}}
    return {"Type": f"AWS::IAM::{kind}", "Properties": {"Policies": [policy], **properties}}


DENIED_BY = {
    "the key policy": template(holder(), SHUT),
    "a policy of the role": template(holder(MAY_NOT), key("")),
    "a managed policy": template(holder(ManagedPolicyArns=[{"Ref": "M"}]), key(""), {"M": MANAGED}),
    "a group": template(holder(kind="User", Groups=[{"Ref": "G"}]), key(""), {"G": IN_GROUP}),
    "a boundary": template(holder(PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"), key("")),
}


@pytest.mark.parametrize("denied_by", DENIED_BY)
def test_what_denies_may_be_taken_away_by_a_macro(denied_by: str) -> None:
    given = DENIED_BY[denied_by]
    assert_cannot(access(given), "kms:Decrypt", "T/Key", "T/Role")
    for changed in ({"Transform": "OurMacro"}, {"Fn::Transform": INCLUDE}):
        with pytest.raises(AssertionError, match="might"):
            assert_cannot(access({**given, **changed}), "kms:Decrypt", "T/Key", "T/Role")


def test_a_statement_is_judged_beside_a_macro_that_may_add_others() -> None:
    open_to_all = statement("", "kms:Decrypt", Principal="*")
    made = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": open_to_all}}}
    for transform in ({}, {"Transform": "OurMacro"}):
        report = check_templates({"T": template(made=made, **transform)}, account=ACCOUNT, region=REGION)
        assert [one.severity for one in report.findings if one.rule == "KLP502"] == [Severity.ERROR]


CONDITION = {"Fn::Equals": [{"Ref": "P"}, "x"]}
RESOURCES = {"Role": {"Type": "AWS::IAM::Role", "Condition": "C", "Properties": {}}, "D": {**ROLE, "Condition": "D"}}


@pytest.mark.parametrize(
    "conditions, count",
    [
        ({"C": {"Fn::Equals": ["a", "a"]}, "D": {"Fn::Equals": ["a", "a"]}}, 1),
        ({"C": {"Fn::Equals": ["a", "a"]}, "D": {"Fn::Equals": ["a", "a"]}, "Fn::Transform": INCLUDE}, 4),
        ({"Fn::Transform": INCLUDE}, 4),
        ({"C": {"Fn::Transform": INCLUDE}, "D": {"Fn::Equals": ["a", "a"]}}, 2),
    ],
)
def test_conditions_that_a_macro_may_change_are_open_each_for_itself(conditions: Json, count: int) -> None:
    given = {"T": {"Conditions": conditions, "Resources": RESOURCES}}
    assert len(read_templates(given, account=ACCOUNT, region=REGION)) == count


@pytest.mark.parametrize("place", [(), ("Map",), ("Map", "top")])
def test_a_mapping_that_a_macro_may_change_is_unknown(place: tuple[str, ...]) -> None:
    def role(mappings: Json) -> object:
        found = {"Fn::FindInMap": ["Map", "top", "second"]}
        resources = {"R": {"Type": "AWS::IAM::Role", "Properties": {"Description": found}}}
        [landscape] = read_templates(
            {"T": {"Mappings": mappings, "Resources": resources}}, account=ACCOUNT, region=REGION
        )
        return landscape.resources[0].properties["Description"]

    mappings: Json = {"Map": {"top": {"second": "value"}}}
    assert role(mappings) == "value"
    below = mappings
    for name in place:
        below = below[name]
    below["Fn::Transform"] = INCLUDE
    assert isinstance(role(mappings), Unknown)


def test_an_output_that_a_macro_may_change_is_unknown() -> None:
    def key_id(outputs: Json) -> object:
        importing = {"S": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Fn::ImportValue": "k"}}}}
        stacks = {"A": {"Outputs": outputs, "Resources": {}}, "B": {"Resources": importing}}
        [landscape] = read_templates(stacks, account=ACCOUNT, region=REGION)
        return next(one for one in landscape.resources if one.source.stack == "B").properties["KmsKeyId"]

    outputs: Json = {"O": {"Value": "v", "Export": {"Name": "k"}}}
    assert key_id(outputs) == "v"
    assert isinstance(key_id({**outputs, "Fn::Transform": INCLUDE}), Unknown)


@pytest.mark.parametrize("kind", ["Policy", "ManagedPolicy"])
def test_a_policy_of_a_stack_that_a_macro_changes_may_be_another(kind: str) -> None:
    def may(**sections: Any) -> bool | None:
        allows = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}}
        policy = {"PolicyName": "p", "PolicyDocument": allows, "Roles": [{"Fn::ImportValue": "role"}]}
        stacks = {
            "T": template(Outputs=EXPORTED),
            "P": {**sections, "Resources": {"Policy": {"Type": f"AWS::IAM::{kind}", "Properties": policy}}},
        }
        found = AccessMap.from_templates(stacks, account=ACCOUNT, region=REGION)
        return found.explain("T/Role", "kms:Decrypt", "T/Key").allowed

    assert may() is True
    assert may(Transform="OurMacro") is None
