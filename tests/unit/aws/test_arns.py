"""ARNs as text: every JSON value has one, and only the full ARN of one key passes as a key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_kms_constructs.aws import arns

KEY_ID = "0a1b2c3d-0000-1111-2222-333344445555"
KEY = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"
MULTI_REGION = "arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef"

# Written anew, in ASCII and without the module's own parts.
ONE_KEY = re.compile(
    r"arn:(aws(-[a-z]+)*|\$\{[^}]*\}):kms:([a-z]{2,}(-[a-z]+)+-[0-9]+|\$\{[^}]*\}):([0-9]{12}|\$\{[^}]*\}):key/"
    r"([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32}|\$\{[^}]*\})"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
INTRINSIC = st.builds(lambda name, value: {name: value}, st.sampled_from(["Ref", "Fn::GetAtt", "Fn::Join"]), JSON)


@given(JSON | INTRINSIC)
def test_every_json_value_has_a_text(value: Any) -> None:
    assert isinstance(arns.as_text(value), str)


@given(JSON | INTRINSIC)
def test_every_json_value_becomes_plain(value: Any) -> None:
    arns.plain(value)


@given(
    st.text()
    | st.from_regex(arns._ARN)
    | st.builds(
        "arn:{}:{}:{}:{}:key/{}".format,
        st.sampled_from(["aws", "aws-cn", "AWS", "", "*"]) | st.text(max_size=4),
        st.sampled_from(["kms", "s3", "*", ""]),
        st.sampled_from(["eu-west-1", "", "*", "${R}"]) | st.from_regex(arns._REGION, fullmatch=True),
        st.sampled_from(["111122223333", "", "*", "${A}"]) | st.from_regex(arns._ACCOUNT, fullmatch=True),
        st.sampled_from([KEY_ID, "*", "", f"{KEY_ID}*", "${K}", "${K}*"]) | st.from_regex(arns._KEY_ID, fullmatch=True),
    )
)
def test_only_the_full_arn_of_one_key_is_accepted(text: str) -> None:
    try:
        parsed = arns.key_arn(text)
    except ValueError as error:
        assert repr(text) in str(error)  # noqa: PT017  # a property over both outcomes
    else:
        assert text.startswith("${") if parsed is None else ONE_KEY.fullmatch(text)


@pytest.mark.parametrize(
    "resolved, text",
    [
        ("literal", "literal"),
        ({"Ref": "Key"}, "${Key}"),
        ({"Ref": "AWS::Partition"}, "${AWS.Partition}"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "${Key.Arn}"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":kms"]]}, "arn:${AWS.Partition}:kms"),
        ({"Fn::Join": [":", ["a", "b"]]}, "a:b"),
        ({"Fn::ImportValue": "Other:Arn"}, '${."Fn.ImportValue". "Other.Arn".}'),
    ],
)
def test_an_intrinsic_becomes_a_placeholder(resolved: Any, text: str) -> None:
    assert arns.as_text(resolved) == text


@pytest.mark.parametrize(
    "resolved", [{"Fn::ImportValue": "a:b"}, {"Fn::Select": [0, {"Fn::Split": [":", "a:b"]}]}, [1]]
)
def test_a_placeholder_keeps_the_text_around_it_splittable(resolved: Any) -> None:
    placeholder = arns.as_text(resolved)
    assert arns.parse(f"arn:aws:kms:{placeholder}:111122223333:key/x") == arns.Arn(
        "aws", "kms", placeholder, "111122223333", "key/x"
    )


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        MULTI_REGION,
        KEY.replace("aws:", "aws-cn:").replace("eu-west-1", "cn-north-1"),
        KEY.replace("aws:", "aws-us-gov:").replace("eu-west-1", "us-gov-west-1"),
        KEY.replace("aws:", "aws-iso-b:").replace("eu-west-1", "us-isob-east-1"),
        KEY.replace("aws:", "${AWS.Partition}:").replace("111122223333", "${AWS.AccountId}"),
        KEY.replace(KEY_ID, "${KeyId}"),
    ],
)
def test_the_full_arn_of_a_key_is_accepted(text: str) -> None:
    parsed = arns.key_arn(text)
    assert parsed is not None
    assert f"{parsed.partition}:{parsed.service}:{parsed.region}:{parsed.account}:{parsed.resource}" in text


def test_an_arn_known_only_at_deploy_time_is_not_judged() -> None:
    assert arns.key_arn("${Key.Arn}") is None


@pytest.mark.parametrize(
    "text, why",
    [
        (KEY_ID, "a key id alone matches no policy"),
        ("mrk-0123456789abcdef0123456789abcdef", "a key id alone matches no policy"),
        ("alias/mine", "an alias name matches no policy"),
        ("arn:aws:kms:eu-west-1:111122223333:alias/mine", "alias ARN never matches"),
        ("arn:aws:kms:eu-west-1:111122223333:alias/aws/secretsmanager", "alias ARN never matches"),
        ("arn:aws:kms:eu-west-1:111122223333:key/*", "wildcard reaches other keys"),
        (f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID[:-1]}?", "wildcard reaches other keys"),
        ("arn:aws:kms:*:111122223333:key/" + KEY_ID, "its region is '*'"),
        ("arn:aws:kms:eu-west-1:*:key/" + KEY_ID, "its account is '*'"),
        ("arn:*:kms:eu-west-1:111122223333:key/" + KEY_ID, "its partition is '*'"),
        ("arn:aws:kms::111122223333:key/" + KEY_ID, "its region is ''"),
        ("arn:aws:kms:eu-west-1:1111:key/" + KEY_ID, "its account is '1111'"),
        ("arn:aws:kms:eu-west-1:\uff11\uff11\uff11\uff1122223333:key/" + KEY_ID, "its account is"),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:a", "ARN of secretsmanager"),
        ("arn:aws:kms:eu-west-1:111122223333:key/not-a-uuid", "is not key/<uuid>"),
        ("arn:aws:kms:eu-west-1:111122223333:" + KEY_ID, "is not key/<uuid>"),
        (KEY.replace(":key/", ":grant/"), "is not key/<uuid>"),
        (KEY + "/more", "is not key/<uuid>"),
        (KEY + "\n", "not an ARN"),
        ("*", "not an ARN"),
        ("", "not an ARN"),
        ("my-key", "not an ARN"),
    ],
)
def test_what_a_policy_would_not_match_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)) as caught:
        arns.key_arn(text, "the key of x")
    assert str(caught.value).startswith("the key of x must be the full ARN of one KMS key")
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["${Prefix}:key/*", "${Prefix}*", "${Prefix}:key/????", "${Prefix}?", "${Prefix}:alias/mine"]
)
def test_a_placeholder_in_front_hides_no_wildcard_and_no_alias(text: str) -> None:
    with pytest.raises(ValueError, match="full ARN of one KMS key"):
        arns.key_arn(text)


@pytest.mark.parametrize("text", ["${Prefix}", f"${{Prefix}}:key/{KEY_ID}", "${Prefix}${Id}"])
def test_what_a_placeholder_may_complete_is_an_arn_that_only_the_deployment_tells(text: str) -> None:
    assert arns.key_arn(text) is None


def test_the_lookup_dummy_is_known() -> None:
    dummy = arns.key_arn("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
    real = arns.key_arn(KEY)
    assert dummy is not None
    assert real is not None
    assert arns.is_lookup_dummy(dummy)
    assert not arns.is_lookup_dummy(real)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("arn:aws:iam::111122223333:role/path/to/x", "role"),
        ("arn:aws:iam::111122223333:user/x", "user"),
        ("arn:aws:iam::111122223333:root", "root"),
        ("arn:${AWS.Partition}:iam::111122223333:group/x", "group"),
        ("arn:aws:sts::111122223333:assumed-role/x/y", "assumed-role"),
    ],
)
def test_the_kind_of_a_principal_is_told(text: str, kind: str) -> None:
    told = arns.principal_arn(text)
    assert told is not None
    assert told[1] == kind


@pytest.mark.parametrize("text", ["${Role.Arn}", "lambda.amazonaws.com", KEY, "*"])
def test_what_is_no_principal_arn_has_no_kind(text: str) -> None:
    assert arns.principal_arn(text) is None


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("arn:aws:iam::111122223333:role/r", "arn:${AWS.Partition}:iam::111122223333:role/r", True),
        ("arn:aws:iam::111122223333:role/r", "arn:${Token[AWS.Partition.3]}:iam::111122223333:role/r", True),
        ("arn:aws:iam::111122223333:role/path/r", "arn:aws:iam::111122223333:role/r", True),
        ("arn:aws:iam::111122223333:role/r", "arn:aws:iam::999999999999:role/r", False),
        ("arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:user/r", False),
        ("arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/r2", False),
        ("${Role.Arn}", "${Other.Arn}", False),
    ],
)
def test_every_spelling_of_a_principal_has_one_identity(one: str, other: str, same: bool) -> None:
    assert (arns.identity(one) == arns.identity(other)) is same


@pytest.mark.parametrize(
    "one, other, contradicting",
    [
        ("eu-west-1", "eu-west-1", False),
        ("eu-west-1", "us-east-1", True),
        ("${AWS.Region}", "us-east-1", False),
        ("eu-west-1", "${Token[AWS.Region.4]}", False),
    ],
)
def test_only_two_known_parts_contradict(one: str, other: str, contradicting: bool) -> None:
    assert arns.contradict(one, other) is contradicting


def test_a_placeholder_counts_as_long_as_it_can_become() -> None:
    assert len(arns.bounded("${AWS.Partition}")) >= len("aws-us-gov")
    assert len(arns.bounded("${AWS.Region}")) >= len("ap-southeast-1")
    assert len(arns.bounded("${AWS.AccountId}")) == 12
    # arn:aws-us-gov:iam::111122223333:role/ and a generated name of at most 64 characters
    assert len(arns.bounded("a${Role.Arn}b")) >= 2 + len("arn:aws-us-gov:iam::111122223333:role/") + 64
    assert arns.bounded("no placeholder") == "no placeholder"


def test_plain_keeps_structure_and_turns_intrinsics_into_text() -> None:
    statement = {
        "Principal": {"AWS": [{"Ref": "Role"}, "x"]},
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    assert arns.plain(statement) == {
        "Principal": {"AWS": ["${Role}", "x"]},
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
