"""What no page tells is undecided, in both directions, and only that; its neighbours are certain."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KEY,
    KMS,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    REGION,
    ROOT,
    USES_KEY,
    Case,
    Question,
    allow,
    deny,
    holds,
    pair,
    policy,
    undecided,
    under,
    without,
)

_ARNS = IAM + "reference-arns.html"
_OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
_CHECKS = IAM + "access-analyzer-reference-policy-checks.html"
_ORG = "aws:PrincipalOrgID"
_NOT_PRINCIPAL = IAM + "reference_policies_elements_notprincipal.html"
_PRINCIPAL = IAM + "reference_policies_elements_principal.html"
_ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html"

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
_TIME = "aws:CurrentTime"
_IN_2027 = {_TIME: "2027-01-01T00:00:00Z"}

delegated = Question(key_policy=DELEGATES, identity_policies=[USES_KEY])


def _identity(*statements: object) -> Question:
    return Question(key_policy=DELEGATES, identity_policies=[policy(*statements)])


def _all_but(resource: str) -> dict[str, object]:
    return without(allow("kms:*", NotResource=resource), "Resource")


INCOMPLETE = [
    *pair(
        _ARNS,
        "by an ARN that ends after the service",
        _identity(allow("kms:*", resource="arn:aws:kms")),
        "by an ARN that ends after another service",
        identity_policies=[policy(allow("kms:*", resource="arn:aws:s3"))],
    ),
    *pair(
        _ARNS,
        "by an ARN that ends after the account",
        _identity(allow("kms:*", resource=f"arn:aws:kms:{REGION}:{ACCOUNT}")),
        "by an ARN that ends after another account",
        identity_policies=[policy(allow("kms:*", resource=f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}"))],
    ),
    *pair(
        _ARNS,
        "where a Deny names an incomplete ARN of another region",
        _identity(allow("kms:*"), deny("kms:*", resource="arn:aws:kms:eu-west-1")),
        "where a Deny names an incomplete ARN of the region",
        identity_policies=[policy(allow("kms:*"), deny("kms:*", resource=f"arn:aws:kms:{REGION}"))],
    ),
    *pair(
        _ARNS,
        "by all but an incomplete ARN of another service",
        _identity(_all_but("arn:aws:s3")),
        "by all but an incomplete ARN of the service",
        identity_policies=[policy(_all_but("arn:aws:kms"))],
    ),
    *pair(
        _ARNS,
        "within a boundary of an incomplete ARN",
        replace(delegated, boundary=policy(allow("kms:*", resource="arn:aws:kms"))),
        "beyond a boundary of an incomplete ARN",
        boundary=policy(allow("kms:*", resource="arn:aws:s3")),
    ),
    undecided(
        _ARNS,
        "by a key policy with an ARN that ends after the account",
        Question(key_policy=policy(allow("kms:*", ROLE, resource=f"arn:aws:kms:{REGION}:{ACCOUNT}"))),
    ),
    undecided(
        _ARNS,
        "where a key policy denies by an ARN that ends after the service",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", "*", resource="arn:aws:kms"))),
    ),
    undecided(
        _ARNS,
        "where a key policy denies all but an ARN that ends after the service",
        replace(
            delegated,
            key_policy=policy(allow("kms:*", ROOT), without(deny("kms:*", "*", NotResource="arn:aws:kms"), "Resource")),
        ),
    ),
    *pair(
        _ARNS,
        "by a key policy with a wildcard at the end of an incomplete ARN",
        Question(key_policy=policy(allow("kms:*", ROLE, resource="arn:aws:kms:*"))),
        "by a key policy with an incomplete ARN of another service",
        key_policy=policy(allow("kms:*", ROLE, resource="arn:aws:s3:*")),
    ),
]
DATES = [
    *(
        undecided(
            _OPERATORS + "#Conditions_Date", f"by a date written as {text}", under({operator: {_TIME: text}}, _IN_2027)
        )
        for operator, text in (
            ("DateGreaterThan", "2026-01-01T00:00:00"),
            ("DateGreaterThan", "2026-01-01T00:00"),
            ("DateLessThan", "2026-01-01 00:00:00Z"),
            ("DateGreaterThan", "20260101T000000Z"),
        )
    ),
    *pair(
        _OPERATORS + "#Conditions_Date",
        "by one date with a zone beside one without",
        under({"DateGreaterThan": {_TIME: ["2026-01-01T00:00:00", "2026-01-01T00:00:00Z"]}}, _IN_2027),
        "by a date with a zone that is later",
        identity_policies=[policy(allow("kms:*", condition={"DateGreaterThan": {_TIME: "2028-01-01T00:00:00Z"}}))],
    ),
    undecided(
        _OPERATORS + "#Conditions_Date",
        "where a Deny compares with a date without zone",
        Question(
            key_policy=policy(
                allow("kms:*", ROLE), deny("kms:*", "*", {"DateGreaterThan": {_TIME: "2026-01-01T00:00:00"}})
            ),
            context=_IN_2027,
        ),
    ),
]
NAMES = [
    undecided(
        _PRINCIPAL + "#principal-roles",
        "for a role whom the key policy names in another case",
        Question(key_policy=policy(allow("kms:*", ROLE.replace("app", "App")))),
    ),
    undecided(
        _PRINCIPAL + "#principal-roles",
        "for a session of a role that a Deny names in another case",
        Question(principal=SESSION, key_policy=policy(allow("kms:*", "*"), deny("kms:*", ROLE.replace("app", "APP")))),
    ),
    *pair(
        _PRINCIPAL + "#principal-roles",
        "to a role by its path",
        Question(
            principal=f"arn:aws:iam::{ACCOUNT}:role/team/app",
            key_policy=policy(allow("kms:*", f"arn:aws:iam::{ACCOUNT}:role/team/app")),
        ),
        "to a role by the name of one with another path",
        principal=ROLE,
    ),
    *pair(
        _PRINCIPAL + "#principal-users",
        "to a user by name",
        Question(
            principal=f"arn:aws:iam::{ACCOUNT}:user/alice",
            key_policy=policy(allow("kms:*", f"arn:aws:iam::{ACCOUNT}:user/alice")),
        ),
        "to a user whose name is written in another case, which the page says counts",
        principal=f"arn:aws:iam::{ACCOUNT}:user/Alice",
    ),
    *pair(
        _PRINCIPAL + "#principal-roles",
        "to a role that a key policy names in its case and in another",
        Question(key_policy=policy(allow("kms:*", {"AWS": [ROLE, ROLE.replace("app", "App")]}))),
        "to a role of another name in any case",
        principal=ROLE.replace("app", "other"),
    ),
]
SPARED = [
    undecided(
        _NOT_PRINCIPAL,
        "for a role whose account alone NotPrincipal lists",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ROOT}))),
    ),
    undecided(
        _NOT_PRINCIPAL,
        "for a role whose account alone NotPrincipal lists by its id",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ACCOUNT}))),
    ),
    *pair(
        _NOT_PRINCIPAL,
        "to a role whom NotPrincipal lists beside its account and another account",
        replace(
            delegated,
            key_policy=policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": [ROLE, ROOT, OTHER_ROOT]})),
        ),
        "to a role of an account that NotPrincipal lists with another of its roles",
        principal=ROLE.replace("app", "other"),
    ),
]
SETS = [
    *pair(
        _CHECKS,
        "by Null with ForAllValues, which is always true",
        under({"ForAllValues:Null": {"aws:CalledVia": "false"}}, {}),
        "by Null with ForAnyValue, which is always false",
        identity_policies=[policy(allow("kms:*", condition={"ForAnyValue:Null": {"aws:CalledVia": "true"}}))],
    ),
    undecided(_CHECKS, "by StringEquals without a value", under({"StringEquals": {_ORG: []}}, {_ORG: "o-one"})),
    undecided(_CHECKS, "by StringEquals without a value or key", under({"StringEquals": {_ORG: []}}, {})),
    undecided(_CHECKS, "by StringNotEquals without a value", under({"StringNotEquals": {_ORG: []}}, {_ORG: "o-one"})),
    undecided(_CHECKS, "by Null without a value", under({"Null": {_ORG: []}}, {})),
    undecided(
        _CHECKS,
        "by a Deny under StringEquals without a value",
        replace(delegated, key_policy=policy(allow("kms:*", ROOT), deny("kms:*", "*", {"StringEquals": {_ORG: []}}))),
    ),
    *holds(
        _CHECKS,
        "by IfExists without a value or key",
        {"StringEqualsIfExists": {_ORG: []}},
        {},
        "by IfExists without a value",
        {_ORG: "o-one"},
    ),
    *pair(
        _CHECKS,
        "by ForAllValues without a value or key",
        under({"ForAllValues:StringEquals": {"aws:CalledVia": []}}, {}),
        "by ForAnyValue without a value",
        identity_policies=[policy(allow("kms:*", condition={"ForAnyValue:StringEquals": {"aws:CalledVia": []}}))],
    ),
    undecided(
        _OPERATORS + "#Conditions_ARN",
        "by ArnNotLike with a whole text of fewer than six components",
        under({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam"}}, {}),
    ),
    undecided(
        _OPERATORS + "#Conditions_ARN",
        "by ArnEquals with a whole text of fewer than six components",
        under({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam"}}, {}),
    ),
]
_AGE, _IP, _SECURE = "aws:MultiFactorAuthAge", "aws:SourceIp", "aws:SecureTransport"
FORMS = [
    *(
        undecided(_OPERATORS, f"by {operator} {value!r}", under({operator: {key: value}}, {key: actual}))
        for operator, key, value, actual in (
            ("NumericLessThan", _AGE, "1e9", "5"),
            ("NumericLessThan", _AGE, " 10", "5"),
            ("NumericGreaterThan", _AGE, ".5", "5"),
            ("NumericGreaterThan", _AGE, "1.", "5"),
            ("Bool", _SECURE, "1", "true"),
            ("Bool", _SECURE, "Yes", "true"),
            ("IpAddress", _IP, "010.0.0.0/8", "10.0.0.1"),
            ("IpAddress", _IP, "10.0.0.0/8 ", "10.0.0.1"),
            ("DateLessThan", _TIME, "4102444800000", "2027-01-01T00:00:00Z"),
            ("DateGreaterThan", _TIME, "-99999999999999", "2027-01-01T00:00:00Z"),
        )
    ),
    *(
        case
        for operator, key, value, other, actual in (
            ("NumericLessThan", _AGE, "10", "ten", "5"),
            ("Bool", _SECURE, "True", "truth", "true"),
            ("IpAddress", _IP, "10.0.0.0/8", "10.0.0.0/33", "10.0.0.1"),
            ("DateLessThan", _TIME, "4102444800", "never", "2027-01-01T00:00:00Z"),
        )
        for case in pair(
            _OPERATORS,
            f"by {operator} {value!r}",
            under({operator: {key: value}}, {key: actual}),
            f"by {operator} {other!r}",
            identity_policies=[policy(allow("kms:*", condition={operator: {key: other}}))],
        )
    ),
]
_LAMBDA = "lambda.amazonaws.com"
SERVICES = [
    undecided(
        _PRINCIPAL,
        "to a service whose name the key policy writes in another case",
        Question(principal=_LAMBDA, key_policy=policy(allow("kms:*", {"Service": "Lambda.amazonaws.com"}))),
    ),
    *pair(
        _PRINCIPAL,
        "to a service that the key policy names",
        Question(principal=_LAMBDA, key_policy=policy(allow("kms:*", {"Service": _LAMBDA}))),
        "to another service",
        principal="logs.amazonaws.com",
    ),
]
ACTIONS = [
    *pair(
        _ACTIONS,
        "to retire a grant under an encryption context",
        Question(
            action="kms:RetireGrant",
            key_policy=policy(allow("kms:*", ROLE, {"StringEquals": {"kms:EncryptionContext:app": "orders"}})),
            context={"kms:EncryptionContext:app": "orders"},
        ),
        "to retire a grant under another encryption context",
        context={"kms:EncryptionContext:app": "payments"},
    ),
    *(
        case
        for name in ("Encapsulate", "Decapsulate")
        for case in pair(
            KMS + "key-policy-modifying-external-accounts.html",
            f"to {name} with the key of another account",
            Question(
                action=f"kms:{name}",
                principal=OTHER_ROOT.replace("root", "role/app"),
                key_policy=policy(allow("kms:*", OTHER_ROOT)),
                identity_policies=[policy(allow("kms:*", resource=KEY))],
            ),
            f"to {name} with the key of another account that admits nobody to it",
            key_policy=policy(allow("kms:Decrypt", OTHER_ROOT)),
        )
    ),
]

CASES: list[Case] = [*INCOMPLETE, *DATES, *NAMES, *SPARED, *SETS, *FORMS, *SERVICES, *ACTIONS]
