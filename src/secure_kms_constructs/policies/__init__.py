"""KMS access, evaluated on policy documents by the rules of KMS. Plain Python: needs neither Node nor CDK."""

from .decisions import Decision, evaluate
from .documents import Policy
from .grants import parse_grant
from .parsing import parse_identity_policy, parse_key_policy, parse_scp
from .reasons import Outcome, Reason
from .requests import Request
from .verdicts import PolicyError, Unknown

__all__ = [
    "Decision",
    "Outcome",
    "Policy",
    "PolicyError",
    "Reason",
    "Request",
    "Unknown",
    "evaluate",
    "parse_grant",
    "parse_identity_policy",
    "parse_key_policy",
    "parse_scp",
]
