"""Templates become the policies that CloudFormation would deploy, and what cannot be resolved raises."""

from __future__ import annotations

import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

from tests.semantics.deployed import Deployment
from tests.semantics.judge import Judge
from tests.semantics.resolve import UnresolvableError

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "Path": "/app/"}}
KEY = {"Type": "AWS::KMS::Key", "Properties": {}}
SECRET = {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "db"}}


def deployment(template: dict[str, Any], **more: Any) -> Deployment:
    return Deployment({"App": template}, account=ACCOUNT, region=REGION, **more)


def policy_on(resource: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def resolved(value: Any, template: dict[str, Any] | None = None, **more: Any) -> Any:
    """`value` as it comes out of an inline policy of the template."""
    holder = {**ROLE, "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": policy_on(value)}]}}
    template = template or {}
    resources = {**template.get("Resources", {}), "Holder": holder}
    deployed = deployment({**template, "Resources": resources}, **more)
    [policy] = deployed.identity_policies(deployed.role("Holder"))
    return policy["Statement"][0]["Resource"]


RESOURCES = {
    "Role": ROLE,
    "Key": KEY,
    "Secret": SECRET,
    "Fn": {"Type": "AWS::Lambda::Function"},
    "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "/fn/${Fn}"}}},
    "Setting": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/app/key", "Value": "the-value"}},
    "Elsewhere": {"Type": "AWS::SQS::Queue", "Condition": "No"},
    "Attached": {
        "Type": "AWS::SecretsManager::SecretTargetAttachment",
        "Properties": {"SecretId": {"Ref": "Secret"}},
    },
    "Lookup": {"Type": "Custom::AWS"},
}
TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "prod"},
        "FromSsm": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/key"},
        "NoDefault": {"Type": "String"},
    },
    "Mappings": {"Names": {"eu-west-1": {"short": "ew1"}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
    },
    "Resources": RESOURCES,
}

VALUES: list[tuple[str, Any, str]] = [
    ("a role by its name and path", {"Fn::GetAtt": ["Role", "Arn"]}, r"arn:aws:iam::111122223333:role/app/reader"),
    ("Ref of a role is its name", {"Ref": "Role"}, "reader"),
    ("a key", {"Fn::GetAtt": ["Key", "Arn"]}, rf"arn:aws:kms:{REGION}:{ACCOUNT}:key/[0-9a-f-]{{36}}"),
    ("Ref of a secret is its complete ARN", {"Ref": "Secret"}, r"arn:aws:secretsmanager:.*:secret:db-\w{6}"),
    ("Ref of an attachment is the secret", {"Ref": "Attached"}, r"arn:aws:secretsmanager:.*:secret:db-\w{6}"),
    ("Arn of a log group ends in :*", {"Fn::GetAtt": "Group.Arn"}, r"arn:aws:logs:.*:log-group:/fn/App-Fn-\w{12}:\*"),
    ("pseudo parameters", {"Fn::Sub": "${AWS::Partition} ${AWS::AccountId}"}, f"aws {ACCOUNT}"),
    ("Sub with variables of its own", {"Fn::Sub": ["${x}/${!y}", {"x": {"Ref": "Stage"}}]}, r"prod/\$\{y\}"),
    ("Join", {"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-prod"),
    ("Join without its AWS::NoValue", {"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
    ("Select of Split", {"Fn::Select": [1, {"Fn::Split": ["/", "a/b/c"]}]}, "b"),
    ("If", {"Fn::If": ["No", "wrong", "right"]}, "right"),
    ("If with And", {"Fn::If": ["Both", "wrong", "right"]}, "right"),
    ("If with Or", {"Fn::If": ["Either", "right", "wrong"]}, "right"),
    ("FindInMap", {"Fn::FindInMap": ["Names", {"Ref": "AWS::Region"}, "short"]}, "ew1"),
    ("an SSM parameter type", {"Ref": "FromSsm"}, "the-value"),
    ("a dynamic reference", "{{resolve:ssm:/app/key}}", "the-value"),
    ("a dynamic reference put together", {"Fn::Join": ["", ["{{resolve:ssm:", "/app/key:1}}"]]}, "the-value"),
    ("a policy variable stays", "${aws:PrincipalArn}", r"\$\{aws:PrincipalArn\}"),
    ("what only a deployment can tell", {"Fn::GetAtt": ["Lookup", "KeyArn"]}, "told"),
]


@pytest.mark.parametrize("value,pattern", [pytest.param(v, p, id=name) for name, v, p in VALUES])
def test_resolves(value: Any, pattern: str) -> None:
    result = resolved(value, TEMPLATE, known={"App": {"Lookup.KeyArn": "told"}})
    assert re.fullmatch(pattern, result), result


UNRESOLVABLE: list[tuple[str, Any]] = [
    ("an attribute of a custom resource", {"Fn::GetAtt": ["Lookup", "KeyArn"]}),
    ("an attribute that the type has not", {"Fn::GetAtt": ["Role", "Nope"]}),
    ("a resource that is not there", {"Ref": "Nowhere"}),
    ("a resource whose condition is false", {"Ref": "Elsewhere"}),
    ("a parameter without default", {"Ref": "NoDefault"}),
    ("a parameter in a text", {"Fn::Sub": "x-${NoDefault}"}),
    ("a list in a text", {"Fn::Join": ["", [{"Fn::Split": ["/", "a/b"]}]]}),
    ("a selection past the end", {"Fn::Select": [3, ["a"]]}),
    ("a stack id", {"Ref": "AWS::StackId"}),
    ("an unknown function", {"Fn::GetAZs": ""}),
    ("an unknown mapping", {"Fn::FindInMap": ["Names", "mars", "short"]}),
    ("an export of nobody", {"Fn::ImportValue": "nobody"}),
    ("an SSM parameter of nobody", "{{resolve:ssm:/nobody}}"),
    ("a secret's value", "{{resolve:secretsmanager:db}}"),
]


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in UNRESOLVABLE])
def test_raises_for(value: Any) -> None:
    with pytest.raises(UnresolvableError):
        resolved(value, TEMPLATE)


def test_collects_every_way_to_attach_a_policy() -> None:
    attach = {"Roles": [{"Ref": "Role"}], "PolicyDocument": policy_on("separate"), "PolicyName": "one"}
    single = {"RoleName": "reader", "PolicyDocument": policy_on("single"), "PolicyName": "two"}
    role = {
        "RoleName": "reader",
        "Policies": [{"PolicyName": "three", "PolicyDocument": policy_on("inline")}],
        "ManagedPolicyArns": [
            {"Ref": "Ours"},
            {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"},
        ],
    }
    deployed = deployment(
        {
            "Resources": {
                "Role": {"Type": "AWS::IAM::Role", "Properties": role},
                "One": {"Type": "AWS::IAM::Policy", "Properties": attach},
                "Two": {"Type": "AWS::IAM::RolePolicy", "Properties": single},
                "Ours": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy_on("by arn")}},
                "Theirs": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {"PolicyDocument": policy_on("by role"), "Roles": ["reader"]},
                },
            }
        }
    )
    policies = deployed.identity_policies(f"arn:aws:iam::{ACCOUNT}:role/reader")
    resources = {statement["Resource"] for policy in policies for statement in policy["Statement"]}
    assert resources == {"separate", "single", "inline", "by arn", "by role", "*"}


def test_a_user_has_the_policies_of_its_groups() -> None:
    group = {"GroupName": "ops", "Policies": [{"PolicyName": "p", "PolicyDocument": policy_on("of the group")}]}
    deployed = deployment(
        {
            "Resources": {
                "Ops": {"Type": "AWS::IAM::Group", "Properties": group},
                "Ann": {"Type": "AWS::IAM::User", "Properties": {"Groups": [{"Ref": "Ops"}]}},
            }
        }
    )
    [policy] = deployed.identity_policies(deployed.user("Ann"))
    assert policy["Statement"][0]["Resource"] == "of the group"


def test_two_inline_policies_of_one_name_are_an_error() -> None:
    policy = {"Roles": ["reader"], "PolicyName": "same", "PolicyDocument": policy_on("*")}
    resources = {name: {"Type": "AWS::IAM::Policy", "Properties": policy} for name in ("A", "B")}
    with pytest.raises(ValueError, match="two inline policies named same on role reader"):
        deployment({"Resources": resources}).identity_policies(f"arn:aws:iam::{ACCOUNT}:role/reader")


def test_the_text_of_an_unknown_aws_managed_policy_must_be_given() -> None:
    role = {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/Rare"], "RoleName": "reader"}
    template = {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}}}
    with pytest.raises(UnresolvableError, match=r"aws_managed="):
        deployment(template).identity_policies(f"arn:aws:iam::{ACCOUNT}:role/reader")
    given = deployment(template, aws_managed={"Rare": policy_on("rare")})
    assert given.identity_policies(f"arn:aws:iam::{ACCOUNT}:role/reader") == [policy_on("rare")]


def test_finds_by_the_start_of_the_logical_id() -> None:
    ids = ["Reader0A1B2C3D", "ReaderOfAll0A1B2C3D", "Writer0A1B2C3D"]
    deployed = deployment({"Resources": {it: {"Type": "AWS::IAM::Role"} for it in ids}})
    assert deployed.role("Reader") == deployed.role("Reader0A1B2C3D")
    assert deployed.role("W") == deployed.role("Writer0A1B2C3D")
    with pytest.raises(ValueError, match=r"several AWS::IAM::Role Read among App.Reader0A1B2C3D, App.ReaderOfAll"):
        deployed.role("Read")
    with pytest.raises(ValueError, match=r"no AWS::IAM::Role Nobody among App.Reader"):
        deployed.role("Nobody")


def test_a_replica_shares_the_id_of_its_primary() -> None:
    primary = {"Type": "AWS::KMS::Key", "Properties": {"MultiRegion": True}}
    replica = {"Type": "AWS::KMS::ReplicaKey", "Properties": {"PrimaryKeyArn": {"Fn::GetAtt": ["Primary", "Arn"]}}}
    deployed = deployment({"Resources": {"Primary": primary, "Replica": replica}})
    assert re.fullmatch(r".*:key/mrk-[0-9a-f]{32}", deployed.key("Primary"))
    assert deployed.key("Replica") == deployed.key("Primary")


def test_a_stranger_needs_its_policies_given() -> None:
    deployed = deployment({"Resources": {"Key": KEY}})
    mistyped = f"arn:aws:iam::{ACCOUNT}:role/raeder"
    with pytest.raises(ValueError, match=r"no template knows .*raeder"):
        deployed.question(mistyped, "kms:Decrypt", deployed.key("Key"))
    assert deployed.question(mistyped, "kms:Decrypt", deployed.key("Key"), identity=[]).identity_policies == []


def test_a_key_of_nobody_needs_its_policy_given() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b3fbf0a-5a0c-4b9b-8f0e-3d1f6d5a9c11"
    with pytest.raises(UnresolvableError, match=r"resource_policy="):
        deployment({"Resources": {"Role": ROLE}}).question(f"arn:aws:iam::{ACCOUNT}:root", "kms:Decrypt", key)


def test_the_environment_of_each_stack(judge: Judge) -> None:
    deployed = Deployment(
        {"Keys": {"Resources": {"Key": KEY}}, "App": {"Resources": {"Role": ROLE}}},
        account=ACCOUNT,
        region=REGION,
        environments={"App": ("444455556666", "us-east-1")},
    )
    assert deployed.key("Key").startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:")
    assert deployed.role("Role") == "arn:aws:iam::444455556666:role/app/reader"
    answer = deployed.ask(judge, deployed.role("Role"), "kms:Decrypt", deployed.key("Key"))
    assert not answer.allowed


@pytest.fixture(scope="module")
def stock() -> Deployment:
    """The stock L2: a key and a secret in one stack, their reader and a bystander in another."""
    app = cdk.App()
    env = cdk.Environment(account=ACCOUNT, region=REGION)
    keys, readers = cdk.Stack(app, "Keys", env=env), cdk.Stack(app, "Readers", env=env)
    key = kms.Key(keys, "Key")
    secret = secretsmanager.Secret(keys, "Secret", encryption_key=key)
    principal = iam.ServicePrincipal("lambda.amazonaws.com")
    boundary = iam.ManagedPolicy(
        readers, "Boundary", statements=[iam.PolicyStatement(actions=["sqs:*"], resources=["*"])]
    )
    reader = iam.Role(readers, "Reader", assumed_by=principal)
    bounded = iam.Role(readers, "Bounded", assumed_by=principal, permissions_boundary=boundary)
    iam.Role(readers, "Bystander", assumed_by=principal)
    for role in (reader, bounded):
        key.grant_decrypt(role)
        role.add_to_policy(
            iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret.secret_arn])
        )
    templates = {stack.stack_name: assertions.Template.from_stack(stack).to_json() for stack in (keys, readers)}
    return Deployment(templates, account=ACCOUNT, region=REGION)


STOCK: list[tuple[str, str, str, bool]] = [
    ("the reader decrypts with a key it imports", "Reader", "kms:Decrypt", True),
    ("the reader reads a secret it imports", "Reader", "secretsmanager:GetSecretValue", True),
    ("the reader does not encrypt", "Reader", "kms:Encrypt", False),
    ("a bystander does not decrypt", "Bystander", "kms:Decrypt", False),
    ("a bystander does not read", "Bystander", "secretsmanager:GetSecretValue", False),
    ("a permissions boundary holds back decryption", "Bounded", "kms:Decrypt", False),
    ("a permissions boundary holds back reading", "Bounded", "secretsmanager:GetSecretValue", False),
]


@pytest.mark.parametrize("role,action,allowed", [pytest.param(*case, id=name) for name, *case in STOCK])
def test_judges_what_cdk_synthesizes(judge: Judge, stock: Deployment, role: str, action: str, allowed: bool) -> None:
    resource = stock.key("Key") if action.startswith("kms:") else stock.secret("Secret")
    answer = stock.ask(judge, stock.role(role), action, resource)
    assert answer.allowed is allowed, answer.explanation


def test_context_and_service_reach_the_judge(judge: Judge, stock: Deployment) -> None:
    answer = stock.ask(
        judge,
        f"arn:aws:iam::{ACCOUNT}:role/admin",
        "kms:Decrypt",
        stock.key("Key"),
        via="secretsmanager",
        encryption_context={"SecretARN": stock.secret("Secret")},
        identity=[policy_on(stock.key("Key"))],
    )
    assert answer.allowed, answer.explanation
