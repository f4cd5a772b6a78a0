"""What a condition key tells of a request, and what not: services without a name there, numbers of accounts."""

from __future__ import annotations

import pytest

from secure_kms_constructs.access import assert_cannot
from tests.unit.landscapes import ACCOUNT, OTHER_ACCOUNT, ROOT_MAY, access, allow, deny, identity, key


def who_can(*statements: object, action: str = "kms:Decrypt") -> list[str]:
    return access(key(*statements), identity("App")).to_text([action]).splitlines()[1:]


ROLE = {"AWS": "arn:aws:iam::111122223333:role/App"}


def test_a_service_may_call_for_somebody_without_a_name_in_via_service() -> None:
    said = who_can(allow(ROLE, Bool={"aws:ViaAWSService": "true"}))
    assert said == ["  App/App: Decrypt if any kms:ViaService", "  App/App: Decrypt if aws:ViaAWSService = true"]
    only_direct = who_can(allow(ROLE, Bool={"aws:ViaAWSService": "true"}, Null={"kms:ViaService": "true"}))
    assert any("aws:ViaAWSService = true" in one for one in only_direct), only_direct


def test_a_call_with_via_service_is_one_of_a_service() -> None:
    via = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}
    assert who_can(allow(ROLE, Bool={"aws:ViaAWSService": "false"}, StringEquals=via)) == ["  nobody"]


def test_a_deny_of_direct_calls_leaves_services_without_a_name() -> None:
    said = who_can(allow(ROLE), deny("*", Bool={"aws:ViaAWSService": "false"}))
    assert any("aws:ViaAWSService = true" in one for one in said), said
    assert not any("false" in one for one in said)


def test_accounts_that_are_compared_as_numbers_are_told_apart() -> None:
    above = {"NumericGreaterThan": {"kms:CallerAccount": OTHER_ACCOUNT}}
    said = "\n".join(who_can(allow("*", "kms:Decrypt", **above)))
    assert f"any principal of another account such as {int(OTHER_ACCOUNT) + 1}" in said
    assert f"any principal of {OTHER_ACCOUNT}" not in said
    below = {"NumericLessThan": {"aws:PrincipalAccount": OTHER_ACCOUNT}}
    said = "\n".join(who_can(allow("*", "kms:Decrypt", **below)))
    assert f"any principal of another account such as {int(OTHER_ACCOUNT) - 1}" in said


@pytest.mark.parametrize("number", ["444455556666", "999900001110"])
def test_those_of_accounts_above_a_number_are_meant_by_another_account(number: str) -> None:
    above = allow("*", "kms:Decrypt", NumericGreaterThan={"kms:CallerAccount": number})
    for name in ("any principal of another account with kms:* on *", "any role of another account with kms:* on *"):
        with pytest.raises(AssertionError, match="can kms:Decrypt"):
            assert_cannot(access(key(above)), "kms:Decrypt", "App/Key", name)
    with pytest.raises(AssertionError, match="can kms:Decrypt"):
        assert_cannot(access(key(above)), "kms:Decrypt", "App/Key", "root user of another account")
    equal = allow("*", "kms:Decrypt", NumericEquals={"kms:CallerAccount": "111122223333"})
    assert_cannot(access(key(equal)), "kms:Decrypt", "App/Key", "any principal of another account with kms:* on *")


def test_a_key_that_requests_of_an_action_never_have_decides_nothing() -> None:
    foreign = deny("*", "kms:*", Bool={"kms:GrantIsForAWSResource": "false"})
    assert who_can(ROOT_MAY, foreign) == who_can(ROOT_MAY)
    assert who_can(ROOT_MAY, foreign, action="kms:CreateGrant") != who_can(ROOT_MAY, action="kms:CreateGrant")


def test_a_condition_of_two_names_tells_each_user_from_the_others() -> None:
    own = {"kms:EncryptionContext:User": "${aws:username}"}
    users = [identity(name, arn=f"arn:aws:iam::111122223333:user/{name}") for name in ("alice", "bob")]
    found = access(key(allow("*", StringEquals=own)), *users)
    for name in ("alice", "bob"):
        [row] = [row for row in found.who_can("kms:Decrypt", "App/Key") if row.principal == f"App/{name}"]
        assert row.witness.principal == users[name == "bob"].arn
        assert row.decision.allowed is True, "the witness is a request of this user, not of another"


def test_services_that_a_pattern_of_names_takes_are_told_from_others() -> None:
    said = who_can(allow("*", StringLike={"aws:PrincipalServiceName": "log?.amazonaws.com"}))
    assert said == ["  any AWS service like log?.amazonaws.com: Decrypt"]


def test_who_has_a_variable_of_his_name_within_a_text_might_be_anybody() -> None:
    """A path may hold the name too, as that of user/x-/x does, so that no sample stands for the others."""
    within = deny({"AWS": "*"}, StringNotLike={"aws:PrincipalArn": "*user/${aws:username}-*"})
    said = access(key(ROOT_MAY, within)).to_text(["kms:Decrypt"])
    assert f"? any user of {ACCOUNT} with kms:* on *: Decrypt" in said
    assert "role" not in said


def test_keys_that_are_compared_with_each_other_are_said_beside_what_others_must_be() -> None:
    compared = {"aws:PrincipalTag/b": "${aws:PrincipalTag/c}"}
    may = allow(StringEquals={**compared, "aws:PrincipalTag/a": "x"})
    said = access(key(ROOT_MAY), identity("app", may)).to_text(["kms:Decrypt"])
    circumstances = "aws:PrincipalTag/a = x and any aws:PrincipalTag/b and aws:PrincipalTag/c = ${aws:PrincipalTag/b}"
    assert [line for line in said.splitlines() if "App/app" in line] == [f"  App/app: Decrypt if {circumstances}"]


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike"])
@pytest.mark.parametrize("name", ["aws:PrincipalAccount", "kms:CallerAccount"])
def test_an_account_that_a_condition_says_is_asked_for_by_its_id(name: str, operator: str) -> None:
    said = who_can(allow("*", **{operator: {name: "777788889999"}}))
    assert "  any principal of 777788889999 with kms:* on *: Decrypt" in said
    assert not any(ACCOUNT in one for one in said)


def test_a_name_that_nobody_can_have_is_not_ruled_out() -> None:
    """Whether IAM ever makes names that are longer, no search tells."""
    long = f"arn:aws:iam::{ACCOUNT}:role/{'a' * 65}*"
    for policy in (
        [allow("*", ArnLike={"aws:PrincipalArn": long})],
        [ROOT_MAY, deny("*", ArnNotLike={"aws:PrincipalArn": long})],
    ):
        assert who_can(*policy)[0].startswith(f"? any role of {ACCOUNT} like {long}")


def test_a_pattern_that_another_includes_is_not_said() -> None:
    may = allow(StringLike={"kms:EncryptionContext:a": ["a*", "ab*", "c"]})
    said = access(key(ROOT_MAY), identity("App", may)).to_text(["kms:Decrypt"])
    assert "  App/App: Decrypt if a = a* or c" in said.splitlines()
