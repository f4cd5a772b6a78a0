"""Whether a principal is visibly one role or user of one account, whatever CloudFormation still has to fill in."""

from __future__ import annotations

import re
from typing import Any

from secure_kms_constructs.aws import arns

# What stands in a name for the same in a whole stack. Another placeholder may turn out a wildcard, or an account.
_PSEUDO = r"\$\{AWS\.(?:AccountId|Partition|Region|StackName|URLSuffix)\}"
_NAME = rf"(?:[\w+=,.@-]|{_PSEUDO})+"
_ONE = re.compile(
    rf"arn:(?:aws(?:-[a-z]+)*|{_PSEUDO}):iam::(?:[0-9]{{12}}|\$\{{AWS\.AccountId\}}):"
    rf"(?:role|user)/(?:{_NAME}/)*{_NAME}",
    re.ASCII,
)
# How CDK calls the export of a role's ARN, and its output for other accounts.
_EXPORT = re.compile(r"ExportsOutputFnGetAtt\w*Arn[0-9A-F]{8}$|Arn[0-9A-F]{8}$")
_PROTECTED = re.compile(r"arn:[^:]+:iam::[^:]+:role/aws-(?:reserved|service-role)/")
_LINKED = re.compile(r"arn:[^:]+:iam::[^:]+:role/aws-service-role/")
# https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
_WITHOUT_PATH = re.compile(r"arn:[^:]+:iam::[^:]+:role/AWSReservedSSO_.+_[0-9a-f]{16}")


def is_one(text: str) -> bool:
    """Tell whether the text of an ARN is that of one role or user."""
    return bool(_ONE.fullmatch(text))


def is_visible(resolved: Any) -> bool:
    """Tell whether a resolved value is the ARN of one role or user: as text, or as the ARN of something made here."""
    if isinstance(resolved, dict) and len(resolved) == 1:
        ((name, value),) = resolved.items()
        if name == "Fn::GetAtt":
            return str(value[-1] if isinstance(value, list) else value).endswith("Arn")
        if name == "Fn::ImportValue":
            return bool(_EXPORT.search(arns.as_text(value)))
        if name == "Fn::GetStackOutput":
            return bool(_EXPORT.search(str(value.get("OutputName", ""))))
    return is_one(arns.as_text(resolved))


def is_protected(text: str) -> bool:
    """Tell whether IAM lets nobody change the policies of a role: Identity Center's, and those linked to services.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
    """
    return bool(_PROTECTED.match(text))


def is_linked(text: str) -> bool:
    """Tell whether a role is linked to a service, which makes it when it first needs it."""
    return bool(_LINKED.match(text))


def lacks_path(text: str) -> bool:
    """Tell whether an ARN has the name of a role of Identity Center without the path that IAM gives to all of them."""
    return bool(_WITHOUT_PATH.fullmatch(text))
