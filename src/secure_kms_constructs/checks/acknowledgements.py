"""Findings that somebody has acknowledged: with CDK's own ``acknowledge``, or in the metadata of a template.

https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk/Validations.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from secure_kms_constructs.templates import Landscape
from secure_kms_constructs.templates.loading import read_object

from .findings import Finding, Severity
from .own_rules import OVERDUE, UNFOUNDED
from .rules import is_known

# What CDK puts before the id of a rule, and the name of the object in a resource's Metadata.
PLUGIN = "KmsLeastPrivilege"

_KIND = "aws:cdk:acknowledged-rules"
_TEMPLATE_FILE = "aws:cdk:templateFile"
_REVIEW = re.compile(r"[,;.(\s]*\breview(?:ed)? by:? ([0-9]\S*)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_WORDS = 4
_STAGES = 20

# Of a construct: the directory of its assembly, its path, the type of the entry, the data.
Record = tuple[Path, str, object, object]


@dataclass(frozen=True, order=True)
class Acknowledgement:
    """Somebody's word that what a rule finds is meant so.

    :param rule: the id of the rule.
    :param path: the construct; it is about all that is below it.
    :param reason: why, and optionally until when: ``... review by 2027-06-30``.
    """

    rule: str
    path: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Tell whether it is about a finding."""
        if self.path.startswith("arn:"):
            # Below the path of a role there are other roles, and none of them is it.
            return finding.rule == self.rule and finding.path == self.path
        above = self.path.removesuffix("/Resource")
        return finding.rule == self.rule and f"{finding.path}/".startswith(f"{above}/" if above else "")

    def problems(self, today: date) -> Iterator[Finding]:
        """Return what is wrong with it: a reason of no substance, or a review that is overdue."""
        if not is_known(self.rule):
            yield self._found(UNFOUNDED, f"acknowledges {self.rule}, and there is no such rule")
        elif not is_of_substance(self.reason):
            why = f"acknowledges {self.rule} without a reason that can be reviewed: {self.reason!r}"
            yield self._found(UNFOUNDED, why)
        due = review_date(self.reason)
        if due is None:
            yield self._found(OVERDUE, f"{self.rule}: review by needs a date such as 2027-06-30: {self.reason!r}")
        elif due < today:
            yield self._found(OVERDUE, f"the review of {self.rule} was due by {due.isoformat()}: {self.reason!r}")

    def _found(self, rule: str, message: str) -> Finding:
        return Finding(rule, Severity.ERROR, self.path, self.path.partition("/")[0], "", "", message, self.reason)


def review_date(reason: str) -> date | None:
    """Return until when a reason holds: for ever where it does not say, None where that is no date.

    The first of several days: a reason may name one of its own beside the one that was given apart.
    """
    try:
        days = [date.fromisoformat(match[1].rstrip(".,;)")) for match in _REVIEW.finditer(reason)]
    except ValueError:
        return None
    return min(days, default=date.max)


def is_of_substance(reason: str) -> bool:
    """Tell whether a reason says something: a few different words beside the date of review."""
    return len({word.lower() for word in _WORD.findall(_REVIEW.sub("", reason))}) >= _WORDS


def split(
    findings: Iterable[Finding], acknowledgements: Iterable[Acknowledgement], today: date
) -> tuple[tuple[Finding, ...], tuple[tuple[Finding, Acknowledgement], ...]]:
    """Divide findings into those to act on and those acknowledged; bad acknowledgements are among the first."""
    known = sorted(set(acknowledgements), key=lambda one: -len(one.path))
    still, acknowledged = [], []
    for finding in (*findings, *(it for one in known for it in one.problems(today))):
        closest = next((one for one in known if one.covers(finding)), None)
        if closest:
            acknowledged.append((finding, closest))
        else:
            still.append(finding)
    return tuple(still), tuple(acknowledged)


def in_templates(landscapes: Iterable[Landscape]) -> Iterator[Acknowledgement]:
    """Return what the resources of templates acknowledge, in ``Metadata: {KmsLeastPrivilege: {<rule>: <reason>}}``."""
    for landscape in landscapes:
        for resource in landscape.resources:
            given = resource.metadata.get(PLUGIN)
            for rule, reason in given.items() if isinstance(given, dict) else ():
                yield Acknowledgement(str(rule), resource.source.path, str(reason))


def in_assembly(directory: Path) -> Iterator[Acknowledgement]:
    """Return what the constructs of a cloud assembly acknowledge; of the app and its stages CDK keeps no record."""
    return in_records(recorded(directory))


def in_records(records: Iterable[Record]) -> Iterator[Acknowledgement]:
    """Return what constructs acknowledge of which an assembly has these records."""
    for _, path, kind, data in records:
        if kind == _KIND and isinstance(data, dict):
            yield from named(path, data)


def recorded(directory: Path, stages: int = _STAGES) -> Iterator[Record]:
    """Return what a cloud assembly records of constructs."""
    artifacts = read_object(directory / "manifest.json").get("artifacts")
    for artifact in artifacts.values() if isinstance(artifacts, dict) else ():
        match artifact:
            case {"type": "cdk:cloud-assembly", "properties": {"directoryName": str(below)}}:
                yield from recorded(directory / Path(below).name, stages - 1) if stages else ()
                continue
            case {"additionalMetadataFile": str(file)}:
                metadata: object = read_object(directory / Path(file).name)
            case {"metadata": metadata}:
                pass
            case _:
                continue
        for path, entries in metadata.items() if isinstance(metadata, dict) else ():
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    yield directory, str(path).removeprefix("/"), entry.get("type"), entry.get("data")


def template_files(records: Iterable[Record]) -> dict[str, Path]:
    """Return the template file of each stack, by its construct path, of which an assembly has these records."""
    return {path: directory / str(file) for directory, path, kind, file in records if kind == _TEMPLATE_FILE}


def named(path: str, data: dict[str, object]) -> Iterator[Acknowledgement]:
    """Return those of CDK's acknowledgements that are about the rules here."""
    for name, reason in data.items():
        plugin, _, rule = str(name).partition("::")
        if plugin == PLUGIN:
            yield Acknowledgement(rule, path, str(reason))
