"""JSON schemas of all answers: made from types, shipped, and held against real answers, in which nothing may be new."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from typer.testing import CliRunner

from secure_kms_constructs.account import Options, Snapshot, take_snapshot, write_snapshot
from secure_kms_constructs.checks import rule_named
from secure_kms_constructs.cli import account_verify
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.evidence import write_uses
from tests.unit.account.accounts import fake_account
from tests.unit.migrate.accounts import WIDE, observed, role, snapshot, use

ROOT = Path(__file__).parents[3]
PLACE = ("--account", "111122223333", "--region", "us-east-1")


def loaded() -> Any:
    spec = spec_from_file_location("schemas", ROOT / "tools" / "schemas.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["schemas"] = module
    spec.loader.exec_module(module)
    return module


schemas = loaded()


def run(*arguments: object) -> str:
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False).stdout


def strict(schema: Any) -> Any:
    """The schema, by which nothing passes that it does not name."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(value) for name, value in schema.items()}
    return inner | {"additionalProperties": False} if "properties" in schema else inner


def validate(answer: Any, name: str) -> None:
    schema = json.loads(run("schema", name))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(strict(schema)).validate(answer)


@pytest.mark.parametrize("name", schemas.OUTPUTS)
def test_what_is_shipped_is_what_the_types_say(name: str) -> None:
    """`python tools/schemas.py` writes them."""
    assert (schemas.FOLDER / f"{name}.json").read_text() == schemas.text_of(schemas.OUTPUTS[name])


def test_all_are_listed_and_another_is_refused() -> None:
    assert run("schema").split() == sorted(schemas.OUTPUTS)
    refused = CliRunner().invoke(app, ["schema", "chek"])
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: no answer is called 'chek': there are access, ")


@pytest.fixture(scope="module")
def taken() -> Snapshot:
    """All that is read of an account."""
    parts = ("stacks", "organization", "security-hub", "trails")
    return take_snapshot(Options(parts=parts), session=fake_account().session())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, taken: Snapshot) -> dict[str, Path]:
    """Files to ask about."""
    tmp_path = tmp_path_factory.mktemp("asked")
    made = {name: tmp_path / f"{name}.json" for name in ("broken", "public", "none", "account", "uses")}
    template = json.loads(json.dumps(rule_named("rotation-off").broken))
    made["broken"].write_text(json.dumps(template))
    template["Resources"]["Key"]["Metadata"] = {"KmsLeastPrivilege": {"KLP401": "the vendor rotates this key by hand"}}
    made["acknowledged"] = tmp_path / "acknowledged.json"
    made["acknowledged"].write_text(json.dumps(template))
    made["public"].write_text(json.dumps(rule_named("public-key-policy").broken))
    made["none"].write_text("[]")
    made["taken"] = tmp_path / "taken.json"
    write_snapshot(taken, made["taken"])
    write_snapshot(snapshot(role(wide=WIDE)), made["account"])
    write_uses(observed(use(), complete=True), made["uses"])
    return made


def test_findings(files: dict[str, Path]) -> None:
    answer = json.loads(run("check", *(files[one] for one in ("broken", "public", "none")), "--format", "json", *PLACE))
    assert all(answer[one] for one in ("findings", "unread"))
    validate(answer, "check")
    answer = json.loads(run("check", files["acknowledged"], "--format", "json", *PLACE))
    assert answer["acknowledged"]
    validate(answer, "check")
    validate(json.loads(run("check", files["taken"], "--security-hub", "--format", "json")), "check")


def test_rules() -> None:
    validate(json.loads(run("rules", "--format", "json")), "rules")


@pytest.mark.parametrize("more", [PLACE, ()], ids=["placed", "anywhere"])
def test_access(more: tuple[str, ...], files: dict[str, Path]) -> None:
    answer = json.loads(run("access", files["public"], "--format", "json", *more))
    assert answer["access"]
    assert bool(answer["notes"]) is not bool(more)
    validate(answer, "access")


def test_a_map_of_an_account(files: dict[str, Path]) -> None:
    answer = json.loads(run("account", "map", files["taken"], "--format", "json"))
    validate(answer, "account-map")
    whole = json.loads(run("account", "map", files["taken"], "--grants", "--security-hub", "--format", "json"))
    assert set(whole) > set(answer)
    validate(whole, "account-map")


def test_differences(files: dict[str, Path]) -> None:
    answer = json.loads(run("diff", files["broken"], files["public"], "--format", "json", *PLACE))
    assert answer["access"]
    validate(answer, "diff")


def test_plans(files: dict[str, Path]) -> None:
    asked = ("plan", "--snapshot", files["account"], "--uses", files["uses"], "--accept-gap", "--format", "json")
    answer = json.loads(run(*asked))
    assert answer["plans"][0]["replaced"]
    validate(answer, "plan")


def test_an_account_file_and_one_of_uses(files: dict[str, Path]) -> None:
    for name in ("account", "taken"):
        validate(json.loads(files[name].read_text()), "account-snapshot")
    validate(json.loads(files["uses"].read_text()), "observe")


def test_policies_of_an_organization() -> None:
    validate(json.loads(run("guardrails", "o-exampleorgid")), "guardrails")


def test_a_second_opinion() -> None:
    from secure_kms_constructs.account.opinions import Opinion, Policies

    policies = Policies()
    policies.add("App/Key", "key", {"Statement": []})
    opinions = (Opinion("error", "ValidatePolicy", "App/Key", "is none"),)
    written = account_verify._written(account_verify.Format.JSON, policies, 2, opinions, ["a call"])
    validate(json.loads(written), "account-verify")


def test_what_is_new_or_missing_does_not_pass(files: dict[str, Path]) -> None:
    answer = json.loads(run("check", files["broken"], "--format", "json", *PLACE))
    with pytest.raises(ValidationError, match="'more' was unexpected"):
        validate({**answer, "more": 1}, "check")
    del answer["findings"][0]["when"]
    with pytest.raises(ValidationError, match="'when' is a required property"):
        validate(answer, "check")
