"""Checks of templates for KMS least privilege. Plain Python: needs neither Node nor CDK."""

from .acknowledgements import Acknowledgement
from .assertions import assert_no_findings
from .checking import Report, check_assembly, check_landscapes, check_templates
from .findings import Finding, Severity
from .rule import Rule
from .rules import RULES, rule_named
from .running import find

__all__ = [
    "RULES",
    "Acknowledgement",
    "Finding",
    "Report",
    "Rule",
    "Severity",
    "assert_no_findings",
    "check_assembly",
    "check_landscapes",
    "check_templates",
    "find",
    "rule_named",
]
