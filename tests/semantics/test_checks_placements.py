"""Every rule runs over every placement, each by itself, and finds nothing unexplained in what this library writes.

All of them in one landscape take a minute for each partition, and what one has to do with another is no placement.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from secure_kms_constructs.checks import Severity, check_assembly
from tests.semantics.placed import Scene
from tests.semantics.placements import PLACEMENTS

#: Those that have a plain ``kms.Key`` by their name: CDK leaves it to IAM, denies no grants and does not rotate it.
STOCK = {
    "a plain kms.Key that delegates to its own account, role of another",
    "a plain kms.Key, which leaves it to IAM policies",
}
OF_STOCK_KEYS = ["KLP201", "KLP203", "KLP401"]


def test_no_rule_finds_fault_with_a_placement(scene: Scene, tmp_path: Path) -> None:
    shutil.copytree(scene.directory, tmp_path / "assembly")
    manifest = tmp_path / "assembly" / "manifest.json"
    whole = json.loads(manifest.read_text())
    found: dict[str, list[str]] = {}
    left = set(whole["artifacts"])
    for number, placement in enumerate(PLACEMENTS):
        own = {name for name in whole["artifacts"] if re.match(rf"(assembly-)?P{number}(?!\d)", name)}
        assert own, placement.name
        left -= own
        parts = {name: whole["artifacts"][name] for name in (*own, "Tree") if name in whole["artifacts"]}
        manifest.write_text(json.dumps({**whole, "artifacts": parts}))
        report = check_assembly(manifest.parent)
        found[placement.name] = sorted(one.rule for one in report.at_least(Severity.WARNING))
    assert {name: rules for name, rules in found.items() if rules} == dict.fromkeys(STOCK, OF_STOCK_KEYS)
    assert {name for name in left if whole["artifacts"][name]["type"] == "aws:cloudformation:stack"} == set()
