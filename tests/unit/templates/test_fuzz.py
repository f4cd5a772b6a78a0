"""Whatever a template holds, reading it ends in landscapes or in our own error, and soon."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secure_kms_constructs.policies import Request, evaluate
from secure_kms_constructs.templates import Landscape, TemplateError, read_assembly, read_templates

_FUNCTIONS = (
    *("Ref", "Condition", "Fn::GetAtt", "Fn::Join", "Fn::Sub", "Fn::Select", "Fn::Split", "Fn::ImportValue", "Fn::If"),
    *("Fn::FindInMap", "Fn::Base64", "Fn::Cidr", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Transform"),
    *("Fn::GetStackOutput", "Fn::ForEach::X", "Fn::Length", "Fn::ToJsonString", "Fn::GetAZs"),
)
_STATEMENT = ("Effect", "Principal", "Action", "Resource", "Condition", "Sid")
# Types, and the properties that are read of them.
_TYPES = {
    "AWS::KMS::Key": ("KeyPolicy", "MultiRegion"),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", "PrimaryKeyArn"),
    "AWS::KMS::Alias": ("AliasName", "TargetKeyId"),
    "AWS::IAM::Role": ("RoleName", "Path", "Policies", "ManagedPolicyArns", "PermissionsBoundary"),
    "AWS::IAM::User": ("UserName", "Path", "Policies", "ManagedPolicyArns", "Groups"),
    "AWS::IAM::Group": ("GroupName", "Path", "Policies"),
    "AWS::IAM::Policy": ("PolicyDocument", "PolicyName", "Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", "ManagedPolicyName", "Path", "Roles", "Users"),
    "AWS::IAM::RolePolicy": ("PolicyDocument", "RoleName"),
    "AWS::IAM::UserToGroupAddition": ("GroupName", "Users"),
    "AWS::SecretsManager::Secret": ("Name", "KmsKeyId"),
    "AWS::SecretsManager::SecretTargetAttachment": ("SecretId",),
    "AWS::SSM::Parameter": ("Name", "Value"),
    "AWS::CloudFormation::Stack": ("TemplateURL", "Parameters"),
    "AWS::Serverless::Function": ("FunctionName", "Role"),
    "Custom::CrossRegionExportWriter": ("WriterProps",),
    "Custom::CrossRegionExportReader": ("ReaderProps",),
    "AWS::S3::Bucket": ("BucketName", "KmsKeyId"),
    "AWS::X::Y": ("Name",),
}
_NAMES = st.sampled_from(("A", "B", "C", "D"))
_TEXTS = (
    st.sampled_from(
        (
            *("AWS::AccountId", "AWS::Region", "AWS::NoValue", "AWS::StackName", "A.Arn", "${A}", "${A.Arn}", "${!A}"),
            *(
                "${",
                "{{resolve:ssm:A}}",
                "{{resolve:secretsmanager:A}}",
                "{{resolve:",
                ",",
                ":",
                "*",
                "",
                "\ufdd0",
                "true",
            ),
            *(
                "arn:aws:kms:us-east-1:111122223333:key/k",
                "arn:aws:iam::111122223333:role/r",
                "\ud800",
                "AWS::Region::x",
            ),
        )
    )
    | _NAMES
    | st.text(max_size=4)
)
_SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | _TEXTS
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_FUNCTIONS), inner, min_size=1, max_size=1)
        | st.fixed_dictionaries({"Statement": inner}, optional={"Version": st.just("2012-10-17") | inner})
        | st.dictionaries(st.sampled_from(_STATEMENT) | _NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
_METADATA = st.fixed_dictionaries({}, optional={"aws:cdk:path": _SCALARS})


def _resource(kind: str) -> st.SearchStrategy[Any]:
    properties = st.fixed_dictionaries({}, optional=dict.fromkeys(_TYPES[kind], _TEXTS | _VALUES))
    optional = {"Properties": properties | _VALUES, "Condition": _NAMES | _VALUES, "Metadata": _METADATA | _VALUES}
    return st.fixed_dictionaries({"Type": st.just(kind)}, optional=optional)


_RESOURCE = st.sampled_from(sorted(_TYPES)).flatmap(_resource)
_OUTPUT = st.fixed_dictionaries({"Value": _VALUES}, optional={"Export": st.fixed_dictionaries({"Name": _VALUES})})
_PARAMETER = st.fixed_dictionaries(
    {"Type": st.sampled_from(("String", "CommaDelimitedList", "AWS::SSM::Parameter::Value<String>", "Number"))},
    optional={"Default": _SCALARS, "AllowedValues": st.lists(_SCALARS, max_size=3) | _VALUES},
)
# Always with a key and an identity, so that there is something to ask.
_RESOURCES = st.fixed_dictionaries(
    {"A": _resource("AWS::KMS::Key"), "B": _resource("AWS::IAM::Role") | _resource("AWS::IAM::User")},
    optional=dict.fromkeys("CDEF", _RESOURCE | _VALUES),
)
_TEMPLATE = st.fixed_dictionaries(
    {"Resources": _RESOURCES},
    optional={
        "Parameters": st.dictionaries(_NAMES, _PARAMETER | _VALUES, max_size=3) | _VALUES,
        "Conditions": st.dictionaries(_NAMES, _VALUES, max_size=3) | _VALUES,
        "Mappings": _VALUES,
        "Outputs": st.dictionaries(_NAMES, _OUTPUT | _VALUES, max_size=3) | _VALUES,
        "Transform": _VALUES,
    },
)


def read(*templates: Any) -> tuple[Landscape, ...]:
    try:
        landscapes = read_templates({f"S{place}": template for place, template in enumerate(templates)})
    except TemplateError:
        return ()
    assert 1 <= len(landscapes) <= 64
    for landscape in landscapes:
        for identity in landscape.identities:
            for key in landscape.keys:
                request = Request(identity.arn, "kms:Decrypt", key.arn)
                evaluate(
                    request,
                    key_policy=key.policy,
                    identity_policies=identity.policies,
                    boundary=identity.boundary,
                )
    return landscapes


@settings(max_examples=150)
@given(_TEMPLATE, _TEMPLATE)
def test_what_looks_like_a_template_is_read(one: Any, other: Any) -> None:
    read(one, other)


@settings(max_examples=100)
@given(st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_TEXTS, inner), max_leaves=20))
def test_arbitrary_json_raises_nothing_else(value: Any) -> None:
    read(value, json.dumps(value))


@settings(max_examples=100)
@given(st.text(alphabet=st.sampled_from("ab:-*&! \n[]{},'\"#|>%@?~0\t\\"), max_size=40) | st.text(max_size=40))
def test_arbitrary_text_raises_nothing_else(text: str) -> None:
    read(text, f"Resources:\n  A:\n    Type: AWS::KMS::Key\n    Properties: {text}")


_ARTIFACT = st.fixed_dictionaries(
    {"type": st.sampled_from(("aws:cloudformation:stack", "cdk:cloud-assembly", "cdk:tree"))},
    optional={
        "environment": st.just("aws://111122223333/eu-west-1") | _SCALARS,
        "metadata": _VALUES,
        "additionalMetadataFile": _TEXTS,
        "properties": st.fixed_dictionaries(
            {}, optional={"templateFile": st.just("a.json") | _TEXTS, "stackName": _TEXTS, "directoryName": _TEXTS}
        )
        | _VALUES,
    },
)


@settings(max_examples=100)
@given(st.fixed_dictionaries({"artifacts": st.dictionaries(_NAMES, _ARTIFACT | _VALUES)}) | _VALUES, _TEMPLATE)
def test_arbitrary_assemblies_raise_nothing_else(manifest: Any, template: Any) -> None:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "manifest.json").write_text(json.dumps(manifest))
        Path(directory, "a.json").write_text(json.dumps(template))
        with suppress(TemplateError):
            read_assembly(directory)
