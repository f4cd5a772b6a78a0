"""Templates and apps that nobody here wrote: the fixtures of other projects, which `make` unpacks into .corpus."""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from secure_kms_constructs.access import AccessMap, assert_can
from secure_kms_constructs.checks import check_assembly
from secure_kms_constructs.cli.commands import app
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.templates import Landscape, TemplateError, read_templates
from secure_kms_constructs.templates.loading import load_template

# Templates that are broken on purpose: half a file, a name twice, aliases that multiply.
BROKEN = {
    "config_invalid_json.json",
    "config_invalid_yaml.yaml",
    "duplicate.json",
    "duplicate.yaml",
    "generic_resources_with_mixed_cross_account_policy_and_no_policy.json",
    "json_parse.json",
    "mixed_invalid_generic_resources.json",
    "template.yaml",
    "yaml-alias-amplification.yaml",
}


Read = dict[Path, tuple[Landscape, ...]]


@pytest.fixture(scope="module")
def templates(corpus: Path) -> list[Path]:
    """Every file of the corpus that is meant to be a template."""
    found = (path for path in sorted(corpus.rglob("*")) if path.suffix in (".json", ".yaml", ".yml", ".template"))
    fixtures = (path for path in found if "templates" in str(path.relative_to(corpus)))
    return [path for path in fixtures if b"Resources" in path.read_bytes()]


@pytest.fixture(scope="module")
def landscapes(templates: list[Path]) -> Read:
    """What they come to; only those that are broken on purpose are refused."""
    read = {}
    for path in templates:
        try:
            read[path] = read_templates({"App": path})
        except TemplateError:
            assert path.name in BROKEN, path
    return read


def test_the_templates_of_others_are_read_soon(templates: list[Path]) -> None:
    started = time.process_time()
    read = 0
    for path in templates:
        if path.name not in BROKEN:
            read += bool(read_templates({"App": path}))
    assert read >= 400
    assert time.process_time() - started < 60


def test_their_policies_are_known_but_for_those_that_aws_would_refuse(landscapes: Read) -> None:
    known, unknown = 0, []
    for landscape in (one for several in landscapes.values() for one in several):
        identities = (policy for one in landscape.identities for policy in one.policies)
        for policy in (*(key.policy for key in landscape.keys), *identities):
            # Policies of no template, and those that the Serverless Application Model writes, are nobody's to know.
            if policy.name not in landscape.sources or policy.name.startswith(("policies of ", "unread policies of ")):
                continue
            reasons = [one.actions.values[0] for one in policy.statements if one.effect is Effect.UNKNOWN]
            known += not reasons
            unknown += [str(reason) for reason in reasons]
    assert known >= 110
    refused = ("not well-formed", "which is no policy", "what Fn::If makes")
    assert [one for one in unknown if not any(words in one for words in refused)] == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, inner in items for place in _places(inner, (*path, name)))]


_PUT = st.sampled_from(
    (
        *(None, True, -1, "", "x", [], {}, [[]], {"": ""}, {"Ref": "AWS::NoValue"}, {"Ref": "AWS::Region"}),
        *({"Fn::If": ["x", 1]}, {"Fn::Sub": "${x"}, {"Fn::GetAtt": []}, {"Fn::Transform": {}}, {"Ref": {}}),
    )
)


def test_templates_with_something_else_in_some_place_raise_nothing_else(landscapes: Read) -> None:
    loaded = [load_template(path, path.name) for path in landscapes if path.stat().st_size < 20_000]

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        template = copy.deepcopy(data.draw(st.sampled_from(loaded)))
        for _ in range(data.draw(st.integers(1, 4))):
            *path, last = data.draw(st.sampled_from(_places(template)[1:]))
            inner: Any = template
            for name in path:
                inner = inner[name]
            inner[last] = copy.deepcopy(data.draw(_PUT))
        # The only error that there is.
        with suppress(TemplateError):
            read_templates({"App": template})

    check()


def test_it_is_told_who_can_use_their_keys(landscapes: Read) -> None:
    maps = [AccessMap(several) for several in landscapes.values()]
    assert sum(len(one.keys) for one in maps) >= 10
    for one in maps:
        assert len(one.to_text().split("\n\n")) >= len(one.keys)


@pytest.fixture(scope="module")
def apps(corpus: Path) -> dict[str, Path]:
    """The cloud assemblies of the CDK apps that AWS Solutions Constructs are tested with."""
    return {path.parent.name.split(".")[1]: path.parent for path in sorted(corpus.rglob("manifest.json"))}


def test_the_apps_of_others_are_checked_and_mapped(apps: dict[str, Path]) -> None:
    assert len(apps) >= 16
    for name, directory in apps.items():
        done = CliRunner().invoke(app, ["check", str(directory)], catch_exceptions=False)
        assert done.exit_code == bool(check_assembly(directory).at_least("warning")), name
        access = AccessMap.from_assembly(directory)
        assert len(access.to_text().split("\n\n")) >= len(access.keys)


def test_what_their_keys_allow_is_what_their_makers_wrote(apps: dict[str, Path]) -> None:
    access = AccessMap.from_assembly(apps["lamsqs-useCmk"])
    (key,) = access.keys
    assert_can(access, "kms:GenerateDataKey", key, "test-lambda-sqs/LambdaFunctionServiceRole")
    for name in ("lamsqs-useCmk", "snssqs-no-arguments", "snssqs-existing-kms-key"):
        assert {one.rule for one in check_assembly(apps[name]).at_least("warning")} >= {"KLP201", "KLP203"}


def test_a_service_that_is_bound_to_nobody_is_found_in_them(apps: dict[str, Path]) -> None:
    found = {name: {one.rule for one in check_assembly(directory).findings} for name, directory in apps.items()}
    for_sns = {name for name, rules in found.items() if "KLP205" in rules}
    assert for_sns == {name for name in apps if name.startswith("snssqs")}


def test_apps_without_customer_managed_keys_are_clean(apps: dict[str, Path]) -> None:
    for name in ("lamsec-deployFunction", "lamsec-existingFunction", "lamsqs-deployFunction"):
        assert not check_assembly(apps[name]).at_least("warning")
