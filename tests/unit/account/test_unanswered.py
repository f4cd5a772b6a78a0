"""Each call that reads an account, refused in turn: what is unknown then in each answer, and nothing untrue is said.

The calls are those that were recorded, so a new one is tried without a line here.
"""

from __future__ import annotations

from functools import cache

import pytest

from secure_kms_constructs import AccessMap
from secure_kms_constructs.account import Options, Snapshot, calls, take_snapshot
from secure_kms_constructs.account.calls import BY_OPERATION, Answer, Call
from secure_kms_constructs.account.drift import compare_accounts, compare_templates
from secure_kms_constructs.account.needs import Need, Needs
from secure_kms_constructs.account.remarks import remarks_of
from secure_kms_constructs.checks import check_landscapes
from secure_kms_constructs.checks.own_rules import UNREAD
from secure_kms_constructs.templates import read_templates
from tests.unit.account.accounts import APP, KEY_POLICIES, MANAGED, ROLES, SHUT, fake_account, key_arn
from tests.unit.account.fake_aws import ACCOUNT, REGION, Json

PARTS = tuple(one for one in calls.PARTS if one not in ("account", "verify", *calls.OBSERVED))
LISTS = {("iam", "GetAccountAuthorizationDetails"), ("kms", "ListKeys")}
ACTIONS = ["kms:Decrypt", "kms:PutKeyPolicy", "kms:CreateGrant"]
# Few of each, because all of it is asked again without each call.
SMALL: Json = {
    "roles": [one for one in ROLES if one["RoleName"] in ("Reader", "Wide", "Dead")],
    "key_policies": {one: KEY_POLICIES[one] for one in (APP, SHUT, MANAGED)},
}


def recorded() -> list[tuple[str, str]]:
    """The calls that a snapshot makes."""
    made = fake_account(**SMALL)
    take_snapshot(Options(parts=PARTS), session=made.session())
    return sorted({(service, operation) for service, operation, _ in made.calls} - {("sts", "GetCallerIdentity")})


CALLS = recorded()
ASKED = pytest.mark.parametrize("call", CALLS, ids=":".join)


@cache
def without(*call: str) -> Snapshot:
    """The account, but for one call that is refused."""
    made = fake_account(**SMALL)
    if call:
        made.refuse[call[0], call[1]] = "AccessDeniedException"
    return take_snapshot(Options(parts=PARTS), session=made.session())


def known(call: tuple[str, str]) -> Call:
    return BY_OPERATION[call]


@cache
def access_without(*call: str) -> AccessMap:
    return AccessMap.from_account(without(*call))


@cache
def told(*call: str) -> dict[tuple[str, str, str], bool | None]:
    """Who can do what with which key, by the map: of several circumstances the most certain."""
    found: dict[tuple[str, str, str], bool | None] = {}
    for row in access_without(*call).rows(ACTIONS):
        place = (row.key, row.action, row.principal)
        found[place] = row.allowed or found.get(place)
    return found


@ASKED
def test_whoever_can_use_a_key_can_or_might_without_an_answer(call: tuple[str, str]) -> None:
    access, all_of, less = access_without(*call), told(), told(*call)
    for (key, action, principal), allowed in all_of.items():
        if allowed and call not in LISTS:
            # By its name, or by that of others who stand for it.
            named = (key, action, principal) in less or not principal.endswith(".amazonaws.com")
            who = principal if named else "any AWS service"
            assert access.explain(who, action, key).allowed is not False, (key, action, principal)
    for place, allowed in less.items():
        if allowed and call not in LISTS:
            assert all_of.get(place) is True, place
    notes = " ".join(note.text for note in access.notes)
    assert f"allow {known(call).allowed_by}" in notes


def test_without_roles_others_stand_for_them_and_without_keys_there_are_none_to_ask_of() -> None:
    nobody = told("iam", "GetAccountAuthorizationDetails")
    assert nobody[key_arn(APP), "kms:Decrypt", f"any principal of {ACCOUNT} with kms:* on *"] is True
    assert access_without("kms", "ListKeys").keys == ()


@ASKED
def test_the_map_is_certain_of_what_it_needs_the_answer_for_only_with_it(call: tuple[str, str]) -> None:
    less = told(*call)
    if call in LISTS or call[0] == "organizations":
        return
    unknown = {place for place, allowed in less.items() if allowed is None} - {
        place for place, allowed in told().items() if allowed is None
    }
    assert bool(unknown) is (Answer.MAP in known(call).answers)


@cache
def needs_without(*call: str) -> Needs:
    return Needs(without(*call))


def certain(needs: Needs) -> set[Need]:
    return {one for one in needs.all if one.may is True and one.can is not None}


@ASKED
def test_needs_say_nothing_untrue_and_what_they_lack(call: tuple[str, str]) -> None:
    needs = needs_without(*call)
    assert certain(needs) <= certain(needs_without())
    assert bool(needs.unread) is (Answer.NEEDS in known(call).answers)
    missing = certain(needs_without()) - certain(needs)
    assert not missing or needs.unread


@cache
def remarks(*call: str) -> set[tuple[str, str]]:
    return {(one.kind, one.about) for one in remarks_of(without(*call), needs_without(*call))}


@ASKED
def test_remarks_say_nothing_untrue(call: tuple[str, str]) -> None:
    assert remarks(*call) <= remarks()


@cache
def findings(*call: str) -> set[tuple[str, str, str, str]]:
    found = check_landscapes(without(*call).landscapes).findings
    return {(one.rule, one.severity.value, one.path, one.message) for one in found}


@ASKED
def test_checks_warn_of_what_they_could_not_look_at(call: tuple[str, str]) -> None:
    more = findings(*call) - findings()
    about = [severity for rule, severity, _, text in more if rule == UNREAD and known(call).allowed_by in text]
    assert about
    assert set(about) == {"warning" if Answer.CHECK in known(call).answers else "info"}
    assert not {one for one in more if one[1] == "error"}


@ASKED
def test_a_diff_is_whole_only_with_what_it_needs(call: tuple[str, str]) -> None:
    if call in LISTS:
        with pytest.raises(ValueError, match=r"nothing can be compared: .*: allow "):
            compare_accounts(without(), without(*call))
        return
    # Either way round in turn.
    both = (without(), without(*call))
    found = compare_accounts(*(both if CALLS.index(call) % 2 else reversed(both)))
    assert found.is_whole is (Answer.DIFF not in known(call).answers)
    assert found.changes == ()
    # Policies of the organization may deny anybody anything.
    assert not found.access.differences or call[0] == "organizations"
    assert any(f"allow {known(call).allowed_by}" in one for one in found.unknown)


TEMPLATE: Json = {
    "Resources": {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True, "KeyPolicy": {}}},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/app", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
    }
}


@ASKED
def test_an_app_differs_in_nothing_that_was_not_read(call: tuple[str, str]) -> None:
    """Neither is its key off, nor its alias gone."""
    templates = read_templates({"App": TEMPLATE}, account=ACCOUNT, region=REGION)
    if call in LISTS:
        with pytest.raises(ValueError, match="nothing can be compared"):
            compare_templates(templates, without(*call))
        return
    found = compare_templates(templates, without(*call))
    assert found.changes == ()
    assert found.is_whole is (Answer.DIFF not in known(call).answers)


def test_every_answer_needs_some_calls_and_those_without_one_are_told_elsewhere() -> None:
    assert {answer for call in CALLS for answer in known(call).answers} == set(Answer)
    alone = {call for call in CALLS if not known(call).answers} - {("kms", "GetKeyLastUsage")}
    assert {known(call).part for call in alone} <= {"security-hub", "trails"}
