"""References between stacks, and names that say nothing: what is not told for sure is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import Landscape, read_templates, resolution

HERE, THERE = "aws://111122223333/eu-west-1", "aws://444455556666/eu-west-1"
Text = dict[str, Any]


def probe(value: Any) -> Text:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Value": value}}


def read(templates: Text, **environments: str) -> Landscape:
    [landscape] = read_templates(templates, environments=dict.fromkeys(templates, HERE) | environments)
    return landscape


def found(templates: Text, **environments: str) -> Any:
    landscape = read(templates, **environments)
    return next(one for one in landscape.resources if one.source.logical_id == "Probe").properties["Value"]


EXPORTING: Text = {"Outputs": {"O": {"Value": "v", "Export": {"Name": "x"}}}}
IMPORTING: Text = {"Resources": {"Probe": probe({"Fn::ImportValue": "x"})}}
MAKING: Text = {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/x", "Value": "v"}}}}
READING: Text = {"Resources": {"Probe": probe("{{resolve:ssm:/x}}")}}


@pytest.mark.parametrize("maker, reader", [(EXPORTING, IMPORTING), (MAKING, READING)], ids=["export", "parameter"])
def test_one_maker_of_the_account_and_region_is_followed(maker: Text, reader: Text) -> None:
    assert found({"A": maker, "Z": reader}) == "v"
    assert isinstance(found({"A": maker, "Z": reader}, A=THERE), Unknown)
    assert isinstance(found({"A": maker, "B": maker, "Z": reader}), Unknown)


WRITING: Text = {
    "Resources": {
        "W": {
            "Type": "Custom::CrossRegionExportWriter",
            "Properties": {"WriterProps": {"region": "us-east-1", "exports": {"/cdk/exports/x": "v"}}},
        }
    }
}
FETCHING: Text = {
    "Resources": {
        "R": {"Type": "Custom::CrossRegionExportReader"},
        "Probe": probe({"Fn::GetAtt": ["R", "/cdk/exports/x"]}),
    }
}


def test_one_writer_of_the_account_is_followed() -> None:
    elsewhere = "aws://111122223333/us-east-1"
    assert found({"A": WRITING, "Z": FETCHING}, Z=elsewhere) == "v"
    assert isinstance(found({"A": WRITING, "Z": FETCHING}, Z=elsewhere, A=THERE), Unknown)
    assert isinstance(found({"A": WRITING, "B": WRITING, "Z": FETCHING}, Z=elsewhere), Unknown)


def test_a_stack_of_two_is_not_followed() -> None:
    reference = {"Fn::GetStackOutput": {"StackName": "A", "OutputName": "O"}}
    assert found({"A": EXPORTING, "Z": {"Resources": {"Probe": probe(reference)}}}) == "v"
    other = {"Fn::GetStackOutput": {"StackName": "B", "OutputName": "O"}}
    assert isinstance(found({"A": EXPORTING, "Z": {"Resources": {"Probe": probe(other)}}}), Unknown)


def test_a_map_by_region_says_nothing_where_the_region_is_not_known() -> None:
    template = {
        "Mappings": {"M": {"eu-west-1": {"k": "v"}}},
        "Resources": {"Probe": probe({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k", {"DefaultValue": "d"}]})},
    }
    assert found({"A": template}) == "v"
    assert found({"A": template}, A="aws://111122223333/us-east-1") == "d"
    assert isinstance(found({"A": template}, A="aws://111122223333/unknown-region"), Unknown)


NAMES: dict[str, tuple[str, str, bool]] = {
    "a role": ("AWS::IAM::Role", "app", True),
    "a role with a path in its name": ("AWS::IAM::Role", "team/app", False),
    "a role with a colon": ("AWS::IAM::Role", "a:b", False),
    "a role without name": ("AWS::IAM::Role", "", False),
    "a bucket with a wildcard": ("AWS::S3::Bucket", "a*", False),
    "a secret with a blank": ("AWS::SecretsManager::Secret", "a b", False),
    "a secret": ("AWS::SecretsManager::Secret", "a/b", True),
    "a log group with a variable": ("AWS::Logs::LogGroup", "${aws:username}", False),
}
NAMED_BY = {"Role": "RoleName", "Bucket": "BucketName", "Secret": "Name", "LogGroup": "LogGroupName"}


@pytest.mark.parametrize("kind, name, is_name", NAMES.values(), ids=NAMES)
def test_a_name_that_cannot_be_one_is_replaced_and_noted(kind: str, name: str, is_name: bool) -> None:
    properties = {NAMED_BY[kind.rpartition(":")[2]]: name, "KmsKeyId": "x"}
    landscape = read({"App": {"Resources": {"Thing": {"Type": kind, "Properties": properties}}}})
    [resource] = landscape.resources
    assert resource.arn
    assert (name in resource.arn and name != "") is is_name
    assert ["read as one that only a deployment tells" in note.text for note in landscape.notes] == [True] * (
        not is_name
    )


def test_the_stand_in_of_a_bucket_is_in_lower_case() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"KmsKeyId": "x"}}
    [resource] = read({"App": {"Resources": {"Thing": bucket}}}).resources
    assert resource.arn == str(resource.arn).lower()


def test_a_stack_and_a_resource_with_odd_names_have_plain_stand_ins() -> None:
    landscape = read({"My App.yaml": {"Resources": {"R-1": {"Type": "AWS::IAM::Role"}}}})
    assert landscape.identities[0].arn.startswith("arn:aws:iam::111122223333:role/My-App-yaml-R-1-")


@pytest.mark.parametrize(
    "properties, is_there",
    [
        ({"Encryption": [{"KMSMasterKeyID": {"Ref": "K"}}]}, True),
        ({"EncryptionKey": {"Ref": "K"}}, True),
        ({"Policy": {"Resource": ["arn:aws:kms:eu-west-1:111122223333:key/k"]}}, True),
        ({"Encryption": [{"Algorithm": "AES256"}]}, False),
    ],
)
def test_what_has_to_do_with_keys_is_described(properties: Text, is_there: bool) -> None:
    landscape = read({"App": {"Resources": {"B": {"Type": "AWS::Some::Thing", "Properties": properties}}}})
    assert (len(landscape.resources) == 1) is is_there


def test_texts_that_double_are_cut_off() -> None:
    resources = {"R0": probe("0123456789")}
    for n in range(1, 40):
        resources[f"R{n}"] = probe({"Fn::Sub": f"${{R{n - 1}.Value}}" * 2})
    values = [one.properties["Value"] for one in read({"App": {"Resources": resources}}).resources]
    lengths = [len(value) for value in values if isinstance(value, str)]
    assert lengths == [10 * 2**n for n in range(14)]
    assert values[14] == Unknown("a text of more than 100000 characters")


def test_all_texts_together_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolution, "_CHARACTERS", 95)
    resources = {f"R{n}": probe({"Fn::Join": ["", ["0123456789"]]}) for n in range(10)}
    values = [one.properties["Value"] for one in read({"App": {"Resources": resources}}).resources]
    assert values == ["0123456789"] * 9 + [Unknown("more text than anybody's templates hold")]
