"""``check_assembly`` and ``check_templates``: a whole app checked, what is found and what of it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path

from secure_kms_constructs.templates import Landscape, read_assembly, read_templates
from secure_kms_constructs.templates.reading import Parameters, Templates

from .acknowledgements import Acknowledgement, in_assembly, in_templates, split
from .findings import Finding, Severity
from .rule import Rule
from .rules import RULES
from .running import find


@dataclass(frozen=True)
class Report:
    """What checks found.

    :param findings: to act on, in the order of construct paths.
    :param acknowledged: each with the acknowledgement that covers it.
    """

    findings: tuple[Finding, ...]
    acknowledged: tuple[tuple[Finding, Acknowledgement], ...] = ()

    def at_least(self, severity: Severity | str) -> tuple[Finding, ...]:
        """Return the findings of a severity or worse."""
        return tuple(one for one in self.findings if one.severity.rank >= Severity(severity).rank)


def check_assembly(
    directory: str | PathLike[str],
    *,
    rules: Iterable[Rule] = RULES,
    acknowledged: Iterable[Acknowledgement] = (),
    account: str | None = None,
    region: str | None = None,
    same: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
    today: date | None = None,
) -> Report:
    """Check a cloud assembly, such as ``cdk.out``, with its stages and nested stacks.

    :param rules: by default all of them.
    :param acknowledged: acknowledgements besides those that the assembly holds.
    :param account: where stacks go that do not say it; without one, what depends on it is undecided.
    :param region: the same for the region.
    :param same: the ARNs of keys that are deployed, by construct path.
    :param parameters: values for the parameters of stacks, by the stack's name.
    :param today: the day on which reviews are due; by default the current one.
    :raises TemplateError: when it is no cloud assembly, or one of its templates is none.
    """
    landscapes = read_assembly(directory, account=account, region=region, same=same, parameters=parameters)
    return _report(landscapes, rules, (*acknowledged, *in_assembly(Path(directory))), today)


def check_templates(
    templates: Templates,
    *,
    rules: Iterable[Rule] = RULES,
    account: str | None = None,
    region: str | None = None,
    same: Mapping[str, str] | None = None,
    parameters: Parameters | None = None,
    today: date | None = None,
) -> Report:
    """Check templates that belong together.

    :param templates: by stack name: the template as an object, the path of its file, or its text.
    :param rules: by default all of them.
    :param account: where the stacks go; without one, what depends on it is undecided.
    :param region: the same for the region.
    :param same: the ARNs of keys that are deployed, by construct path.
    :param parameters: values for the parameters of stacks, by the stack's name.
    :param today: the day on which reviews are due; by default the current one.
    :raises TemplateError: when one is no template.
    """
    landscapes = read_templates(templates, account=account, region=region, same=same, parameters=parameters)
    return _report(landscapes, rules, (), today)


def check_landscapes(
    landscapes: tuple[Landscape, ...],
    *,
    rules: Iterable[Rule] = RULES,
    acknowledged: Iterable[Acknowledgement] = (),
    today: date | None = None,
) -> Report:
    """Check what was read, be it of templates or of an account.

    :param rules: by default all of them.
    :param acknowledged: acknowledgements besides those that stand in it.
    :param today: the day on which reviews are due; by default the current one.
    """
    return _report(landscapes, rules, acknowledged, today)


def _report(
    landscapes: tuple[Landscape, ...],
    rules: Iterable[Rule],
    acknowledged: Iterable[Acknowledgement],
    today: date | None,
) -> Report:
    given = (*acknowledged, *in_templates(landscapes))
    return Report(*split(find(landscapes, rules), given, today or date.today()))


def as_lines(findings: Iterable[Finding], fixes: Mapping[str, str]) -> str:
    """Return findings as text, each with what to do.

    :param fixes: what to do, by rule.
    """
    return "\n".join(f"{one}\n    fix: {fixes[one.rule]}" if one.rule in fixes else str(one) for one in findings)
