"""The checks as an assertion for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import methodcaller
from os import PathLike
from typing import Any

from secure_kms_constructs.settings import find_settings

from . import baselines
from .checking import Report, as_lines, check_assembly
from .findings import Severity
from .own_rules import OWN_RULES
from .rules import RULES
from .settled import settled

# Leaves these lines out of what pytest shows of a failed assertion or a question about nothing; of a defect, none.
__tracebackhide__ = methodcaller("errisinstance", (AssertionError, ValueError))
_FIXES = {rule.id: rule.fix for rule in RULES} | {rule.id: rule.fix for rule in OWN_RULES}


def assert_no_findings(
    what: Any,
    *,
    fail_on: Severity | str | None = None,
    rules: Iterable[str] | None = None,
    severities: Mapping[str, Severity | str] | None = None,
) -> None:
    """Check an app for KMS least privilege, and fail with what is found and how to put it right.

    What is not given here is as ``[tool.secure-kms]`` of the nearest ``pyproject.toml`` says, and findings of its
    baseline do not count.

    :param what: an ``aws_cdk.App`` or ``Stage``, one of its stacks, or the directory of a cloud assembly. Of a stack
        only its own findings count, with those of stacks nested in it.
    :param fail_on: ``error``, ``warning`` or ``info``: what is less bad passes. By default ``warning``.
    :param rules: ids or names of rules; by default all of them.
    :param severities: other severities by rule, ``off`` for none.
    :raises AssertionError: when something is found.
    :raises ValueError: for a rule or severity that there is not, and for what cannot be checked.
    """
    directory, path = _assembly(what)
    settings = find_settings()
    told = settled(settings, rules, severities or {})
    report = check_assembly(directory, rules=told, account=settings.account, region=settings.region)
    report = Report(tuple(one for one in report.findings if _is_below(one.path, path)), report.acknowledged)
    if settings.baseline:
        report = baselines.new_ones(report, baselines.read(settings.baseline))
    if found := report.at_least(fail_on or settings.fail_on or Severity.WARNING):
        many = f"{len(found)} finding{'s' if len(found) > 1 else ''}"
        raise AssertionError(f"{many} of KMS least privilege:\n{as_lines(found, _FIXES)}")


def _assembly(what: Any) -> tuple[str | PathLike[str], str]:
    """Return the directory of an assembly, and the construct path that it is about."""
    if isinstance(what, str | PathLike):
        return what, ""
    # Constructs are asked, not imported: loading aws_cdk starts a Node process.
    node = getattr(what, "node", None)
    if node is None:
        raise ValueError(f"an app, a stack or the directory of a cloud assembly is needed, got {what!r}")
    directory: str = node.root.synth().directory
    return directory, node.path


def _is_below(path: str, above: str) -> bool:
    return not above or not path or f"{path}/".startswith(f"{above}/")
