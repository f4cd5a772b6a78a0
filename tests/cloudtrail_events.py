"""What CloudTrail tells EventBridge of changes to keys, after the samples of AWS's pages, and near misses.

https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

ACCOUNT, REGION = "111122223333", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/Admin"
CLOUDFORMATION, DYNAMODB = "cloudformation.amazonaws.com", "dynamodb.amazonaws.com"


class Case(NamedTuple):
    """An event, and the rule that has a message for it; None where nobody is to be told."""

    name: str
    rule: str | None
    event: dict[str, Any]


def by(role: str, through: str | None = None) -> dict[str, Any]:
    """Return who calls: a role, by itself or through a service."""
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/session"
    issuer = {"type": "Role", "arn": role, "accountId": ACCOUNT}
    identity = {"type": "AssumedRole", "arn": session, "sessionContext": {"sessionIssuer": issuer}}
    return identity | ({"invokedBy": through} if through else {})


USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/Alice", "userName": "Alice", "accountId": ACCOUNT}
ROOT = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def event(name: str, who: dict[str, Any], service: str = "kms", **more: Any) -> dict[str, Any]:
    """Return an event as EventBridge gets it."""
    detail: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": who,
        "eventTime": "2026-11-28T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": who.get("invokedBy", "192.0.2.1"),
        "requestParameters": {"keyId": KEY} if service == "kms" else {"name": "management"},
        "responseElements": None,
        "eventID": "7bb906fa-dc21-4350-b65c-808ff0f72f55",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
    }
    if service == "kms":
        detail["resources"] = [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY}]
    return {
        "version": "0",
        "id": "b5a1c1b2-0000-4000-8000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "time": "2026-11-28T12:00:05Z",
        "region": REGION,
        "resources": [],
        "detail": detail | more,
    }


def grant(who: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """Return that a grant was made."""
    given = {"keyId": KEY, "operations": ["Decrypt", "CreateGrant"], **parameters}
    return event("CreateGrant", who, requestParameters=given, responseElements={"grantId": "f020fe75", "keyId": KEY})


REFUSED = {"errorCode": "AccessDenied", "errorMessage": "is not authorized", "resources": []}
OF_SERVICE = {"granteePrincipal": "dynamodb.us-east-1.amazonaws.com"}
RETIRED_BY_SERVICE = {"retiringPrincipal": "ec2.us-east-1.amazonaws.com"}
TO_INSTANCE = {"granteePrincipal": f"arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/i-0abc"}
TO_BOB = {"granteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/Bob"}

TO_LOOK_ALIKE = {"granteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/evil.amazonaws.com"}
# https://docs.aws.amazon.com/kms/latest/developerguide/ct-ec2two.html
TO_SESSION_OF_EC2 = {"granteePrincipal": f"{ACCOUNT}:aws:ec2-infrastructure:i-81e2f56c"}
TO_SESSION = {"granteePrincipal": f"arn:aws:sts::{ACCOUNT}:assumed-role/Bob/session"}
FARGATE = {"type": "AWSService", "invokedBy": "fargate.amazonaws.com"}
# These make whatever call their user wants, with a role that the user chose.
PROXIES = [f"{one}.amazonaws.com" for one in ("states", "scheduler", "ssm", "apigateway", "pipes", "cloudformation")]

_CHANGES = (
    "PutKeyPolicy RevokeGrant DisableKey ScheduleKeyDeletion DeleteAlias UpdateAlias ImportKeyMaterial "
    "DeleteImportedKeyMaterial ReplicateKey UpdatePrimaryRegion DisconnectCustomKeyStore DeleteCustomKeyStore "
    "UpdateCustomKeyStore"
)
_BLINDING = "StopLogging DeleteTrail PutEventSelectors UpdateTrail"
_NOT_TOLD = "EnableKey CreateAlias DescribeKey GetKeyPolicy Decrypt CreateKey RetireGrant TagResource"

CASES = [
    *(Case(f"a role calls {name}", "KeyChanges", event(name, by(ADMIN))) for name in _CHANGES.split()),
    *(Case(f"{name} is refused", None, event(name, by(ADMIN), **REFUSED)) for name in _CHANGES.split()),
    *(Case(f"a role calls {name}", None, event(name, by(ADMIN))) for name in _NOT_TOLD.split()),
    Case("a user writes a key policy", "KeyChanges", event("PutKeyPolicy", USER)),
    Case("the root user writes a key policy", "KeyChanges", event("PutKeyPolicy", ROOT)),
    Case("the deployer writes a key policy in a deployment", None, event("PutKeyPolicy", by(DEPLOYER, CLOUDFORMATION))),
    Case("the deployer writes a key policy by itself", "KeyChanges", event("PutKeyPolicy", by(DEPLOYER))),
    Case("another role deploys", "KeyChanges", event("PutKeyPolicy", by(ADMIN, CLOUDFORMATION))),
    Case("a user deploys", "KeyChanges", event("PutKeyPolicy", USER | {"invokedBy": CLOUDFORMATION})),
    Case("another service writes a key policy", None, event("PutKeyPolicy", by(ADMIN), service="ssm")),
    Case("a role makes a grant", "Grants", grant(by(ADMIN), **TO_BOB)),
    Case("a user makes a grant", "Grants", grant(USER, **TO_BOB)),
    Case("a grant is refused", None, grant(by(ADMIN), **TO_BOB) | {"detail": grant(by(ADMIN))["detail"] | REFUSED}),
    Case("a table makes its grant", None, grant(by(ADMIN, DYNAMODB), **OF_SERVICE, **RETIRED_BY_SERVICE)),
    Case("a service is the grantee alone", None, grant(by(ADMIN, DYNAMODB), **OF_SERVICE)),
    Case("a volume makes its grant", None, grant(by(ADMIN, "ec2.amazonaws.com"), **TO_INSTANCE, **RETIRED_BY_SERVICE)),
    Case(
        "a volume makes its grant, as a sample has it", None, grant(by(ADMIN, "ec2.amazonaws.com"), **TO_SESSION_OF_EC2)
    ),
    Case("a table in China makes its grant", None, grant(by(ADMIN, f"{DYNAMODB}.cn"), **OF_SERVICE)),
    Case("AWS makes a grant for a service", None, grant(by(ADMIN, "AWS Internal"), **OF_SERVICE)),
    Case(
        "a service makes a grant for itself",
        None,
        grant(FARGATE, **OF_SERVICE),
    ),
    Case("a service names itself in the new way", None, grant(by(ADMIN, DYNAMODB), granteeServicePrincipal=DYNAMODB)),
    *(
        Case(f"a grant through {through} that {name} retires", "Grants", grant(by(ADMIN, through), **TO_BOB, **named))
        for through in (DYNAMODB, "ec2.amazonaws.com", "AWS Internal", *PROXIES)
        for name, named in (
            ("a service", RETIRED_BY_SERVICE),
            ("a service in the new way", {"retiringServicePrincipal": "ec2.amazonaws.com"}),
        )
    ),
    *(
        Case(f"a grant to a service through {through}", "Grants", grant(by(ADMIN, through), **named))
        for through in PROXIES
        for named in (OF_SERVICE, {"granteeServicePrincipal": DYNAMODB}, TO_INSTANCE)
    ),
    Case("a grant to a role that is called as a service", "Grants", grant(by(ADMIN, DYNAMODB), **TO_LOOK_ALIKE)),
    Case("a service makes a grant to a session", "Grants", grant(by(ADMIN, DYNAMODB), **TO_SESSION)),
    Case("a service retires a grant to a role", "Grants", grant(FARGATE, **TO_BOB, **RETIRED_BY_SERVICE)),
    Case("somebody names a service in the new way", "Grants", grant(by(ADMIN), granteeServicePrincipal=DYNAMODB)),
    Case("somebody names a service as grantee", "Grants", grant(by(ADMIN), **OF_SERVICE)),
    Case("somebody hides behind who retires", "Grants", grant(by(ADMIN), **TO_BOB, **RETIRED_BY_SERVICE)),
    Case("a service makes a grant to a role", "Grants", grant(by(ADMIN, "eks.amazonaws.com"), **TO_BOB)),
    Case("the deployer makes a grant in a deployment", None, grant(by(DEPLOYER, CLOUDFORMATION), **TO_BOB)),
    Case("the deployer makes a grant by itself", "Grants", grant(by(DEPLOYER), **TO_BOB)),
    Case("another role makes one in a deployment", "Grants", grant(by(ADMIN, CLOUDFORMATION), **TO_BOB)),
    Case("a look-alike of a service is the grantee", "Grants", grant(by(ADMIN, DYNAMODB), granteePrincipal="a.com")),
    *(
        Case(f"a role calls {name}", "Blinding", event(name, by(ADMIN), service="cloudtrail"))
        for name in _BLINDING.split()
    ),
    *(
        Case(
            f"the deployer calls {name} in a deployment",
            "Blinding",
            event(name, by(DEPLOYER, CLOUDFORMATION), "cloudtrail"),
        )
        for name in _BLINDING.split()
    ),
    Case("stopping is refused", None, event("StopLogging", by(ADMIN), "cloudtrail", **REFUSED)),
    Case("a trail starts", None, event("StartLogging", by(ADMIN), "cloudtrail")),
    Case(
        "a console sign-in",
        None,
        event("PutKeyPolicy", by(ADMIN)) | {"detail-type": "AWS Console Sign In via CloudTrail"},
    ),
]
