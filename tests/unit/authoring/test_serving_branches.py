"""Each condition of the decision, with the row or the value that it is there for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import Found, Looked
from secure_kms_constructs.authoring.key_requirements import Kind, unmet
from secure_kms_constructs.authoring.serving import leading_types
from secure_kms_constructs.authoring.usages import Usage
from secure_kms_constructs.aws import catalogue
from secure_kms_constructs.aws.services import Service, Use
from tests.unit.authoring.small_apps import HERE, KEY, ROLE, ROOT, THERE, app, decided, ref, said, written

FILES = ("AWS::EFS::FileSystem", {"KmsKeyId": KEY})
QUEUE = ("AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
TOPIC = ("AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
ZONE = ("AWS::Route53::KeySigningKey", {"KeyManagementServiceArn": KEY})
CONNECTION = ("AWS::Events::Connection", {"KmsKeyIdentifier": KEY})
SIGNS = {"usage": "SIGN_VERIFY", "spec": "ECC_NIST_P256"}


def tag(name: str, value: str) -> dict[str, str]:
    return {"Key": name, "Value": value}


# -- what a key must be --


def test_a_key_that_signs_is_right_for_a_zone() -> None:
    decision = decided(app(Zone=ZONE), **SIGNS)
    assert decision.refusals == []
    # Nobody needs to be a deployer of it, so no symmetric key is asked for.
    assert {one["Principal"]["Service"] for one in written(decision)} == {"dnssec-route53.amazonaws.com"}


@pytest.mark.parametrize(
    "more", [{**SIGNS, "region": "eu-west-1"}, {**SIGNS, "spec": "RSA_2048"}, {**SIGNS, "usage": "KEY_AGREEMENT"}]
)
def test_another_key_than_route_53_takes_is_refused(more: dict[str, str]) -> None:
    assert "needs an ECC_NIST_P256 key" in decided(app(Zone=ZONE), **more).refusals[0]


def test_a_key_that_is_not_symmetric_admits_no_deployer() -> None:
    decision = decided(app(Files=FILES), **SIGNS)
    assert (decision.provisions, decision.statements) == ({}, [])
    assert "needs a symmetric key, got SIGN_VERIFY" in decision.refusals[0]


FLOW = "AWS::MWAA::Environment"
BY_ID = {"Fn::Join": ["", ["arn:aws:kms:us-east-1:111122223333:key/", ref("Key", "Ref")]]}


# https://docs.aws.amazon.com/mwaa/latest/userguide/custom-keys-certs.html and the pages of DevOps Agent and S3 Vectors
@pytest.mark.parametrize("value, full", [(KEY, True), (BY_ID, True), (ref("Key", "Ref"), False), ("alias/k", False)])
@pytest.mark.parametrize(
    "kind, path",
    [
        (FLOW, "KmsKey"),
        *((f"AWS::DevOpsAgent::{one}", "KmsKeyArn") for one in ("AgentSpace", "Service")),
        *((f"AWS::S3Vectors::{one}", "EncryptionConfiguration/KmsKeyArn") for one in ("VectorBucket", "Index")),
    ],
)
def test_what_needs_the_full_arn_is_given_it(kind: str, path: str, value: Any, full: bool) -> None:
    alias = ("AWS::KMS::Alias", {"AliasName": "alias/k", "TargetKeyId": KEY})
    refusals = decided(app(Alias=alias, Flow=(kind, below(path, value)))).refusals
    assert ("needs the full ARN of the key" in str(refusals)) is not full


def below(path: str, value: Any) -> Any:
    for part in reversed(path.split("/")):
        value = {part: value}
    return value


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize(
    "kind, path",
    [
        (FLOW, "KmsKey"),
        *((f"AWS::DevOpsAgent::{one}", "KmsKeyArn") for one in ("AgentSpace", "Service")),
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-create-storage-key.html
        ("AWS::ECS::Cluster", "Configuration/ManagedStorageConfiguration/FargateEphemeralStorageKmsKeyId"),
    ],
)
def test_what_takes_no_multi_region_key_is_given_none(kind: str, path: str, several: bool) -> None:
    refusals = decided(app(It=(kind, below(path, KEY))), multi=several).refusals
    assert ("needs no multi-Region key" in str(refusals)) is several


@pytest.mark.parametrize(
    "tags, right",
    [
        ([tag("EventBridgeApiDestinations", "true")], True),
        ([tag("other", "x"), tag("EventBridgeApiDestinations", "true")], True),
        ([tag("EventBridgeApiDestinations", "false")], False),
        ([tag("SystemsManagerJustInTimeNodeAccessManaged", "true")], False),
        ([], False),
    ],
)
def test_a_tag_is_there_by_name_and_value(tags: list[dict[str, str]], right: bool) -> None:
    assert (decided(app(tags=tags, It=CONNECTION)).refusals == []) is right


def test_a_key_of_which_nothing_is_known_has_no_tag() -> None:
    resource = Looked("Stack/It", "It", *CONNECTION[:1], "Stack", CONNECTION[1])
    (need, *_) = catalogue.needs_of(CONNECTION[0], "KmsKeyIdentifier")
    kind = Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", False, "us-east-1")
    use = Usage(resource, Found(("KmsKeyIdentifier",), KEY), need, None)
    assert [one for one in unmet(use, kind, None) if "needs the tag" in one]
    tagged = Looked("K", "K", "AWS::KMS::Key", "Stack", {"Tags": [tag("EventBridgeApiDestinations", "true")]})
    assert list(unmet(use, kind, tagged)) == []


# -- the deployer --


@pytest.mark.parametrize(
    "kind, properties",
    [
        # A page wants any region, or a context; no page names a prefix, with a page for the actions or with a context.
        ("AWS::Cassandra::Table", {"EncryptionSpecification": {"KmsKeyIdentifier": KEY}}),
        ("AWS::Scheduler::Schedule", {"KmsKeyArn": KEY}),
        ("AWS::CodeCommit::Repository", {"KmsKeyId": KEY}),
        ("AWS::Pipes::Pipe", {"KmsKeyIdentifier": KEY, "Name": "p"}),
    ],
)
def test_a_deployer_gets_a_statement_of_its_own_where_the_others_do_not_fit(
    kind: str, properties: dict[str, Any]
) -> None:
    decision = decided(app(It=(kind, properties)))
    assert decision.provisions == {}
    assert {"AWS": HERE.deployer} in [one["Principal"] for one in written(decision)]
    assert ("unboundDeployer" in said(decision)) is (kind == "AWS::CodeCommit::Repository")
    assert not decision.refusals


def test_a_prefix_that_is_named_serves_what_only_handlers_list() -> None:
    group = ("AWS::AIOps::InvestigationGroup", {"EncryptionConfig": {"KmsKeyId": KEY}})
    decision = decided(app(Group=group))
    assert decision.provisions["kms:Encrypt"] == {"aiops": None}
    assert decision.refusals == []


def test_what_another_row_tells_is_not_called_unread() -> None:
    service = {"ServiceConnectConfiguration": {"Services": [{"Tls": {"KmsKey": KEY, "RoleArn": ref("Role")}}]}}
    decision = decided(app(Role=ROLE, Service=("AWS::ECS::Service", service)))
    assert (said(decision), decision.refusals) == ([], [])


@pytest.mark.parametrize("name", ["Transfer", "transfer", "TRANSFER"])
def test_a_service_is_added_by_its_name_and_all_its_actions(name: str) -> None:
    made = app(It=("AWS::Transfer::HostKey", {"KmsKey": KEY}))
    actions = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Sign")
    page = "https://docs.aws.amazon.com/x.html"
    given = Service(name, "transfer", None, {Use.PROVISION: actions}, page)
    assert decided(made, extra=[given]).refusals == []
    assert decided(made, extra=[Service("Other", "transfer", None, {Use.PROVISION: actions}, page)]).refusals
    assert decided(made, extra=[Service(name, "transfer", None, {Use.READ: actions}, page)]).refusals


def test_a_cluster_of_dsql_admits_its_service() -> None:
    [use, describe] = written(decided(app(Db=("AWS::DSQL::Cluster", {"KmsEncryptionKey": KEY}))))
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:dsql:us-east-1:111122223333:cluster/*"}}
    assert use["Principal"] == describe["Principal"] == {"Service": "dsql.amazonaws.com"}
    assert use["Action"] == [
        f"kms:{one}" for one in ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
    ]
    assert use["Condition"] == {**source, "StringLike": {"kms:EncryptionContext:aws:dsql:ClusterId": "*"}}
    assert (describe["Action"], describe["Condition"]) == ("kms:DescribeKey", source)


# -- replicas of a secret --

REPLICAS = {"ReplicaRegions": [{"Region": "us-east-1", "KmsKeyId": KEY}]}
FAR = HERE._replace(region="eu-west-1")
ADMITS_REPLICAS = {
    "Effect": "Allow",
    "Principal": {"AWS": HERE.deployer},
    "Action": ["kms:Encrypt", "kms:GenerateDataKey"],
    "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}},
}


def replica(**more: Any) -> list[str]:
    made = app(FAR, OtherSecret=("AWS::SecretsManager::Secret", REPLICAS))
    return decided(made, **more).refusals


def test_a_replica_asks_for_its_deployer_in_the_region_of_the_secret() -> None:
    [refusal] = replica()
    assert "call key.admit_replicas_of(secret)" in refusal
    assert replica(statements=[ADMITS_REPLICAS]) == []
    for narrower in (
        {"Effect": "Deny"},
        {"Action": "kms:Encrypt"},
        {"Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}},
    ):
        assert replica(statements=[{**ADMITS_REPLICAS, **narrower}]), narrower


def test_a_replica_in_another_region_than_the_key_is_refused() -> None:
    secret = {"ReplicaRegions": [{"Region": "ap-south-1", "KmsKeyId": KEY}]}
    [refusal] = decided(app(FAR, OtherSecret=("AWS::SecretsManager::Secret", secret))).refusals
    assert "takes keys of that region only" in refusal


def test_the_secret_itself_is_no_replica() -> None:
    decision = decided(app(Secret=("AWS::SecretsManager::Secret", {"KmsKeyId": KEY})))
    assert decision.provisions["kms:Decrypt"] == {"secretsmanager": None}
    assert decision.refusals == []


# -- callers and roles --


def test_callers_are_told_where_no_construct_grants_them() -> None:
    assert said(decided(app(Queue=QUEUE))) == []
    settings = ("AWS::Glue::SecurityConfiguration", {"EncryptionConfiguration": {"JobBookmarksEncryption": {}}})
    settings[1]["EncryptionConfiguration"]["JobBookmarksEncryption"] = {"KmsKeyArn": KEY}
    [(name, text)] = decided(app(Settings=settings)).findings
    assert name == "callers"
    assert "grant each role that works with it on the key, key.grant(role, 'kms:Decrypt'" in text


def machine(role: Any = None, **more: Any) -> tuple[str, dict[str, Any]]:
    named = {} if role is None else {"RoleArn": role}
    return "AWS::StepFunctions::StateMachine", {"EncryptionConfiguration": {"KmsKeyId": KEY}, **named, **more}


def test_a_role_that_is_not_named_is_told() -> None:
    decision = decided(app(Machine=machine()))
    assert (said(decision), decision.refusals) == (["callers"], [])


LITERAL = "arn:aws:iam::111122223333:role/app"
OF_ACCOUNT = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/app"}


@pytest.mark.parametrize("role, told", [(LITERAL, LITERAL), (OF_ACCOUNT, "arn:aws:iam::${AWS.AccountId}:role/app")])
def test_a_role_by_its_arn_is_named(role: Any, told: str) -> None:
    made = written(decided(app(Machine=machine(role))))
    assert [one["Principal"] for one in made if "stateMachineArn" in str(one)] == [{"AWS": told}]


@pytest.mark.parametrize(
    "role", ["app", {"Fn::Sub": "arn:aws:iam::111122223333:role/${Name}"}, {"Ref": "Role"}, ref("Queue")]
)
def test_what_is_no_role_that_can_be_told_is_refused(role: Any) -> None:
    decision = decided(app(Queue=QUEUE, Machine=machine(role)))
    assert "which role that is cannot be told: call key.grant" in decision.refusals[0]
    assert "stateMachineArn" not in str(decision.statements)


def far_role(properties: dict[str, Any], place: Any = HERE) -> list[str]:
    return decided(app(place, OtherRole=("AWS::IAM::Role", properties), Machine=machine(ref("OtherRole")))).refusals


@pytest.mark.parametrize(
    "properties, place, told",
    [
        ({"RoleName": "app"}, HERE, True),
        ({"RoleName": "app"}, THERE, True),
        ({"RoleName": {"Ref": "Name"}}, HERE, False),
        ({"RoleName": "app", "Path": {"Ref": "Path"}}, HERE, False),
        ({"RoleName": "app"}, None, False),
        # Some account that is not told: another one than the key's, which is.
        ({"RoleName": "app"}, HERE._replace(account="${AWS.AccountId}"), False),
        ({}, HERE, False),
    ],
)
def test_a_role_of_another_stack_has_to_have_a_literal_name(properties: dict[str, Any], place: Any, told: bool) -> None:
    assert (far_role(properties, place) == []) is told


def test_both_stacks_may_leave_the_same_account_open() -> None:
    here = HERE._replace(account="${AWS.AccountId}")
    made = app(here, OtherRole=("AWS::IAM::Role", {"RoleName": "app"}), Machine=machine(ref("OtherRole")))
    made.places = {"Stack": here, "Other": here}
    from secure_kms_constructs.authoring.served_keys import KeyFacts
    from secure_kms_constructs.authoring.serving import decide

    kind = Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", False, "us-east-1")
    assert decide(made, KeyFacts("Stack/Key", "Stack", here, kind)).refusals == []


def test_all_roles_of_another_stack_are_told_at_once() -> None:
    machines = {f"Machine{one}": machine(ref(f"Other{one}")) for one in ("A", "B")}
    [text] = decided(app(HERE, OtherA=ROLE, OtherB=ROLE, **machines)).refusals
    assert "for the role in RoleArn; Stack/MachineB (" in text
    assert text.endswith("another stack and has a generated name: give it a literal role_name and both stacks an env")


def test_a_role_of_a_stack_that_comes_after_the_key_needs_a_policy_too() -> None:
    [text] = decided(app(HERE, OtherRole=ROLE, OtherMachine=machine(ref("OtherRole")))).refusals
    assert text.endswith("both stacks an env, and call key.grant(role, 'kms:Decrypt', 'kms:GenerateDataKey') for it")


def allowed_by_itself(role: str, *actions: str) -> tuple[str, dict[str, Any]]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": KEY}
    return "AWS::IAM::Policy", {"Roles": [ref(role, "Ref")], "PolicyDocument": {"Statement": [statement]}}


@pytest.mark.parametrize(
    "actions, place, named",
    [
        (("kms:Decrypt", "kms:GenerateDataKey"), HERE, True),
        (("kms:Decrypt", "kms:GenerateDataKey"), THERE, True),
        (("kms:Decrypt",), HERE, False),
    ],
)
def test_a_role_that_is_made_after_the_key_is_no_principal(actions: Any, place: Any, named: bool) -> None:
    role = ("AWS::IAM::Role", {"RoleName": "app", "Path": "/team/"})
    policy = allowed_by_itself("OtherRole", *actions)
    made = app(place, OtherRole=role, OtherPolicy=policy, OtherMachine=machine(ref("OtherRole")))
    decision = decided(made)
    found = [one for one in written(decision) if one["Sid"] == "AllowRolesByName"]
    if not named:
        assert "no policy of its own allows it: call key.grant(role" in str(decision.refusals)
        assert found == []
        return
    assert {one["Principal"]["AWS"] for one in found} == {f"arn:aws:iam::{place.account}:root"}
    [who] = {one["Condition"]["ArnEquals"]["aws:PrincipalArn"] for one in found}
    assert who == f"arn:aws:iam::{place.account}:role/team/app"
    assert f"{place.account}:role/team/app" not in str([one["Principal"] for one in written(decision)])


@pytest.mark.parametrize(
    "properties, operator, name",
    [({}, "ArnLike", "role/Stack-Role-*"), ({"RoleName": "app"}, "ArnEquals", "role/app")],
)
@pytest.mark.parametrize("has_policy", [True, False])
def test_a_role_that_waits_for_the_key_is_named_in_a_condition(
    properties: dict[str, Any], operator: str, name: str, has_policy: bool
) -> None:
    policy = {"Policy": allowed_by_itself("Role", "kms:Decrypt", "kms:GenerateDataKey")} if has_policy else {}
    made = app(Role=("AWS::IAM::Role", properties), Machine=machine(ref("Role")), **policy)
    made.places = {"Stack": HERE._replace(stack_name="Stack")}
    decision = decided(made, ways={"Stack/Role": ["Stack/Role", "Stack/Key"]})
    found = [one for one in written(decision) if one["Sid"] == "AllowRolesByName"]
    assert ref("Role") not in [one["Principal"].get("AWS") for one in written(decision)]
    if not has_policy:
        assert "(Stack/Role -> Stack/Key), so the key policy cannot refer to it" in str(decision.refusals)
        assert found == []
        return
    assert decision.refusals == []
    assert {one["Principal"]["AWS"] for one in found} == {ROOT}
    [who] = {one["Condition"][operator]["aws:PrincipalArn"] for one in found}
    assert who == f"arn:aws:iam::111122223333:{name}"


def test_a_role_whose_name_has_no_form_that_is_known_is_refused_where_it_waits_for_the_key() -> None:
    policy = allowed_by_itself("Role", "kms:Decrypt", "kms:GenerateDataKey")
    decision = decided(
        app(Role=ROLE, Machine=machine(ref("Role")), Policy=policy), ways={"Stack/Role": ["Stack/Role", "Stack/Key"]}
    )
    # The stack has no name.
    assert "give the role a literal role_name, or put what names the key into an iam.Policy" in str(decision.refusals)
    assert "AllowRolesByName" not in str(decision.statements)


JOB = ("AWS::DataBrew::Job", {"EncryptionKeyArn": KEY, "RoleArn": ref("Role")})


@pytest.mark.parametrize(
    "more, told",
    [
        ({}, True),
        ({"extra": [Service("DataBrew", "databrew", None, {Use.PROVISION: ("kms:Decrypt",)}, "https://x")]}, False),
        ({"extra": [Service("Other", "databrew", None, {Use.PROVISION: ("kms:Decrypt",)}, "https://x")]}, True),
        ({"statements": [{"Effect": "Allow", "Principal": {"AWS": "${Stack/Role.Arn}"}, "Action": "kms:*"}]}, False),
        ({"statements": [{"Effect": "Allow", "Principal": {"AWS": "${Stack/Role.Arn}"}, "Action": "kms:Sign"}]}, True),
        ({"statements": [{"Effect": "Allow", "Principal": {"AWS": "${Stack/Other.Arn}"}, "Action": "kms:*"}]}, True),
    ],
)
def test_what_nobody_knows_is_told_until_its_role_or_service_is_admitted(more: dict[str, Any], told: bool) -> None:
    assert ("unreadNeeds" in said(decided(app(Role=ROLE, Job=JOB), **more))) is told


def of_service(**condition: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "x.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Condition": condition,
    }


@pytest.mark.parametrize(
    "more, told",
    [
        ([], True),
        ([of_service(ArnLike={"aws:SourceArn": "arn:aws:x:*:111122223333:*"})], False),
        ([of_service(StringEquals={"kms:EncryptionContext:x": "y"})], False),
        ([of_service(StringEquals={"aws:SourceOrgID": "o-x"})], True),
        ([{**of_service(ArnLike={"aws:SourceArn": "arn:aws:x:*"}), "Action": "kms:Encrypt"}], True),
        ([{**of_service(ArnLike={"aws:SourceArn": "arn:aws:x:*"}), "Principal": {"Service": "y.amazonaws.com"}}], True),
        ([{**of_service(), "Principal": "*", "Condition": {"StringEquals": {"aws:SourceArn": "x"}}}], True),
    ],
)
def test_an_account_that_no_page_says_is_sent_is_told_until_the_page_s_condition_is_there(
    more: list[dict[str, Any]], told: bool
) -> None:
    statements = [of_service(StringEquals={"aws:SourceAccount": "111122223333"}), *more]
    assert ("assumedSource" in said(decided(app(Queue=QUEUE), statements=statements))) is told


HOSTED = ("AWS::SecretsManager::RotationSchedule", {"HostedRotationLambda": {"KmsKeyArn": KEY}})


def test_a_role_that_no_template_shows_is_left_to_iam_or_refused() -> None:
    assert decided(app(Rotation=HOSTED), delegates=[Service.SECRETS_MANAGER]).refusals == []
    for delegates in ([], [Service.PARAMETER_STORE]):
        [refusal] = decided(app(Rotation=HOSTED), delegates=delegates).refusals
        assert "where no template shows it" in refusal


# -- roles linked to services --

TEMPLATE = (
    "AWS::EC2::LaunchTemplate",
    {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"KmsKeyId": KEY}}]}},
)
LINKED = "arn:aws:iam::111122223333:role/aws-service-role/"


@pytest.mark.parametrize(
    "given, named",
    [
        (LINKED + "x/AWSServiceRoleForAutoScaling_x", LINKED + "x/AWSServiceRoleForAutoScaling_x"),
        ({"Ref": "Role"}, LINKED + "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
        (None, LINKED + "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"),
    ],
)
def test_a_group_may_name_its_linked_role(given: Any, named: str) -> None:
    group = {"LaunchTemplate": {"LaunchTemplateId": ref("Template", "Ref")}}
    group |= {"ServiceLinkedRoleARN": given} if given else {}
    made = app(Template=TEMPLATE, Group=("AWS::AutoScaling::AutoScalingGroup", group))
    assert {one["Principal"]["AWS"] for one in written(decided(made))} == {named}


def test_a_linked_role_whose_own_policy_allows_it_need_not_exist() -> None:
    decision = decided(app(tags=[tag("EventBridgeApiDestinations", "true")], It=CONNECTION))
    by_name = [one for one in written(decision) if one["Principal"] == {"AWS": ROOT}]
    linked = "apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations"
    assert {one["Condition"]["ArnEquals"]["aws:PrincipalArn"] for one in by_name} == {LINKED + linked}
    assert {one["Condition"]["StringLike"]["kms:ViaService"] for one in by_name} == {"secretsmanager.*.amazonaws.com"}
    assert "serviceLinkedRole" not in said(decision)


# -- names and what is there already --


@pytest.mark.parametrize("name, told", [("slow", "slow"), ("", "*"), ({"Ref": "Name"}, "*"), (None, "*")])
def test_a_literal_name_binds_to_one_resource(name: Any, told: str) -> None:
    alarm = {"AlarmActions": [ref("Topic", "Ref")]} | ({} if name is None else {"AlarmName": name})
    [statement] = written(decided(app(Topic=TOPIC, Alarm=("AWS::CloudWatch::Alarm", alarm))))
    source = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    assert source == f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{told}"


def test_a_row_without_a_name_takes_none_from_a_property_of_that_name() -> None:
    from dataclasses import replace

    (need,) = (one for one in catalogue.edges_from("AWS::Events::Rule") if "AWS::SQS::Queue" in one.leads_to)
    assert need.named_by == ""
    assert replace(need, named_by="Name") != need
    rule = {"Name": "orders", "": "odd", "Targets": [{"Arn": ref("Queue")}]}
    [statement] = written(decided(app(Queue=QUEUE, Rule=("AWS::Events::Rule", rule))))
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"].endswith(":rule/*")


def test_what_the_policy_says_already_is_not_said_again() -> None:
    alarm = ("AWS::CloudWatch::Alarm", {"AlarmName": "slow", "AlarmActions": [ref("Topic", "Ref")]})
    made = app(Topic=TOPIC, Alarm=alarm)
    [statement] = written(decided(made))
    assert written(decided(made, statements=[statement])) == []
    assert written(decided(made, statements=[{**statement, "Effect": "Deny"}]))


# -- findings --


def service(condition: dict[str, Any], principal: Any = None, **more: Any) -> dict[str, Any]:
    named = {"Service": "batch.amazonaws.com"} if principal is None else principal
    return {"Effect": "Allow", "Principal": named, "Action": "kms:Decrypt", "Condition": condition, **more}


ACCOUNT = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
SOURCE = {"ArnLike": {"aws:SourceArn": "arn:aws:batch:us-east-1:111122223333:x"}}
CONTEXT = {"StringEquals": {"kms:EncryptionContext:a": "b"}}


@pytest.mark.parametrize(
    "statement, says",
    [
        (service({}), ["unboundService"]),
        (service({}, Action="kms:DescribeKey"), []),
        (service({}, "*"), []),
        (service({}, {"AWS": LITERAL}), []),
        # No page of this service was read: whether it says whom it works for is assumed.
        (service(ACCOUNT), ["assumedSource"]),
        (service(ACCOUNT | SOURCE), []),
        (service(SOURCE), []),
        (service(CONTEXT), []),
        # Of this one, a page says that it sends it.
        (service(ACCOUNT, {"Service": "config.amazonaws.com"}), []),
        (service(ACCOUNT, {"Service": ["config.amazonaws.com", "batch.amazonaws.com"]}), ["assumedSource"]),
        # A regional name is that of its row.
        (service(ACCOUNT, {"Service": "lambda.us-east-1.amazonaws.com"}), []),
    ],
)
def test_services_that_are_bound_to_nothing_or_by_belief_are_told(statement: dict[str, Any], says: list[str]) -> None:
    assert said(decided(app(Files=FILES), statements=[statement])) == says


def use(principal: Any, action: Any = "kms:Decrypt", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action}


@pytest.mark.parametrize(
    "statement, used",
    [
        (use({"AWS": LITERAL}), True),
        (use({"AWS": [HERE.deployer, LITERAL]}), True),
        (use({"AWS": LITERAL}, ["kms:DescribeKey", "kms:Sign"]), True),
        (use({"AWS": LITERAL}, "kms:DescribeKey"), False),
        (use({"AWS": LITERAL}, effect="Deny"), False),
        (use({"AWS": HERE.deployer}), False),
        (use({"AWS": [HERE.deployer]}), False),
        (use({"AWS": "*"}), False),
        (use("*"), False),
    ],
)
def test_a_key_that_somebody_may_use_is_not_called_unused(statement: dict[str, Any], used: bool) -> None:
    assert ("unusedKey" in said(decided(app(), statements=[statement]))) is not used


def test_a_key_that_is_used_is_not_called_unused() -> None:
    assert "unusedKey" not in said(decided(app(Queue=QUEUE)))


def test_node_is_asked_for_what_may_need_the_key_of_another() -> None:
    types = leading_types()
    assert {
        *("AWS::CloudWatch::Alarm", "AWS::Bedrock::GuardrailVersion", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    } <= set(types)
    assert "AWS::EFS::FileSystem" not in types
    assert types == sorted(types)


def test_what_is_said_of_many_is_said_once() -> None:
    pair = {name: ("AWS::DataBrew::Job", {"EncryptionKeyArn": KEY}) for name in ("A", "B")}
    assert said(decided(app(**pair))) == ["unreadNeeds", "unreadNeeds"]
    policy = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}] * 2}
    made = app(Role=ROLE, Policy=("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": policy}))
    assert len(decided(made).refusals) == 1
    assert json.dumps(decided(made).refusals)
