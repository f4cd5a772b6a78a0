"""What is no policy and no request is refused with one kind of error that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.policies import (
    PolicyError,
    Request,
    Unknown,
    evaluate,
    parse_identity_policy,
    parse_key_policy,
)
from tests.unit.cases.case import DELEGATES, KEY, ROOT, USES_KEY, allow, policy, without

_HERE = "key policy statement 0"
_GOOD = allow("kms:*", ROOT)

KEY_POLICIES: list[tuple[Any, str]] = [
    ([], "key policy must be an object, got []"),
    ({}, "key policy must have a Statement, got no element"),
    ({"Version": "2012-10-17", "Id": "x"}, "key policy must have a Statement, got Version, Id"),
    (
        {"Statements": []},
        "key policy has an element that policies do not have, 'Statements'; did you mean Statement?",
    ),
    (
        {"Version": "2012-10-18"},
        "key policy: Version must be one of 2008-10-17, 2012-10-17, got '2012-10-18'",
    ),
    (
        {"Version": ["2012-10-17"]},
        "key policy: Version must be one of 2008-10-17, 2012-10-17, got ['2012-10-17']",
    ),
    (policy("Allow"), f"{_HERE} must be an object, got 'Allow'"),
    (
        policy(_GOOD | {"Actions": "x"}),
        f"{_HERE} has an element that policies do not have, 'Actions'; did you mean Action?",
    ),
    (policy(_GOOD | {7: "x"}), f"{_HERE} has an element that policies do not have, 7; known are Sid, Effect"),
    (
        policy(without(_GOOD, "Principal")),
        f"{_HERE} must have a Principal, as every statement of a key policy",
    ),
    (policy(_GOOD | {"NotPrincipal": "*"}), f"{_HERE} must have Principal or NotPrincipal, got both"),
    (policy(_GOOD | {"NotAction": "*"}), f"{_HERE} must have Action or NotAction, got both"),
    (policy(_GOOD | {"NotResource": "*"}), f"{_HERE} must have Resource or NotResource, got both"),
    (policy(without(_GOOD, "Effect")), f"{_HERE}: Effect must be Allow or Deny, got None"),
    (policy(_GOOD | {"Effect": "allow"}), f"{_HERE}: Effect must be Allow or Deny, got 'allow'"),
    (policy(_GOOD | {"Effect": {}}), f"{_HERE}: Effect must be Allow or Deny, got {{}}"),
    (policy(_GOOD | {"Sid": 1}), f"{_HERE}: Sid must be text, got 1"),
    (
        policy(_GOOD | {"Principal": ROOT}),
        f'{_HERE}: Principal must be "*" or an object such as {{"AWS": "<ARN>"}}, got',
    ),
    (
        policy(_GOOD | {"Principal": {"aws": "*"}}),
        f"{_HERE}: Principal must name principals under AWS or Service, got 'aws'",
    ),
    (
        policy(_GOOD | {"Principal": {"AWS": 1}}),
        f"{_HERE}: Principal AWS must be text or a list of texts, got 1",
    ),
    (
        policy(_GOOD | {"NotPrincipal": 1, "Principal": None}),
        f"{_HERE} must have Principal or NotPrincipal, got both",
    ),
    (policy(_GOOD | {"Action": []}), f"{_HERE}: Action must have at least one value, got none"),
    (policy(_GOOD | {"Action": [1]}), f"{_HERE}: Action must be text or a list of texts, got 1"),
    (
        policy(_GOOD | {"Action": ["kms:Encrypt", "kms=Decrypt"]}),
        f"{_HERE}: Action: an action must be <service>:<name> or *, got 'kms=Decrypt'; did you mean kms:Decrypt?",
    ),
    (policy(_GOOD | {"Action": "*Decrypt"}), f"{_HERE}: Action: an action must be <service>:<name> or *, got '*Dec"),
    (policy(_GOOD | {"Action": ""}), f"{_HERE}: Action: an action must be <service>:<name> or *, got ''"),
    (policy(_GOOD | {"Resource": None}), f"{_HERE}: Resource must be text or a list of texts, got None"),
    (
        policy(_GOOD | {"Resource": "\ufdd0"}),
        f"{_HERE}: Resource must not contain the code points U+FDD0 to U+FDEF",
    ),
    (policy(_GOOD | {"Condition": []}), f"{_HERE}: Condition must be an object of operators, got []"),
    (
        policy(_GOOD | {"Condition": {1: {}}}),
        f"{_HERE}: Condition must be an object of operators, got {{1: {{}}}}",
    ),
    (
        policy(_GOOD | {"Condition": {"StringEquals": "x"}}),
        f"{_HERE}: StringEquals must be an object of condition keys",
    ),
    (
        policy(_GOOD | {"Condition": {"Equals": {"a": "b"}}}),
        f"{_HERE}: Condition must use the operators of IAM, got 'Equals'",
    ),
    (
        policy(_GOOD | {"Condition": {"ForAnyValue:StringEqualIfExists": {"a": "b"}}}),
        f"{_HERE}: Condition must use the operators of IAM, got 'ForAnyValue:StringEqualIfExists'; did you mean "
        "StringEquals?",
    ),
    (
        policy(_GOOD | {"Condition": {"NullIfExists": {"a": "true"}}}),
        f"{_HERE}: Condition must use the operators of IAM",
    ),
    (
        policy(_GOOD | {"Condition": {"Some:Bool": {"a": "b"}}}),
        f"{_HERE}: Condition must use the operators of IAM",
    ),
    (
        policy(_GOOD | {"Condition": {"Bool": {"a": None}}}),
        f"{_HERE}: Bool a must be text, a number, a boolean or a list of these, got None",
    ),
    (
        policy(_GOOD | {"Condition": {"Bool": {"a": ["\ufdd1"]}}}),
        f"{_HERE}: Bool a must not contain the code points",
    ),
]


@pytest.mark.parametrize("document, message", KEY_POLICIES, ids=[message for _, message in KEY_POLICIES])
def test_refused_key_policy(document: Any, message: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        parse_key_policy(document)
    assert str(refusal.value).startswith(message)


def test_refused_identity_policy_with_a_principal() -> None:
    with pytest.raises(PolicyError, match="statement 0 must not have a Principal: an identity policy has that of"):
        parse_identity_policy(DELEGATES)


def test_the_second_statement_is_named_as_statement_1() -> None:
    with pytest.raises(PolicyError, match=r"orders statement 1: Effect must be Allow or Deny, got 'Permit'"):
        parse_key_policy(policy(_GOOD, _GOOD | {"Effect": "Permit"}), name="orders")


ROLE = "arn:aws:iam::111122223333:role/app"
_ACTION = "action must be a KMS action on a key, such as kms:Decrypt, got "
REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"principal": "111122223333"}, "principal must be the ARN of a user, role, role session"),
    (
        {"principal": "arn:aws:iam::111122223333:role/*"},
        "principal must be the ARN of a user, role, role session",
    ),
    ({"principal": "arn:aws:iam::111122223333:group/admins"}, "principal must be the ARN of a user, role"),
    ({"principal": "*"}, "principal must be the ARN of a user, role, role session"),
    ({"principal": None}, "principal must be text, got None"),
    ({"action": "kms:Decyrpt"}, f"{_ACTION}'kms:Decyrpt'; did you mean kms:Decrypt?"),
    ({"action": "kms:*"}, f"{_ACTION}'kms:*'"),
    ({"action": "s3:GetObject"}, f"{_ACTION}'s3:GetObject'"),
    ({"action": "kms:ListKeys"}, f"{_ACTION}'kms:ListKeys'"),
    ({"action": ["kms:Decrypt"]}, "action must be text, got ['kms:Decrypt']"),
    (
        {"key": "alias/app"},
        "key must be the full ARN of one key, arn:<partition>:kms:<region>:<account>:key/<key id>",
    ),
    ({"key": KEY.replace("key/", "alias/")}, "key must be the full ARN of one key"),
    ({"key": f"{KEY[:-1]}*"}, "key must be the full ARN of one key"),
    ({"key": Unknown("Key")}, "key must be text, got Unknown(description='Key')"),
    ({"resource_account": "1"}, "resource_account must be an account id of 12 digits, got '1'"),
    ({"resource_account": 111122223333}, "resource_account must be text, got 111122223333"),
    ({"resource_account": ""}, "resource_account must be an account id of 12 digits, got ''"),
    ({"context": []}, "context must map condition keys to values, got []"),
    (
        {"context": {"a": "1", "A": "2"}},
        "context must name each condition key once, whatever its case, got 'A'",
    ),
    ({"context": {1: "2"}}, "context must name each condition key once, whatever its case, got 1"),
    ({"context": {"a": {}}}, "context a must be text, a number, a boolean or a list of these, got {}"),
    ({"context": {"a": [None]}}, "context a must be text, a number, a boolean or a list of these, got None"),
    ({"context": {"a": "\ufdd0"}}, "context a must not contain the code points U+FDD0 to U+FDEF"),
]


@pytest.mark.parametrize("change, message", REQUESTS, ids=[f"{change}" for change, _ in REQUESTS])
def test_refused_request(change: dict[str, Any], message: str) -> None:
    given = {"principal": ROLE, "action": "kms:Decrypt", "key": KEY} | change
    with pytest.raises(PolicyError) as refusal:
        Request(**given)
    assert str(refusal.value).startswith(message)


def test_refused_policies_in_the_wrong_place() -> None:
    request = Request(ROLE, "kms:Decrypt", KEY)
    with pytest.raises(PolicyError, match="key policy must come from parse_key_policy, got the parsed policy 'mine'"):
        evaluate(request, key_policy=parse_identity_policy(USES_KEY, name="mine"))
    with pytest.raises(PolicyError, match="identity policy 0 must come from parse_identity_policy"):
        evaluate(request, key_policy=DELEGATES, identity_policies=[parse_key_policy(DELEGATES)])
    with pytest.raises(PolicyError, match="permissions boundary must come from parse_identity_policy"):
        evaluate(request, key_policy=DELEGATES, boundary=parse_key_policy(DELEGATES))
    with pytest.raises(PolicyError, match=r"identity_policies must be a list of policies, got \{'Version'"):
        evaluate(request, key_policy=DELEGATES, identity_policies=USES_KEY)  # type: ignore[arg-type]
