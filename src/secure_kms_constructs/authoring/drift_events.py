"""Event patterns for what changes who can use a key, and for what blinds whoever watches. As CloudTrail tells it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from secure_kms_constructs.aws.cloudtrail import AWS_INTERNAL, GRANTING

Pattern = dict[str, Any]

# By the name of the rule; grants have a pattern of their own.
KEY_EVENTS = (
    "DeleteAlias",
    "DeleteCustomKeyStore",
    "DeleteImportedKeyMaterial",
    "DisableKey",
    "DisconnectCustomKeyStore",
    "ImportKeyMaterial",
    "PutKeyPolicy",
    "ReplicateKey",
    "RevokeGrant",
    "ScheduleKeyDeletion",
    "UpdateAlias",
    "UpdateCustomKeyStore",
    "UpdatePrimaryRegion",
)
TRAIL_EVENTS = ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail")

_ABSENT = {"exists": False}
_CLOUDFORMATION = "cloudformation.amazonaws.com"
_NOT_BY_CLOUDFORMATION = [_ABSENT, {"anything-but": [_CLOUDFORMATION]}]
# Who calls for somebody stands in invokedBy, which the caller cannot write; in China it ends in .cn.
_BY_SERVICE = [*GRANTING, AWS_INTERNAL.value]
# Services, and sessions that nobody but AWS can have. Roles and users may be called as services are.
_SERVICES = [
    *("*.amazonaws.com", "*.amazonaws.com.cn", AWS_INTERNAL.value, "arn:*:sts::*:assumed-role/aws:*"),
    # So CloudTrail writes the session of an instance.
    "*:aws:ec2-infrastructure:*",
]
_TO_SOMEBODY = [{"wildcard": "arn:*:iam::*"}, {"anything-but": {"wildcard": _SERVICES}}]


def key_changes(deployers: Sequence[str] = ()) -> Pattern:
    """Return the pattern of what changes keys, their policies, material and aliases.

    :param deployers: ARNs of roles whose calls through CloudFormation are left out.
    """
    return _pattern("kms", KEY_EVENTS, _not_deployed(deployers))


def grants(deployers: Sequence[str] = ()) -> Pattern:
    """Return the pattern of grants, without those that a service makes for itself.

    Such a grant is made through one of the services that make grants, and to a service. Which service retires it tells
    nothing: whoever makes a grant may name one. Neither does it tell that it is made through any service: some make
    whatever call their users want.
    """
    through = [*_BY_SERVICE, *([_CLOUDFORMATION] if deployers else [])]
    # A service that acts for nobody is of the type AWSService.
    direct = {"type": [{"anything-but": ["AWSService"]}], "invokedBy": [_ABSENT, {"anything-but": {"prefix": through}}]}
    to_somebody = {"requestParameters": {"granteePrincipal": _TO_SOMEBODY}}
    if not deployers:
        return _pattern("kms", ["CreateGrant"], [{"userIdentity": direct}, to_somebody])
    by_others = {"invokedBy": [_CLOUDFORMATION], **_issued(deployers)}
    alternatives = [direct, by_others, {"invokedBy": _NOT_BY_CLOUDFORMATION}]
    found = [{"userIdentity": one} for one in alternatives]
    return _pattern("kms", ["CreateGrant"], [*found[:2], {**found[2], **to_somebody}])


def blinding() -> Pattern:
    """Return the pattern of what stops or thins out a trail: nobody's are left out."""
    return _pattern("cloudtrail", TRAIL_EVENTS, [])


def _not_deployed(deployers: Sequence[str]) -> list[dict[str, Any]]:
    """Return alternatives that no call has which CloudFormation makes as one of some roles."""
    if not deployers:
        return []
    return [{"userIdentity": one} for one in (_issued(deployers), {"invokedBy": _NOT_BY_CLOUDFORMATION})]


def _issued(deployers: Sequence[str]) -> dict[str, Any]:
    """Return what no session of some roles has."""
    return {"sessionContext": {"sessionIssuer": {"arn": [_ABSENT, {"anything-but": list(deployers)}]}}}


def _pattern(service: str, names: Sequence[str], alternatives: list[dict[str, Any]]) -> Pattern:
    detail: dict[str, Any] = {
        "eventSource": [f"{service}.amazonaws.com"],
        "eventName": list(names),
        # What was refused changed nothing.
        "errorCode": [_ABSENT],
    }
    if alternatives:
        detail["$or"] = alternatives
    return {"source": [f"aws.{service}"], "detail-type": ["AWS API Call via CloudTrail"], "detail": detail}


def logs_key_changes(trail: Mapping[str, Any]) -> bool | None:
    """Tell whether a trail logs what changes keys; None where its template does not tell.

    :param trail: properties of the ``AWS::CloudTrail::Trail``.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    if trail.get("IsLogging") is False:
        return False
    selectors, advanced = trail.get("EventSelectors") or [], trail.get("AdvancedEventSelectors") or []
    if not isinstance(selectors, list) or not isinstance(advanced, list):
        return None
    if not selectors and not advanced:
        return True
    found = [*map(_selects, selectors), *map(_selects_advanced, advanced)]
    return True if True in found else None if None in found else False


def _selects(selector: Mapping[str, Any]) -> bool | None:
    management = selector.get("IncludeManagementEvents", True)
    kind, without = selector.get("ReadWriteType", "All"), selector.get("ExcludeManagementEventSources", [])
    if not isinstance(management, bool) or not isinstance(kind, str) or not isinstance(without, list):
        return None
    if not all(isinstance(one, str) for one in without):
        return None
    return management and kind in ("All", "WriteOnly") and "kms.amazonaws.com" not in without


def _selects_advanced(selector: Mapping[str, Any]) -> bool | None:
    fields = selector.get("FieldSelectors")
    if not isinstance(fields, list):
        return None
    for field in fields:
        wanted = {"eventCategory": "Management", "eventSource": "kms.amazonaws.com", "readOnly": "false"}
        value = wanted.get(str(field.get("Field")))
        if value is None:
            # A selector of some events only, such as those of one user.
            return None
        for operator, values in field.items():
            if operator == "Field":
                continue
            if not isinstance(values, list) or operator not in ("Equals", "NotEquals"):
                return None
            if (value in values) is (operator == "NotEquals"):
                return False
    return True
