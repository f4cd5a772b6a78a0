"""What a review of a pull request says: changes of access and findings, as Markdown and as one SARIF file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from secure_kms_constructs.policies.escapes import as_markdown, sarif_of

from .forges import MOST_CHARACTERS

Result = Mapping[str, Any]
_NOTES = ("not-read", "documented")
_MOST_ROWS = 100
_RANKS = {"error": 0, "warning": 1, "note": 2}


class Ran(NamedTuple):
    """A command that ran.

    :param sarif: what it wrote; None where it failed.
    :param problems: what it said of failures.
    """

    code: int
    sarif: dict[str, Any] | None
    problems: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether it has no answer."""
        return self.sarif is None or (self.code > 1 and not self.sarif["runs"][0]["results"])

    @property
    def results(self) -> list[Result]:
        """What it found, without what is suppressed."""
        run = self.sarif["runs"][0] if self.sarif else {}
        return [one for one in run.get("results", ()) if not one.get("suppressions")]

    def fix(self, rule: str) -> str:
        """What a rule advises."""
        rules = self.sarif["runs"][0]["tool"]["driver"]["rules"] if self.sarif else ()
        return next((str(one.get("help", {}).get("text", "")) for one in rules if one["id"] == rule), "")


def as_comment(title: str, diff: Ran | None, check: Ran, *, accepted: str | None, commit: str) -> str:
    """Return what is said of a pull request.

    :param diff: None where there was nothing to compare with.
    :param accepted: the label by which the changes of access are accepted.
    """
    changes = changes_of(diff)
    findings = [one for one in check.results if one["level"] != "note"]
    count = [_counted(len(changes), "change") + " of access"] if diff else []
    parts = [f"## {as_markdown(title)}: {', '.join([*count, _counted(len(findings), 'finding')])}"]
    if diff:
        parts += ["### Who can use which key", *_of_changes(diff, changes, accepted)]
    parts += ["### Findings", *_of_findings(check, findings)]
    for one in (*(diff.problems if diff else ()), *check.problems):
        parts.append(f"❓ {as_markdown(one)}")
    parts.append(f"<sub>{f'Of {as_markdown(commit[:12])}. ' if commit else ''}Told from the templates alone.</sub>")
    return _cut("\n\n".join(parts))


def changes_of(diff: Ran | None) -> list[Result]:
    """Return the changes of access, without what could not be read and what is documented."""
    return [one for one in diff.results if one["ruleId"] not in _NOTES] if diff else []


def _of_changes(diff: Ran, changes: Sequence[Result], accepted: str | None) -> Iterator[str]:
    if diff.failed:
        yield "Could not be compared."
    elif not changes:
        yield "Nothing differs."
    else:
        rows = [
            f"| {as_markdown(one['ruleId'])} | {as_markdown(_about(one))} | {as_markdown(one['message']['text'])} |"
            for one in changes
        ]
        yield "\n".join(["| what | key | how |", "|--|--|--|", *_some(rows, 3)])
        if accepted:
            yield f"Accepted by the label `{as_markdown(accepted)}`."
    for one in diff.results:
        if one["ruleId"] in _NOTES:
            yield f"{'?' if one['ruleId'] == 'not-read' else 'Documented:'} {as_markdown(one['message']['text'])}"


def _of_findings(check: Ran, findings: Sequence[Result]) -> Iterator[str]:
    if check.failed:
        yield "Could not be checked."
    elif not findings:
        yield "Nothing found."
    else:
        ordered = sorted(findings, key=lambda one: _RANKS.get(one["level"], 3))
        rows = [
            f"| {one['level']} | {one['ruleId']} | {as_markdown(_about(one))} | {as_markdown(_said(one))} "
            f"| {as_markdown(check.fix(one['ruleId']))} |"
            for one in ordered
        ]
        yield "\n".join(["| | rule | where | what | fix |", "|--|--|--|--|--|", *_some(rows, 5)])


def _some(rows: Sequence[str], columns: int) -> list[str]:
    rest = len(rows) - _MOST_ROWS
    return [*rows[:_MOST_ROWS], *([f"| … and {rest} more {'| ' * (columns - 1)}|"] if rest > 0 else [])]


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    # At the end of a line, so that no cell of a table is broken.
    return text[:MOST_CHARACTERS].rpartition("\n")[0] + "\n\nThe rest is in the log of the job."


def _about(result: Result) -> str:
    logical = (result.get("locations") or [{}])[0].get("logicalLocations") or [{}]
    return str(logical[0].get("fullyQualifiedName", ""))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def as_sarif(diff: Ran | None, check: Ran, after: Path, root: Path) -> dict[str, Any]:
    """Return both as one SARIF file that GitHub takes: each run has a category, each result a file of the repository.

    https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
    """
    runs = []
    for name, ran in (("diff", diff), ("check", check)):
        if ran and ran.sarif:
            run = {**ran.sarif["runs"][0], "automationDetails": {"id": f"secure-kms/{name}/"}}
            run["results"] = [_placed(one, after, root) for one in run["results"]]
            runs.append(run)
    return sarif_of(*runs)


def _placed(result: Result, after: Path, root: Path) -> Result:
    location = dict((result.get("locations") or [{}])[0])
    physical = location.get("physicalLocation") or {"artifactLocation": {"uri": _file(after).as_posix()}}
    uri = Path(physical["artifactLocation"]["uri"]).absolute()
    inside = uri.relative_to(root.absolute()) if uri.is_relative_to(root.absolute()) else uri
    location["physicalLocation"] = {
        "region": {"startLine": 1},
        **physical,
        "artifactLocation": {"uri": inside.as_posix()},
    }
    return {**result, "locations": [location]}


def _file(after: Path) -> Path:
    return after / "manifest.json" if (after / "manifest.json").is_file() else after


def _said(result: Result) -> str:
    """The message without what it is about, which has a column of its own."""
    return str(result["message"]["text"]).removeprefix(f"{_about(result).partition(' ')[0]}: ")
