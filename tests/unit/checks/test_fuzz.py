"""No rule fails, whatever stands where in a template."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secure_kms_constructs.checks import RULES, find
from secure_kms_constructs.checks.examples import ACCOUNT, REGION
from secure_kms_constructs.templates import read_templates
from tests.unit.checks.variants import VARIANTS

TEMPLATES = [rule.broken for rule in RULES if not rule.id.startswith("KLP6")] + [one[2] for one in VARIANTS]
# What templates hold where something else is meant, and what is only known when they are deployed.
ODD = (
    {"Ref": "Later"},
    {"Ref": "AWS::NoValue"},
    None,
    True,
    3,
    "",
    "*",
    "kms:*",
    [],
    {},
    [[]],
    {"Fn::If": ["X", 1, 2]},
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything that a template holds."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, below in inner for path in ((*here, name), *places(below, (*here, name)))]


def replaced(template: Any, path: tuple[Any, ...], odd: Any) -> Any:
    changed = copy.deepcopy(template)
    into = changed
    for name in path[:-1]:
        into = into[name]
    into[path[-1]] = odd
    return changed


@settings(max_examples=400)
@given(st.data())
def test_no_rule_fails_on_an_odd_value(data: st.DataObject) -> None:
    template = data.draw(st.sampled_from(TEMPLATES))
    for _ in range(data.draw(st.integers(1, 3))):
        below = places(template["Resources"], ("Resources",))
        template = replaced(template, data.draw(st.sampled_from(below)), data.draw(st.sampled_from(ODD)))
        if not isinstance(template["Resources"], dict) or not places(template["Resources"]):
            break
    landscapes = read_templates(
        {"Stack": {"Parameters": {"Later": {"Type": "String"}}, **template}}, account=ACCOUNT, region=REGION
    )
    failed = [str(one) for one in find(landscapes) if one.rule == "KLP001"]
    assert failed == []
