"""Cloud assemblies: stages, nested stacks, environments, construct paths, and files that are no assembly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.templates import Landscape, TemplateError, read_assembly, read_templates

HERE = "aws://111122223333/eu-west-1"
NOWHERE = "aws://unknown-account/unknown-region"
Text = dict[str, Any]
KEY: Text = {"Type": "AWS::KMS::Key"}
HASH = "0" * 63 + "a"


def write(directory: Path, files: Mapping[str, Any]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return directory


def stack(file: str, environment: Any = HERE, **more: Any) -> Text:
    properties = {"templateFile": file, **more.pop("properties", {})}
    return {"type": "aws:cloudformation:stack", "environment": environment, "properties": properties, **more}


def manifest(**artifacts: Text) -> Text:
    return {"version": "55.0.0", "artifacts": artifacts}


def read(directory: Path, **more: Any) -> Landscape:
    [landscape] = read_assembly(directory, **more)
    return landscape


def sources(landscape: Landscape) -> list[tuple[str, str]]:
    return [(one.source.stack, one.source.path) for one in landscape.resources]


NESTED: Text = {
    "Type": "AWS::CloudFormation::Stack",
    "Properties": {"Parameters": {"KeyArn": {"Fn::GetAtt": ["K", "Arn"]}}},
}
CHILD: Text = {
    "Parameters": {"KeyArn": {"Type": "String"}},
    "Resources": {"K": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Ref": "KeyArn"}}}},
    "Outputs": {"Secret": {"Value": {"Ref": "K"}}},
}
PARENT: Text = {
    "Resources": {
        "K": KEY,
        "N": NESTED | {"Metadata": {"aws:asset:path": "child.json"}},
        "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::GetAtt": ["N", "Outputs.Secret"]}}},
    }
}


def test_a_nested_stack_is_read_with_what_its_parent_passes(tmp_path: Path) -> None:
    landscape = read(
        write(tmp_path, {"manifest.json": manifest(A=stack("a.json")), "a.json": PARENT, "child.json": CHILD})
    )
    secret = next(one for one in landscape.resources if one.type == "AWS::SecretsManager::Secret")
    parameter = next(one for one in landscape.resources if one.type == "AWS::SSM::Parameter")
    assert secret.source.stack == "A/N"
    assert secret.properties["KmsKeyId"] == landscape.keys[0].arn
    assert parameter.properties["Value"] == secret.arn
    assert landscape.notes == ()


def test_a_nested_stack_is_found_by_the_asset_in_its_url(tmp_path: Path) -> None:
    url = {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::URLSuffix"}, f"/assets/{HASH}.json"]]}
    nested = NESTED | {"Properties": NESTED["Properties"] | {"TemplateURL": url}}
    parent = {"Resources": PARENT["Resources"] | {"N": nested}}
    assets = {"files": {HASH: {"source": {"path": "child.json", "packaging": "file"}}}}
    files = {"manifest.json": manifest(A=stack("a.json")), "a.json": parent, "child.json": CHILD}
    landscape = read(write(tmp_path, {**files, "A.assets.json": assets}))
    assert "A/N" in {name for name, _ in sources(landscape)}
    without = read(write(tmp_path, {**files, "A.assets.json": {"files": {}}}))
    assert [note.text for note in without.notes] == ["the template of this nested stack is not read"]
    assert "not read" in str(without.resources[-1].properties["Value"])


def test_a_stage_is_an_assembly_within(tmp_path: Path) -> None:
    outer = manifest(S={"type": "cdk:cloud-assembly", "properties": {"directoryName": "stage"}}, A=stack("a.json"))
    imports = {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::ImportValue": "x"}}}
    exporting = {"Resources": {"K": KEY}, "Outputs": {"O": {"Value": {"Ref": "K"}, "Export": {"Name": "x"}}}}
    files = {"manifest.json": outer, "a.json": {"Resources": {"P": imports}}}
    files |= {"stage/manifest.json": manifest(B=stack("b.json")), "stage/b.json": exporting}
    landscape = read(write(tmp_path, files))
    assert landscape.resources[-1].properties["Value"] == landscape.keys[0].arn.rpartition("/")[2]


def test_stacks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    elsewhere = "aws://111122223333/us-east-1"
    named = {"stackName": "App"}
    artifacts = manifest(
        East=stack("a.json", elsewhere, properties=named), West=stack("a.json", properties=named), Other=stack("a.json")
    )
    landscape = read(write(tmp_path, {"manifest.json": artifacts, "a.json": {"Resources": {"K": KEY}}}))
    assert [name for name, _ in sources(landscape)] == ["East", "West", "Other"]
    assert len({key.arn for key in landscape.keys}) == 3


def test_paths_are_those_of_the_constructs(tmp_path: Path) -> None:
    def entry(logical_id: str) -> list[Text]:
        return [{"type": "aws:cdk:logicalId", "data": logical_id}]

    metadata = {
        "/App/Key/Resource": entry("K"),
        "/App/Inner.NestedStack/Inner.NestedStackResource": entry("N"),
        "/App/Inner/Secret/Resource": entry("K"),
        "/App/Inner/Deeper.NestedStack/Deeper.NestedStackResource": entry("M"),
    }
    expected = [("A", "App/Key"), ("A", "A/P"), ("A/N", "App/Inner/Secret")]
    files = {"a.json": PARENT, "child.json": CHILD, "A.metadata.json": metadata}
    beside = manifest(A=stack("a.json", additionalMetadataFile="A.metadata.json"))
    assert sources(read(write(tmp_path, {**files, "manifest.json": beside}))) == expected
    inline = manifest(A=stack("a.json", metadata=metadata))
    assert sources(read(write(tmp_path, {**files, "manifest.json": inline}))) == expected


def test_the_path_in_the_template_comes_first(tmp_path: Path) -> None:
    template = {"Resources": {"K": KEY | {"Metadata": {"aws:cdk:path": "App/Other/Resource"}}}}
    metadata = {"/App/Key/Resource": [{"type": "aws:cdk:logicalId", "data": "K"}]}
    files = {"manifest.json": manifest(A=stack("a.json", metadata=metadata)), "a.json": template}
    assert sources(read(write(tmp_path, files))) == [("A", "App/Other")]


def test_one_path_for_two_resources_is_none() -> None:
    template = {"Resources": {"K": KEY | {"Metadata": {"aws:cdk:path": "App/Key/Resource"}}}}
    [landscape] = read_templates({"A": template, "B": template})
    assert sources(landscape) == [("A", "A/K"), ("B", "B/K")]


def test_a_stack_without_environment_is_of_one_account_and_region_that_nobody_has(tmp_path: Path) -> None:
    files = {
        "manifest.json": manifest(A=stack("a.json", NOWHERE), B=stack("a.json")),
        "a.json": {"Resources": {"K": KEY}},
    }
    # Its policies name the account and region of B, which may be its own.
    landscape, *others = read_assembly(write(tmp_path, files))
    assert {(one.keys[0].arn.split(":")[4]) for one in others} <= {"000000000000", "111122223333"}
    assert landscape.keys[0].arn.startswith("arn:aws:kms:unknown-region:000000000000:key/")
    assert [note.text for note in landscape.notes] == [
        "no account is given for A: read as all of one account, 000000000000",
        "no region is given for A: read as all of one region, unknown-region",
    ]
    told = read(tmp_path, account="444455556666", region="cn-north-1")
    assert told.keys[0].arn.startswith("arn:aws-cn:kms:cn-north-1:444455556666:key/")
    assert told.keys[1].arn.startswith("arn:aws:kms:eu-west-1:111122223333:key/")
    assert told.notes == ()


def test_a_nested_stack_is_where_its_parent_is() -> None:
    [landscape] = read_templates({"A": PARENT, "A/N": CHILD})
    assert [note.text for note in landscape.notes] == [
        "no account is given for A: read as all of one account, 000000000000",
        "no region is given for A: read as all of one region, unknown-region",
    ]


def test_an_output_of_one_of_two_stacks_of_a_name_is_unknown(tmp_path: Path) -> None:
    reference = {"Fn::GetStackOutput": {"StackName": "App", "OutputName": "O"}}
    probe = {"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": reference}}}}
    files = {"a.json": {"Outputs": {"O": {"Value": "v"}}}, "z.json": probe}
    named = {"stackName": "App"}
    one, two = stack("a.json", properties=named), stack("a.json", properties=named)
    landscape = read(write(tmp_path, {**files, "manifest.json": manifest(A=one, Z=stack("z.json"))}))
    assert landscape.resources[0].properties["Value"] == "v"
    landscape = read(write(tmp_path, {"manifest.json": manifest(A=one, B=two, Z=stack("z.json"))}))
    assert "output O of App" in str(landscape.resources[0].properties["Value"])


def test_a_custom_resource_of_cdk_carries_exports_to_another_region(tmp_path: Path) -> None:
    exports = {"/cdk/exports/B/x": {"Fn::GetAtt": ["K", "Arn"]}}
    props = {"WriterProps": {"region": "us-east-1", "exports": exports}}
    writing = {"Resources": {"K": KEY, "W": {"Type": "Custom::CrossRegionExportWriter", "Properties": props}}}
    value = {"Fn::GetAtt": ["R", "/cdk/exports/B/x"]}
    reading = {
        "Resources": {
            "R": {"Type": "Custom::CrossRegionExportReader"},
            "P": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": value}},
        }
    }
    for region, is_found in (("us-east-1", True), ("us-east-2", False)):
        artifacts = manifest(A=stack("a.json"), B=stack("b.json", f"aws://111122223333/{region}"))
        landscape = read(write(tmp_path, {"manifest.json": artifacts, "a.json": writing, "b.json": reading}))
        assert (landscape.resources[-1].properties["Value"] == landscape.keys[0].arn) is is_found


BAD: dict[str, tuple[Text, str]] = {
    "no manifest": ({}, "must be a cloud assembly, with a manifest.json in it: run cdk synth first"),
    "a manifest without artifacts": ({"manifest.json": {}}, "must list the artifacts of a cloud assembly"),
    "a manifest that is a list": ({"manifest.json": []}, "must hold an object, got list"),
    "a manifest that is no JSON": ({"manifest.json": "x"}, "must be JSON"),
    "a template that is not there": (
        {"manifest.json": manifest(A=stack("a.json"))},
        "a.json cannot be read: No such file",
    ),
    "a template outside": ({"manifest.json": manifest(A=stack("../../a.json"))}, "must be a file inside"),
    "an absolute template": ({"manifest.json": manifest(A=stack("/etc/hosts"))}, "must be a file inside"),
    "a template with an impossible name": ({"manifest.json": manifest(A=stack("a\0"))}, "must be a file inside"),
    "no environment": ({"manifest.json": manifest(A=stack("a.json", None))}, "the environment of A must be aws://"),
    "half an environment": ({"manifest.json": manifest(A=stack("a.json", "aws://1/x"))}, "got 'aws://1/x'"),
    "a name that is none": ({"manifest.json": manifest(A=stack("a.json", properties={"stackName": 1}))}, "got 1"),
    "a stage within itself": (
        {"manifest.json": manifest(S={"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}})},
        "must not nest stages without end",
    ),
}


@pytest.mark.parametrize("files, says", BAD.values(), ids=BAD)
def test_what_is_no_assembly_is_refused(tmp_path: Path, files: Text, says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        read_assembly(write(tmp_path, files))


def test_parameters_of_another_stack_are_refused(tmp_path: Path) -> None:
    files = {"manifest.json": manifest(A=stack("a.json", properties={"stackName": "App"})), "a.json": {}}
    read_assembly(write(tmp_path, files), parameters={"App": {}})
    with pytest.raises(TemplateError, match="parameters must be those of App, got 'A'"):
        read_assembly(tmp_path, parameters={"A": {}})
    for what in ("parameters", "environments"):
        with pytest.raises(TemplateError, match=f"{what} must be those of A, B, got 'C'"):
            read_templates({"A": PARENT, "B": PARENT}, **{what: {"C": {}}})


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "a.json")
    with pytest.raises(TemplateError, match=r"a\.json"):
        read_assembly(write(tmp_path, {"manifest.json": manifest(A=stack("a.json"))}))


def test_a_nested_stack_within_itself_is_refused(tmp_path: Path) -> None:
    template = {"Resources": {"N": {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "a.json"}}}}
    with pytest.raises(TemplateError, match="A must not nest stacks without end"):
        read_assembly(write(tmp_path, {"manifest.json": manifest(A=stack("a.json")), "a.json": template}))


def test_templates_beside_their_parent_are_read(tmp_path: Path) -> None:
    def parent(url: str) -> Text:
        nested = NESTED | {"Properties": NESTED["Properties"] | {"TemplateURL": url}}
        return {"Resources": PARENT["Resources"] | {"N": nested}}

    write(tmp_path, {"app/children/child.json": CHILD, "secret.json": CHILD})
    for url, is_read in (("children/child.json", True), ("../secret.json", False), ("https://x/child.json", False)):
        write(tmp_path, {"app/a.json": parent(url)})
        [landscape] = read_templates({"A": tmp_path / "app" / "a.json"})
        assert ("A/N" in {name for name, _ in sources(landscape)}) is is_read


def test_a_nested_template_of_no_stack_is_refused() -> None:
    with pytest.raises(TemplateError, match="A/X must be <stack>/<logical id of its AWS::CloudFormation::Stack>"):
        read_templates({"A": PARENT, "A/X": CHILD})


UNREAD: dict[str, tuple[Text, str]] = {
    "a macro": ({"Transform": ["AWS::Serverless-2016-10-31", "Mine"]}, "what the macro Mine changes in A is not read"),
    "a macro with parameters": ({"Transform": {"Name": "AWS::Include"}}, "what the macro AWS::Include changes in A"),
    "a macro at the top": ({"Fn::Transform": {"Name": "M"}}, "what Fn::Transform changes in A is not read"),
    "a loop": ({"Resources": {"Fn::ForEach::X": []}}, "the resources that Fn::ForEach::X makes in A are not read"),
    "a stack set": (
        {"Resources": {"S": {"Type": "AWS::CloudFormation::StackSet"}}},
        "the stacks of this stack set are not",
    ),
    "a module": (
        {"Resources": {"S": {"Type": "A::B::C::MODULE"}}},
        "what the module A::B::C::MODULE makes is not read",
    ),
}


@pytest.mark.parametrize("template, says", UNREAD.values(), ids=UNREAD)
def test_what_is_not_read_is_noted(template: Text, says: str) -> None:
    [landscape] = read_templates({"A": template}, environments={"A": HERE})
    [note] = landscape.notes
    assert says in note.text


def test_what_is_read_is_not_noted() -> None:
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": {"Type": "AWS::Serverless::Function"}}}
    [landscape] = read_templates({"A": template}, environments={"A": HERE})
    assert landscape.notes == ()
