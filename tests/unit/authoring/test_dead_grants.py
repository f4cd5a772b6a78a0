"""What a key policy grants and denies again is found, where it is denied for sure."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.dead_grants import problems

ACCOUNT = "111122223333"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer"
ROLE, WRITER = f"arn:aws:iam::{ACCOUNT}:role/role", f"arn:aws:iam::{ACCOUNT}:role/writer"
GENERATED, NAMED, UNTOLD = "${Role.Arn}", "${Writer.Arn}", "${Other.Arn}"
VIA = "sqs.eu-west-1.amazonaws.com"
READ, WRITE = "kms:Decrypt", "kms:GenerateDataKey"


def admits(name: str, *actions: str, directly: bool = False, via: str | None = VIA, **context: str) -> dict[str, Any]:
    equals = {**({"kms:ViaService": via} if via else {}), **({} if directly else {"kms:CallerAccount": ACCOUNT})}
    equals |= {f"kms:EncryptionContext:{one}": value for one, value in context.items()}
    condition = {"StringEquals": equals} if equals else {}
    if not directly:
        condition["ArnEquals"] = {"aws:PrincipalArn": name}
    root = f"arn:aws:iam::{ACCOUNT}:root"
    statement = {"Sid": "Grant", "Effect": "Allow", "Principal": {"AWS": name if directly else root}, "Resource": "*"}
    return {**statement, "Action": list(actions), "Condition": condition}


def deny(*actions: str, **condition: Any) -> dict[str, Any]:
    statement = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*"}
    return {**statement, **({"Condition": condition} if condition else {})}


def but(*names: str, operator: str = "ArnNotLike") -> dict[str, Any]:
    return {operator: {"aws:PrincipalArn": list(names)}}


NAMES = {GENERATED: GENERATED, NAMED: f"role/writer of {ACCOUNT}"}


def found(*statements: dict[str, Any]) -> list[str]:
    return list(problems({"Statement": list(statements)}, DEPLOYER, {"${AWS.Partition}": "aws"}, NAMES))


@pytest.mark.parametrize("directly", [True, False])
@pytest.mark.parametrize(
    "name, denial",
    [
        pytest.param(ROLE, deny(WRITE), id="everybody"),
        pytest.param(ROLE, deny(WRITE, **but(WRITER)), id="all but another"),
        pytest.param(GENERATED, deny(WRITE, **but(WRITER)), id="all but another, and this is none of that name"),
        pytest.param(ROLE, deny(WRITE, **but(f"arn:aws:iam::{ACCOUNT}:role/w*")), id="all but those of a pattern"),
        pytest.param(ROLE, deny("kms:Generate*", StringEquals={"kms:ViaService": VIA}), id="through its service"),
    ],
)
def test_what_is_granted_and_denied_is_found(name: str, denial: dict[str, Any], directly: bool) -> None:
    [message] = found(admits(name, READ, WRITE, directly=directly), denial)
    assert f"statement 'Grant' lets {name} {WRITE}, and " in message
    assert "(Own) denies" in message
    exempt = dict(denial.get("Condition", {}))
    exempt["ArnNotEquals"] = {"aws:PrincipalArn": [name]}
    assert found(admits(name, READ, WRITE, directly=directly), {**denial, "Condition": exempt}) == []


@pytest.mark.parametrize("directly", [True, False])
@pytest.mark.parametrize(
    "name, denial",
    [
        pytest.param(ROLE, deny(WRITE, **but(ROLE)), id="but this one"),
        pytest.param(ROLE, deny("kms:Encrypt"), id="what comes along"),
        pytest.param(ROLE, deny(WRITE, StringNotEquals={"kms:ViaService": VIA}), id="through other services"),
        pytest.param(ROLE, deny(WRITE, NotIpAddress={"aws:SourceIp": "10.0.0.0/8"}), id="by what nobody knows"),
        pytest.param(
            GENERATED, deny(WRITE, **but(f"arn:aws:iam::{ACCOUNT}:role/App-*")), id="a name that may be meant"
        ),
        pytest.param(NAMED, deny(WRITE, **but(WRITER)), id="but this one, by its literal name"),
        pytest.param(UNTOLD, deny(WRITE, **but(WRITER)), id="one whose name is not told"),
        pytest.param(DEPLOYER, deny(WRITE), id="the deployer, asked elsewhere"),
    ],
)
def test_what_may_be_allowed_is_not(name: str, denial: dict[str, Any], directly: bool) -> None:
    assert found(admits(name, READ, WRITE, directly=directly), denial) == []


def test_nobody_denies_what_nobody_is_granted() -> None:
    assert found(deny(READ)) == found(admits(ROLE, READ)) == []


@pytest.mark.parametrize("value, denied", [("arn:a", True), ("arn:b", False), ("arn:*", False)])
def test_the_encryption_context_of_a_grant_counts(value: str, denied: bool) -> None:
    only = deny(READ, StringNotEquals={"kms:EncryptionContext:aws:s3:arn": "arn:b"})
    assert bool(found(admits(ROLE, READ, **{"aws:s3:arn": value}), only)) is denied


def test_one_of_several_principals_is_enough_and_is_named() -> None:
    both = admits(ROLE, WRITE)
    both["Condition"]["ArnEquals"]["aws:PrincipalArn"] = [WRITER, ROLE]
    [message] = found(both, deny(WRITE, **but(WRITER)))
    assert f"lets {ROLE} {WRITE}" in message


def test_a_direct_grant_comes_through_no_service() -> None:
    only_services = deny(READ, Null={"kms:ViaService": "true"})
    assert found(admits(ROLE, READ, via=None), only_services)
    assert found(admits(ROLE, READ), only_services) == []


def test_a_service_of_a_region_that_is_not_known_is_not_told() -> None:
    anywhere = "sqs.${AWS.Region}.amazonaws.com"
    others = deny(READ, StringNotEquals={"kms:ViaService": VIA})
    assert found(admits(ROLE, READ, via=anywhere), others) == []
    assert found(admits(ROLE, READ, via="s3.eu-west-1.amazonaws.com"), others)


def test_what_cannot_be_read_is_not_told() -> None:
    unread = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": WRITE, "Resource": "*", "Condition": "${If}"}
    assert found(admits(ROLE, WRITE), unread) == []


SIGN = "kms:Sign"
NOBODY = {"Sid": "Grant", "Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": READ, "Resource": "*"}


def everybody(principal: Any) -> dict[str, Any]:
    return {"Sid": "Grant", "Effect": "Allow", "Principal": principal, "Action": READ, "Resource": "*"}


def on_top(statement: dict[str, Any], **condition: Any) -> dict[str, Any]:
    return {**statement, "Condition": {**statement["Condition"], **condition}}


@pytest.mark.parametrize(
    "statement, denial",
    [
        pytest.param("text", deny(READ), id="what is no statement"),
        pytest.param(NOBODY, deny(READ), id="all but somebody"),
        pytest.param(everybody("*"), deny(READ), id="everybody"),
        pytest.param(everybody({"AWS": "*"}), deny(READ), id="everybody by another way to write it"),
        pytest.param(everybody({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), deny(READ), id="an account"),
        pytest.param(admits(f"arn:aws:iam::{ACCOUNT}:role/r*", READ), deny(READ), id="a pattern of names"),
        pytest.param(
            on_top(admits(ROLE, READ), Bool={"aws:PrincipalIsAWSService": "true"}),
            deny(WRITE),
            id="what is never allowed, and no Deny is why",
        ),
        pytest.param(
            admits(ROLE, SIGN, via=None, a="b"),
            deny(SIGN, StringEquals={"kms:EncryptionContext:a": "b"}),
            id="by a context that signing has not",
        ),
    ],
)
def test_whom_nobody_names_and_what_no_deny_takes_is_left_alone(statement: Any, denial: dict[str, Any]) -> None:
    assert found(statement, denial) == []


def test_a_pattern_in_a_deny_of_something_else_hides_nothing() -> None:
    tags = deny("kms:TagResource", **but(f"arn:aws:iam::{ACCOUNT}:role/App-*"))
    assert len(found(admits(GENERATED, READ), deny(READ, **but(WRITER)), tags)) == 1


def test_a_statement_without_sid_is_called_so() -> None:
    statement = {name: value for name, value in admits(ROLE, READ).items() if name != "Sid"}
    [message] = found(statement, deny(READ))
    assert message.startswith(f"statement 'without Sid' lets {ROLE} kms:Decrypt")
