"""What the assertions for tests let pass, and how they say what does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from secure_kms_constructs.access import (
    ANYBODY_ELSE,
    DEPLOYER,
    ROOT,
    AccessError,
    AccessMap,
    assert_can,
    assert_cannot,
    assert_only,
    imported,
)
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.templates import TemplateError
from tests.unit.cases.access_rows import ONE_SECRET, ROOT_ALONE, VIA_ONE, for_reader
from tests.unit.landscapes import (
    KEY,
    SECRET,
    SECRETS_MANAGER,
    access,
    allow,
    identity,
    key,
    landscape,
    role_arn,
    secret,
)

DEPLOYER_ARN = role_arn("cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1")
READER = identity("reader", allow(resource=KEY, StringEquals=VIA_ONE | ONE_SECRET))
ADMIN = identity("admin", allow(action="kms:*"))
ADMITS_READER = for_reader(StringEquals=VIA_ONE)
HARDENED = access(key(ROOT_ALONE, ADMITS_READER, allow({"AWS": DEPLOYER_ARN})), READER, ADMIN, secret())
EXPECTED = {"App/reader", ROOT, DEPLOYER}


def failure(function: Any, *arguments: Any, **keywords: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        function(*arguments, **keywords)
    return str(raised.value)


def test_those_expected_are_all_who_can() -> None:
    assert_only(HARDENED, "kms:Decrypt", "App/Key", EXPECTED)


@pytest.mark.parametrize("left_out, said", [
    ("App/reader", "too many: App/reader can via secretsmanager if SecretARN = App/Secret"),
    (ROOT, "too many: root user of 111122223333 can"),
    (DEPLOYER, "unknown: deployer cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1 might"),
])  # fmt: skip
def test_somebody_who_is_not_expected_is_told(left_out: object, said: str) -> None:
    message = failure(assert_only, HARDENED, "kms:Decrypt", "App/Key", EXPECTED - {left_out})
    assert message.startswith("kms:Decrypt on App/Key is not for those expected alone:\n")
    assert said in message
    assert "by App/Key statement" in message


def test_somebody_expected_who_cannot_is_told_with_the_reason() -> None:
    message = failure(assert_only, HARDENED, "kms:Decrypt", "App/Key", {*EXPECTED, "App/admin"})
    assert "missing: App/admin cannot" in message
    assert "because App/Key statement 1 does not apply: ArnEquals aws:PrincipalArn wants" in message
    assert "because App/admin statement 0 allows kms:Decrypt" in message


def test_somebody_expected_of_whom_it_is_not_known_is_told() -> None:
    unsure = identity("unsure", allow(), Unknown("Parameter Statement"))
    asked = access(key(ROOT_ALONE, allow({"AWS": role_arn("unsure")})), unsure)
    message = failure(assert_only, asked, "kms:Decrypt", "App/Key", {"App/unsure", ROOT})
    assert "unknown: App/unsure might" in message
    assert "App/unsure statement 1 might deny kms:Decrypt" in message
    assert_only(asked, "kms:Decrypt", "App/Key", {imported("App/unsure"), ROOT})


def test_an_imported_principal_that_cannot_is_told() -> None:
    assert "missing: App/admin cannot" in failure(
        assert_only, HARDENED, "kms:Decrypt", "App/Key", {*EXPECTED, imported("App/admin")}
    )


def test_a_deployer_that_cannot_is_told() -> None:
    asked = access(key(ROOT_ALONE, ADMITS_READER), READER)
    message = failure(assert_only, asked, "kms:Decrypt", "App/Key", EXPECTED)
    assert "missing: no cdk-*-cfn-exec-role-* of the key's account can" in message


def test_the_deployer_of_another_account_is_not_meant() -> None:
    foreign = role_arn("cdk-hnb659fds-cfn-exec-role-444455556666-us-east-1", "444455556666")
    asked = access(key(ROOT_ALONE, allow({"AWS": foreign})))
    assert "unknown: deployer cdk-" in failure(assert_only, asked, "kms:Decrypt", "App/Key", {ROOT, DEPLOYER})


@pytest.mark.parametrize("expected", ["App/reader", DEPLOYER])
def test_one_principal_is_no_set_of_principals(expected: Any) -> None:
    with pytest.raises(AccessError, match=r"expected must be a set of principals, got .*: put it in braces"):
        assert_only(HARDENED, "kms:Decrypt", "App/Key", expected)


def test_a_principal_can_under_some_circumstances() -> None:
    assert_can(HARDENED, "kms:Decrypt", "App/Key", "App/reader")
    assert_can(HARDENED, "kms:Decrypt", "App/Key", "App/reader", via="secretsmanager", context=ONE_SECRET)
    assert_can(HARDENED, "kms:Decrypt", "App/Key", ROOT)


def test_a_principal_can_only_under_them() -> None:
    message = failure(assert_can, HARDENED, "kms:Decrypt", "App/Key", "App/reader", context=ONE_SECRET)
    assert message.startswith(f"App/reader cannot kms:Decrypt with {ONE_SECRET}:\n  App/reader cannot\n")
    assert f"wants {SECRETS_MANAGER}, the request has none" in message
    assert_cannot(HARDENED, "kms:Decrypt", "App/Key", "App/reader", context=ONE_SECRET)
    assert_cannot(HARDENED, "kms:Decrypt", "App/Key", "App/reader", via="ssm")


def test_a_principal_cannot_under_any_circumstances() -> None:
    assert_cannot(HARDENED, "kms:Decrypt", "App/Key", "App/admin")
    message = failure(assert_cannot, HARDENED, "kms:Decrypt", "App/Key", "App/reader")
    assert "App/reader can via secretsmanager if SecretARN = App/Secret" in message
    assert "by App/reader statement 0 allows kms:Decrypt" in message
    message = failure(
        assert_cannot, HARDENED, "kms:Decrypt", "App/Key", "App/reader", via="secretsmanager", context=ONE_SECRET
    )
    assert message.startswith(f"App/reader can kms:Decrypt via secretsmanager with {ONE_SECRET}, or might:\n")


def test_what_is_not_known_passes_neither() -> None:
    message = failure(assert_can, HARDENED, "kms:Decrypt", "App/Key", DEPLOYER_ARN)
    assert message.startswith("it is not sure that deployer cdk-hnb659fds")
    assert "might" in failure(assert_cannot, HARDENED, "kms:Decrypt", "App/Key", DEPLOYER_ARN)
    for function in (assert_can, assert_cannot):
        assert "might" in failure(function, HARDENED, "kms:Decrypt", "App/Key", DEPLOYER_ARN, context={})


def test_what_depends_on_a_condition_of_the_template_passes_neither() -> None:
    asked = AccessMap(
        (
            landscape(
                key(ROOT_ALONE, allow({"AWS": role_arn("r")})), identity("r"), assumes={"App/IsProduction": True}
            ),
            landscape(key(ROOT_ALONE), identity("r"), assumes={"App/IsProduction": False}),
        )
    )
    assert "App/r can when App/IsProduction" in failure(assert_can, asked, "kms:Decrypt", "App/Key", "App/r")
    assert "App/r can when App/IsProduction" in failure(assert_cannot, asked, "kms:Decrypt", "App/Key", "App/r")
    assert "App/r can when App/IsProduction" in failure(
        assert_can, asked, "kms:Decrypt", "App/Key", "App/r", context={}
    )
    assert (
        str(asked.explain("App/r", "kms:Decrypt", "App/Key"))
        .splitlines()[0]
        .startswith("allowed when App/IsProduction: App/r")
    )
    assert asked.explain("App/r", "kms:Decrypt", "App/Key").allowed is None


class Construct:
    """As a construct looks from outside."""

    def __init__(self, path: str, **attributes: object) -> None:
        self.node = SimpleNamespace(path=path)
        vars(self).update(attributes)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Construct("App/reader", role_arn="${Token[TOKEN.1]}"), id="the role"),
        pytest.param(Construct("App/Function", role=Construct("App/reader")), id="a construct that has a role"),
        pytest.param(Construct("App/Imported", role_arn=role_arn("reader")), id="an import of it"),
        pytest.param("App/reader", id="its path"),
        pytest.param("reader", id="the end of its path"),
        pytest.param(role_arn("reader"), id="its ARN"),
    ],
)
def test_a_principal_may_be_given_as(given: object) -> None:
    assert HARDENED.find_principal(given, "App/Key") == "App/reader"
    assert_can(HARDENED, "kms:Decrypt", "App/Key", given)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(Construct("App/Key", key_arn="${Token[TOKEN.2]}"), id="the construct"),
        pytest.param(Construct("App/Imported", key_arn=KEY), id="an import of it"),
        pytest.param("App/Key", id="its path"),
        pytest.param("Key", id="the end of its path"),
        pytest.param(KEY, id="its ARN"),
    ],
)
def test_a_key_may_be_given_as(given: object) -> None:
    assert HARDENED.find_key(given) == "App/Key"
    assert HARDENED.who_can("kms:Decrypt", given)


@pytest.mark.parametrize("given, message", [
    ("App/Kye", "no key is called 'App/Kye'; there are App/Key"),
    (7, "key must be a construct, the path of one, or an ARN, got 7"),
    (Construct("Other/Thing"), "no key is called 'Other/Thing'"),
])  # fmt: skip
def test_a_key_that_is_not_there_is_an_error(given: object, message: str) -> None:
    with pytest.raises(AccessError) as raised:
        HARDENED.who_can("kms:Decrypt", given)
    assert str(raised.value).startswith(message)


def test_a_principal_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AccessError, match="no principal is called 'App/raeder'; there are App/reader"):
        assert_can(HARDENED, "kms:Decrypt", "App/Key", "App/raeder")


def test_the_end_of_two_paths_is_an_error() -> None:
    asked = access(key(ROOT_ALONE, path="One/Key"), key(ROOT_ALONE, arn=KEY[:-1] + "0", path="Two/Key"))
    with pytest.raises(AccessError, match="key 'Key' may be any of One/Key, Two/Key: give more of the path"):
        asked.who_can("kms:Decrypt", "Key")


def test_an_action_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"did you mean kms:Decrypt\?"):
        HARDENED.who_can("kms:Decrypts", "App/Key")


def test_an_explanation_is_neither_true_nor_false() -> None:
    explained = HARDENED.explain("reader", "kms:Decrypt", "Key", via="secretsmanager", context={ONE: SECRET})
    assert explained.allowed is True
    assert [str(one) for one in explained.reasons if one.path == "App/reader"] == [
        "App/reader statement 0 allows kms:Decrypt"
    ]
    with pytest.raises(TypeError, match=r"compare its \.allowed"):
        bool(explained)


[ONE] = ONE_SECRET


@pytest.mark.parametrize("given", [{}, "cdk.out", None, {"T": {}}, {"T": {"Resorces": {}}}])
def test_a_map_of_nothing_is_an_error(given: Any) -> None:
    with pytest.raises(TemplateError, match="must be"):
        AccessMap.from_templates(given)


def test_a_map_of_no_landscape_is_an_error() -> None:
    with pytest.raises(AccessError, match="landscapes must be one at least"):
        AccessMap(())
    assert AccessMap.from_templates({"T": {"Resources": {}}}).keys == ()


def with_replica(*statements: Any) -> AccessMap:
    """A primary that the deployer and root can use, and its replica in another region with these statements."""
    root = {"Effect": "Allow", "Principal": {"AWS": ROOT_ARN}, "Action": "kms:*", "Resource": "*"}
    only_root = root | {"Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}}

    def template(kind: str, properties: Any, policy: list[Any]) -> Any:
        made = {"Type": kind, "Properties": {**properties, "KeyPolicy": {"Version": "2012-10-17", "Statement": policy}}}
        return {"Resources": {"Key": made, "Reader": READER_ROLE}}

    primary = {"MultiRegion": True}
    there = {"Stack": template("AWS::KMS::Key", primary, [only_root])}
    outputs = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "primary"}}}}
    there["Stack"] |= outputs
    replica = {"PrimaryKeyArn": {"Fn::ImportValue": "primary"}}
    there["Replica"] = template("AWS::KMS::ReplicaKey", replica, [only_root, *statements])
    return AccessMap.from_templates(there, account="111122223333", region="us-east-1")


ROOT_ARN = "arn:aws:iam::111122223333:root"
READER_ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}, "Policies": []}}


def everyone(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": "*"}


def test_who_uses_a_replica_uses_the_key() -> None:
    opened, shut = with_replica(everyone("kms:Decrypt")), with_replica()
    assert opened.related_to("Stack/Key") == ("Replica/Key",)
    assert opened.related_to("Replica/Key") == ("Stack/Key",)
    assert_only(shut, "kms:Decrypt", "Stack/Key", {ROOT})
    said = failure(assert_only, opened, "kms:Decrypt", "Stack/Key", {ROOT})
    assert "with Replica/Key, which has its material: Replica/Reader can" in said
    for who in ("Stack/Reader", ANYBODY_ELSE):
        assert_cannot(shut, "kms:Decrypt", "Stack/Key", who)
        assert "with Replica/Key, which has its material" in failure(
            assert_cannot, opened, "kms:Decrypt", "Stack/Key", who
        )


def test_who_manages_a_replica_does_not_manage_the_key() -> None:
    opened = with_replica(everyone("kms:DisableKey"))
    assert_only(opened, "kms:DisableKey", "Stack/Key", {ROOT})
    assert_cannot(opened, "kms:DisableKey", "Stack/Key", ANYBODY_ELSE)


def test_a_key_of_another_material_is_not_related() -> None:
    assert HARDENED.related_to("App/Key") == ()
