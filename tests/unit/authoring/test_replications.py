"""Roles of S3 replications: what each has to have of which key, made in the app or imported."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App
from secure_kms_constructs.authoring.replications import problems, unknown
from tests.unit.authoring.small_apps import KEY, ROLE, ROOT, app, ref

VIA = "s3.us-east-1.amazonaws.com"
ARN = "arn:aws:iam::111122223333:role/path/replicator"
DECRYPT, ENCRYPT, BOTH = ["kms:Decrypt"], ["kms:Encrypt"], ["kms:Encrypt", "kms:Decrypt"]
Json = dict[str, Any]


def under(key: Any, **more: Any) -> Json:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, **more}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


def replicated(
    role: Any, *, replica: Any = None, own: Any = None, selected: str = "Enabled", destination: Json | None = None
) -> App:
    """Return an app with a role and a bucket that it replicates."""
    target: Json = {"Bucket": ref("Destination")}
    if replica:
        target["EncryptionConfiguration"] = {"ReplicaKmsKeyID": replica}
    rule = {"Destination": target, "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": selected}}}
    source = {"ReplicationConfiguration": {"Role": role, "Rules": [rule]}, **(under(own) if own else {})}
    return app(
        Role=ROLE,
        Source=("AWS::S3::Bucket", source),
        Destination=("AWS::S3::Bucket", destination or under(KEY)),
    )


def holding(made: App, *actions: str) -> App:
    """Return the app with a policy of the role that allows actions on the key."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": KEY}
    policy = {"PolicyDocument": {"Statement": [statement]}, "Roles": [ref("Role", "Ref")]}
    properties = {one.logical_id: (one.type, dict(one.properties)) for one in made.resources.values()}
    del properties["Key"]
    return app(**properties, Policy=("AWS::IAM::Policy", policy))


def admits(principal: Any, actions: list[str], condition: Json | None = None, effect: str = "Allow") -> Json:
    return {"Effect": effect, "Principal": {"AWS": principal}, "Action": actions, "Condition": condition or {}}


def missing(made: App, *statements: Json) -> list[str]:
    """Return the actions that each message names, with what to call."""
    told = []
    for one in problems(made, "Stack/Key", statements, VIA):
        _, _, rest = one.partition("which may not ")
        actions, _, after = rest.partition(" with the key")
        told.append(f"{actions}: {after.partition('call ')[2].partition('(')[0]}")
    return told


NEITHER = ["kms:Encrypt and kms:Decrypt: destination.grant_write"]
WITH_BUCKET_KEY = under(KEY, BucketKeyEnabled=True)


@pytest.mark.parametrize(
    "given, has, wanted",
    [
        ({"replica": KEY}, ["kms:Encrypt"], []),
        ({"replica": KEY}, ["kms:Decrypt"], ["kms:Encrypt: destination.grant_write"]),
        ({"replica": ref("OtherKey")}, ["kms:DescribeKey"], []),
        ({"replica": KEY, "destination": WITH_BUCKET_KEY}, BOTH, []),
        ({"replica": KEY, "destination": WITH_BUCKET_KEY}, ENCRYPT, ["kms:Decrypt: destination.grant_write"]),
        (
            {"replica": KEY, "destination": WITH_BUCKET_KEY},
            ["kms:Sign"],
            ["kms:Encrypt and kms:Decrypt: destination.grant_write"],
        ),
        ({"replica": KEY, "destination": under(KEY, BucketKeyEnabled=False)}, ENCRYPT, []),
        ({"own": KEY}, DECRYPT, []),
        ({"own": KEY}, ENCRYPT, ["kms:Decrypt: source.grant_read"]),
        ({"own": KEY, "selected": "Disabled"}, ENCRYPT, []),
        ({"own": ref("OtherKey")}, ENCRYPT, []),
    ],
)
def test_a_role_of_the_app_needs_its_policies(given: Json, has: list[str], wanted: list[str]) -> None:
    assert missing(holding(replicated(ref("Role"), **given), *has)) == wanted


def test_who_replicates_is_named_with_the_bucket() -> None:
    [message] = problems(replicated(ref("Role"), replica=KEY), "Stack/Key", (), VIA)
    assert message.startswith("Stack/Source is replicated by Stack/Role, which may not kms:Encrypt with the key")
    assert message.endswith("call destination.grant_write(role), or source.grant_replication_permission(role, ...)")


THROUGH = {"StringEquals": {"kms:ViaService": VIA}}
BY_NAME = {"ArnEquals": {"aws:PrincipalArn": ARN}}


@pytest.mark.parametrize(
    "statement, admitted",
    [
        (admits(ARN, BOTH), True),
        (admits(ARN.replace("path/", ""), BOTH), True),
        (admits(ARN, BOTH, THROUGH), True),
        (admits(ROOT, BOTH, THROUGH | BY_NAME), True),
        (admits(ROOT, ["kms:*"], THROUGH), True),
        (admits(ARN, BOTH, {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}), False),
        (admits(f"{ARN}2", BOTH), False),
        (admits(ROOT, BOTH, THROUGH | {"ArnEquals": {"aws:PrincipalArn": f"{ARN}2"}}), False),
        (admits(ROOT, ["kms:*"], {"StringEquals": {"aws:PrincipalType": "Account"}}), False),
        (admits(ARN, BOTH, effect="Deny"), False),
        (admits(ARN, ["kms:DescribeKey"]), False),
    ],
)
def test_the_key_policy_has_to_admit_an_imported_role(statement: Json, admitted: bool) -> None:
    made = replicated(ARN, replica=KEY, destination=WITH_BUCKET_KEY)
    assert missing(made, statement) == ([] if admitted else NEITHER)


@pytest.mark.parametrize("role", [{"Ref": "Parameter"}, "not-an-arn", {"Fn::Sub": "arn:aws:iam::${Id}:role/x"}])
def test_of_a_role_that_cannot_be_told_nothing_is_said_here(role: Any) -> None:
    assert missing(replicated(role, replica=KEY)) == []


def test_what_is_no_role_or_no_replication_is_left_alone() -> None:
    assert missing(replicated(ref("Destination"), replica=KEY)) == []
    without_rules = under(KEY) | {"ReplicationConfiguration": {"Role": ref("Role")}}
    assert missing(app(Role=ROLE, Source=("AWS::S3::Bucket", without_rules))) == []
    own = replicated(ref("Role"), own=KEY).resources["Stack/Source"]
    assert missing(app(Role=ROLE, Source=("AWS::S3::Table", dict(own.properties)))) == []
    assert missing(app(Role=ROLE, Source=(own.type, dict(own.properties)))) != []


def test_rules_that_cannot_be_read_and_destinations_elsewhere_need_no_bucket_key() -> None:
    unread = under(KEY) | {"ReplicationConfiguration": {"Role": ref("Role"), "Rules": ["rule", {"Ref": "Parameter"}]}}
    assert missing(app(Role=ROLE, Source=("AWS::S3::Bucket", unread))) == []
    made = replicated(ref("Role"), replica=KEY)
    [rule] = made.resources["Stack/Source"].properties["ReplicationConfiguration"]["Rules"]
    rule["Destination"]["Bucket"] = "arn:aws:s3:::elsewhere"
    assert missing(holding(made, "kms:Encrypt")) == []


ELSEWHERE = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::elsewhere"]]}


def to(destination: Any, role: Any = None, **more: Any) -> App:
    made = replicated(role or ref("Role"), **({"replica": KEY} | more))
    [rule] = made.resources["Stack/Source"].properties["ReplicationConfiguration"]["Rules"]
    rule["Destination"]["Bucket"] = destination
    return made


@pytest.mark.parametrize(
    "made, told",
    [
        (holding(to("arn:aws:s3:::elsewhere"), *ENCRYPT), True),
        (holding(to(ELSEWHERE), *ENCRYPT), True),
        (holding(to(ELSEWHERE), *BOTH), False),
        (holding(to(ELSEWHERE), *DECRYPT), False),
        (holding(to(ref("Destination")), *ENCRYPT), False),
        (holding(to(ELSEWHERE, replica=ref("OtherKey")), *ENCRYPT), False),
        (holding(to(ELSEWHERE, ref("Destination")), *ENCRYPT), False),
    ],
)
def test_a_bucket_elsewhere_does_not_tell_whether_it_has_a_bucket_key(made: App, told: bool) -> None:
    texts = list(unknown(made, "Stack/Key", (), VIA))
    assert [text.partition("so whether")[0] for text in texts] == [
        "Stack/Source is replicated by Stack/Role to arn:aws:s3:::elsewhere, which is made elsewhere, "
        for _ in range(told)
    ]
    assert all("use=Use.READ, resource_arns=['arn:aws:s3:::elsewhere'])" in text for text in texts)


def test_an_imported_role_that_only_encrypts_is_told_too() -> None:
    made = to(ELSEWHERE, ARN)
    assert len(list(unknown(made, "Stack/Key", [admits(ARN, ENCRYPT)], VIA))) == 1
    assert list(unknown(made, "Stack/Key", [admits(ARN, BOTH)], VIA)) == []


def test_what_is_no_bucket_replicates_nothing() -> None:
    properties = dict(to(ELSEWHERE).resources["Stack/Source"].properties)
    other = app(Role=ROLE, Source=("AWS::S3::Table", properties))
    assert list(unknown(holding(other, "kms:Encrypt"), "Stack/Key", (), VIA)) == []
