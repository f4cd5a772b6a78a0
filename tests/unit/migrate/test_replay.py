"""What differs from a use in one field: each field of each kind of use, and nothing that was observed."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.evidence.requests import Call, call_of
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate.replay import mutations
from secure_kms_constructs.policies import Unknown
from tests.unit.migrate.accounts import ACCOUNT, ONE, READER, SECRETS, secret_arn, use


def changed(one: Use, *others: Use) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for field, call in mutations(one, [one, *others]):
        found.setdefault(field, []).append(call)
    return found


def test_each_field_of_a_use_is_changed() -> None:
    found = changed(use())
    assert set(found) == {"role", "account", "action", "key", "service", "encryption context"}
    assert [one.principal for one in found["role"]] == [f"arn:aws:iam::{ACCOUNT}:role/secure-kms-somebody-else"]
    assert [one.principal for one in found["account"]] == [READER.replace(ACCOUNT, "999999999999")]
    assert [one.key for one in found["key"]] == [ONE.rpartition("/")[0] + "/ffffffff-ffff-4fff-bfff-ffffffffffff"]
    assert {one.via for one in found["service"]} == {None, "dynamodb.eu-west-1.amazonaws.com"}
    assert [dict(one.context) for one in found["encryption context"]] == [{}, {"SecretARN": f"x{secret_arn('app')}"}]
    actions = {one.action for one in found["action"]}
    assert {"kms:Encrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:CreateGrant"} <= actions
    assert "kms:Decrypt" not in actions


def test_a_change_differs_in_one_field_alone() -> None:
    call = call_of(use())
    for field, other in mutations(use(), [use()]):
        differing = {name for name in vars(call) if getattr(call, name) != getattr(other, name)}
        assert len(differing) == 1, (field, other)


def test_a_direct_use_is_changed_to_come_through_a_service() -> None:
    [other] = changed(use(secret=None))["service"]
    assert other.via == "dynamodb.eu-west-1.amazonaws.com"
    through = use(service="dynamodb.amazonaws.com", via="dynamodb.eu-west-1.amazonaws.com", context={})
    assert {one.via for one in changed(through)["service"]} == {None, "ec2.eu-west-1.amazonaws.com"}


def test_a_way_that_is_not_told_is_not_changed() -> None:
    assert "service" not in changed(use(service="states.amazonaws.com", via=None))


def test_no_encryption_context_is_changed_to_one() -> None:
    assert [one.context for one in changed(use(secret=None))["encryption context"]] == [(("secure-kms", "another"),)]


def test_each_pair_is_changed_and_taken_away() -> None:
    found = changed(use(secret=None, context={"a": "1", "b": "2"}))["encryption context"]
    assert [dict(one.context) for one in found] == [
        {"b": "2"},
        {"a": "x1", "b": "2"},
        {"a": "1"},
        {"a": "1", "b": "x2"},
    ]


@pytest.mark.parametrize("given", [{"action": "DescribeKey"}, {"action": "CreateGrant"}, {"action": "Sign"}])
def test_what_has_no_encryption_context_has_none_to_change(given: dict[str, str]) -> None:
    assert "encryption context" not in changed(use(**given))


def test_values_that_were_not_kept_are_taken_away_and_not_changed() -> None:
    found = changed(use(secret=None, context={"id": None}))["encryption context"]
    assert [one.context for one in found] == [()]
    assert "encryption context" not in changed(use(secret=None, context=None))


@pytest.mark.parametrize(
    "other, field",
    [
        (use("Encrypt"), "action"),
        (use(service=None, via=None), "service"),
        (use(secret="x", context={"SecretARN": f"x{secret_arn('app')}"}), "encryption context"),
        (use(context={}), "encryption context"),
        (use(context={"SecretARN": None}), "encryption context"),
        (use(context=None), "encryption context"),
    ],
)
def test_what_was_observed_too_is_no_change(other: Use, field: str) -> None:
    alone, beside = changed(use()), changed(use(), other)
    assert len(beside[field]) < len(alone[field]) if field in beside else True
    assert sum(map(len, beside.values())) < sum(map(len, alone.values()))
    # The neighbour is the same of another key.
    elsewhere = changed(use(), Use(**{**vars(other), "key": ONE.replace("0001", "0009")}))
    assert {name: len(calls) for name, calls in elsewhere.items()} == {
        name: len(calls) for name, calls in alone.items()
    }


def test_any_encryption_context_leaves_none_to_change() -> None:
    assert "encryption context" not in changed(use(), use(context=None))
    assert "encryption context" not in changed(use(secret=None), use(secret=None, context=None))


def test_an_object_stands_for_those_of_its_bucket() -> None:
    via: dict[str, Any] = {"service": "s3.amazonaws.com", "via": "s3.eu-west-1.amazonaws.com"}
    folded = use(context={"aws:s3:arn": "arn:aws:s3:::logs/*"}, **via)
    assert dict(call_of(folded).context) == {"aws:s3:arn": "arn:aws:s3:::logs/secure-kms-some-object"}
    found = [dict(one.context) for one in changed(folded)["encryption context"]]
    assert found == [{}, {"aws:s3:arn": "xarn:aws:s3:::logs/secure-kms-some-object"}]
    elsewhere = {"service": "dynamodb.amazonaws.com", "via": "dynamodb.eu-west-1.amazonaws.com"}
    both = changed(folded, use(context={"aws:s3:arn": "arn:aws:s3:::logs/*"}, **elsewhere))["service"]
    assert [one.via for one in both] == [None]
    other = changed(folded, use(context={"aws:s3:arn": "arn:aws:s3:::other/*"}, **elsewhere))["service"]
    assert {one.via for one in other} == {None, elsewhere["via"]}
    whole = use(context={"aws:s3:arn": "arn:aws:s3:::logs"}, **via)
    assert dict(call_of(whole).context) == {"aws:s3:arn": "arn:aws:s3:::logs"}


def test_what_was_not_kept_of_a_call_is_unknown_where_that_is_asked() -> None:
    via: dict[str, Any] = {"service": "s3.amazonaws.com", "via": "s3.eu-west-1.amazonaws.com"}
    folded = call_of(use(context={"aws:s3:arn": "arn:aws:s3:::logs/*", "a": "1", "b": None}, **via))
    asked = folded.request(doubtful=True).context
    assert isinstance(asked["kms:EncryptionContext:aws:s3:arn"], Unknown)
    assert isinstance(asked["kms:EncryptionContext:b"], Unknown)
    assert asked["kms:EncryptionContext:a"] == "1"
    assert asked["kms:EncryptionContextKeys"] == ["a", "aws:s3:arn", "b"]
    assert not any(isinstance(one, Unknown) for one in folded.request().context.values())
    secret = call_of(use()).request(doubtful=True).context
    assert isinstance(secret["kms:EncryptionContext:SecretVersionId"], Unknown)
    assert isinstance(secret["kms:EncryptionContextKeys"], Unknown)
    direct = call_of(use(service=None, via=None))
    assert direct.request(doubtful=True) == direct.request()


def test_a_call_is_the_request_that_kms_sees() -> None:
    request = call_of(use()).request()
    assert request.value("kms:viaservice") == SECRETS
    assert request.value("kms:encryptioncontext:secretarn") == secret_arn("app")
    assert request.value("kms:encryptioncontextkeys") == ("SecretARN",)
    assert request.value("aws:viaawsservice") == "true"
    direct = call_of(use("CreateGrant", secret=None, context={"a": "1"})).request()
    assert direct.value("kms:viaservice") is None
    assert direct.value("kms:encryptioncontext:a") is None
    assert direct.value("kms:grantisforawsresource") == "false"
    assert call_of(use("CreateGrant")).request().value("kms:grantisforawsresource") == "true"


def test_a_call_says_what_it_is() -> None:
    assert str(call_of(use())) == f"{READER} kms:Decrypt {ONE} via {SECRETS} with SecretARN = {secret_arn('app')}"
    assert str(call_of(use(secret=None))) == f"{READER} kms:Decrypt {ONE}"
