"""The example of the guardrails, and the way back, synthesized; its findings are none."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template

from secure_kms_constructs import assert_no_findings
from tests.synth.templates import resources

EXAMPLES = Path(__file__).parents[2] / "examples"
HERE = Environment(account="111122223333", region="us-east-1")


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    sys.path.insert(0, str(EXAMPLES))
    yield
    sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def templates() -> dict[str, dict[str, Any]]:
    from guardrails import Management, Security

    app = App()
    stacks = [Management(app, "Management", env=HERE), Security(app, "Security", env=HERE)]
    assert_no_findings(app)
    return {stack.stack_name: Template.from_stack(stack).to_json() for stack in stacks}


def kinds(template: dict[str, Any]) -> Counter[str]:
    return Counter(one["Type"] for one in template["Resources"].values())


def test_the_management_account_gets_the_policies(templates: dict[str, dict[str, Any]]) -> None:
    made = resources(templates["Management"], "AWS::Organizations::Policy")
    whole = [one for one in made.values() if one["TargetIds"] == ["ou-ab12-abcdefgh"]]
    [perimeter] = [one for one in made.values() if one["TargetIds"] == ["111122223333"]]
    assert {one["Type"] for one in whole} == {"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"}
    assert [one["Sid"] for one in perimeter["Content"]["Statement"]] == ["DenyOtherOrganizations"]
    assert "444455556666" in json.dumps(perimeter["Content"])


def test_the_security_account_gets_alarms_config_rules_and_suppressions(templates: dict[str, dict[str, Any]]) -> None:
    found = kinds(templates["Security"])
    assert found["AWS::Events::Rule"] == 3
    assert found["AWS::Config::ConfigRule"] == 5
    assert found["AWS::SecurityHub::AutomationRule"] == 4


def test_the_way_back_keeps_the_logical_ids() -> None:
    from backout import BackedOut, Hardened

    ids = []
    for kind in (Hardened, BackedOut):
        template = Template.from_stack(kind(App(), "Backout", env=HERE)).to_json()
        kept = ("AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup")
        ids.append({name for name, one in template["Resources"].items() if one["Type"] in kept})
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3
