"""The judge itself, against rules that AWS documents."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests.semantics.judge import Judge, Policy, Question

REGION, ACCOUNT, OTHER_ACCOUNT = "us-east-1", "111122223333", "444455556666"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b3fbf0a-5a0c-4b9b-8f0e-3d1f6d5a9c11"
OTHER_KEY = KEY.replace("key/0", "key/1")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
READER = f"arn:aws:iam::{ACCOUNT}:role/app/reader"
NEIGHBOUR = f"arn:aws:iam::{ACCOUNT}:role/app/reader2"
STRANGER = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app/reader"
USER = f"arn:aws:iam::{ACCOUNT}:user/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/me"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbC123"
SECRETS_ELSEWHERE = "secretsmanager.eu-west-1.amazonaws.com"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app"
OTHER_GROUP = {"aws:logs:arn": f"{GROUP}-2"}
LOGS, LOGS_ELSEWHERE = f"logs.{REGION}.amazonaws.com", "logs.eu-west-1.amazonaws.com"
GRANT_FOR_SERVICE = {"kms:GrantIsForAWSResource": "true"}


def policy(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str | list[str], condition: Policy | None = None, **principal: str) -> Policy:
    """A statement: with a principal for a key policy, without one for an identity policy."""
    element: dict[str, Policy] = {"Principal": principal} if principal else {}
    resource = "*" if principal else KEY
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        "Condition": condition or {},
        **element,
    }


def deny(action: str | list[str], condition: Policy | None = None, **principal: str) -> Policy:
    return {**allow(action, condition, **principal), "Effect": "Deny"}


def equals(**values: str) -> Policy:
    return {"StringEquals": {key.replace("__", ":"): value for key, value in values.items()}}


def secret_arn(operator: str, value: str) -> Policy:
    return policy(allow("kms:Decrypt", {operator: {"kms:EncryptionContext:SecretARN": value}}, AWS=ROOT))


KMS_ALL = policy(allow("kms:*"))
ENCRYPT_ONLY = policy(allow("kms:Encrypt"))
NO_DECRYPT = policy(deny("kms:Decrypt"))
NO_ACTION = policy({"Effect": "Allow", "Resource": KEY})
NOT_FOR_USERS = policy(deny("kms:Decrypt", equals(aws__PrincipalType="User")))
DELEGATES = policy(allow("kms:*", AWS=ROOT))
ROOT_ONLY = policy(allow("kms:*", equals(aws__PrincipalType="Account"), AWS=ROOT))
VIA_SECRETS = policy(allow("kms:Decrypt", equals(kms__ViaService=f"secretsmanager.{REGION}.amazonaws.com"), AWS=ROOT))
OF_SECRET = secret_arn("StringEquals", SECRET)
LIKE_SECRET = secret_arn("StringLike", SECRET[:-6] + "??????")
LIKE_BY_EQUALS = secret_arn("StringEquals", SECRET[:-6] + "??????")
OF_GROUP = policy(allow("kms:Decrypt", {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": GROUP}}, Service=LOGS))
BY_NAME = policy(allow("kms:Decrypt", {"ArnEquals": {"aws:PrincipalArn": READER}}, AWS=ROOT))
ROLE_PRINCIPAL = policy(allow("kms:Decrypt", AWS=READER))
STRANGERS_ROOT = policy(allow("kms:Decrypt", AWS=f"arn:aws:iam::{OTHER_ACCOUNT}:root"))
OPEN_IN_ACCOUNT = policy(allow("kms:Decrypt", equals(kms__CallerAccount=ACCOUNT), AWS="*"))
VARIABLE = policy(allow("kms:Decrypt", equals(aws__PrincipalArn="${kms:EncryptionContext:x}"), AWS=ROOT))
FOR_NO_SERVICE = {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
GRANTS_FOR_SERVICES = policy(
    allow("kms:*", AWS=ROOT), deny("kms:CreateGrant", {"BoolIfExists": FOR_NO_SERVICE}, AWS="*")
)
NOT_OURS = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-ours"}}
PERIMETER = policy({**deny("kms:*", NOT_OURS, AWS="*"), "Principal": "*"})
FOR_OTHER_ACCOUNT = {"aws:SourceAccount": OTHER_ACCOUNT}
DEPUTY = {
    "StringNotEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
    "Bool": {"aws:PrincipalIsAWSService": "true"},
}
NO_DEPUTY = policy({**deny("kms:*", DEPUTY, AWS="*"), "Principal": "*"})

direct = Question(
    principal=READER,
    action="kms:Decrypt",
    resource=KEY,
    identity_policies=[KMS_ALL],
    resource_policy=DELEGATES,
)
root = replace(direct, principal=ROOT)
role_principal = replace(direct, resource_policy=ROLE_PRINCIPAL, identity_policies=[])
by_name = replace(direct, resource_policy=BY_NAME)
via_secrets = replace(direct, resource_policy=VIA_SECRETS, via="secretsmanager")
of_secret = replace(direct, resource_policy=OF_SECRET, encryption_context={"SecretARN": SECRET})
like_secret = replace(of_secret, resource_policy=LIKE_SECRET)
of_group = replace(direct, principal=LOGS, resource_policy=OF_GROUP, encryption_context={"aws:logs:arn": GROUP})
of_account = replace(of_group, rcps=[NO_DEPUTY], context={"aws:SourceAccount": ACCOUNT})
unbound = replace(of_group, scps=[NO_DECRYPT])
create_grant = replace(direct, action="kms:CreateGrant", resource_policy=GRANTS_FOR_SERVICES, via="rds")
cross_account = replace(direct, principal=STRANGER, resource_policy=STRANGERS_ROOT)
bounded = replace(direct, boundaries=[policy(allow("kms:*"))])
open_key = replace(direct, resource_policy=OPEN_IN_ACCOUNT)
organized = replace(direct, scps=[NOT_FOR_USERS])
perimeter = replace(direct, rcps=[PERIMETER], context={"aws:PrincipalOrgID": "o-ours"})

CASES: list[tuple[str, Question, bool]] = [
    ("allowed by IAM when the key policy delegates to the account", direct, True),
    ("denied by IAM when only root is delegated to", replace(direct, resource_policy=ROOT_ONLY), False),
    ("denied when the key policy delegates and IAM is silent", replace(direct, identity_policies=[]), False),
    ("denied when IAM names another key", replace(direct, resource=OTHER_KEY), False),
    ("denied when IAM denies", replace(direct, identity_policies=[KMS_ALL, NO_DECRYPT]), False),
    ("root allowed by a statement for root only", replace(root, resource_policy=ROOT_ONLY), True),
    ("root denied by a key policy without it", replace(root, resource_policy=ROLE_PRINCIPAL), False),
    ("a role that is principal needs no identity policy", role_principal, True),
    ("another role is not that principal", replace(role_principal, principal=NEIGHBOUR), False),
    ("allowed when named by aws:PrincipalArn", by_name, True),
    ("denied when aws:PrincipalArn names another role", replace(by_name, principal=NEIGHBOUR), False),
    ("allowed through the service of kms:ViaService", via_secrets, True),
    ("denied through another service", replace(via_secrets, via="ssm"), False),
    ("denied through the service elsewhere", replace(via_secrets, via=SECRETS_ELSEWHERE), False),
    ("denied when called directly", replace(via_secrets, via=None), False),
    ("allowed with the encryption context of the policy", of_secret, True),
    ("denied with another value", replace(of_secret, encryption_context={"SecretARN": SECRET + "x"}), False),
    ("denied with another pair", replace(of_secret, encryption_context={"PARAMETER_ARN": SECRET}), False),
    ("denied without an encryption context", replace(of_secret, encryption_context={}), False),
    (
        "the case of a pair's name is no matter",
        replace(of_secret, encryption_context={"secretarn": SECRET}),
        True,
    ),
    ("the case of its value is", replace(of_secret, encryption_context={"SecretARN": SECRET.upper()}), False),
    ("?????? matches six characters", like_secret, True),
    (
        "?????? does not match five",
        replace(like_secret, encryption_context={"SecretARN": SECRET[:-1]}),
        False,
    ),
    ("?????? is no pattern in StringEquals", replace(like_secret, resource_policy=LIKE_BY_EQUALS), False),
    ("a service is allowed with its encryption context", of_group, True),
    ("a service is denied for another log group", replace(of_group, encryption_context=OTHER_GROUP), False),
    ("a service of another region is denied", replace(of_group, principal=LOGS_ELSEWHERE), False),
    ("a role is denied by a statement for a service", replace(of_group, principal=READER), False),
    ("CreateGrant allowed through an AWS service", create_grant, True),
    ("CreateGrant denied in the caller's own name", replace(create_grant, via=None), False),
    ("Encrypt not touched by that denial", replace(create_grant, via=None, action="kms:Encrypt"), True),
    ("another account allowed when both sides allow", cross_account, True),
    ("another account denied without its own policy", replace(cross_account, identity_policies=[]), False),
    ("another account denied by the key policy", replace(cross_account, resource_policy=DELEGATES), False),
    ("allowed inside the permissions boundary", bounded, True),
    ("denied outside the permissions boundary", replace(bounded, boundaries=[ENCRYPT_ONLY]), False),
    ("a boundary does not hold back an open key", replace(open_key, boundaries=[ENCRYPT_ONLY]), True),
    ("allowed when the SCP is about others", organized, True),
    ("denied by the SCP", replace(organized, principal=USER), False),
    ("no SCP binds a service", unbound, True),
    ("a service outside SCPs still needs the key policy", replace(unbound, resource_policy=DELEGATES), False),
    ("a service allowed for its account", of_account, True),
    ("a service denied for another account", replace(of_account, context=FOR_OTHER_ACCOUNT), False),
    ("allowed inside the organization's perimeter", perimeter, True),
    ("denied outside", replace(perimeter, context={"aws:PrincipalOrgID": "o-theirs"}), False),
]


@pytest.mark.parametrize("question,allowed", [pytest.param(q, a, id=name) for name, q, a in CASES])
def test_decides_as_aws_documents(judge: Judge, question: Question, allowed: bool) -> None:
    answer = judge.ask(question)
    assert answer.allowed is allowed, answer.explanation


def test_every_allowed_case_has_a_denied_neighbour() -> None:
    denied = [question for _, question, allowed in CASES if not allowed]
    lonely = [
        name for name, question, allowed in CASES if allowed and not any(one_apart(question, it) for it in denied)
    ]
    assert not lonely


def one_apart(a: Question, b: Question) -> bool:
    return len([it.name for it in fields(Question) if getattr(a, it.name) != getattr(b, it.name)]) == 1


UNANSWERABLE: list[tuple[str, Question, str]] = [
    ("an unknown action", replace(direct, action="kms:Decript"), "does not exist"),
    (
        "a context key of another action",
        replace(direct, context=GRANT_FOR_SERVICE),
        "does not know kms:GrantIs",
    ),
    ("a list for a single-valued key", replace(direct, context={"kms:ViaService": ["a"]}), "single-valued"),
    (
        "an encryption context where there is none",
        replace(of_secret, action="kms:DescribeKey"),
        "has no encryption",
    ),
    ("a wildcard as the resource asked for", replace(direct, resource=KEY[:-4] + "*"), "without wildcards"),
    ("a policy AWS would refuse", replace(direct, identity_policies=[NO_ACTION]), "policy.errors"),
    (
        "aws:SourceArn on a role's request",
        replace(direct, context={"aws:SourceArn": GROUP}),
        "service principal only",
    ),
    (
        "kms:ViaService on a service's own request",
        replace(of_group, via="secretsmanager"),
        "role's or user's name",
    ),
    ("a session as the principal", replace(direct, principal=SESSION), "a role, user or root ARN"),
    (
        "a policy variable on the encryption context",
        replace(direct, resource_policy=VARIABLE),
        "policy variables",
    ),
]


@pytest.mark.parametrize("question,message", [pytest.param(q, m, id=name) for name, q, m in UNANSWERABLE])
def test_refuses_to_judge(judge: Judge, question: Question, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge.ask(question)


def test_explains_which_condition_failed(judge: Judge) -> None:
    explanation = judge.ask(replace(of_secret, encryption_context={})).explanation
    assert "StringEquals kms:EncryptionContext:secretarn is absent" in explanation


def test_goes_on_after_a_question_it_refused(judge: Judge) -> None:
    with pytest.raises(ValueError):
        judge.ask(replace(direct, action="kms:Decript"))
    assert judge.ask(direct).allowed


def test_knows_nothing_of_the_library() -> None:
    helpers = [path for path in Path(__file__).parent.iterdir() if path.suffix in {".py", ".mjs"}]
    independent = [path for path in helpers if path.name.startswith(("judge", "request_context"))]
    assert len(independent) == 3
    assert not [path.name for path in independent if "secure_kms_" + "constructs" in path.read_text()]
