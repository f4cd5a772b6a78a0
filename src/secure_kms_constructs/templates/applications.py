"""Applications of the Serverless Application Repository that are known: those with which AWS rotates passwords."""

from __future__ import annotations

import re

from .stacks import Stack

# Each makes a function and a role of its own for it, and takes no name of a role, user, group or policy.
# Who publishes them: https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_secretsmanager.SecretRotationApplication.html
# What they make: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_available-rotation-templates.html
_ROTATION = re.compile(
    r"arn:(aws:serverlessrepo:us-east-1:297356227824"
    r"|aws-cn:serverlessrepo:cn-north-1:193023089310"
    r"|aws-us-gov:serverlessrepo:us-gov-west-1:023102451235)"
    r":applications/SecretsManager[A-Za-z0-9]+Rotation(Single|Multi)User",
    re.ASCII,
)


def is_rotation(stack: Stack, logical_id: str) -> bool:
    """Tell whether an application is surely one with which AWS rotates the password of a database."""
    location = stack.properties(logical_id).get("Location")
    told = location.get("ApplicationId") if isinstance(location, dict) and not _is_changed(location) else None
    ids = _ids(told, stack)
    return bool(ids) and all(isinstance(one, str) and _ROTATION.fullmatch(one) for one in ids)


def _ids(told: object, stack: Stack) -> list[object]:
    """Return all that an id may be: the CDK looks it up by partition."""
    match told:
        case {"Fn::FindInMap": [str(name), {"Ref": "AWS::Partition"}, str(attribute)]}:
            mappings = stack.section("Mappings")
            mapping = mappings.get(name)
            if _is_changed(mappings) or not isinstance(mapping, dict):
                return []
            return [one.get(attribute) if isinstance(one, dict) else None for one in mapping.values()]
    return [told]


def _is_changed(whole: dict[str, object]) -> bool:
    """Tell whether a macro, or a loop, may put something else there."""
    return any(name.startswith("Fn::") for name in whole)
