"""The reader of templates finds cycles, or the tests that rely on it prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.templates import cycle, readable


@pytest.mark.parametrize(
    "needs",
    [
        {"Properties": {"A": {"Ref": "One"}}},
        {"Properties": {"A": {"Fn::GetAtt": ["One", "Arn"]}}},
        {"Properties": {"A": {"Fn::Join": ["", ["x", {"Fn::GetAtt": "One.Arn"}]]}}},
        {"Properties": {"A": [{"Fn::Sub": "x-${One.Arn}"}]}},
        {"Properties": {"A": {"Fn::Sub": ["${B}", {"B": {"Ref": "One"}}]}}},
        {"DependsOn": "One"},
        {"DependsOn": ["One"]},
    ],
)
def test_a_cycle_is_found_however_it_is_written(needs: dict[str, Any]) -> None:
    one = {"Type": "T", "Properties": {"A": {"Ref": "Two"}}}
    free = {"Type": "T", "Properties": {"A": {"Ref": "AWS::Region"}}}
    assert cycle({"Resources": {"One": one, "Two": {"Type": "T", **needs}, "Free": free}}) == ["One", "Two"]
    assert cycle({"Resources": {"One": {"Type": "T"}, "Two": {"Type": "T", **needs}}}) == []


def test_intrinsics_read_like_an_arn() -> None:
    value = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":x:", {"Fn::GetAtt": ["Role1A2B3C4D", "Arn"]}]]}
    assert readable({"A": [value]}) == {"A": ["arn:<AWS::Partition>:x:<Role.Arn>"]}
