"""The checks at synth, as a validation plugin of CDK."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii

from .checks import Finding, Severity
from .checks.acknowledgements import (
    PLUGIN,
    Acknowledgement,
    in_records,
    in_templates,
    named,
    recorded,
    split,
    template_files,
)
from .checks.rules import any_rule_named, chosen
from .checks.running import find
from .templates import read_assembly

NEVER = "never"


@jsii.implements(cdk.IPolicyValidationPlugin)
class KmsLeastPrivilegeChecks:
    """Checks the KMS key policies and IAM policies of an app when it is synthesized.

    ``cdk.Validations.of(app).add_plugins(KmsLeastPrivilegeChecks())``. It reads all templates of the app together,
    once. A finding is acknowledged with ``cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=
    "KmsLeastPrivilege::KLP401", reason="..."))``; the reason has to say something, and may say until when it holds:
    ``review by 2027-06-30``.

    https://docs.aws.amazon.com/cdk/v2/guide/policy-validation-synthesis.html

    :param rules: ids or names of rules; by default all of them.
    :param severities: other severities by rule: ``error``, ``warning``, ``info``, or ``off`` for none.
    :param fail_on: findings of this severity or worse fail the synthesis, others are only shown; by default
        ``error``. With ``never`` none does.
    :raises ValueError: for a rule or severity that there is not.
    """

    def __init__(
        self,
        *,
        rules: Iterable[str] | None = None,
        severities: Mapping[str, str] | None = None,
        fail_on: str = "error",
    ) -> None:
        levels = [NEVER, *(one.value for one in Severity)]
        if fail_on not in levels:
            raise ValueError(f"fail_on must be one of {', '.join(levels)}, got {fail_on!r}")
        self._rules = chosen(rules, severities or {})
        self._fails = 3 if fail_on == NEVER else Severity(fail_on).rank

    @property
    def name(self) -> str:
        """What stands before the ids of its rules in acknowledgements."""
        return PLUGIN

    @property
    def version(self) -> str:
        """The version of this library."""
        return version("secure-kms-constructs")

    @property
    def rule_ids(self) -> list[str]:
        """The ids of the rules that are run."""
        return [rule.id for rule in self._rules]

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Check what was synthesized; CDK calls it.

        :param context: what CDK tells of the app.
        """
        stacks = context.stack_templates
        directory = _assembly(Path(stacks[0].template_path))
        paths = [stack.stack_construct_path for stack in stacks]
        records = list(recorded(directory))
        files = template_files(records)
        landscapes = read_assembly(directory)
        found = [one for one in find(landscapes, self._rules) if _is_below(one.path, paths)]
        given = {*in_records(records), *_above(context.app_construct, paths)}
        # CDK itself takes out what its acknowledgements cover, and reports it with the reason.
        found += [it for one in sorted(given) if _is_below(one.path, paths) for it in one.problems(date.today())]
        open_findings, acknowledged = split(found, set(in_templates(landscapes)) - given, date.today())
        violations = list(self._violations(open_findings, files))
        return cdk.PolicyValidationPluginReport(
            success=not any(one.severity == "error" for one in violations),
            violations=violations,
            metadata={f"{one.rule} {one.path} acknowledged": word.reason for one, word in acknowledged},
        )

    def _violations(self, findings: Iterable[Finding], files: Mapping[str, Path]) -> Iterator[cdk.PolicyViolation]:
        alike: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
        for one in findings:
            alike[one.rule, self._shown(one.severity), one.said].append(one)
        for (rule_id, severity, message), several in alike.items():
            rule = any_rule_named(rule_id)
            yield cdk.PolicyViolation(
                rule_name=rule_id,
                description=f"{rule.name}: {message}",
                fix=rule.fix,
                severity=severity,
                rule_metadata={"name": rule.name, "severity": several[0].severity.value},
                violating_resources=[_resource(one, files) for one in several],
            )

    def _shown(self, severity: Severity) -> str:
        """What CDK is told: errors fail the synthesis, and nothing else does."""
        if severity.rank >= self._fails:
            return "error"
        return "warning" if severity is Severity.ERROR else severity.value


def _resource(finding: Finding, files: Mapping[str, Path]) -> cdk.PolicyViolatingResource:
    parents = (finding.path.rsplit("/", times)[0] for times in range(1, finding.path.count("/") + 1))
    file = next((files[path] for path in parents if path in files), None)
    where = [finding.location] if finding.location else []
    if file is None or not finding.logical_id:
        return cdk.PolicyViolatingResource(locations=where, construct_path=finding.path)
    # CDK finds the construct by these, its L1 included, and shows the property.
    return cdk.PolicyViolatingResource(locations=where, template_path=str(file), resource_logical_id=finding.logical_id)


def _assembly(template: Path) -> Path:
    """Return the directory of the whole app's assembly, of which those of stages are parts."""
    directory = template.parent
    while (directory.parent / "manifest.json").is_file():
        directory = directory.parent
    return directory


def _is_below(path: str, above: list[str]) -> bool:
    return not path or any(f"{path}/".startswith(f"{one}/") or f"{one}/".startswith(f"{path}/") for one in above)


def _above(app: Any, paths: Iterable[str]) -> Iterator[Acknowledgement]:
    """Return what the app and its stages acknowledge, of which templates and manifests keep no record."""
    parents = {"", *("/".join(path.split("/")[:end]) for path in paths for end in range(1, path.count("/") + 1))}
    for parent in sorted(parents):
        node = app.node
        for name in filter(None, parent.split("/")):
            child = node.try_find_child(name)
            node = child.node if child else app.node
        for entry in node.metadata:
            if entry.type == cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY and isinstance(entry.data, dict):
                yield from named(parent, entry.data)
