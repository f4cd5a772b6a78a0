"""A stack that does not say where it goes may go to each place that policies name, or to none of them."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import ROOT, AccessMap, assert_can, assert_cannot
from secure_kms_constructs.checks import Severity, check_templates
from secure_kms_constructs.templates import read_templates

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
Json = dict[str, Any]
OWN_ROOT = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}


def root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def allow(principal: Any = None, action: Any = "kms:*", resource: Any = "*", **condition: Any) -> Json:
    who = {"Principal": {"AWS": principal}} if principal else {}
    when = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", **who, "Action": action, "Resource": resource, **when}


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def key(*statements: Json) -> Json:
    return {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True, "KeyPolicy": document(*statements)}}


def role(*statements: Json, **properties: Any) -> Json:
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": inline, **properties}}


DECRYPTS = allow(None, "kms:Decrypt")


def access(made: Json, one: Json | None = None, **place: Any) -> AccessMap:
    return AccessMap.from_templates({"T": {"Resources": {"Key": made, "Role": one or role(DECRYPTS)}}}, **place)


def answers(made: Json, one: Json | None = None, principal: str = "T/Role", **place: Any) -> set[bool | None]:
    """What the rows about a principal say, whether it may decrypt; nothing where it may not."""
    rows = access(made, one, **place).who_can("kms:Decrypt", "T/Key")
    return {row.allowed for row in rows if row.principal == principal}


VIA = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
VIA_OWN = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}}
LIKE = {"StringLike": {"kms:ViaService": "secretsmanager.eu-*.amazonaws.com"}}
ANY_SERVICE = {"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}}
BY_ACCOUNT = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
OWN_ACCOUNT = {"StringEquals": {"kms:CallerAccount": {"Ref": "AWS::AccountId"}}}
HERE = f"arn:aws:kms:*:{ACCOUNT}:key/*"
# Whether the role may decrypt wherever the stack goes; each uncertain case has a certain neighbour.
OF_OWN = role({**DECRYPTS, "Condition": VIA_OWN})
WHEREVER: dict[str, tuple[Json, Json | None, set[bool | None]]] = {
    "the root of its own account": (key(allow(OWN_ROOT)), None, {True}),
    "the root of an account that may be its own": (key(allow(root(ACCOUNT))), None, {None}),
    "the own one and another": (key(allow(OWN_ROOT), allow(root(ACCOUNT))), None, {True}),
    "nobody of whom it is": (key(allow(root(ACCOUNT))), role(allow(None, "s3:*")), set()),
    "keys of an account that may be its own": (key(allow(OWN_ROOT)), role(allow(None, "kms:Decrypt", HERE)), {None}),
    "keys of every account": (key(allow(OWN_ROOT)), role(allow(None, "kms:Decrypt", "arn:aws:kms:*:*:key/*")), {True}),
    "keys of a pattern of accounts": (
        key(allow(OWN_ROOT)),
        role(allow(None, "kms:Decrypt", "arn:aws:kms:*:1111*:key/*")),
        {None},
    ),
    "keys of a region that may be its own": (
        key(allow(OWN_ROOT)),
        role(allow(None, "kms:Decrypt", "arn:aws:kms:eu-west-1:*:key/*")),
        {None},
    ),
    "the caller's account by its literal": (key(allow(OWN_ROOT, **BY_ACCOUNT)), None, {None}),
    "the same by reference": (key(allow(OWN_ROOT, **OWN_ACCOUNT)), None, {True}),
    "a service of one region and of the own": (
        key(allow(OWN_ROOT, **VIA)),
        role({**DECRYPTS, "Condition": VIA_OWN}),
        {None},
    ),
    "a service of one region on both sides": (
        key(allow(OWN_ROOT, **VIA)),
        role({**DECRYPTS, "Condition": VIA}),
        {True},
    ),
    "a service of a pattern of regions": (
        key(allow(OWN_ROOT, **LIKE)),
        role({**DECRYPTS, "Condition": VIA_OWN}),
        {None},
    ),
    "a service of any region": (key(allow(OWN_ROOT, **ANY_SERVICE)), OF_OWN, {True}),
    "a denial of an account that may be its own": (
        key(allow(OWN_ROOT), {**allow(root(ACCOUNT), "kms:Decrypt"), "Effect": "Deny"}),
        None,
        {None},
    ),
}


@pytest.mark.parametrize("name", WHEREVER)
def test_an_unknown_place_decides(name: str) -> None:
    made, one, expected = WHEREVER[name]
    assert answers(made, one) == expected


@pytest.mark.parametrize("name", [name for name, (_, _, expected) in WHEREVER.items() if expected == {None}])
def test_a_given_place_decides_for_certain(name: str) -> None:
    made, one, _ = WHEREVER[name]
    here = answers(made, one, account=ACCOUNT, region="eu-west-1")
    there = answers(made, one, account=OTHER, region="us-west-2")
    assert {here == {True}, there == {True}} == {True, False}


def test_what_depends_on_the_place_passes_no_assertion() -> None:
    found = access(key(allow(root(ACCOUNT))))
    for claim in (assert_can, assert_cannot):
        with pytest.raises(AssertionError):
            claim(found, "kms:Decrypt", "T/Key", "T/Role")
        with pytest.raises(AssertionError):
            claim(found, "kms:Decrypt", "T/Key", ROOT)
        with pytest.raises(AssertionError):
            claim(found, "kms:Decrypt", "T/Key", "T/Role", context={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})
    assert_cannot(found, "kms:Decrypt", "T/Key", "any principal of another account with kms:* on *")
    said = {row.principal: row.allowed for row in found.who_can("kms:Decrypt", "T/Key")}
    assert said[f"any principal of {ACCOUNT} with kms:* on *"] is True


@pytest.mark.parametrize("operator", ["NumericGreaterThan", "NumericLessThanEquals", "NumericNotEquals"])
def test_an_unknown_account_that_is_compared_as_a_number_decides(operator: str) -> None:
    compared = allow(OWN_ROOT, **{operator: {"kms:CallerAccount": OTHER}})
    assert answers(key(compared)) == {None}
    assert answers(key(compared), account=ACCOUNT) == (set() if operator == "NumericGreaterThan" else {True})


def test_an_account_is_called_as_it_is_written_and_by_its_stand_in() -> None:
    found = access(key(allow(OWN_ROOT), allow(root(ACCOUNT))))
    said = {row.principal: row.allowed for row in found.who_can("kms:Decrypt", "T/Key")}
    assert said == {
        "T/Role": True,
        "root user of 000000000000": True,
        "any principal of 000000000000 with kms:* on *": True,
        f"any principal of {ACCOUNT} with kms:* on *": True,
    }


def test_a_place_that_decides_is_told() -> None:
    [row] = [
        row for row in access(key(allow(root(ACCOUNT)))).who_can("kms:Decrypt", "T/Key") if row.principal == "T/Role"
    ]
    assert row.when == (f"the account is {ACCOUNT}",)


def test_without_a_name_of_a_place_there_is_one_case() -> None:
    assert len(access(key(allow(OWN_ROOT))).landscapes) == 1
    assert len(access(key(allow(root(ACCOUNT)))).landscapes) == 2
    assert len(access(key(allow(root(ACCOUNT))), account=ACCOUNT).landscapes) == 1


def test_more_places_than_can_be_tried_decide_nothing() -> None:
    accounts = [f"{n:012}" for n in range(1, 13)]
    made = key(allow(OWN_ROOT), *(allow(root(one)) for one in accounts))
    assert len(access(made).landscapes) == 1
    assert answers(made) == {None}
    assert answers(made, account=OTHER) == {True}
    assert answers(
        key(allow(OWN_ROOT)), role(*(allow(None, "kms:*", f"arn:aws:kms:*:{one}:*") for one in accounts))
    ) == {None}
    both = {"Key": key(allow(OWN_ROOT)), "Many": made, "Role": role(DECRYPTS)}
    rows = AccessMap.from_templates({"T": {"Resources": both}}).who_can("kms:Decrypt", "T/Key")
    assert {row.allowed for row in rows if row.principal == "T/Role"} == {True}


def test_stacks_that_say_where_they_go_stay_there() -> None:
    stacks = {"A": {"Resources": {"Key": key(allow(OWN_ROOT))}}, "B": {"Resources": {"Key": key(allow(root(ACCOUNT)))}}}
    found = read_templates(stacks, environments={"A": f"aws://{OTHER}/{REGION}"})
    keys = [one for landscape in found for one in landscape.keys]
    arns = {stack: {one.arn for one in keys if one.source and one.source.stack == stack} for stack in stacks}
    assert len(arns["A"]) == 1
    assert {arn.split(":")[4] for arn in arns["B"]} == {"000000000000", ACCOUNT, OTHER}


def findings(rule: str, *resources: Json, **place: Any) -> dict[str, bool]:
    template = {"Resources": {f"R{n}": one for n, one in enumerate(resources)}}
    found = check_templates({"T": template}, **place).findings
    return {str(one.severity.value): one.undecided for one in found if one.rule == rule}


ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
MANAGES = [allow(ADMIN, ["kms:PutKeyPolicy", "kms:Decrypt"]), allow(OWN_ROOT, "kms:*")]
READER = role(allow(None, "kms:Decrypt", {"Fn::GetAtt": ["R0", "Arn"]}))


def test_checks_find_what_holds_whatever_the_account_is() -> None:
    nobody = key(allow(OWN_ROOT, "kms:DescribeKey"))
    assert findings("KLP501", nobody, READER) == {"error": False}
    assert findings("KLP503", nobody) == {"error": False}
    assert findings("KLP501", key(allow(root(ACCOUNT))), READER) == {"info": True}
    assert findings("KLP503", key(allow(root(ACCOUNT)))) == {"info": True}
    own_admin = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/admin"}
    assert findings("KLP504", key(allow(own_admin, ["kms:PutKeyPolicy", "kms:Decrypt"]))) == {"warning": False}


def test_checks_warn_of_the_root_of_an_account_beside_the_own() -> None:
    assert findings("KLP202", key(allow(OWN_ROOT), allow(root(ACCOUNT)))) == {"warning": True}
    assert findings("KLP202", key(allow(root(ACCOUNT)))) == {"info": True}
    assert findings("KLP202", key(allow(OWN_ROOT), allow(root(ACCOUNT))), account=ACCOUNT) == {}
    assert findings("KLP202", key(allow(OWN_ROOT), allow(root(ACCOUNT))), account=OTHER) == {"warning": False}


def test_that_no_place_is_given_is_said_whatever_the_place() -> None:
    report = check_templates({"T": {"Resources": {"Key": key(allow(root(ACCOUNT)))}}})
    said = [one for one in report.findings if one.rule == "KLP004"]
    assert [(one.severity, one.when) for one in said] == [(Severity.INFO, ())] * 2


@pytest.mark.parametrize("account, expected", [(None, {None}), (OTHER, {None}), (ACCOUNT, set())])
def test_a_role_that_a_policy_names_may_be_of_the_account_of_the_stack(account: str | None, expected: set[Any]) -> None:
    reader = f"arn:aws:iam::{OTHER}:role/reader"
    given = {"T": {"Resources": {"Key": key(allow([reader, OWN_ROOT], "kms:PutKeyPolicy"))}}}
    access = AccessMap.from_templates(given, account=account, region=REGION)
    rows = access.who_can("kms:PutKeyPolicy", "T/Key")
    # Unless the account is its own, no role changes the policy of a key.
    assert {row.allowed for row in rows if row.principal == reader} == expected
