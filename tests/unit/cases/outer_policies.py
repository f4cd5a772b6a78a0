"""Policies that only take away: of sessions, of the organization, of VPC endpoints."""

from __future__ import annotations

from dataclasses import replace

from secure_kms_constructs.policies import Unknown
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KEY,
    OTHER_ACCOUNT,
    ROOT,
    USES_KEY,
    Case,
    Question,
    allow,
    deny,
    pair,
    policy,
    undecided,
)

_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/"
_SCPS = _ORGANIZATIONS + "orgs_manage_policies_scps.html"
_RCPS = _ORGANIZATIONS + "orgs_manage_policies_rcps.html"
_LEVELS = _ORGANIZATIONS + "orgs_manage_policies_scps_evaluation.html"
_SESSIONS = IAM + "access_policies.html#policies_session"
_ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"
_FORWARDED = IAM + "access_forward_access_sessions.html"

ROLE, USER = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:user/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
LINKED_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForAutoScaling/one"
NO_DECRYPT = policy(deny("kms:Decrypt"))
NO_ENCRYPT = policy(deny("kms:Encrypt"))
VIA = {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}
FOREIGN = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-ours"}}

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])
named = Question(key_policy=policy(allow("kms:*", ROLE)), principal=SESSION)
rooted = Question(key_policy=DELEGATES, principal=ROOT)
anyone = Question(key_policy=policy(allow("kms:*", "*")))


def without_principal(document: object) -> object:
    """A resource control policy: it denies everybody."""
    return policy(*(one | {"Principal": "*"} for one in document["Statement"]))  # type: ignore[index]


SCPS = [
    *pair(
        _SCPS,
        "where a service control policy denies another action",
        replace(delegated, scps=[NO_ENCRYPT]),
        "where a service control policy denies the action",
        scps=[NO_DECRYPT],
    ),
    *pair(
        _LEVELS,
        "where the policies of every level allow",
        replace(delegated, scps=[policy(allow("*")), policy(allow("kms:*"))]),
        "where those of one level do not allow",
        scps=[policy(allow("*")), policy(allow("s3:*"))],
    ),
    *pair(
        _SCPS,
        "to the root user whom no service control policy denies it",
        replace(rooted, scps=[NO_ENCRYPT]),
        "to the root user whom a service control policy denies it",
        scps=[NO_DECRYPT],
    ),
    *pair(
        _SCPS,
        "to a role by name where the service control policies allow",
        replace(named, scps=[policy(allow("kms:*"))]),
        "to a role by name where the service control policies do not allow",
        scps=[policy(allow("s3:*"))],
    ),
    *pair(
        _SCPS + "#not-restricted-by-scp",
        "to a service-linked role whatever a service control policy denies",
        Question(key_policy=policy(allow("kms:*", "*")), principal=LINKED, scps=[NO_DECRYPT]),
        "to a role of the same name that no service is linked with",
        principal=LINKED.replace("aws-service-role", "team"),
    ),
    undecided(
        _SCPS + "#not-restricted-by-scp",
        "for a session of a role that may be linked with a service",
        replace(anyone, principal=LINKED_SESSION, scps=[NO_DECRYPT]),
    ),
    *pair(
        _SCPS,
        "to a service whatever a service control policy denies",
        replace(anyone, principal="s3.amazonaws.com", scps=[NO_DECRYPT]),
        "to a user whom a service control policy denies it",
        principal=USER,
    ),
    *pair(
        _SCPS + "#not-restricted-by-scp",
        "to a service-linked role whatever the service control policies leave out",
        replace(anyone, principal=LINKED, scps=[policy(allow("s3:*"))]),
        "to a role that no service is linked with, where they leave it out",
        principal=ROLE,
    ),
    undecided(_SCPS, "under a service control policy of unknown text", replace(delegated, scps=[Unknown("an SCP")])),
    undecided(
        IAM + "reference-arns.html",
        "where a service control policy denies by an ARN of fewer than six parts",
        replace(delegated, scps=[policy(deny("kms:*", resource="arn:aws:kms"))]),
    ),
    *pair(
        _SCPS,
        "under a condition of a service control policy that does not hold",
        replace(delegated, scps=[policy(deny("kms:*", condition=FOREIGN))], context={"aws:PrincipalOrgID": "o-ours"}),
        "under a condition of a service control policy that holds",
        context={"aws:PrincipalOrgID": "o-theirs"},
    ),
]
RCPS = [
    *pair(
        _RCPS,
        "where a resource control policy denies another action",
        replace(delegated, rcps=[without_principal(NO_ENCRYPT)]),
        "where a resource control policy denies the action",
        rcps=[without_principal(NO_DECRYPT)],
    ),
    *pair(
        _RCPS,
        "to a service that a resource control policy leaves out",
        replace(
            anyone,
            principal="s3.amazonaws.com",
            rcps=[
                policy(deny("kms:*", "*", {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})),
            ],
        ),
        "to a service that a resource control policy denies it too",
        rcps=[without_principal(NO_DECRYPT)],
    ),
    *pair(
        _RCPS + "#actions-not-restricted-by-rcps",
        "to a service-linked role whatever a resource control policy denies",
        replace(anyone, principal=LINKED, rcps=[without_principal(NO_DECRYPT)]),
        "to a role that no service is linked with",
        principal=ROLE,
    ),
    *pair(
        _RCPS + "#actions-not-restricted-by-rcps",
        "to retire a grant whatever a resource control policy denies",
        replace(anyone, action="kms:RetireGrant", rcps=[policy(deny("kms:*", "*"))]),
        "to revoke a grant that a resource control policy denies",
        action="kms:RevokeGrant",
    ),
    *pair(
        _RCPS,
        "to another account that a resource control policy leaves out",
        Question(
            key_policy=policy(allow("kms:*", f"arn:aws:iam::{OTHER_ACCOUNT}:root")),
            identity_policies=[policy(allow("kms:*"))],
            principal=f"arn:aws:iam::{OTHER_ACCOUNT}:role/app",
            rcps=[policy(deny("kms:*", "*", FOREIGN))],
            context={"aws:PrincipalOrgID": "o-ours"},
        ),
        "to another account of another organization",
        context={"aws:PrincipalOrgID": "o-theirs"},
    ),
]
SESSIONS = [
    *pair(
        _SESSIONS,
        "where a session policy allows what an identity policy does",
        replace(delegated, principal=SESSION, session_policies=[policy(allow("kms:Decrypt"))]),
        "where no session policy allows it",
        session_policies=[policy(allow("kms:Encrypt"))],
    ),
    *pair(
        _SESSIONS,
        "where one of several session policies allows",
        replace(delegated, principal=SESSION, session_policies=[policy(allow("s3:*")), policy(allow("kms:*"))]),
        "where another session policy denies",
        session_policies=[policy(allow("kms:*")), NO_DECRYPT],
    ),
    *pair(
        _SESSIONS,
        "to a role by name where its session policy allows",
        replace(named, session_policies=[policy(allow("kms:*"))]),
        "to a role by name where its session policy does not",
        session_policies=[policy(allow("s3:*"))],
    ),
    *pair(
        _SESSIONS,
        "to a session by name whatever its session policy leaves out",
        replace(named, key_policy=policy(allow("kms:*", SESSION)), session_policies=[policy(allow("s3:*"))]),
        "to a session by name where its session policy denies",
        session_policies=[NO_DECRYPT],
    ),
    *pair(
        _SESSIONS,
        "to a federated user within its session policy",
        replace(delegated, principal=FEDERATED, session_policies=[policy(allow("kms:*"))]),
        "to a federated user beyond its session policy",
        session_policies=[policy(allow("s3:*"))],
    ),
]
ENDPOINTS = [
    *pair(
        _ENDPOINTS,
        "through an endpoint whose policy allows",
        replace(delegated, endpoint_policy=policy(allow("kms:Decrypt", "*", resource=KEY))),
        "through an endpoint whose policy allows another action",
        endpoint_policy=policy(allow("kms:Encrypt", "*", resource=KEY)),
    ),
    *pair(
        _ENDPOINTS,
        "through an endpoint whose policy admits the role",
        replace(delegated, endpoint_policy=policy(allow("kms:*", ROLE))),
        "through an endpoint whose policy admits a user",
        endpoint_policy=policy(allow("kms:*", USER)),
    ),
    *pair(
        _ENDPOINTS,
        "through an endpoint whose policy denies another role",
        replace(delegated, endpoint_policy=policy(allow("*", "*"), deny("kms:*", USER))),
        "through an endpoint whose policy denies the role",
        endpoint_policy=policy(allow("*", "*"), deny("kms:*", ROLE)),
    ),
    *pair(
        _FORWARDED,
        "by a service for the role, which does not go through its endpoint",
        replace(delegated, endpoint_policy=policy(allow("s3:*", "*")), context=VIA),
        "by the role itself, which goes through its endpoint",
        context={},
    ),
    *pair(
        _FORWARDED,
        "by a service that kms:ViaService does not name, which does not go through the endpoint",
        replace(delegated, endpoint_policy=policy(allow("s3:*", "*")), context={"aws:ViaAWSService": "true"}),
        "by nobody but the role, which goes through the endpoint",
        context={"aws:ViaAWSService": "false"},
    ),
    undecided(
        _FORWARDED,
        "where it is not known whether a service calls for the role",
        replace(
            delegated, endpoint_policy=policy(allow("s3:*", "*")), context={"kms:ViaService": Unknown("a service")}
        ),
    ),
    *pair(
        _FORWARDED,
        "to a service itself, which does not go through an endpoint",
        replace(anyone, principal="s3.amazonaws.com", endpoint_policy=policy(allow("s3:*", "*"))),
        "to a role that goes through an endpoint of no KMS action",
        principal=ROLE,
    ),
]

CASES: list[Case] = [*SCPS, *RCPS, *SESSIONS, *ENDPOINTS]
