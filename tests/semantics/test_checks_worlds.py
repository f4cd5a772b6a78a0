"""Findings on templates that do not say where they go: what is certain there is so wherever they go."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.checks import Finding, check_templates
from tests.semantics.random_templates import random_template
from tests.semantics.template_builder import NOBODYS, OTHER_REGION, OURS, REGION, THEIRS

_SEEDS = range(36)


def found(templates: Any, **place: Any) -> list[Finding]:
    return [one for one in check_templates(templates, **place).findings if not one.rule.startswith("KLP00")]


@pytest.mark.parametrize("seed", _SEEDS)
def test_what_is_certain_without_a_place_is_found_in_every_place(seed: int) -> None:
    made = random_template(f"checks {seed}", *(["logs"] if seed % 2 else ["logs", "foreign"]))
    given = dict(made.arguments)
    told = {(one.rule, one.path) for one in found(made.templates, **given) if not one.undecided}
    accounts = [given["account"]] if "account" in given else [OURS, THEIRS, NOBODYS]
    regions = [given["region"]] if "region" in given else [REGION, OTHER_REGION]
    for account in accounts:
        for region in regions:
            here = found(made.templates, **{**given, "account": account, "region": region})
            assert told <= {(one.rule, one.path) for one in here}, (account, region)


def test_a_key_that_admits_the_logs_of_one_region_is_certain_in_another_alone() -> None:
    """The rule that was once certain without a region, so that the test above can fail."""
    made = next(
        one
        for one in (random_template(f"checks {seed}", "logs") for seed in range(50))
        if _is_elsewhere(one.statements)
    )
    for place, expected in (({}, {True}), ({"region": REGION}, set()), ({"region": OTHER_REGION}, {False})):
        rules = [one for one in found(made.templates, account=OURS, **place) if one.rule == "KLP506"]
        assert {one.undecided for one in rules} == expected


def _is_elsewhere(statements: list[Any]) -> bool:
    return any(REGION in str(one["Principal"].get("Service", "").written) for one in statements if _is_of_logs(one))


def _is_of_logs(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("Principal"), dict) and "Service" in one["Principal"]
