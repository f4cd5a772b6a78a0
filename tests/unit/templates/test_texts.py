"""Templates as text: what YAML and JSON come to, and what ends in our own error, in bounded time and memory."""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.templates import TemplateError, read_templates
from secure_kms_constructs.templates.loading import load_template


def name_of(one: Any) -> str:
    return one if isinstance(one, str) and len(one) < 50 else ""


SHORT_FORMS: list[tuple[str, str, Any]] = [
    ("Ref", "!Ref A", {"Ref": "A"}),
    ("Condition", "!Condition A", {"Condition": "A"}),
    ("GetAtt as text", "!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
    ("GetAtt as a list", "!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
    ("Sub", "!Sub 'a-${B}'", {"Fn::Sub": "a-${B}"}),
    ("Sub with values", "!Sub ['${B}', {B: !Ref C}]", {"Fn::Sub": ["${B}", {"B": {"Ref": "C"}}]}),
    ("Join", "!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
    ("If", "!If [C, a, !Ref AWS::NoValue]", {"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]}),
    ("Select", "!Select [1, !Split [',', 'a,b']]", {"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}),
    ("ImportValue", "!ImportValue a", {"Fn::ImportValue": "a"}),
    ("FindInMap", "!FindInMap [A, B, C]", {"Fn::FindInMap": ["A", "B", "C"]}),
    ("Base64", "!Base64 a", {"Fn::Base64": "a"}),
    ("Cidr", "!Cidr [a, 1, 2]", {"Fn::Cidr": ["a", 1, 2]}),
    ("GetAZs", "!GetAZs ''", {"Fn::GetAZs": ""}),
    ("Equals", "!Equals [a, b]", {"Fn::Equals": ["a", "b"]}),
    ("Not, And, Or", "!Not [!And [!Or [a, b], c]]", {"Fn::Not": [{"Fn::And": [{"Fn::Or": ["a", "b"]}, "c"]}]}),
    ("GetStackOutput", "!GetStackOutput {StackName: a}", {"Fn::GetStackOutput": {"StackName": "a"}}),
    ("Transform", "!Transform {Name: a}", {"Fn::Transform": {"Name": "a"}}),
    ("a long form in YAML", "{'Fn::Sub': a}", {"Fn::Sub": "a"}),
]

SCALARS: list[tuple[str, str, Any]] = [
    ("a date stays text", "2012-10-17", "2012-10-17"),
    ("an account stays a number", "111122223333", 111122223333),
    ("a number with a leading zero stays text", "012345678901", "012345678901"),
    ("a decimal that would lose a zero stays text", "1.10", "1.10"),
    ("a number in quotes is text", "'1'", "1"),
    ("true is true", "true", True),
    ("as YAML 1.1 has it, so is yes", "yes", True),
    ("true in quotes is text", '"true"', "true"),
    ("nothing is none", "", None),
    ("what is merged is its own", "{<<: {a: 1, b: 1}, b: 2}", {"a": 1, "b": 2}),
    ("its own names win wherever they stand", "{b: 2, <<: {a: 1, b: 1}}", {"a": 1, "b": 2}),
    ("what is merged first wins", "{<<: [{a: 1}, {a: 2, b: 2}]}", {"a": 1, "b": 2}),
    ("an alias is merged", "[&x {a: 1}, {<<: *x}]", [{"a": 1}, {"a": 1}]),
    ("a merge in quotes is a name", '{"<<": {a: 1}}', {"<<": {"a": 1}}),
    (
        "names that look like numbers are text",
        "{111122223333: a, 010: b, true: c}",
        {"111122223333": "a", "010": "b", "true": "c"},
    ),
    ("an alias is what it names", "[&x {a: 1}, *x]", [{"a": 1}, {"a": 1}]),
]


@pytest.mark.parametrize(
    "name, text, value", SHORT_FORMS + SCALARS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_yaml_is_read_as_cloudformation_reads_it(name: str, text: str, value: Any) -> None:
    assert load_template(f"Resources:\n  A: {text}\n", name) == {"Resources": {"A": value}}


BOMB = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    + [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
)

BAD: dict[str, tuple[Any, str]] = {
    "half an object": ("{", "must be JSON"),
    "a list": ("[1]", "must be a template, an object, got \\[1\\]"),
    "a path as text": ("templates/a.yaml", "a path needs pathlib"),
    "nothing": ("", "must be a template, an object, got nothing; a path needs pathlib"),
    "two documents": ("a: 1\n---\nb: 2", "one document is needed, got 2"),
    "a name twice, in JSON": ('{"a": {"b": 1, "b": 2}}', "got 'b' twice"),
    "a name twice, in YAML": ("a:\n  b: 1\n  b: 2", "got 'b' twice"),
    "a list as name": ("? [a]\n: b", "names of objects must be text, got list"),
    "no number": ('{"a": NaN}', "numbers must be finite, got NaN"),
    "an endless number": ('{"a": ' + "9" * 5_000 + "}", "must be JSON"),
    "deep JSON": ('{"a":' + "[" * 100_000, "deeper than 100 levels"),
    "deep JSON that ends": ('{"a":' + "[" * 500 + "]" * 500 + "}", "deeper than 100 levels"),
    "deep flow in YAML": ("a: " + "[" * 500, "must be YAML: nested deeper than 100 levels"),
    # Some versions of PyYAML refuse this themselves, in other words.
    "flow deeper than parsers go": ("a: " + "[" * 100_000, "App must be YAML: .*(nested|nesting)"),
    "deep blocks in YAML": ("\n".join("  " * level + "a:" for level in range(500)), "deeper than 100 levels"),
    "aliases that multiply": (BOMB, "must not hold more than 4000000 values"),
    "an alias of itself": ("a: &a [*a]", "no value is named \\*a before it is used"),
    "a merge of no object": ("a: {<<: [1]}", "<< must merge objects, got int"),
    "an alias of nothing": ("a: *b", "no value is named \\*b before it is used"),
    "control characters": ("a: \x00", "must be YAML"),
    "an object with a number as name": ({"a": {1: 2}}, "names of objects must be text, got \\[1\\]"),
    "an object with more than JSON": ({"a": {1, 2}}, "must hold JSON values, got {1, 2}"),
    "no template at all": (1, "must be an object, a pathlib.Path or text, got int"),
    "a file that is not there": (Path("no-such-file.json"), "no-such-file.json cannot be read: No such file"),
}


@pytest.mark.parametrize("given, says", BAD.values(), ids=BAD)
def test_what_is_no_template_is_refused_soon(given: Any, says: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError, match=says) as error:
        read_templates({"App": given})
    assert time.process_time() - started < 5
    assert len(str(error.value)) < 500


def test_an_object_that_holds_itself_is_refused() -> None:
    template: dict[str, Any] = {}
    template["a"] = template
    with pytest.raises(TemplateError, match="deeper than 100 levels"):
        read_templates({"App": template})


def test_aliases_that_multiply_take_no_memory() -> None:
    tracemalloc.start()
    with pytest.raises(TemplateError):
        read_templates({"App": BOMB})
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_bytes(b'{"a": "\xff\xfe"}')
    with pytest.raises(TemplateError, match="must be text in UTF-8, got other bytes"):
        read_templates({"App": path})


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_bytes(b'\xef\xbb\xbf{"Resources": {}}')
    assert load_template(path, "App") == {"Resources": {}}


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    with path.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    with pytest.raises(TemplateError, match="must not be larger than 33554432 bytes, got 41943040"):
        read_templates({"App": path})


@pytest.mark.parametrize("text", ["# yaml\nResources: {}\n", '{"Resources": {}}'], ids=["yaml", "json"])
def test_a_huge_text_is_refused_unread(text: str) -> None:
    huge = text + " " * (32 * 1024 * 1024)
    with pytest.raises(TemplateError, match=f"must not be longer than 33554432 characters, got {len(huge)}"):
        read_templates({"App": huge})


def test_yaml_without_pyyaml_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(TemplateError, match=r"install secure-kms-constructs\[cli\], or give the template as JSON"):
        read_templates({"App": "Resources: {}"})
    assert read_templates({"App": json.dumps({"Resources": {}})})


# References that lead to each other, each only a little work.
CHAINS = {
    "names": {
        f"R{n}": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": f"R{n + 1}"}}} for n in range(5_000)
    },
    "texts that double": {
        f"R{n}": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": {"Fn::Sub": f"${{R{n + 1}.Value}}" * 2}}}
        for n in range(60)
    }
    | {"R60": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "xy"}}},
    "lists that multiply": {
        "R0": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Value": {"Fn::Join": [",", {"Fn::Split": [",", {"Fn::GetAtt": ["R0", "Value"]}]}]}},
        }
    },
}


@pytest.mark.parametrize("resources", CHAINS.values(), ids=CHAINS)
def test_references_without_end_end(resources: Any) -> None:
    started = time.process_time()
    tracemalloc.start()
    assert len(read_templates({"App": {"Resources": resources}})) == 1
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    assert time.process_time() - started < 10


def test_conditions_without_end_end() -> None:
    conditions: dict[str, Any] = {f"C{n}": {"Fn::And": [{"Condition": f"C{n + 1}"}] * 2} for n in range(5_000)}
    conditions["C5000"] = {"Fn::Equals": [{"Ref": "P"}, "a"]}
    key = {"Type": "AWS::KMS::Key", "Condition": "C0"}
    template = {"Parameters": {"P": {"Type": "String"}}, "Conditions": conditions, "Resources": {"Key": key}}
    started = time.process_time()
    assert read_templates({"App": template})
    assert time.process_time() - started < 5
