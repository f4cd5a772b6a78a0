"""Guardrails as documents: what is in which, what each names, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from secure_kms_constructs.aws.facts import CDK_QUALIFIER
from secure_kms_constructs.organizations import Guardrail, GuardrailPolicy, guardrail_policies
from secure_kms_constructs.organizations.guardrails import RCP, SCP
from secure_kms_constructs.organizations.names import execution_role
from secure_kms_constructs.organizations.quotas import divided

ORGANIZATION = "o-abcdefghij"
EXECUTION = "arn:*:iam::*:role/cdk-hnb659fds-cfn-exec-role-*-*"


def policies(**options: Any) -> tuple[GuardrailPolicy, ...]:
    return guardrail_policies(**{"organization": ORGANIZATION, **options})


def statements(found: tuple[GuardrailPolicy, ...], kind: str = "") -> dict[str, dict[str, Any]]:
    listed = [it for one in found if kind in ("", one.type) for it in one.document["Statement"]]
    return {one["Sid"]: one for one in listed}


def roles(count: int) -> list[str]:
    return [f"arn:aws:iam::111122223333:role/break-glass-{number:03}" for number in range(count)]


def test_both_kinds_fit_one_policy_each() -> None:
    found = policies()
    assert [(one.name, one.type) for one in found] == [("kms-scp-1", SCP), ("kms-rcp-1", RCP)]
    # Taking keys away has two: what is denied, and what only makes material expire.
    assert len(statements(found)) == len(Guardrail) + 1


def test_a_guardrail_only_denies() -> None:
    """Resource control policies of one's own may not allow, and name everybody."""
    found = policies()
    assert {one["Effect"] for one in statements(found).values()} == {"Deny"}
    assert {one["Resource"] for one in statements(found).values()} == {"*"}
    assert {one.get("Principal") for one in statements(found, SCP).values()} == {None}
    assert {one.get("Principal") for one in statements(found, RCP).values()} == {"*"}


@pytest.mark.parametrize("guardrail", Guardrail)
def test_each_can_be_left_out_by_itself(guardrail: Guardrail) -> None:
    whole, less = statements(policies()), statements(policies(without=[guardrail.value]))
    assert set(less) < set(whole)
    assert len(less) == len(whole) - (2 if guardrail is Guardrail.KEEP_KEYS else 1)
    assert all(whole[sid] == one for sid, one in less.items())


def test_a_kind_without_guardrails_has_no_policy() -> None:
    found = policies(without=[Guardrail.ORGANIZATION_PERIMETER, Guardrail.CONFUSED_DEPUTY])
    assert {one.type for one in found} == {SCP}


def test_deployers_are_those_of_a_default_bootstrap_unless_given() -> None:
    exempt = statements(policies())["DenyTakingKeysAway"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert exempt == [EXECUTION] == [execution_role(CDK_QUALIFIER.value)]
    own = execution_role("mine")
    found = statements(policies(deployers=[own], break_glass=roles(1)))
    assert found["DenyGrantsOutsideAwsServices"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [own]
    for sid in ("DenyTakingKeysAway", "DenyWritingKeyPolicies"):
        assert found[sid]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [own, *roles(1)]


def test_trusted_accounts_stand_beside_the_organization() -> None:
    found = statements(policies(trusted_accounts=["111122223333"]))
    perimeter = found["DenyOtherOrganizations"]["Condition"]["StringNotEqualsIfExists"]
    assert perimeter == {"aws:PrincipalOrgID": ORGANIZATION, "aws:PrincipalAccount": ["111122223333"]}
    deputy = found["DenyServicesForOthers"]["Condition"]["StringNotEqualsIfExists"]
    assert deputy == {"aws:SourceOrgID": ORGANIZATION, "aws:SourceAccount": ["111122223333"]}


def test_the_text_is_the_document_without_white_space() -> None:
    for one in policies():
        assert json.loads(one.text) == one.document
        assert not re.search(r"\s", one.text)


def test_what_is_longer_than_a_policy_is_divided_between_statements() -> None:
    found = policies(break_glass=roles(45))
    assert [one.name for one in found] == ["kms-scp-1", "kms-scp-2", "kms-rcp-1"]
    assert all(len(one.text) <= 5_120 for one in found)
    assert set(statements(found)) == set(statements(policies()))


def test_a_policy_is_as_full_as_its_quota() -> None:
    one = {"Sid": "A", "Effect": "Deny"}
    both = len(json.dumps({"Version": "2012-10-17", "Statement": [one, one]}, separators=(",", ":")))
    assert len(divided([one, one], both)) == 1
    assert len(divided([one, one], both - 1)) == 2


def test_a_statement_that_no_policy_holds_is_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match=r"DenyTakingKeysAway takes \d+ characters, and a policy has 5120: name roles"):
        policies(break_glass=roles(100))
    named = policies(break_glass=["arn:aws:iam::*:role/break-glass-*"])
    assert len(named) == 2


def test_the_doubled_quotas_hold_more() -> None:
    found = policies(break_glass=roles(100), doubled_scp_quotas=True)
    assert 5_120 < max(len(one.text) for one in found if one.type == SCP) <= 10_240


def test_the_doubled_quotas_are_not_those_of_resource_control_policies() -> None:
    accounts = [f"{number:012}" for number in range(400)]
    with pytest.raises(ValueError, match=r"DenyOtherOrganizations takes .* a policy has 5120"):
        policies(trusted_accounts=accounts, doubled_scp_quotas=True)


def test_a_short_statement_fills_what_a_long_one_left() -> None:
    long, short = {"Sid": "x" * 90, "Effect": "Deny"}, {"Sid": "y", "Effect": "Deny"}
    found = divided([short, long, long, short], 160)
    assert [len(one["Statement"]) for one in found] == [2, 1, 1]


@pytest.mark.parametrize(
    "roles_named, options", [(30, {"scps_attached": 3}), (80, {"scps_attached": 8, "doubled_scp_quotas": True})]
)
def test_more_policies_than_a_target_takes_are_refused(roles_named: int, options: dict[str, Any]) -> None:
    """Full access is one of the five: without it beside them, guardrails would deny everything."""
    given = {"break_glass": roles(roles_named), "deployers": roles(12), **options}
    assert len([one for one in policies(**given) if one.type == SCP]) == 2
    fuller = {**given, "scps_attached": options["scps_attached"] + 1}
    says = "the guardrails take 2 policies of type SERVICE_CONTROL_POLICY, and the targets have room for 1: name roles"
    with pytest.raises(ValueError, match=says):
        policies(**fuller)
    # The ways out that it names.
    assert policies(**{**fuller, "break_glass": ["arn:aws:iam::*:role/break-glass-*"]})
    assert policies(**fuller, without=["key-policies"])
    assert policies(**{**fuller, "doubled_scp_quotas": True, "scps_attached": 1})


def test_resource_control_policies_have_room_of_their_own() -> None:
    accounts = [f"{number:012}" for number in range(200)]
    found = policies(trusted_accounts=accounts, scps_attached=4)
    assert [one.type for one in found] == [SCP, RCP, RCP]


@pytest.mark.parametrize(
    "options, says",
    [
        ({"organization": "o-short"}, "organization must be the id of yours, o-..., got 'o-short'"),
        ({"organization": "r-abcd"}, "a wrong one shuts out whom it should not"),
        ({"organization": None}, "got None"),
        ({"organization": "o-ABCDEFGHIJ"}, "organization must be"),
        ({"deployers": []}, "deployers must name who deploys, got none"),
        ({"deployers": "arn:aws:iam::*:role/x"}, "deployers must be a list of texts"),
        ({"deployers": [None]}, "deployers must be a list of texts"),
        ({"deployers": ["cdk-hnb659fds-cfn-exec-role"]}, "deployers must be ARNs of roles or users"),
        ({"deployers": ["arn:aws:sts::111122223333:assumed-role/x/y"]}, "deployers must be ARNs of roles or users"),
        ({"deployers": ["arn:aws:iam::1234:role/x"]}, "deployers must be ARNs"),
        ({"break_glass": ["arn:aws:iam::*:role/*"]}, "break_glass must name roles, got .*, which is everybody"),
        ({"break_glass": ["arn:aws:iam::*:role/?*/*"]}, "which is everybody"),
        ({"deployers": ["arn:aws:iam::*:role/*-*"]}, "which is everybody, or nearly: give three letters or more"),
        ({"deployers": ["arn:aws:iam::*:role/ab?cd*"]}, "which is everybody, or nearly"),
        ({"break_glass": ["arn:aws:iam::*:role/${aws:PrincipalTag/me}"]}, "whose variable is filled in by whoever"),
        ({"break_glass": ["arn:aws:iam::*:role/admin-${aws:username}"]}, "write . where a name"),
        ({"break_glass": ["arn:aws:iam::111122223333:root"]}, "break_glass must be ARNs of roles or users"),
        ({"break_glass": ["*"]}, "break_glass must be ARNs of roles or users"),
        ({"trusted_accounts": ["12345"]}, "trusted_accounts must be account ids of 12 digits, got '12345'"),
        ({"trusted_accounts": ["*"]}, "trusted_accounts must be account ids"),
        ({"minimum_waiting_days": 6}, "minimum_waiting_days must be 7 to 30 days, got 6"),
        ({"minimum_waiting_days": 31}, "got 31"),
        ({"minimum_waiting_days": True}, "got True"),
        ({"minimum_waiting_days": "14"}, "got '14'"),
        ({"scps_attached": 0}, "scps_attached must be 1 or more, because full access is one, got 0"),
        ({"scps_attached": True}, "scps_attached must be 1 or more"),
        ({"without": ["deletion"]}, "without must name guardrails, got 'deletion': choose of lockout-check, grants"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        policies(**options)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:role/x",
        "arn:aws-us-gov:iam::*:role/path/x-*",
        "arn:*:iam::*:role/xyz*",
        "arn:aws-cn:iam::111122223333:user/alice",
    ],
)
def test_roles_and_users_are_named_in_any_partition(arn: str) -> None:
    found = statements(policies(break_glass=[arn, arn]))
    assert found["DenyTakingKeysAway"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [EXECUTION, arn]


@pytest.mark.parametrize("days", [7, 30])
def test_the_ends_of_the_waiting_period_are_accepted(days: int) -> None:
    condition = statements(policies(minimum_waiting_days=days))["DenyShortWaitingPeriods"]["Condition"]
    assert condition == {"NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(days)}}


@pytest.mark.parametrize("identifier", ["o-" + "a" * 10, "o-" + "0" * 32])
def test_ids_of_organizations_are_accepted(identifier: str) -> None:
    assert policies(organization=identifier)


@pytest.mark.parametrize("identifier", ["o-" + "a" * 9, "o-" + "a" * 33, "o-abcdefghij\n", " o-abcdefghij"])
def test_what_is_no_id_of_an_organization_is_refused(identifier: str) -> None:
    with pytest.raises(ValueError, match="organization must be"):
        policies(organization=identifier)


@pytest.mark.parametrize("name", ["ci", "admin-*", "*-break-glass", "team/adm*", "abc?"])
def test_a_role_or_part_of_its_name_is_enough(name: str) -> None:
    arn = f"arn:aws:iam::*:role/{name}"
    assert arn in json.dumps(statements(policies(deployers=[arn])))
