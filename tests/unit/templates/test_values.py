"""Every intrinsic function: what it returns, and a neighbour for which nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import read_templates
from tests.unit.cases.template_values import ACCOUNT, CASES, REGION, TEMPLATE, Case, Open


def found(value: Any) -> Any:
    probe = {"Type": "AWS::SSM::Parameter", "Properties": {"Value": value}}
    template = TEMPLATE | {"Resources": {**TEMPLATE["Resources"], "Probe": probe}}
    given = {"Given": "given", "Stage": "dev", "List": "a, b,c", "Numbers": "1,2"}
    [landscape] = read_templates(
        {"App": template}, environments={"App": f"aws://{ACCOUNT}/{REGION}"}, parameters={"App": given}
    )
    return next(one for one in landscape.resources if one.source.logical_id == "Probe").properties["Value"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_value_is_resolved(case: Case) -> None:
    value = found(case.value)
    if isinstance(case.expected, Open):
        assert isinstance(value, Unknown)
        assert case.expected.why in value.description
    elif case.expected == "AROA":
        assert value.startswith("AROA")
    else:
        assert value == case.expected


def test_an_attachment_is_called_by_its_secret() -> None:
    assert found({"Ref": "Attachment"}) == found({"Ref": "Secret"})
    assert found({"Ref": "Secret"}).startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-")


def test_the_cases_have_different_names() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


FUNCTIONS = "Ref GetAtt Join Sub Select Split FindInMap If ImportValue GetStackOutput Base64 Cidr Transform"


@pytest.mark.parametrize("function", FUNCTIONS.split())
def test_every_function_has_a_case_and_a_neighbour(function: str) -> None:
    known = {
        isinstance(case.expected, Open)
        for case in CASES
        if case.name.startswith(f"{function} ") or case.name == function
    }
    assert known >= ({True} if function in ("Cidr", "Transform") else {True, False})
