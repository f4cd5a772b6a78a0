"""Findings as text, JSON, SARIF and JUnit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import typer

from secure_kms_constructs.checks import Finding, Report, Rule, Severity
from secure_kms_constructs.checks.own_rules import FAILED, OWN_RULES, OwnRule
from secure_kms_constructs.checks.rules import any_rule_named
from secure_kms_constructs.policies.escapes import as_json, sarif_of
from secure_kms_constructs.policies.lines import one_line
from secure_kms_constructs.settings import REPOSITORY

from .widths import wrapped

Files = Mapping[str, Path]
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_INDENT = " " * 10
_STATEMENT = re.compile(r".*?\bStatement\[\d+\]")
# Of what is no control character XML does not allow these.
_NOT_XML = re.compile(r"[\ufffe\uffff]")


def write(
    report: Report,
    files: Files,
    form: str,
    show: str,
    rules: Sequence[Rule],
    *,
    unread: Sequence[str] = (),
    settings: Path | None = None,
    width: int | None = None,
) -> str:
    """Return a report in one of the formats.

    :param unread: what could not be used, with the reason.
    :param settings: the file of settings by which it was made.
    :param width: the columns of the terminal that text goes to.
    """
    if form == "json":
        return as_json(_as_json(report, unread), indent=1)
    if form == "sarif":
        return as_json(_as_sarif(report, files, rules, unread), indent=1)
    return _as_junit(report, rules, unread) if form == "junit" else _as_text(report, Severity(show), settings, width)


def _as_text(report: Report, show: Severity, settings: Path | None, width: int | None) -> str:
    lines: list[str] = []
    path = None
    shown = report.at_least(show)
    blocks: dict[tuple[str, str], list[Finding]] = {}
    for one in shown:
        blocks.setdefault((one.path, _statement(one)), []).append(one)
    for (where, _), several in blocks.items():
        if where != path:
            path = where
            lines += [typer.style(line, bold=True) for line in wrapped(_clean(path or "templates"), "", width)]
        lines += _as_block(several, width)
    counts = Counter(one.severity.value for one in report.findings)
    parts = [f"{counts[level.value]} {level.value}" for level in Severity if counts[level.value]]
    hidden = len(report.findings) - len(shown)
    summary = ", ".join(parts) or "nothing found"
    summary += f" ({hidden} not shown, --show info shows all)" if hidden else ""
    summary += f", {len(report.acknowledged)} acknowledged" if report.acknowledged else ""
    summary += f", by [tool.secure-kms] of {_clean(str(settings))}" if settings else ""
    return "\n".join([*lines, *wrapped(summary, "  ", width)])


def _as_block(several: Sequence[Finding], width: int | None) -> Iterator[str]:
    """What is found in one statement, or at one place: told once where, and how to put each right."""
    for one in several:
        head = f"  {one.severity.value:7} {one.rule} "
        when = f" (when {' or '.join(one.when)})" if one.when else ""
        first, *more = wrapped(f"{head}{_clean(one.message + when)}", _INDENT, width)
        yield f"{typer.style(first[: len(head)], fg=_COLORS[one.severity])}{first[len(head) :]}"
        yield from more
    if several[0].location:
        at = several[0].location if len(several) == 1 else _statement(several[0])
        yield from wrapped(f"{_INDENT}at {_clean(at)}", f"{_INDENT}  ", width)
    for fix in dict.fromkeys(any_rule_named(one.rule).fix for one in several):
        yield from wrapped(f"{_INDENT}fix: {fix}", f"{_INDENT}  ", width)


def _statement(one: Finding) -> str:
    """The place of a finding, up to its statement."""
    match = _STATEMENT.match(one.location)
    return match[0] if match else one.location


def _as_json(report: Report, unread: Sequence[str]) -> dict[str, object]:
    acknowledged = [
        {**_fields(one), "acknowledged": {"at": word.path, "reason": word.reason}} for one, word in report.acknowledged
    ]
    return {
        "version": version("secure-kms-constructs"),
        "findings": [_fields(one) for one in report.findings],
        "acknowledged": acknowledged,
        "unread": list(unread),
    }


def _fields(one: Finding) -> dict[str, object]:
    return {
        "rule": one.rule,
        "name": any_rule_named(one.rule).name,
        "severity": one.severity.value,
        "undecided": one.undecided,
        "path": one.path,
        "stack": one.stack,
        "logicalId": one.logical_id,
        "location": one.location,
        "message": one.message,
        "evidence": one.evidence,
        "when": list(one.when),
    }


def _as_sarif(report: Report, files: Files, rules: Sequence[Rule], unread: Sequence[str]) -> dict[str, object]:
    """https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""
    every: tuple[Rule | OwnRule, ...] = (*OWN_RULES, *rules)
    described = [
        {
            "id": rule.id,
            "name": rule.name,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.why},
            "help": {"text": rule.fix},
            "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity]},
            **({"helpUri": rule.source} if isinstance(rule, Rule) else {}),
        }
        for rule in every
    ]
    driver = {
        "name": "secure-kms",
        "semanticVersion": version("secure-kms-constructs"),
        "informationUri": REPOSITORY,
        "rules": described,
    }
    results = [_result(one, files) for one in report.findings]
    results += [
        {**_result(one, files), "suppressions": [{"kind": "inSource", "justification": word.reason}]}
        for one, word in report.acknowledged
    ]
    told = [{"level": "error", "message": {"text": one}} for one in unread]
    invocation = {"executionSuccessful": not told, "toolExecutionNotifications": told}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    return sarif_of(run)


def _result(one: Finding, files: Files) -> dict[str, object]:
    file = _file(one, files)
    place: dict[str, object] = {"fullyQualifiedName": f"{one.path} {one.location}".strip()}
    location: dict[str, object] = {"logicalLocations": [place]}
    if file:
        line = _line(file, one.logical_id)
        location["physicalLocation"] = {"artifactLocation": {"uri": file.as_posix()}, "region": {"startLine": line}}
    return {
        "ruleId": one.rule,
        "level": _SARIF_LEVELS[one.severity],
        "message": {"text": f"{one.path}: {one.message}" if one.path else one.message},
        "locations": [location],
        "partialFingerprints": {"finding/v1": " ".join(one.fingerprint)},
    }


def _file(one: Finding, files: Files) -> Path | None:
    names = (one.stack, *("/".join(one.path.split("/")[:end]) for end in range(one.path.count("/") + 1, 0, -1)))
    return next((files[name] for name in names if name in files and files[name].is_file()), None)


@lru_cache(maxsize=4096)
def _line(file: Path, logical_id: str) -> int:
    """Return the line where a template begins to describe a resource."""
    pattern = re.compile(rf"\s*[\"']?{re.escape(logical_id)}[\"']?\s*:")
    with file.open(encoding="utf-8", errors="replace") as lines:
        return next((number for number, line in enumerate(lines, 1) if logical_id and pattern.match(line)), 1)


def _as_junit(report: Report, rules: Sequence[Rule], unread: Sequence[str]) -> str:
    """One test case for each finding, for each rule that found nothing, and for each thing that was not read."""
    suite = ElementTree.Element("testsuite", name="secure-kms")
    found = {one.rule for one in report.findings}
    for rule in rules:
        if rule.id not in found:
            ElementTree.SubElement(suite, "testcase", classname=rule.name, name=rule.title)
    for one in report.findings:
        name = _clean(f"{one.path} {one.location}".strip() or "templates")
        case = ElementTree.SubElement(suite, "testcase", classname=any_rule_named(one.rule).name, name=name)
        kind = "skipped" if one.severity is Severity.INFO else "error" if one.rule == FAILED else "failure"
        text = ElementTree.SubElement(case, kind, type=f"{one.severity.value} {one.rule}", message=_clean(one.message))
        text.text = f"fix: {any_rule_named(one.rule).fix}"
    for one, word in report.acknowledged:
        case = ElementTree.SubElement(suite, "testcase", classname=one.rule, name=_clean(f"{one.path} {one.location}"))
        ElementTree.SubElement(case, "skipped", message=_clean(f"acknowledged: {word.reason}"))
    for problem in unread:
        case = ElementTree.SubElement(suite, "testcase", classname="not-read", name=_clean(problem))
        ElementTree.SubElement(case, "error", message=_clean(problem))
    suite.set("tests", str(len(suite)))
    for count, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(len(suite.findall(f"testcase/{outcome}"))))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(text))
