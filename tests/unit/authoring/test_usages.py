"""What in an app uses a key: the properties that name it, edges, children, and policies of roles."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Place
from secure_kms_constructs.authoring.identity_sides import allowed
from secure_kms_constructs.authoring.usages import usages
from tests.unit.authoring.small_apps import HERE, KEY, ROLE, ROOT, THERE, app, decided, ref, said, written

TOPIC = ("AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
FILES = "AWS::EFS::FileSystem"


def used(the_app: App) -> list[str]:
    return [str(use) for use in usages(the_app, "Stack/Key")]


# -- names of the key --


def alias(**more: Any) -> tuple[str, dict[str, Any]]:
    return "AWS::KMS::Alias", {"AliasName": "alias/orders", "TargetKeyId": KEY} | more


@pytest.mark.parametrize(
    "an_alias, value, named",
    [
        (alias(), "alias/orders", True),
        (alias(), "arn:aws:kms:us-east-1:111122223333:alias/orders", True),
        (alias(), ref("Alias", "Ref"), True),
        (alias(), "alias/other", False),
        (alias(AliasName={"Ref": "Name"}), ref("Alias", "Ref"), True),
        (alias(AliasName={"Ref": "Name"}), "alias/orders", False),
        (alias(TargetKeyId=ref("Elsewhere"), Tags=[KEY]), "alias/orders", False),
        (("Custom::Alias", alias()[1]), "alias/orders", False),
    ],
)
def test_an_alias_of_the_key_names_it(an_alias: tuple[str, dict[str, Any]], value: Any, named: bool) -> None:
    made = app(Alias=an_alias, Files=(FILES, {"KmsKeyId": value}))
    assert any(FILES in one for one in used(made)) is named


# -- edges and children --


def test_an_edge_leads_to_what_is_under_the_key_alone() -> None:
    other = ("AWS::SNS::Topic", {"KmsMasterKeyId": ref("Elsewhere")})
    actions = [ref("Other2", "Ref"), ref("Topic", "Ref"), ref("Queue")]
    queue = ("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
    made = app(Topic=TOPIC, Other2=other, Queue=queue, Alarm=("AWS::CloudWatch::Alarm", {"AlarmActions": actions}))
    assert [one for one in used(made) if "Alarm" in one] == [
        "Stack/Alarm (AWS::CloudWatch::Alarm, AlarmActions/1) with the key of Stack/Topic"
    ]


SECURITY = (
    "AWS::Glue::SecurityConfiguration",
    {"EncryptionConfiguration": {"JobBookmarksEncryption": {"KmsKeyArn": KEY}}},
)


@pytest.mark.parametrize(
    "name, named, where, leads",
    [
        ("sealed", "sealed", HERE, True),
        ("sealed", "sealed", None, True),
        ("sealed", "other", HERE, False),
        (None, "sealed", HERE, False),
        ({"Ref": "Name"}, "sealed", HERE, False),
        # A name is one in its account and region.
        ("sealed", "sealed", THERE, False),
        ("sealed", "sealed", HERE._replace(region="eu-west-1"), False),
    ],
)
def test_an_edge_leads_by_a_literal_name_too(name: Any, named: str, where: Place | None, leads: bool) -> None:
    kind, properties = SECURITY
    made = app(
        where,
        Settings=(kind, properties | ({"Name": name} if name else {})),
        OtherJob=("AWS::Glue::Job", {"Role": ref("Role"), "SecurityConfiguration": named}),
    )
    found = [one for one in used(made) if "Job (" in one]
    assert bool(found) is leads
    assert len(found) == len(set(found))


def test_a_literal_name_is_that_of_the_kind_that_the_property_leads_to() -> None:
    role, job = ref("Role"), {"SecurityConfiguration": "sealed", "DefaultArguments": {"--name": "sealed"}}
    topic = ("AWS::SNS::Topic", {"TopicName": "sealed", "KmsMasterKeyId": KEY})
    assert not [one for one in used(app(Topic=topic, Job=("AWS::Glue::Job", {"Role": role} | job))) if "Job (" in one]
    template = {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}}
    made = app(
        Template=("AWS::EC2::LaunchTemplate", template | {"LaunchTemplateName": "disks"}),
        Group=("AWS::AutoScaling::AutoScalingGroup", {"LaunchTemplate": {"LaunchTemplateName": "disks"}}),
    )
    assert [one for one in used(made) if "Group (" in one]


def test_one_value_that_names_a_target_twice_is_one_use() -> None:
    twice = {"Fn::Join": ["", [ref("Topic", "Ref"), ref("Topic", "TopicName")]]}
    made = app(Topic=TOPIC, Alarm=("AWS::CloudWatch::Alarm", {"AlarmActions": [twice]}))
    assert len([one for one in used(made) if "Alarm" in one]) == 1


GUARDRAIL = ("AWS::Bedrock::Guardrail", {"KmsKeyArn": KEY})


@pytest.mark.parametrize(
    "kind, properties, uses_it",
    [
        ("AWS::Bedrock::GuardrailVersion", {"GuardrailIdentifier": ref("Guardrail", "Ref")}, True),
        ("AWS::Bedrock::GuardrailVersion", {"A": ref("Elsewhere"), "B": ref("Guardrail")}, True),
        # Of another service, of a type that has no need of its own, or of nothing under the key.
        ("AWS::Bedrock::GuardrailVersion", {"Description": ref("Topic", "TopicName")}, False),
        ("AWS::Bedrock::AgentAlias", {"Description": ref("Guardrail")}, False),
        ("AWS::SNS::Subscription", {"TopicArn": ref("Topic", "Ref")}, False),
        ("AWS::Bedrock::GuardrailVersion", {"GuardrailIdentifier": ref("Elsewhere")}, False),
    ],
)
def test_a_child_uses_the_key_of_its_parent(kind: str, properties: dict[str, Any], uses_it: bool) -> None:
    made = app(Guardrail=GUARDRAIL, Topic=TOPIC, Child=(kind, properties))
    assert len([one for one in used(made) if "Stack/Child" in one]) == int(uses_it)


def test_a_row_for_another_property_holds_with_it_only() -> None:
    source = {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": KEY}}]
        }
    }
    role = {"ReplicationConfiguration": {"Role": ref("Role")}}
    plain = written(decided(app(Role=ROLE, Bucket=("AWS::S3::Bucket", source))))
    replicated = written(decided(app(Role=ROLE, Bucket=("AWS::S3::Bucket", source | role))))
    assert (plain, [one["Principal"] for one in replicated]) == ([], [{"AWS": ref("Role")}])


MAIL = "AWS::SES::ReceiptRule"


@pytest.mark.parametrize("by_role", [True, False])
def test_who_writes_mail_to_a_bucket_is_the_role_where_the_action_names_one(by_role: bool) -> None:
    """ "SES assumes that role": https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html"""
    sealed = {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": KEY}}]}
    action = {"BucketName": ref("Bucket", "Ref")} | ({"IamRoleArn": ref("Role")} if by_role else {})
    mail = (MAIL, {"Rule": {"Actions": [{"S3Action": action}]}})
    made = app(Role=ROLE, Bucket=("AWS::S3::Bucket", {"BucketEncryption": sealed}), Mail=mail)
    found = [one["Principal"] for one in written(decided(made))]
    assert found == [{"AWS": ref("Role")} if by_role else {"Service": "ses.amazonaws.com"}]


# -- statements of roles and users --

DECRYPTS = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}


def document(*statements: Any) -> dict[str, Any]:
    return {"Statement": list(statements) or [DECRYPTS]}


@pytest.mark.parametrize(
    "resources, refused",
    [
        ({"Role": ("AWS::IAM::Role", {"Policies": [{"PolicyDocument": document()}]})}, ["Stack/Role"]),
        ({"User": ("AWS::IAM::User", {"Policies": [{"PolicyDocument": document()}]})}, ["Stack/User"]),
        ({"It": ("AWS::IAM::Group", {"Policies": [{"PolicyDocument": document()}]})}, []),
        ({"It": ("AWS::IAM::Policy", {"Users": [ref("User", "Ref")], "PolicyDocument": document()})}, ["Stack/User"]),
        (
            {"It": ("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref"), "x"], "PolicyDocument": document()})},
            ["Stack/Role"],
        ),
        ({"It": ("AWS::IAM::Policy", {"Roles": [ref("Files", "Ref")], "PolicyDocument": document()})}, []),
        ({"It": ("Custom::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": document()})}, []),
        ({"It": ("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": ref("Key")})}, []),
        ({"It": ("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": [KEY]})}, []),
        ({"Role": ("AWS::IAM::Role", {"Policies": [KEY, "x", {"PolicyDocument": "x"}]})}, []),
        (
            {"It": ("Custom::X", {"Policies": [{"PolicyDocument": document()}], "Roles": [ref("Role", "Ref")]})},
            [],
        ),
        # Another statement of a policy that names the key is about something else.
        (
            {
                "It": (
                    "AWS::IAM::Policy",
                    {
                        "Roles": [ref("Role", "Ref")],
                        "PolicyDocument": document(
                            "x", {**DECRYPTS, "Action": "kms:DescribeKey"}, {**DECRYPTS, "Resource": ref("Other")}
                        ),
                    },
                )
            },
            [],
        ),
        (
            {"It": ("AWS::IAM::ManagedPolicy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": document()})},
            ["Stack/Role"],
        ),
        (
            {
                "It": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": document()}),
                "Role": ("AWS::IAM::Role", {"ManagedPolicyArns": ["x", ref("It", "Ref")]}),
            },
            ["Stack/Role"],
        ),
        (
            {
                "It": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": document()}),
                "Role": ("AWS::IAM::Role", {"Description": ref("It", "Ref"), "ManagedPolicyArns": ["x"]}),
            },
            [],
        ),
        (
            {
                "It": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": document()}),
                "Files": (FILES, {"ManagedPolicyArns": [ref("It", "Ref")]}),
            },
            [],
        ),
        # A policy that is attached by value is no managed one.
        (
            {
                "It": ("AWS::IAM::Policy", {"PolicyDocument": document()}),
                "Role": ("AWS::IAM::Role", {"ManagedPolicyArns": [ref("It", "Ref")]}),
            },
            [],
        ),
    ],
)
def test_whom_a_policy_is_attached_to(resources: dict[str, Any], refused: list[str]) -> None:
    beside = {"Role": ROLE, "User": ("AWS::IAM::User", {}), "Files": (FILES, {})}
    refusals = decided(app(**(beside | resources))).refusals
    assert [one.partition(" to ")[2].partition(",")[0] for one in refusals] == refused


BY_ARN = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "kms:Decrypt"}


@pytest.mark.parametrize(
    "name, place, admitted",
    [
        ("app", HERE, True),
        ("other", HERE, False),
        ({"Ref": "Name"}, HERE, False),
        ("app", HERE._replace(account="999999999999"), False),
        ("app", None, False),
    ],
)
def test_a_role_is_admitted_by_its_literal_name_in_its_account(name: Any, place: Any, admitted: bool) -> None:
    role = ("AWS::IAM::Role", {"RoleName": name, "Policies": [{"PolicyDocument": document()}]})
    assert (decided(app(place, OtherRole=role), statements=[BY_ARN]).refusals == []) is admitted


def attached(*statements: dict[str, Any]) -> App:
    policy = {"Roles": [ref("Role", "Ref")], "PolicyDocument": document(*statements)}
    return app(Role=ROLE, Stranger=ROLE, Policy=("AWS::IAM::Policy", policy))


@pytest.mark.parametrize(
    "statement, actions",
    [
        (DECRYPTS, {"kms:Decrypt"}),
        ({**DECRYPTS, "Action": "kms:ReEncrypt*"}, {"kms:ReEncryptFrom", "kms:ReEncryptTo"}),
        ({**DECRYPTS, "Effect": "Deny"}, set()),
        ({**DECRYPTS, "Resource": "*"}, set()),
    ],
)
def test_what_iam_policies_allow_on_the_key_is_that_of_its_holder(statement: Any, actions: set[str]) -> None:
    made = attached(statement)
    assert allowed(made, "Stack/Key", made.resources["Stack/Role"]) == actions
    assert allowed(made, "Stack/Key", made.resources["Stack/Stranger"]) == set()


@pytest.mark.parametrize(
    "principal, condition, admits",
    [
        ({"AWS": "arn:aws:iam::111122223333:root"}, {}, True),
        ("arn:aws:iam::111122223333:root", {}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, {"StringEquals": {"aws:PrincipalType": "Account"}}, False),
        (
            {"AWS": "arn:aws:iam::111122223333:root"},
            {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}},
            False,
        ),
        ({"AWS": "${Stack/Role.Arn}"}, {}, True),
        ({"AWS": "${Stack/Stranger.Arn}"}, {}, False),
        ({"AWS": ["x", "${Stack/Role.Arn}"]}, {}, True),
        ({"Service": "s3.amazonaws.com"}, {}, False),
    ],
)
def test_a_key_policy_admits_a_role_by_itself_or_leaves_it_to_iam(
    principal: Any, condition: dict[str, Any], admits: bool
) -> None:
    admission = {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Condition": condition}
    assert (decided(attached(DECRYPTS), statements=[admission]).refusals == []) is admits


S3, SQS = (f"{one}.us-east-1.amazonaws.com" for one in ("s3", "sqs"))


@pytest.mark.parametrize(
    "of_role, of_key, admits",
    [
        (S3, S3, True),
        (S3, SQS, False),
        (S3, None, True),
        # Through what a role comes its own policy need not say.
        (None, S3, True),
        ([S3, "x"], [SQS, S3], True),
    ],
)
def test_what_is_left_to_iam_is_so_through_the_same_services(of_role: Any, of_key: Any, admits: bool) -> None:
    def through(service: Any) -> dict[str, Any]:
        return {"Condition": {"StringEquals": {"kms:ViaService": service}}} if service else {}

    left = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:Decrypt", **through(of_key)}
    made = attached({**DECRYPTS, **through(of_role)})
    assert (decided(made, statements=[left]).refusals == []) is admits


def test_what_a_policy_allows_elsewhere_is_not_allowed_on_the_key() -> None:
    made = attached(DECRYPTS, {**DECRYPTS, "Action": "kms:Encrypt", "Resource": ref("Elsewhere")})
    assert allowed(made, "Stack/Key", made.resources["Stack/Role"]) == {"kms:Decrypt"}


def test_a_statement_may_be_one_and_name_several_keys() -> None:
    alone = {"Statement": {**DECRYPTS, "Action": ["kms:Decrypt", "s3:GetObject"], "Resource": [ref("Elsewhere"), KEY]}}
    policy = ("AWS::IAM::Policy", {"Roles": ref("Role", "Ref"), "PolicyDocument": alone})
    [refusal] = decided(app(Role=ROLE, Policy=policy)).refusals
    assert "allows kms:Decrypt on the key to Stack/Role" in refusal
    assert refusal.endswith("key.grant(role, 'kms:Decrypt')")


def test_what_is_attached_to_a_user_is_told_as_a_users() -> None:
    policy = ("AWS::IAM::Policy", {"Users": [ref("User", "Ref")], "PolicyDocument": document()})
    [refusal] = decided(app(User=("AWS::IAM::User", {}), Policy=policy)).refusals
    assert "key.grant(user, 'kms:Decrypt')" in refusal
    assert said(decided(app(User=("AWS::IAM::User", {}), Policy=policy))) == ["unusedKey"]
