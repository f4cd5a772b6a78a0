"""The checks on templates that nobody here wrote, which `make` unpacks into .corpus."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from secure_kms_constructs.checks import Report, check_templates
from secure_kms_constructs.templates import TemplateError
from tests.test_corpus import BROKEN


@pytest.fixture(scope="module")
def reports(corpus: Path) -> dict[str, Report]:
    """What is found in each template that is not broken on purpose."""
    found = {}
    started = time.process_time()
    for path in sorted(corpus.rglob("*")):
        inside = "templates" in str(path.relative_to(corpus)) and path.suffix in (".json", ".yaml", ".yml", ".template")
        if inside and path.name not in BROKEN and b"Resources" in path.read_bytes():
            try:
                found[str(path.relative_to(corpus))] = check_templates({"App": path})
            except TemplateError as error:
                pytest.fail(f"{path}: {error}")
    assert time.process_time() - started < 0.2 * len(found)
    return found


def test_no_rule_fails_on_any_of_them(reports: dict[str, Report]) -> None:
    assert len(reports) > 400
    failed = [str(one) for report in reports.values() for one in report.findings if one.rule == "KLP001"]
    assert failed == []


def test_what_is_found_is_what_they_are_about(reports: dict[str, Report]) -> None:
    counts = Counter(one.rule for report in reports.values() for one in report.findings if not one.undecided)
    # Examples of wildcards, of keys without rotation, and of keys that leave everything to IAM.
    assert counts["KLP101"] > 10
    assert counts["KLP401"] > 5
    assert counts["KLP201"] > 5
    # None of them is about conditions that never hold, so those rules have nothing to say.
    quiet = ("KLP301", "KLP302", "KLP303", "KLP304", "KLP501", "KLP505")
    assert {rule: counts[rule] for rule in quiet} == dict.fromkeys(quiet, 0)
