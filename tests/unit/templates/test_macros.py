"""What comes from a stack that a macro may change is not for certain, whoever takes it and however."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap, assert_cannot
from secure_kms_constructs.templates import read_templates
from secure_kms_constructs.templates.macros import changing
from tests.unit.templates.test_unread import ACCOUNT, INCLUDE, MAY_NOT, REGION, holder, key, statement

Json = dict[str, Any]
MANAGEMENT = "444455556666"
MACROS: dict[str, Json] = {
    "a macro": {"Transform": "OurMacro"},
    "a macro among others": {"Transform": ["AWS::LanguageExtensions", {"Name": "OurMacro"}]},
    "a macro whose name cannot be told": {"Transform": {"Name": {"Fn::If": ["C", "AWS::LanguageExtensions", "Our"]}}},
    "a function in its place": {"Transform": {"Fn::If": ["C", "AWS::LanguageExtensions", "OurMacro"]}},
    "a number": {"Transform": ["AWS::LanguageExtensions", 1]},
    "an include in the place of a section": {"Fn::Transform": INCLUDE},
    "one beside the resources": {"Resources": {"Fn::Transform": INCLUDE}},
}
READ: dict[str, Json] = {
    "nothing": {},
    "null": {"Transform": None},
    "what is read": {"Transform": ["AWS::LanguageExtensions", {"Name": "AWS::Serverless-2016-10-31"}]},
    "the macro for rotation": {"Transform": "AWS::SecretsManager-2024-09-16"},
    "a loop, which only adds": {"Resources": {"Fn::ForEach::Loop": ["Name", ["A"], {"${Name}": {}}]}},
}

Q = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "q"}}
R = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}
ARN = {"Fn::GetAtt": ["Q", "Arn"]}
EXPORTED = {"O": {"Value": ARN, "Export": {"Name": "q"}}}


def with_key(who: Any, **more: Any) -> Json:
    """The resources of a stack: a key for one role, and another role."""
    policy = {"Version": "2012-10-17", "Statement": [statement("", "kms:Decrypt", Principal={"AWS": who})]}
    return {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}, "R": R, **more}


def organization(kind: str, **principal: str) -> Json:
    """An organization and a policy of its own that denies all in the account of the keys."""
    content = {"Version": "2012-10-17", "Statement": [{**MAY_NOT, **principal}]}
    properties = {"Name": "n", "Type": kind, "TargetIds": [ACCOUNT], "Content": content}
    made = {"Type": "AWS::Organizations::Policy", "Properties": properties}
    return {"Org": {"Type": "AWS::Organizations::Organization", "Properties": {}}, "Policy": made}


def made(kind: str, **properties: Any) -> Json:
    return {"Type": kind, "Properties": properties}


STACK = made("AWS::CloudFormation::Stack", TemplateURL="x", Parameters={"Who": ARN})
STORED = made("AWS::SSM::Parameter", Name="/q", Type="String", Value=ARN)
LOOKED_UP = {"Who": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/q"}}
WRITER = made("Custom::CrossRegionExportWriter", WriterProps={"region": REGION, "exports": {"q": ARN}})
READER = made("Custom::CrossRegionExportReader")
DENIES = made(
    "AWS::IAM::ManagedPolicy",
    ManagedPolicyName="no",
    PolicyDocument={"Version": "2012-10-17", "Statement": [MAY_NOT]},
)
BY_DENIED = holder(ManagedPolicyArns=[f"arn:aws:iam::{ACCOUNT}:policy/no"])
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
# Stacks, of which a macro may change M; the key asked about, and who may not use it unless a macro changes something.
TAKEN: dict[str, tuple[dict[str, Json], str, str]] = {
    "an export": (
        {"K": {"Resources": with_key({"Fn::ImportValue": "q"})}, "M": {"Resources": {"Q": Q}, "Outputs": EXPORTED}},
        "K/Key",
        "K/R",
    ),
    "an output": (
        {
            "K": {"Resources": with_key({"Fn::GetStackOutput": {"StackName": "M", "OutputName": "O"}})},
            "M": {"Resources": {"Q": Q}, "Outputs": EXPORTED},
        },
        "K/Key",
        "K/R",
    ),
    "an output of a nested stack": (
        {
            "K": {"Resources": with_key({"Fn::GetAtt": ["N", "Outputs.O"]}, N=STACK, Q=Q)},
            "K/N": {"Resources": {"Q": R}, "Outputs": EXPORTED},
        },
        "K/Key",
        "K/Q",
    ),
    "a parameter of Systems Manager": (
        {
            "K": {"Resources": with_key({"Ref": "Who"}), "Parameters": LOOKED_UP},
            "M": {"Resources": {"Q": Q, "P": STORED}},
        },
        "K/Key",
        "K/R",
    ),
    "an export of another region": (
        {
            "K": {"Resources": with_key({"Fn::GetAtt": ["Reader", "q"]}, Reader=READER)},
            "M": {"Resources": {"Q": Q, "W": WRITER}},
        },
        "K/Key",
        "K/R",
    ),
    "the parameters of a nested stack": (
        {
            "M": {"Resources": {"Q": Q, "N": STACK}},
            "M/N": {"Resources": with_key({"Ref": "Who"}), "Parameters": {"Who": {"Type": "String"}}},
        },
        "M/N/Key",
        "M/N/R",
    ),
    "the name of a role": (
        {"K": {"Resources": with_key(f"{ROLE}p")}, "M": {"Resources": {"Q": Q}}},
        "K/Key",
        "M/Q",
    ),
    "the path of a role": (
        {"K": {"Resources": with_key(f"{ROLE}path/q")}, "M": {"Resources": {"Q": Q}}},
        "K/Key",
        "M/Q",
    ),
    "a managed policy that denies": (
        {"K": {"Resources": {"Key": key("")}}, "L": {"Resources": {"L": BY_DENIED}}, "M": {"Resources": {"P": DENIES}}},
        "K/Key",
        "L/L",
    ),
    "a service control policy": (
        {"K": {"Resources": with_key(f"{ROLE}r")}, "M": {"Resources": organization("SERVICE_CONTROL_POLICY")}},
        "K/Key",
        "K/R",
    ),
    "a resource control policy": (
        {
            "K": {"Resources": with_key(f"{ROLE}r")},
            "M": {"Resources": organization("RESOURCE_CONTROL_POLICY", Principal="*")},
        },
        "K/Key",
        "K/R",
    ),
}


def beside(template: Json, macro: Json) -> Json:
    return {**template, **macro, "Resources": {**template["Resources"], **macro.get("Resources", {})}}


def access(stacks: dict[str, Json]) -> AccessMap:
    places = {name: f"aws://{ACCOUNT}/{REGION}" for name in stacks if "/" not in name}
    if "Org" in stacks.get("M", {}).get("Resources", {}):
        places["M"] = f"aws://{MANAGEMENT}/{REGION}"
    return AccessMap(read_templates(stacks, environments=places))


@pytest.mark.parametrize("macro", MACROS)
@pytest.mark.parametrize("taken", TAKEN)
def test_what_is_taken_from_a_stack_that_a_macro_may_change_is_unknown(taken: str, macro: str) -> None:
    stacks, key_name, role = TAKEN[taken]
    changed = "M" if "M" in stacks else "K/N"
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(
            access({**stacks, changed: beside(stacks[changed], MACROS[macro])}), "kms:Decrypt", key_name, role
        )


@pytest.mark.parametrize("macro", READ)
@pytest.mark.parametrize("taken", TAKEN)
def test_what_is_taken_from_any_other_stack_is_certain(taken: str, macro: str) -> None:
    stacks, key_name, role = TAKEN[taken]
    changed = "M" if "M" in stacks else "K/N"
    assert_cannot(access({**stacks, changed: beside(stacks[changed], READ[macro])}), "kms:Decrypt", key_name, role)


@pytest.mark.parametrize(
    "changed, certain",
    [
        ({}, True),
        ({"Fn::Transform": INCLUDE}, False),
        ({"Properties": {**STACK["Properties"], "Fn::Transform": INCLUDE}}, False),
        ({"Metadata": {"Fn::Transform": INCLUDE}}, True),
    ],
    ids=["nothing", "beside the properties", "among them", "in the metadata"],
)
def test_a_macro_in_the_resource_of_a_nested_stack_may_change_all_of_it(changed: Json, certain: bool) -> None:
    nested = {
        "Resources": {
            "Key": key(
                "",
            ),
            "R": holder(MAY_NOT),
        }
    }
    stacks = {"M": {"Resources": {"N": {**STACK, **changed}, "Q": Q}}, "M/N": nested}
    if certain:
        assert_cannot(access(stacks), "kms:Decrypt", "M/N/Key", "M/N/R")
        return
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(access(stacks), "kms:Decrypt", "M/N/Key", "M/N/R")


def test_an_organization_that_a_macro_may_take_away_may_be_of_another_account() -> None:
    """So the account that a policy names may be the one that no such policy binds."""
    role = {"K": {"Resources": with_key(f"{ROLE}r")}}
    both = organization("SERVICE_CONTROL_POLICY")
    apart = {"M": {"Resources": {"Policy": both["Policy"]}}, "O": {"Resources": {"Org": both["Org"]}}}
    places = {"K": f"aws://{ACCOUNT}/{REGION}", **dict.fromkeys("MO", f"aws://{MANAGEMENT}/{REGION}")}

    def mapped(**macro: Any) -> AccessMap:
        stacks = {**role, "M": apart["M"], "O": {**apart["O"], **macro}}
        return AccessMap(read_templates(stacks, environments=places))

    assert_cannot(mapped(), "kms:Decrypt", "K/Key", "K/R")
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(mapped(Transform="OurMacro"), "kms:Decrypt", "K/Key", "K/R")


def test_a_policy_that_is_given_to_bind_all_may_be_another_where_a_macro_changes_its_stack() -> None:
    stacks = {"K": {"Resources": with_key(f"{ROLE}r")}, "M": {"Resources": organization("SERVICE_CONTROL_POLICY")}}

    def mapped(**macro: Any) -> AccessMap:
        given = {**stacks, "M": {**stacks["M"], **macro}}
        return AccessMap.from_templates(given, account=ACCOUNT, region=REGION, scps=["M/Policy"])

    assert_cannot(mapped(), "kms:Decrypt", "K/Key", "K/R")
    with pytest.raises(AssertionError, match="might"):
        assert_cannot(mapped(Transform="OurMacro"), "kms:Decrypt", "K/Key", "K/R")


@pytest.mark.parametrize("resources", [[], "none", None])
def test_a_template_whose_resources_are_none_has_no_macro_among_them(resources: object) -> None:
    assert changing({"Resources": resources}) is None
    assert changing({"Resources": resources, "Transform": "OurMacro"}) == "the macro OurMacro"
