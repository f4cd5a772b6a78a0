"""Checks of templates for KMS least privilege. Plain Python: needs neither Node nor CDK."""

from .findings import Finding, Severity
from .rule import Rule
from .rules import RULES, rule_named
from .running import find

__all__ = ["RULES", "Finding", "Rule", "Severity", "find", "rule_named"]
