"""What `secure-kms rewrite` makes of the L2 twin of the demo: it synthesizes, keeps the keys, and opens less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk.assertions import Template

from secure_kms_constructs import AccessMap
from secure_kms_constructs.rewriting import rewrite

EXAMPLES = Path(__file__).parents[2] / "examples"
HERE = Environment(account="111122223333", region="eu-west-1")
SOURCE = EXAMPLES / "stock_l2.py"


def synthesized(text: bytes) -> tuple[dict[str, Any], AccessMap]:
    names: dict[str, Any] = {"__file__": str(SOURCE), "__name__": "stock_l2"}
    exec(compile(text, str(SOURCE), "exec"), names)
    app = App()
    stack: Stack = names["StockL2"](app, "StockL2", env=HERE)
    template = Template.from_stack(stack).to_json()
    return template, AccessMap.from_assembly(app.synth().directory)


@pytest.fixture(scope="module")
def both() -> tuple[tuple[dict[str, Any], AccessMap], tuple[dict[str, Any], AccessMap]]:
    text = SOURCE.read_bytes()
    return synthesized(text), synthesized(rewrite(text).after)


def test_keys_and_what_they_encrypt_keep_their_logical_ids(both: Any) -> None:
    (before, _), (after, _) = both
    kept = {"AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::Logs::LogGroup", "AWS::IAM::Role"}
    ids = [{it: one["Type"] for it, one in t["Resources"].items() if one["Type"] in kept} for t in (before, after)]
    assert ids[0] == ids[1]
    assert len(ids[0]) >= 7


def test_who_had_the_key_for_no_reason_loses_it_and_the_reader_keeps_its_secret_alone(both: Any) -> None:
    (_, before), (_, after) = both
    said = str(before.diff(after))
    assert "lost: StockL2/InnocentRole: every action" in said
    assert "via secretsmanager if SecretARN = StockL2/OrdersSecret\n" in said
    gained = [line.strip() for line in said.splitlines() if "gained" in line]
    assert gained == ["gained: StockL2/KeyAdministrator: RotateKeyOnDemand"]
