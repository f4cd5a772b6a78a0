"""Findings known from before."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from secure_kms_constructs.templates.loading import parse_json, read_text

from .checking import Report

_FIELDS = ("rule", "path", "location", "message")
Known = Counter[tuple[str, ...]]


def read(path: Path) -> Known:
    """Return the findings of a baseline; ValueError for a file that is none."""
    value = parse_json(read_text(path), str(path))
    match value:
        case {"version": 1, "findings": list(findings)} if all(isinstance(one, dict) for one in findings):
            return Counter(tuple(str(one.get(field)) for field in _FIELDS) for one in findings)
    raise ValueError(f"{path} must be a baseline that --update-baseline wrote")


def write(path: Path, report: Report) -> None:
    """Write the findings of a report as a baseline, in an order that makes small diffs."""
    marks = sorted(one.fingerprint for one in report.findings)
    findings = [dict(zip(_FIELDS, mark, strict=True)) for mark in marks]
    path.write_text(json.dumps({"version": 1, "findings": findings}, indent=1) + "\n", encoding="utf-8")


def new_ones(report: Report, known: Known) -> Report:
    """Return a report without the findings of a baseline, each as often as it has it."""
    left, new = Counter(known), []
    for finding in report.findings:
        if left[finding.fingerprint]:
            left[finding.fingerprint] -= 1
        else:
            new.append(finding)
    return Report(tuple(new), report.acknowledged)
