"""What a Deny or a permissions boundary of the same app takes back for sure is refused, and nothing that it may not."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.apps import App, Looked, Place
from secure_kms_constructs.authoring.served_keys import Decision
from tests.unit.authoring.small_apps import HERE, KEY, ROOT, THERE, app, decided, ref

EAST = "arn:aws:kms:us-east-1:111122223333"
ID = "1234abcd-12ab-34cd-96ef-1234567890ab"
SM = "secretsmanager.us-east-1.amazonaws.com"
BOUNDED = {"PermissionsBoundary": ref("Boundary", "Ref")}
BOTH = ["kms:Decrypt", "kms:GenerateDataKey"]


def says(effect: str, actions: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": actions, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def deny(actions: Any = "kms:*", resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return says("Deny", actions, resource, **condition)


def allow(actions: Any = "kms:*", resource: Any = "*", **condition: Any) -> dict[str, Any]:
    return says("Allow", actions, resource, **condition)


def policy(*statements: Any, kind: str = "Policy", **more: Any) -> tuple[str, dict[str, Any]]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return f"AWS::IAM::{kind}", {"Roles": [ref("Role", "Ref")], "PolicyDocument": document, **more}


def role(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "AWS::IAM::Role", properties


def admits(actions: Any = "kms:Decrypt", via: Any = "", *, named: bool = False, **context: Any) -> dict[str, Any]:
    equal: dict[str, Any] = {f"kms:EncryptionContext:{name}": value for name, value in context.items()}
    equal |= {"kms:ViaService": via} if via else {}
    principal = {"AWS": "${Stack/Role.Arn}" if named else ROOT}
    tied = {} if named else {"ArnEquals": {"aws:PrincipalArn": "${Stack/Role.Arn}"}}
    condition = {**tied, **({"StringEquals": equal} if equal else {})}
    return {"Sid": "Use", "Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition}


def taken(made: App, *statements: dict[str, Any]) -> list[str]:
    decision = decided(made, statements=list(statements))
    return [text for text in decision.refusals if "take out the grant" in text]


def with_denial(*statements: Any, **properties: Any) -> App:
    return app(Role=role(**properties), Deny=policy(*statements))


def with_boundary(*statements: Any) -> App:
    return app(Role=role(**BOUNDED), Boundary=policy(*statements, kind="ManagedPolicy", Roles=[]))


@pytest.mark.parametrize(
    "made",
    [
        with_denial(deny()),
        with_denial(deny("*")),
        with_denial(deny("kms:Decrypt", KEY)),
        with_denial(deny("kms:Decrypt", f"{EAST}:key/*")),
        with_denial(deny("kms:Decrypt", ["arn:aws:s3:::bucket", "*"])),
        with_denial(deny("kms:Decrypt", "arn:*:kms:*:*:key/*")),
        with_denial(deny("kms:D*")),
        with_denial(allow(), deny()),
        with_denial({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}),
        with_denial({"Effect": "Deny", "Action": "kms:*", "NotResource": "arn:aws:s3:::bucket"}),
        with_denial(deny(StringEquals={"kms:ViaService": SM})),
        with_denial(deny(StringNotEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})),
        with_denial(
            deny(StringEquals={"kms:ViaService": {"Fn::Join": [".", ["secretsmanager", SM.partition(".")[2]]]}})
        ),
        app(Role=role(Policies=[{"PolicyName": "it", "PolicyDocument": {"Statement": deny()}}])),
        app(Role=role(ManagedPolicyArns=[ref("Deny", "Ref")]), Deny=policy(deny(), kind="ManagedPolicy", Roles=[])),
        app(Role=role(), OtherDeny=policy(deny())),
        with_boundary(allow("s3:*")),
        with_boundary(allow("*"), deny()),
        with_boundary(allow("kms:Encrypt")),
        with_boundary(allow("kms:*", "arn:aws:kms:eu-west-1:111122223333:key/*")),
        with_boundary(allow("kms:*", "arn:aws:kms:us-east-1:444455556666:key/*")),
        with_boundary(allow("kms:*", StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})),
        app(Role=role(PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")),
        app(Role=role(PermissionsBoundary="arn:${AWS.Partition}:iam::aws:policy/AmazonS3ReadOnlyAccess")),
    ],
)
def test_what_is_denied_for_sure_is_refused(made: App) -> None:
    [text] = taken(made, admits(via=SM))
    assert text.startswith(f"the key policy lets Stack/Role kms:Decrypt with the key through {SM}, and ")


@pytest.mark.parametrize(
    "made",
    [
        with_denial(allow()),
        with_denial(deny("s3:*")),
        with_denial(deny("kms:Encrypt")),
        with_denial(deny("kms:Decrypt", f"{EAST}:key/{ID}")),
        with_denial(deny("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/*")),
        with_denial(deny("kms:Decrypt", "arn:aws:s3:::*")),
        with_denial(deny("kms:Decrypt", ref("Other"))),
        with_denial(deny("kms:Decrypt", {"Ref": "Parameter"})),
        with_denial(deny("kms:Decrypt", ref("Key", "Ref"))),
        with_denial(deny(Bool={"aws:ViaAWSService": "true"})),
        with_denial(deny(StringNotEquals={"kms:ViaService": {"Ref": "Parameter"}})),
        with_boundary(allow("kms:Decrypt", ref("Custom"))),
        with_denial(deny({"Fn::If": ["A", "kms:Decrypt", "s3:*"]})),
        with_denial(deny(StringNotEquals={"aws:RequestedRegion": "us-east-1"})),
        with_denial(deny(BoolIfExists={"aws:MultiFactorAuthPresent": "false"})),
        with_denial(deny(StringNotEquals={"aws:PrincipalTag/team": "a"})),
        with_denial(deny(Bool={"aws:ViaAWSService": "false"})),
        with_denial(deny(StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})),
        with_denial(deny(StringEquals={"kms:ViaService": {"Ref": "Parameter"}})),
        with_denial(deny(StringNotLike={"kms:EncryptionContext:SecretARN": "arn:*:secret:app*"})),
        with_denial(deny(ArnNotEquals={"aws:PrincipalArn": "arn:aws:iam::111122223333:role/admin"})),
        with_denial({"Effect": {"Fn::If": ["A", "Deny", "Allow"]}, "Action": "kms:*", "Resource": "*"}),
        with_denial({"Effect": "Deny", "Action": "kms:*", "NotResource": KEY}),
        app(Role=role(), Deny=policy(deny(), Roles=[ref("Other", "Ref")]), Other=role()),
        with_boundary(allow("*")),
        with_boundary(allow("kms:Decrypt", f"{EAST}:key/*")),
        with_boundary(allow("kms:Decrypt", f"{EAST}:key/{ID}")),
        with_boundary(allow("kms:Decrypt", KEY)),
        with_boundary(allow("kms:Decrypt", {"Ref": "Parameter"})),
        with_boundary(allow("kms:Decrypt", {"Fn::Join": ["", ["arn:aws:kms:us-east-1:111122223333:key/", "*"]]})),
        with_boundary({"Fn::If": ["A", allow("kms:*"), {"Ref": "AWS::NoValue"}]}),
        with_boundary({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
        with_boundary(allow("kms:*", StringEquals={"aws:RequestedRegion": "us-east-1"})),
        app(Role=role(PermissionsBoundary="arn:aws:iam::111122223333:policy/somewhere")),
        app(Role=role(PermissionsBoundary={"Fn::ImportValue": "boundary"})),
        app(Role=role(PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess")),
    ],
)
def test_what_may_be_allowed_is_not_refused(made: App) -> None:
    assert taken(made, admits(via=SM)) == []


def test_what_exists_under_a_condition_may_not_be_there() -> None:
    made = with_denial(deny())
    denying = made.resources["Stack/Deny"]
    conditional: dict[str, Looked] = {**made.resources, "Stack/Deny": denying._replace(condition="Perhaps")}
    assert taken(App(conditional, made.places), admits()) == []
    assert taken(made, admits()) != []


@pytest.mark.parametrize(
    "place, pattern, refused",
    [
        (HERE._replace(account="${AWS.AccountId}"), "arn:aws:kms:us-east-1:111122223333:key/*", False),
        (HERE._replace(region="${AWS.Region}"), "arn:aws:kms:us-east-1:111122223333:key/*", False),
        (HERE._replace(account="${AWS.AccountId}"), "arn:aws:kms:*:*:key/*", True),
        (HERE._replace(account="${AWS.AccountId}"), "arn:aws:kms:us-east-1:${AWS.AccountId}:key/*", True),
        (HERE._replace(partition="${AWS.Partition}"), "arn:aws:kms:us-east-1:111122223333:key/*", True),
        (HERE._replace(partition="${AWS.Partition}"), "arn:aws-cn:kms:us-east-1:111122223333:key/*", True),
        (HERE, "arn:${AWS.Partition}:kms:${AWS.Region}:${AWS.AccountId}:key/*", True),
    ],
)
def test_where_the_key_is_not_told_a_literal_place_may_be_its_own(place: Place, pattern: str, refused: bool) -> None:
    made = with_denial(deny("kms:Decrypt", pattern))
    assert bool(taken(App(made.resources, {"Stack": place}), admits())) is refused


def test_a_principal_that_is_named_needs_no_policy_and_is_denied_all_the_same() -> None:
    for made in (with_denial(deny()), with_boundary(allow("s3:*"))):
        assert taken(made, admits(named=True)) != []


def test_a_boundary_does_not_limit_what_a_key_policy_grants_a_user_by_name() -> None:
    user = ("AWS::IAM::User", BOUNDED)
    made = app(Role=user, Boundary=policy(allow("s3:*"), kind="ManagedPolicy", Roles=[]))
    assert taken(made, admits(named=True)) == []
    assert taken(made, admits()) != []


def test_a_literal_name_is_compared_where_a_deny_asks_for_it() -> None:
    spared = deny(ArnNotLike={"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app-*"})
    assert taken(with_denial(spared, RoleName="app-one"), admits()) == []
    assert taken(with_denial(spared, RoleName="other"), admits()) != []
    assert taken(with_denial(spared, RoleName="other", Path="/app/"), admits()) == []


def test_a_service_among_several_that_is_left_is_enough() -> None:
    made = with_denial(deny(StringEquals={"kms:ViaService": SM}))
    assert taken(made, admits(via=[SM, "s3.us-east-1.amazonaws.com"])) == []
    assert taken(made, admits(via=SM)) != []


def test_what_a_pattern_or_several_values_stand_for_may_be_let_through() -> None:
    but_for_secrets = with_denial(deny(StringNotEquals={"kms:ViaService": SM}))
    assert taken(but_for_secrets, admits(via="secretsmanager.*.amazonaws.com")) == []
    assert taken(but_for_secrets, admits(via="s3.us-east-1.amazonaws.com")) != []
    one = with_denial(deny(StringEquals={"kms:EncryptionContext:a": "b"}))
    assert taken(one, admits(a=["b", "c"])) == []
    but_for_one = with_denial(deny(StringNotEquals={"kms:EncryptionContext:a": "b"}))
    assert taken(but_for_one, admits(a="b*")) == []
    assert taken(but_for_one, admits(a="c")) != []


def test_a_deny_of_the_key_policy_is_no_grant() -> None:
    assert taken(with_denial(deny()), {**admits(), "Effect": "Deny"}) == []


def test_an_encryption_context_is_compared_where_there_is_one() -> None:
    made = with_denial(deny(StringEquals={"kms:EncryptionContext:a": "b"}))
    assert taken(made, admits(a="b")) != []
    assert taken(made, admits(a="c")) == []
    assert taken(made, admits()) == []


def warned(decision: Decision) -> list[str]:
    return [text for name, text in decision.findings if name == "deniedActions"]


def test_where_a_part_is_left_it_is_a_warning() -> None:
    decision = decided(with_denial(deny("kms:GenerateDataKey")), statements=[admits(BOTH)])
    [text] = warned(decision)
    assert "kms:GenerateDataKey with the key, and Stack/Deny statement 0 denies kms:GenerateDataKey" in text
    assert decision.refusals == []
    assert warned(decided(with_denial(deny(BOTH)), statements=[admits(BOTH)])) == []


def test_what_comes_along_may_be_denied_on_purpose() -> None:
    decision = decided(with_denial(deny("kms:Encrypt")), statements=[admits(["kms:Decrypt", "kms:Encrypt"])])
    assert (warned(decision), decision.refusals) == ([], [])
    assert taken(with_denial(deny("kms:Encrypt")), admits("kms:Encrypt")) != []


def test_the_deployer_is_asked_elsewhere() -> None:
    made = app(Role=role(RoleName="deployer"), Deny=policy(deny()))
    use = {**admits(), "Condition": {"ArnEquals": {"aws:PrincipalArn": HERE.deployer}}}
    assert taken(made, use) == []


def test_a_role_of_another_account_is_asked_with_its_policies() -> None:
    made = app(THERE, OtherRole=role(RoleName="far"), OtherDeny=policy(deny(), Roles=[ref("OtherRole", "Ref")]))
    use = {**admits(), "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
    named = {**use, "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/far"}}}
    assert taken(made, named) != []
    assert taken(app(THERE, OtherRole=role(RoleName="far")), named) == []


LEFT = {
    "Effect": "Allow",
    "Principal": {"AWS": ROOT},
    "Action": "kms:Decrypt",
    "Condition": {"StringEquals": {"kms:ViaService": SM}},
}


@pytest.mark.parametrize("ours", [False, True])
def test_what_is_left_to_a_role_s_own_policy_is_asked_too(ours: bool) -> None:
    own = policy(allow("kms:Decrypt", KEY, StringEquals={"kms:ViaService": SM}))
    made = app(Role=role(), Deny=policy(deny()), **({} if ours else {"Own": own}))
    written = [Looked("Stack/Own", "Own", *own[:1], "Stack", own[1])] if ours else []
    made = App(made.resources, made.places, written)
    [text] = taken(made, LEFT)
    assert text.startswith(f"Stack/Own lets Stack/Role kms:Decrypt with the key through {SM}, and Stack/Deny")
    assert taken(App(made.resources, made.places, written)) == []


# -- what is beside the key: secrets and parameters --

GET = "secretsmanager:GetSecretValue"
SECRET = ref("Secret", "Ref")


def reading(*others: Any, boundary: Any = (), reads: Any = GET, resource: Any = SECRET, **more: Any) -> App:
    made = {"Secret": ("AWS::SecretsManager::Secret", {"KmsKeyId": KEY}), **more}
    made["Read"] = policy(allow("kms:Decrypt", KEY), allow(reads, resource), *others)
    made["Role"] = role(**(BOUNDED if boundary else {}))
    if boundary:
        made["Boundary"] = policy(*boundary, kind="ManagedPolicy", Roles=[])
    return app(**made)


def secret_policy(principal: Any = "*", actions: Any = GET, secret: Any = SECRET, **more: Any) -> Any:
    statement = {"Effect": "Deny", "Principal": principal, "Action": actions, "Resource": "*", **more}
    document = {"Statement": [statement]}
    return "AWS::SecretsManager::ResourcePolicy", {"SecretId": secret, "ResourcePolicy": document}


@pytest.mark.parametrize(
    "made, refused",
    [
        (reading(), False),
        (reading(deny("secretsmanager:*")), True),
        (reading(deny(GET, SECRET)), True),
        (reading(deny(GET, "arn:aws:secretsmanager:*:*:secret:*")), True),
        (reading(deny(GET, "arn:aws:secretsmanager:*:*:secret:prod-*")), False),
        (reading(deny(GET, ref("Another", "Ref"))), False),
        (reading(deny("secretsmanager:PutSecretValue")), False),
        (reading(deny(GET, StringNotEquals={"aws:RequestedRegion": "us-east-1"})), False),
        (reading(boundary=[allow("kms:*")]), True),
        (reading(boundary=[allow("*"), deny("secretsmanager:*")]), True),
        (reading(boundary=[allow(["kms:*", GET])]), False),
        (reading(boundary=[allow("kms:*"), allow(GET, "arn:aws:secretsmanager:us-east-1:*:secret:prod*")]), False),
        (reading(boundary=[allow("kms:*"), allow(GET, "arn:aws:s3:::*")]), True),
        (reading(boundary=[allow("kms:*"), {"Ref": "Unknown"}]), False),
        (reading(resource="arn:aws:secretsmanager:us-east-1:1:secret:a", Deny=policy(deny("secretsmanager:*"))), True),
        (reading(deny("ssm:*"), reads=["ssm:GetParameter", "ssm:GetParameters"], resource="*"), True),
        (reading(deny("ssm:GetParameter"), reads=["ssm:GetParameter", "ssm:GetParameters"], resource="*"), False),
        (reading(deny("s3:*"), reads="s3:GetObject"), False),
        (reading(Its=secret_policy()), True),
        (reading(Its=secret_policy({"AWS": "*"})), True),
        (reading(Its=secret_policy({"AWS": ROOT})), True),
        (reading(Its=secret_policy({"AWS": ref("Role")})), True),
        (reading(Its=secret_policy({"AWS": ref("Another")})), False),
        (reading(Its=secret_policy({"AWS": "arn:aws:iam::999999999999:root"})), False),
        (reading(Its=secret_policy(actions="secretsmanager:DeleteSecret")), False),
        (reading(Its=secret_policy(actions="secretsmanager:*")), True),
        (reading(Its=secret_policy(secret=ref("Another", "Ref"))), False),
        (reading(Its=secret_policy(Condition={"Bool": {"aws:SecureTransport": "false"}})), False),
        (reading(Its=secret_policy(Effect="Allow")), False),
    ],
)
def test_what_is_read_beside_the_key_is_asked_too(made: App, refused: bool) -> None:
    found = [text for text in taken(made, admits()) if text.startswith("Stack/Read lets Stack/Role ")]
    assert bool(found) is refused


@pytest.mark.parametrize("kind, refused", [(GET, True), ("ssm:GetParameter", False)])
def test_of_a_boundary_of_aws_what_it_says_of_secrets_is_known(kind: str, refused: bool) -> None:
    made = reading(reads=kind, resource="*")
    bounded = role(PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
    resources = {**made.resources, "Stack/Role": made.resources["Stack/Role"]._replace(properties=bounded[1])}
    found = [text for text in taken(App(resources, made.places), admits()) if "Stack/Read lets" in text]
    assert bool(found) is refused


def test_a_secret_s_policy_under_a_condition_may_not_be_there() -> None:
    made = reading(Its=secret_policy())
    its = made.resources["Stack/Its"]._replace(condition="Perhaps")
    assert taken(App({**made.resources, "Stack/Its": its}, made.places), admits()) == []


def outside(*regions: str) -> dict[str, Any]:
    return deny("*", StringNotEquals={"aws:RequestedRegion": list(regions)})


@pytest.mark.parametrize("through", ["", SM])
def test_kms_is_asked_in_the_region_of_the_key(through: str) -> None:
    assert taken(with_denial(outside("eu-west-1")), admits(via=through))
    assert taken(with_boundary(allow("*"), outside("eu-west-1")), admits(via=through))
    assert not taken(with_denial(outside("eu-west-1", HERE.region)), admits(via=through))
    assert not taken(with_boundary(allow("*"), outside(HERE.region)), admits(via=through))


def test_a_region_that_is_not_told_may_be_any() -> None:
    made = with_denial(outside("eu-west-1"))
    unknown = App(made.resources, {path: place._replace(region="${AWS.Region}") for path, place in made.places.items()})
    assert not taken(unknown, admits())
