"""Where iam-simulate 0.1.173 differs from the documentation, and how to ask it so that it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from tests.semantics.rewrites import (
    each_condition,
    each_policy,
    epochs_as_dates,
    literal_variables,
    no_sets_of_null,
    null_variables,
    only_what_works_across_accounts,
    plain_escapes,
    plain_ranges,
    powerful_root,
    spelled_out,
    unlimited_sessions,
    whole_arns,
    without_empty_values,
)
from tests.unit.cases.case import (
    ACCOUNT,
    DELEGATES,
    IAM,
    KEY,
    KEY_ID,
    KMS,
    OTHER_ACCOUNT,
    OTHER_ROOT,
    ROOT,
    USES_KEY,
    allow,
    deny,
    policy,
    without,
)

Json = dict[str, Any]

ROLE, USER = f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:user/alice"
_OPERATORS = IAM + "reference_policies_elements_condition_operators.html"
_VARIABLES = IAM + "reference_policies_variables.html"
_NOT_PRINCIPAL = IAM + "reference_policies_elements_notprincipal.html"
_SETS = IAM + "reference_policies_condition-single-vs-multi-valued-context-keys.html"


@dataclass(frozen=True)
class Difference:
    """One rule that the engine does not follow.

    :param rule: what the page says.
    :param rewrite: the same question in a form that the engine answers by the rule.
    :param example: a question that it answers against the rule.
    :param allowed: the documented answer to the example.
    """

    rule: str
    source: str
    rewrite: Callable[[Json], Json]
    example: Json
    allowed: bool


@dataclass(frozen=True)
class Undecided:
    """A question that the engine answers and AWS does not document, so that the evaluator answers None."""

    why: str
    source: str
    example: Json


def rewritten(case: Json) -> Json:
    """Return a question in the form that the engine answers as documented."""
    return reduce(lambda changed, difference: difference.rewrite(changed), DIFFERENCES, case)


def question(key_policy: Json, *identity_policies: Json, **more: Any) -> Json:
    """A question to evaluator and engine."""
    request = {"principal": ROLE, "action": "kms:Decrypt", "key": KEY, "context": {}}
    policies = {"key_policy": key_policy, "identity_policies": list(identity_policies), "boundary": None}
    return request | policies | more


def _under(condition: Json, **context: Any) -> Json:
    named = {key.replace("__", ":").replace("_", "/"): value for key, value in context.items()}
    return question(policy(allow("kms:*", ROLE, condition)), context=named)


_SPARES_ROLE = policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": [ROLE, ROOT]}))
_ANOTHER = f"arn:aws:iam::{ACCOUNT}:role/another"
_TAGGED = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/${{aws:PrincipalTag/keyid}}"

# In the order in which a question is rewritten: variables before their dollar signs are escaped.
DIFFERENCES = (
    Difference(
        "negated operators match a variable without a value",
        _VARIABLES + "#policy-vars-no-value",
        null_variables,
        _under({"StringNotEquals": {"aws:PrincipalOrgID": "${aws:PrincipalTag/x}"}}, aws__PrincipalOrgID="o"),
        True,
    ),
    Difference(
        "Null with ForAllValues is always true",
        IAM + "access-analyzer-reference-policy-checks.html",
        partial(each_condition, no_sets_of_null),
        _under({"ForAllValues:Null": {"aws:PrincipalTag/team": "true"}}, aws__PrincipalTag_team="red"),
        True,
    ),
    Difference(
        "${*}, ${?} and ${$} stand for the character wherever variables may stand",
        _VARIABLES + "#policy-vars-specialchars",
        partial(each_policy, plain_escapes),
        _under({"StringEquals": {"aws:PrincipalTag/x": "${*}"}}, aws__PrincipalTag_x="*"),
        True,
    ),
    Difference(
        "policies before version 2012-10-17 have no variables",
        _VARIABLES,
        partial(each_policy, literal_variables),
        question(
            DELEGATES,
            policy(allow("kms:*", resource=_TAGGED), version="2008-10-17"),
            context={"aws:PrincipalTag/keyid": KEY_ID},
        ),
        False,
    ),
    Difference(
        "ForAllValues matches an empty value",
        _OPERATORS + "#Conditions_ARN",
        without_empty_values,
        _under({"ForAllValues:StringEquals": {"aws:PrincipalTag/x": "a"}}, aws__PrincipalTag_x=""),
        True,
    ),
    Difference(
        "0.0.0.0/0 holds every address of version 4",
        _OPERATORS + "#Conditions_IPAddress",
        partial(each_condition, plain_ranges),
        _under({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, aws__SourceIp="192.0.2.1"),
        True,
    ),
    Difference(
        "NotIpAddress matches all but the address, those of the other version too",
        _OPERATORS + "#Conditions_IPAddress",
        partial(each_condition, plain_ranges),
        _under({"NotIpAddress": {"aws:SourceIp": "192.0.2.1"}}, aws__SourceIp="2001:db8::1"),
        True,
    ),
    Difference(
        "dates may be epoch seconds, in policy and request",
        _OPERATORS + "#Conditions_Date",
        partial(each_condition, epochs_as_dates),
        _under({"DateLessThan": {"aws:CurrentTime": "1767225600"}}, aws__CurrentTime="2025-01-01T00:00:00Z"),
        True,
    ),
    Difference(
        "only some actions work on a key of another account",
        KMS + "key-policy-modifying-external-accounts.html",
        only_what_works_across_accounts,
        question(
            policy(allow("kms:*", OTHER_ROOT)),
            USES_KEY,
            principal=f"arn:aws:iam::{OTHER_ACCOUNT}:role/app",
            action="kms:PutKeyPolicy",
        ),
        False,
    ),
    Difference(
        "the account principal includes the root user, who needs no policy",
        KMS + "key-policy-overview.html",
        powerful_root,
        question(DELEGATES, principal=ROOT),
        True,
    ),
    Difference(
        "NotPrincipal spares the principals it lists, not all of their account",
        _NOT_PRINCIPAL,
        spelled_out,
        question(_SPARES_ROLE, USES_KEY, principal=_ANOTHER),
        False,
    ),
    Difference(
        "NotResource with an incomplete ARN names what the ARN completed with * names",
        IAM + "reference-arns.html",
        whole_arns,
        question(DELEGATES, policy(without(allow("kms:*", NotResource="arn:aws:s3"), "Resource"))),
        True,
    ),
    Difference(
        "session policies do not limit what a key policy allows to the session itself",
        IAM + "access_policies.html#policies_session",
        unlimited_sessions,
        question(
            policy(allow("kms:*", f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one")),
            principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one",
            session_policies=[policy(allow("s3:*"))],
        ),
        True,
    ),
)

UNDECIDED = (
    Undecided(
        "NotPrincipal without the account of the principal: the Deny might apply",
        _NOT_PRINCIPAL,
        question(policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ROLE})), USES_KEY),
    ),
    Undecided(
        "NotPrincipal with an account alone: it might stand for its principals",
        _NOT_PRINCIPAL,
        question(policy(allow("kms:*", ROOT), deny("kms:*", NotPrincipal={"AWS": ROOT})), USES_KEY),
    ),
    Undecided(
        "a role's name in another case",
        IAM + "reference_policies_elements_principal.html#principal-roles",
        question(policy(allow("kms:*", ROLE.replace("app", "App")))),
    ),
    Undecided(
        "a date with a time and no zone",
        _OPERATORS + "#Conditions_Date",
        _under(
            {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00"}}, aws__CurrentTime="2027-01-01T00:00:00Z"
        ),
    ),
    Undecided(
        "a condition key without values",
        IAM + "access-analyzer-reference-policy-checks.html",
        _under({"StringEquals": {"aws:PrincipalOrgID": []}}),
    ),
    Undecided(
        "all but what is like an ARN of fewer than six components",
        _OPERATORS + "#Conditions_ARN",
        _under({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam"}}),
    ),
    Undecided(
        "NotResource with a variable without a value: it names nothing, or invalidates the statement",
        _VARIABLES + "#policy-vars-no-value",
        question(DELEGATES, policy(without(allow("kms:*", NotResource=_TAGGED), "Resource"))),
    ),
    Undecided(
        "a multivalued key without the set operator that it requires",
        _SETS,
        _under({"StringEquals": {"aws:CalledVia": "a"}}, aws__CalledVia=["a"]),
    ),
    Undecided(
        "ForAnyValue does not match a key that is absent, IfExists does",
        _SETS,
        _under({"ForAnyValue:StringEqualsIfExists": {"aws:CalledVia": "a"}}),
    ),
    Undecided(
        "Bool takes variables on one page and none on the other",
        _OPERATORS + "#Conditions_Boolean",
        _under({"Bool": {"aws:SecureTransport": "${aws:MultiFactorAuthPresent}"}}, aws__SecureTransport="true"),
    ),
    Undecided(
        "a negated operator and a value of another type",
        _OPERATORS,
        _under({"NumericNotEquals": {"aws:MultiFactorAuthAge": "1"}}, aws__MultiFactorAuthAge="x"),
    ),
    Undecided(
        "an ARN pattern of fewer than six components",
        _OPERATORS + "#Conditions_ARN",
        _under({"ArnLike": {"aws:SourceArn": "*"}}, aws__SourceArn=KEY),
    ),
    Undecided(
        "aws:PrincipalType of a service principal",
        IAM + "reference_policies_condition-keys.html",
        question(
            policy(allow("kms:*", {"Service": "s3.amazonaws.com"}, {"Null": {"aws:PrincipalType": "true"}})),
            principal="s3.amazonaws.com",
        ),
    ),
    Undecided(
        "a user's federated session does not tell whose it is",
        IAM + "access_policies_boundaries.html",
        question(policy(allow("kms:*", USER)), principal=f"arn:aws:sts::{ACCOUNT}:federated-user/alice"),
    ),
)
