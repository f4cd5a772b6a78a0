"""A principal is visibly one role or user of one account."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.principals import is_linked, is_one, is_protected, is_visible, lacks_path

ARN = "arn:aws:iam::111122223333:role/"


@pytest.mark.parametrize(
    "text",
    [
        f"{ARN}app",
        f"{ARN}team/app+x=,.@-_1",
        "arn:aws-cn:iam::111122223333:user/jo",
        "arn:${AWS.Partition}:iam::${AWS.AccountId}:role/app-${AWS.Region}",
        f"{ARN}aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_A_0123456789abcdef",
    ],
)
def test_one_role_or_user_is_one(text: str) -> None:
    assert is_one(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{ARN}????????",
        f"{ARN}app-*",
        f"{ARN}${{aws:PrincipalTag/team}}",
        f"{ARN}${{Name}}",
        "arn:aws:iam::undefined:role/app",
        "arn:aws:iam::${Account}:role/app",
        "arn:aws:iam::111122223333/role/app",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:group/g",
        "arn:aws:iam::11112222333:role/app",
        "arn:*:iam::111122223333:role/app",
        f"{ARN}",
        f"{ARN}team//app",
        f"{ARN}app\n",
        "${Role.Arn}",
    ],
)
def test_what_may_be_several_or_an_account_is_not_one(text: str) -> None:
    assert not is_one(text)


@pytest.mark.parametrize(
    "value, visible",
    [
        (f"{ARN}app", True),
        ({"Fn::GetAtt": ["Role", "Arn"]}, True),
        ({"Fn::GetAtt": ["Role", "RoleId"]}, False),
        ({"Ref": "Parameter"}, False),
        ({"Fn::ImportValue": "S0:ExportsOutputFnGetAttRole1A2B3C4DArn5E6F7A8B"}, True),
        ({"Fn::ImportValue": "Anything"}, False),
        ({"Fn::If": ["A", f"{ARN}app", f"{ARN}b"]}, False),
        ({"Fn::FindInMap": ["A", "B", "C"]}, False),
        ({"Fn::Sub": ["arn:aws:iam::${A}:root", {"A": "111122223333"}]}, False),
        ({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app"}, True),
        ({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Name}"}, False),
    ],
)
def test_an_intrinsic_is_visible_where_it_can_be_nothing_else(value: Any, visible: bool) -> None:
    assert is_visible(value) is visible


@pytest.mark.parametrize(
    "path, protected, linked",
    [("app", False, False), ("aws-reserved/sso/x", True, False), ("aws-service-role/s/x", True, True)],
)
def test_iam_keeps_some_roles_to_itself(path: str, protected: bool, linked: bool) -> None:
    assert (is_protected(ARN + path), is_linked(ARN + path)) == (protected, linked)


@pytest.mark.parametrize(
    "rest, lacks",
    [
        ("role/AWSReservedSSO_Support_0123456789abcdef", True),
        ("role/AWSReservedSSO_Read_Only_0123456789abcdef", True),
        ("role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_0123456789abcdef", False),
        ("role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Support_0123456789abcdef", False),
        # Nobody's but ours: Identity Center ends its names in sixteen digits.
        ("role/AWSReservedSSO_Support", False),
        ("role/OurAWSReservedSSO_Support_0123456789abcdef", False),
        ("user/AWSReservedSSO_Support_0123456789abcdef", False),
    ],
)
def test_a_role_of_identity_center_has_a_path(rest: str, lacks: bool) -> None:
    assert lacks_path(f"arn:aws:iam::111122223333:{rest}") is lacks
