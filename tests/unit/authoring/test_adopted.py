"""What the key policy of a stock key says once it leaves nothing to IAM policies: who may, by which policy."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.adopted import identity_grants, is_stock_delegation, uses_of
from secure_kms_constructs.authoring.apps import App, Looked, Place
from secure_kms_constructs.authoring.key_requirements import Kind
from secure_kms_constructs.authoring.served_keys import KeyFacts
from secure_kms_constructs.aws.services import Service

Json = dict[str, Any]
ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "us-east-1"
HERE = Place("aws", REGION, ACCOUNT, "amazonaws.com", "deployer", "App")
PLACES = {"App": HERE, "Near": HERE._replace(stack_name="Near"), "Far": HERE._replace(account=OTHER, stack_name="Far")}
KEY = "App/Key/Resource"
NAMED = {"Resource": KEY, "Attribute": "Arn"}
USE = ["kms:Decrypt"]


def resource(path: str, kind: str, **properties: Any) -> Looked:
    return Looked(path, path.replace("/", ""), f"AWS::{kind}", path.split("/")[0], properties)


def role(path: str = "App/Role", **properties: Any) -> Looked:
    return resource(path, "IAM::Role", **properties)


def allow(actions: Any = None, named: Any = NAMED, **more: Any) -> Json:
    return {"Effect": "Allow", "Action": actions or USE, "Resource": named, **more}


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policy(*statements: Json, of: str | None = "App/Role", **more: Any) -> Looked:
    attached = {"Roles": [{"Resource": of, "Attribute": "Ref"}]} if of else {}
    return resource("App/Policy", "IAM::Policy", PolicyDocument=document(*statements), **attached, **more)


def facts(**more: Any) -> KeyFacts:
    return KeyFacts(KEY, "App", HERE, Kind("SYMMETRIC", "SYMMETRIC_DEFAULT", False, REGION), **more)


def adopted(*resources: Looked, **more: Any) -> tuple[list[Json], list[str]]:
    key = resource(KEY, "KMS::Key")
    app = App({one.path: one for one in (key, *resources)}, PLACES)
    return identity_grants(app, facts(**more))


def admits(statement: Json) -> Any:
    [(operator, who)] = [
        (operator, block["aws:PrincipalArn"])
        for operator, block in statement["Condition"].items()
        if "aws:PrincipalArn" in block
    ]
    return operator, who, statement["Action"]


def test_a_role_with_a_policy_is_named_and_both_sides_are_needed() -> None:
    [statement], problems = adopted(role(), policy(allow()))
    assert problems == []
    assert statement == {
        "Sid": "AllowUse",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:{partition}:iam::{account}:root"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": {"Resource": "App/Role", "Attribute": "Arn"}},
            "StringEquals": {"kms:CallerAccount": "{account}"},
        },
    }


@pytest.mark.parametrize(
    "statement",
    [
        {**allow(), "Effect": "Deny"},
        allow(named="*"),
        allow(named={"Resource": "App/AnotherKey", "Attribute": "Arn"}),
        allow("kms:DescribeKey"),
        allow("s3:GetObject"),
    ],
)
def test_what_grants_no_use_of_the_key_admits_nobody(statement: Json) -> None:
    assert adopted(role(), policy(statement)) == ([], [])


def test_what_several_policies_grant_a_role_adds_up_and_roles_alike_share_a_statement() -> None:
    other = resource(
        "App/More",
        "IAM::Policy",
        PolicyDocument=document(allow("kms:Encrypt")),
        Roles=[{"Resource": "App/Role", "Attribute": "Ref"}],
    )
    [statement], _ = adopted(role(), policy(allow()), other)
    assert statement["Action"] == ["kms:Decrypt", "kms:Encrypt"]
    two = policy(allow(), Users=[{"Resource": "App/User", "Attribute": "Ref"}])
    [statement], _ = adopted(role(), resource("App/User", "IAM::User"), two)
    assert [one["Resource"] for one in admits(statement)[1]] == ["App/Role", "App/User"]


def test_a_role_has_its_inline_policies() -> None:
    inline = [{"PolicyName": "own", "PolicyDocument": document(allow())}]
    [statement], problems = adopted(role(Policies=inline))
    assert admits(statement)[1] == {"Resource": "App/Role", "Attribute": "Arn"}
    assert problems == []


@pytest.mark.parametrize(("part", "kind"), [("Roles", "role"), ("Users", "user")])
def test_an_imported_one_is_known_by_its_name_whatever_its_path(part: str, kind: str) -> None:
    [statement], problems = adopted(policy(allow(), of=None, **{part: ["theirs"]}))
    start = f"arn:{{partition}}:iam::{{account}}:{kind}/"
    assert admits(statement) == ("ArnLike", [f"{start}theirs", f"{start}*/theirs"], "kms:Decrypt")
    assert statement["Principal"] == {"AWS": "arn:{partition}:iam::{account}:root"}
    assert problems == []


def test_a_literal_name_stands_in_place_of_a_reference() -> None:
    [statement], _ = adopted(role("Near/Role", RoleName="near"), policy(allow(), of="Near/Role"))
    assert admits(statement)[:2] == ("ArnEquals", "arn:{partition}:iam::{account}:role/near")
    [statement], _ = adopted(role("Far/Role", RoleName="far"), policy(allow(), of="Far/Role"))
    assert admits(statement)[1] == f"arn:{{partition}}:iam::{OTHER}:role/far"
    assert statement["Principal"] == {"AWS": f"arn:{{partition}}:iam::{OTHER}:root"}
    assert statement["Condition"]["StringEquals"] == {"kms:CallerAccount": OTHER}


def test_a_role_that_waits_for_the_key_is_known_by_the_form_of_its_name() -> None:
    ways = {"App/Role": ("App/Role", KEY)}
    [statement], _ = adopted(role(), policy(allow()), ways=ways)
    assert admits(statement)[:2] == ("ArnLike", "arn:{partition}:iam::{account}:role/App-AppRole-*")


def test_a_role_that_waits_for_the_key_and_whose_name_is_cut_cannot_be_named() -> None:
    long = f"App/{'R' * 60}"
    statements, [problem] = adopted(role(long), policy(allow(), of=long), ways={long: (long, KEY)})
    assert statements == []
    assert "or waits for the key" in problem


def test_a_statement_about_another_key_beside_one_about_this_grants_nothing_here() -> None:
    another = allow(named={"Resource": "App/AnotherKey", "Attribute": "Arn"})
    assert adopted(role(), policy(allow("kms:DescribeKey"), another)) == ([], [])


@pytest.mark.parametrize("stack", ["Far", "Nowhere"])
def test_a_name_in_a_stack_of_another_account_is_not_one_of_this(stack: str) -> None:
    far = resource(f"{stack}/Policy", "IAM::Policy", PolicyDocument=document(allow()), Roles=["theirs"])
    statements, [problem] = adopted(far)
    assert statements == []
    assert problem.startswith("role theirs uses the key, and the key policy cannot name it")


def test_a_role_of_another_stack_with_a_generated_name_cannot_be_named() -> None:
    other = role("Near/Role"), policy(allow(), of="Near/Role")
    statements, [problem] = adopted(*other)
    assert statements == []
    assert problem.startswith("Near/Role uses the key, and the key policy cannot name it: it is in another stack")
    # Its advice.
    assert adopted(*other, delegates=[Service.S3]) == ([], [])


@pytest.mark.parametrize(
    ("policies", "problem"),
    [
        (
            [policy({"Effect": "Allow", "NotAction": ["kms:Decrypt"], "Resource": NAMED})],
            "all but NotAction on the key",
        ),
        ([policy(allow(["kms:Decrypt", "kms:PutKeyPolicy"]))], "which manages the key (kms:PutKeyPolicy)"),
        ([policy(allow("kms:*"))], "which manages the key (kms:CancelKeyDeletion)"),
        ([policy(allow(), Groups=["people"])], "a group, or to whoever it is attached to elsewhere"),
        ([policy(allow(), of=None)], "a group, or to whoever it is attached to elsewhere"),
        ([resource("App/L1", "IAM::RolePolicy", PolicyDocument=document(allow()))], "App/L1, AWS::IAM::RolePolicy"),
        ([resource("App/L1", "SSO::PermissionSet", InlinePolicy=document(allow()))], "App/L1, AWS::SSO::PermissionSet"),
    ],
)
def test_what_cannot_be_served_is_said(policies: list[Looked], problem: str) -> None:
    _, problems = adopted(role(), *policies)
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize(
    "one",
    [
        policy({**allow(), "Effect": "Deny"}, Groups=["people"]),
        policy(allow(named="*"), of=None, Managed=NAMED),
        resource("App/Bucket", "S3::Bucket", Key=NAMED),
    ],
)
def test_what_lets_nobody_use_the_key_is_no_problem(one: Looked) -> None:
    assert adopted(role(), one) == ([], [])


@pytest.mark.parametrize("stack", ["Abroad", "Nowhere"])
def test_a_grant_of_the_l2_from_elsewhere_may_mean_this_key(stack: str) -> None:
    def granted(statement: Json, where: str) -> list[str]:
        there = resource(f"{where}/Policy", "IAM::Policy", PolicyDocument=document(statement))
        app = App({KEY: resource(KEY, "KMS::Key"), there.path: there}, PLACES | {"Abroad": HERE._replace(region="x")})
        return identity_grants(app, facts()).problems

    [problem] = granted(allow(named="*"), stack)
    assert problem.startswith(f"{stack}/Policy allows kms:Decrypt on * from another region, or an account that")
    assert granted(allow(named=["arn:aws:s3:::b", "*"]), stack) == [problem]
    # Who is here and may use all keys is whom the key leaves nothing to.
    assert granted(allow(named="*"), "App") == []
    assert granted({**allow(named="*"), "Effect": "Deny"}, stack) == []
    assert granted(allow("kms:DescribeKey", named="*"), stack) == []
    assert granted(allow(named="arn:aws:kms:us-east-1:111122223333:key/other"), stack) == []
    # Whom the key policy admits of another account stays admitted by it, and nobody else ever was.
    assert granted(allow(named="*"), "Far") == []


def test_a_managed_policy_is_that_of_who_names_it() -> None:
    managed = resource("App/Managed", "IAM::ManagedPolicy", PolicyDocument=document(allow()))
    holder = role(ManagedPolicyArns=[{"Resource": "App/Managed", "Attribute": "Ref"}])
    [statement], problems = adopted(managed, holder)
    assert admits(statement)[1] == {"Resource": "App/Role", "Attribute": "Arn"}
    assert problems == []


ENCRYPTS = ["kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptTo"]


@pytest.mark.parametrize(
    ("actions", "uses"),
    [
        (["kms:Decrypt"], ["kms:Decrypt"]),
        (["kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"], ENCRYPTS),
        (
            ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            ["kms:Decrypt", *ENCRYPTS, "kms:ReEncryptFrom"],
        ),
        (["kms:ReEncryptFrom"], ["kms:ReEncryptFrom"]),
        (["kms:GenerateDataKeyPair"], ["kms:GenerateDataKeyPair"]),
        (["kms:DescribeKey", "kms:PutKeyPolicy"], []),
        ("kms:CreateGrant", ["kms:CreateGrant"]),
    ],
)
def test_a_wildcard_of_the_l2_means_what_its_grant_is_for(actions: Any, uses: list[str]) -> None:
    assert uses_of({"Action": actions}, "SYMMETRIC") == set(uses)


def test_a_key_that_makes_no_data_keys_has_no_wildcard_to_narrow() -> None:
    assert "kms:GenerateDataKeyPair" in uses_of({"Action": "kms:GenerateDataKey*"}, "GENERATE_VERIFY_MAC")


STOCK = {"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Resource": "*"}


def test_the_delegation_of_the_l2_is_told_from_whatever_else_there_is() -> None:
    assert is_stock_delegation(STOCK, ACCOUNT)
    assert is_stock_delegation({**STOCK, "Principal": {"AWS": ACCOUNT}}, ACCOUNT)
    assert not is_stock_delegation(STOCK, OTHER)
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/r"
    for more in (
        {"Effect": "Deny"},
        {"Action": ["kms:*", "kms:Decrypt"]},
        {"Action": "kms:Decrypt"},
        {"Principal": {"AWS": role_arn}},
        {"Principal": {"AWS": [STOCK["Principal"]["AWS"], role_arn]}},  # type: ignore[index]
        {"Principal": {"AWS": ACCOUNT, "Service": "sns.amazonaws.com"}},
        {"Principal": "*"},
        {"Principal": None},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ):
        assert not is_stock_delegation({**STOCK, **more}, ACCOUNT), more
