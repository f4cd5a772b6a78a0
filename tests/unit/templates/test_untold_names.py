"""Names, lists and conditions that templates leave open: what may be so is never told as not so."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessMap

ACCOUNT, REGION = "111122223333", "eu-west-1"
OTHER = "222222222222"
Json = dict[str, Any]
P, Q = {"Ref": "P"}, {"Ref": "Q"}
SUB = {"Fn::Sub": "app-${P}"}
PARAMETERS = {name: {"Type": "String"} for name in "PQ"}


def says(effect: str = "Allow", **more: Any) -> Json:
    statement = {"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


ROOT = says(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*")
USES, DENIES, READS = says(), says("Deny"), says(Action="s3:GetObject")


def key(policy: Json = ROOT) -> Json:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}


def of(kind: str, **properties: Any) -> Json:
    return {"Type": f"AWS::IAM::{kind}", "Properties": properties}


def policy(document: Json = USES, **to: Any) -> Json:
    return of("Policy", PolicyName="p", PolicyDocument=document, **to)


def inline(document: Json) -> list[Json]:
    return [{"PolicyName": "p", "PolicyDocument": document}]


def template(**resources: Any) -> Json:
    return {"Parameters": PARAMETERS, "Resources": {"Key": key(), **resources}}


def may(given: Json, who: str = "T/App", which: str = "T/Key", **more: Any) -> bool | None:
    """Whether somebody may decrypt: True where in all cases, False where in none, None where it is not known."""
    templates = {"T": given, **more}
    access = AccessMap.from_templates(templates, account=ACCOUNT, region=REGION)
    rows = [row for row in access.who_can("kms:Decrypt", which) if row.principal == who]
    assert all(row.allowed is not False for row in rows)
    if not rows:
        return False
    return True if all(row.allowed and not row.when for row in rows) else None


def app(**more: Any) -> Json:
    return of("Role", **more)


USER = of("User", UserName="ann")
GROUP = of("Group", Policies=inline(USES))
DENYING = of("Group", Policies=inline(DENIES))

# What a template says, and whether App may decrypt.
ATTACHED: dict[str, tuple[Json, bool | None]] = {
    "a policy and a role of one parameter": ({"App": app(RoleName=P), "X": policy(Roles=[P])}, True),
    "a policy before its role": ({"A": policy(Roles=[P]), "App": app(RoleName=P)}, True),
    "a role policy of the role's parameter": (
        {"App": app(RoleName=P), "X": of("RolePolicy", PolicyName="x", PolicyDocument=USES, RoleName=P)},
        True,
    ),
    "a managed policy with the role's text": (
        {"App": app(RoleName=SUB), "X": of("ManagedPolicy", PolicyDocument=USES, Roles=[SUB])},
        True,
    ),
    "a text joined in another way": (
        {"App": app(RoleName=SUB), "X": policy(Roles=[{"Fn::Join": ["-", ["app", P]]}])},
        True,
    ),
    "a policy of another parameter than the role": ({"App": app(RoleName=P), "X": policy(Roles=[Q])}, None),
    "another text of the same parameter": ({"App": app(RoleName=P), "X": policy(Roles=[SUB])}, None),
    "a parameter, and what Base64 makes of it": (
        {"App": app(RoleName=P), "X": policy(Roles=[{"Fn::Base64": P}])},
        None,
    ),
    "two pieces of one parameter": (
        {
            "App": app(RoleName={"Fn::Select": [0, {"Fn::Split": [",", P]}]}),
            "X": policy(Roles=[{"Fn::Select": [1, {"Fn::Split": [",", P]}]}]),
        },
        None,
    ),
    "a parameter, and a role of that literal name": ({"App": app(RoleName="app"), "X": policy(Roles=[P])}, None),
    "a harmless policy for a parameter": ({"App": app(RoleName="app"), "X": policy(READS, Roles=[P])}, False),
    "a policy for a parameter, and a role that a deployment names": ({"App": app(), "X": policy(Roles=[P])}, False),
    "a policy for a piece of a text that holds the role": (
        {"App": app(), "X": policy(Roles=[{"Fn::Select": [0, {"Fn::Split": [",", {"Fn::Sub": "${P},${App}"}]}]}])},
        None,
    ),
    "a policy for a user of a parameter": ({"App": app(RoleName="app"), "X": policy(Users=[P])}, False),
    "a denying policy for a parameter": (
        {"App": app(RoleName="app", Policies=inline(USES)), "X": policy(DENIES, Roles=[P])},
        None,
    ),
    "an allowing policy for a parameter, beside what allows": (
        {"App": app(RoleName="app", Policies=inline(USES)), "X": policy(Roles=[P])},
        True,
    ),
}


@pytest.mark.parametrize("resources, expected", ATTACHED.values(), ids=ATTACHED)
def test_a_policy_for_a_name_that_cannot_be_told(resources: Json, expected: bool | None) -> None:
    assert may(template(**resources)) is expected


USERS: dict[str, tuple[Json, bool | None]] = {
    "a policy for a user of a parameter": ({"App": USER, "X": policy(Users=[P])}, None),
    "a policy for a group of a parameter": (
        {
            "App": of("User", UserName="ann", Groups=["devs"]),
            "G": of("Group", GroupName="devs"),
            "X": policy(Groups=[P]),
        },
        None,
    ),
    "the same, of a group that the user is not in": (
        {"App": USER, "G": of("Group", GroupName="devs"), "X": policy(Groups=[P])},
        False,
    ),
    "an addition of the users of a parameter": (
        {"App": USER, "G": GROUP, "X": of("UserToGroupAddition", GroupName={"Ref": "G"}, Users=P)},
        None,
    ),
    "an addition to a group without policies": (
        {"App": USER, "G": of("Group"), "X": of("UserToGroupAddition", GroupName={"Ref": "G"}, Users=P)},
        False,
    ),
    "a group and a user's groups of one parameter": (
        {"App": of("User", UserName="ann", Groups=[P]), "G": of("Group", GroupName=P, Policies=inline(USES))},
        True,
    ),
}


@pytest.mark.parametrize("resources, expected", USERS.values(), ids=USERS)
def test_a_user_or_group_that_cannot_be_told(resources: Json, expected: bool | None) -> None:
    assert may(template(**resources)) is expected


def test_a_parameter_that_is_passed_on_is_the_same() -> None:
    nested = {"Parameters": {"R": {"Type": "String"}}, "Resources": {"X": policy(Roles=[{"Ref": "R"}])}}

    def passing(value: Json) -> Json:
        stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"R": value}}}
        return template(App=app(RoleName=P), N=stack)

    assert may(passing(P), **{"T/N": nested}) is True
    assert may(passing(Q), **{"T/N": nested}) is None


ADDS = of("UserToGroupAddition", GroupName={"Ref": "G"}, Users=[{"Ref": "App"}])
MEMBER = of("User", UserName="ann", Groups=[{"Ref": "G"}])
ALLOWED = of("User", UserName="ann", Policies=inline(USES))
# What stands under a condition that is one of too many, and the rest.
OPEN: dict[str, tuple[Json, Json, bool | None]] = {
    "an addition that allows": ({"A": ADDS}, {"App": USER, "G": GROUP}, None),
    "an addition that denies": ({"A": ADDS}, {"App": ALLOWED, "G": DENYING}, None),
    "an addition to a group without policies": ({"A": ADDS}, {"App": ALLOWED, "G": of("Group")}, True),
    "a group that allows": ({"G": GROUP}, {"App": MEMBER}, None),
    "a group that denies": ({"G": DENYING}, {"App": of("User", Groups=[{"Ref": "G"}], Policies=inline(USES))}, None),
    "nothing": ({}, {"App": USER, "G": GROUP, "A": ADDS}, True),
    "nothing, and a group that denies": ({}, {"App": ALLOWED, "G": DENYING, "A": ADDS}, False),
}


@pytest.mark.parametrize("resources, others, expected", OPEN.values(), ids=OPEN)
def test_a_condition_that_is_not_tried(resources: Json, others: Json, expected: bool | None) -> None:
    names = [f"C{place}" for place in range(7)]
    given = template(**others, **{name: one | {"Condition": "Z"} for name, one in resources.items()})
    given["Parameters"] = {name: {"Type": "String"} for name in (*names, "Z")}
    given["Conditions"] = {name: {"Fn::Equals": [{"Ref": name}, "x"]} for name in (*names, "Z")}
    for name in names:
        role = of("Role", RoleName=name.lower(), Policies=inline(USES))
        given["Resources"][name] = role | {"Condition": name}
    access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION)
    found = {row.allowed for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/App"}
    assert found == ({expected} if expected is not False else set())


ALLOWED_LISTS: dict[str, tuple[Json, set[tuple[str, ...]]]] = {
    "two members": (
        {"AllowedValues": [ACCOUNT, OTHER]},
        {(ACCOUNT,), (OTHER,), (ACCOUNT, OTHER)},
    ),
    "one member": ({"AllowedValues": [ACCOUNT]}, {(ACCOUNT,)}),
}


@pytest.mark.parametrize("declared, cases", ALLOWED_LISTS.values(), ids=ALLOWED_LISTS)
def test_each_list_of_allowed_members_is_a_case(declared: Json, cases: set[tuple[str, ...]]) -> None:
    given = template(Key=key(says(Principal={"AWS": {"Ref": "L"}})))
    given["Parameters"] = {"L": {"Type": "CommaDelimitedList", **declared}}
    access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION)
    rows = access.who_can("kms:Decrypt", "T/Key")
    assert all(row.allowed for row in rows)
    for account in (ACCOUNT, OTHER):
        found = {when for row in rows if account in row.principal for when in row.when}
        with_it = {f"T/L is {','.join(one)}" for one in cases if account in one}
        assert found == (with_it if len(cases) > 1 else set())


TOO_OPEN: dict[str, Json] = {
    "many members": {"AllowedValues": [f"{place:012}" for place in range(1, 5)]},
    "members of which one is chosen by its place": {"AllowedValues": [ACCOUNT, OTHER]},
}


@pytest.mark.parametrize("what", TOO_OPEN)
def test_lists_that_are_too_many_or_in_order_are_unknown(what: str) -> None:
    principal = {"Fn::Select": [0, {"Ref": "L"}]} if "place" in what else {"Ref": "L"}
    given = template(Key=key(says(Principal={"AWS": principal})), App=app(RoleName="app", Policies=inline(USES)))
    given["Parameters"] = {"L": {"Type": "CommaDelimitedList", **TOO_OPEN[what]}}
    assert may(given) is None


MEMBERS: dict[str, tuple[Any, bool | None]] = {
    "a known and an unknown one": ([f"arn:aws:iam::{ACCOUNT}:role/other", P], None),
    "unknown ones alone": ([P, P], None),
    "known ones": ([f"arn:aws:iam::{ACCOUNT}:role/other", f"arn:aws:iam::{ACCOUNT}:role/b"], False),
    "known ones with the role": ([f"arn:aws:iam::{ACCOUNT}:role/other", f"arn:aws:iam::{ACCOUNT}:role/app"], True),
    "an unknown one beside the role": ([P, f"arn:aws:iam::{ACCOUNT}:role/app"], True),
}


@pytest.mark.parametrize("members, expected", MEMBERS.values(), ids=MEMBERS)
def test_a_list_that_is_passed_to_a_nested_stack(members: Any, expected: bool | None) -> None:
    nested = {
        "Parameters": {"L": {"Type": "CommaDelimitedList"}},
        "Resources": {"Key": key(says(Principal={"AWS": {"Ref": "L"}}))},
    }
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"L": members}}}
    given = {"Parameters": PARAMETERS, "Resources": {"App": app(RoleName="app"), "N": stack}}
    assert may(given, which="T/N/Key", **{"T/N": nested}) is expected


@pytest.mark.parametrize("kind", ["CommaDelimitedList", "List<String>"])
@pytest.mark.parametrize("names, expected", [("app", True), ("b", False)])
def test_a_list_of_an_ssm_parameter_is_taken_apart(kind: str, names: str, expected: bool) -> None:
    value = f"arn:aws:iam::{ACCOUNT}:role/{names}, arn:aws:iam::{ACCOUNT}:role/c"
    given = template(
        App=app(RoleName="app"),
        Key=key(says(Principal={"AWS": {"Ref": "L"}})),
        S={"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/who", "Type": "StringList", "Value": value}},
    )
    given["Parameters"] = {"L": {"Type": f"AWS::SSM::Parameter::Value<{kind}>", "Default": "/who"}}
    assert may(given) is expected


@pytest.mark.parametrize("pattern, expected", [("mrk-*", True), ("1234*", False), ("*", True)])
def test_a_replica_of_a_key_that_cannot_be_told_is_a_multi_region_key(pattern: str, expected: bool) -> None:
    replica = {"Type": "AWS::KMS::ReplicaKey", "Properties": {"PrimaryKeyArn": P, "KeyPolicy": ROOT}}
    uses = says(Resource=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{pattern}")
    assert may(template(Key=replica, App=app(RoleName="app", Policies=inline(uses)))) is expected


def function(**more: Any) -> Json:
    properties = {"Handler": "h", "Runtime": "r", "Policies": [USES], **more}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


MADE: dict[str, tuple[Json, bool | None]] = {
    "none": ({}, True),
    "one that a condition may leave out": (
        {"Role": {"Fn::If": ["Macro", {"Ref": "P"}, {"Ref": "AWS::NoValue"}]}},
        None,
    ),
    "one of two that a condition chooses": ({"Role": {"Fn::If": ["Macro", {"Ref": "P"}, {"Ref": "Q"}]}}, False),
    "one that is given": ({"Role": P}, False),
}


@pytest.mark.parametrize("role, expected", MADE.values(), ids=MADE)
def test_the_role_that_is_made_for_a_function_with(role: Json, expected: bool | None) -> None:
    given = template(App=function(**role)) | {"Transform": "AWS::Serverless-2016-10-31"}
    # One that a macro makes is not tried.
    given["Conditions"] = {"Fn::Transform": {"Name": "Own"}}
    assert may(given) is expected


def admits(operator: str, value: str, name: str = "aws:PrincipalArn") -> Json:
    return says(Principal="*", Condition={operator: {name: value}})


ROLES = f"arn:aws:iam::{ACCOUNT}:role/"
# Whom a key admits, a role or user with a name or path that is not known, and whether it is admitted.
FORMS: dict[str, tuple[Json, Json, bool | None]] = {
    "a pattern of the literal part": (admits("ArnLike", f"{ROLES}app-*"), app(RoleName=SUB), True),
    "its ARN": (says(Principal={"AWS": {"Fn::GetAtt": ["App", "Arn"]}}), app(), True),
    "its unique id": (says(Principal={"AWS": {"Fn::GetAtt": ["App", "RoleId"]}}), app(), None),
    "a pattern of more than the literal part": (admits("ArnLike", f"{ROLES}app-x*"), app(RoleName=SUB), None),
    "a pattern of another literal part": (admits("ArnLike", f"{ROLES}web-*"), app(RoleName=SUB), False),
    "a pattern, and a name without literal part": (admits("ArnLike", f"{ROLES}app-*"), app(RoleName=P), None),
    "a pattern of all names": (admits("ArnLike", f"{ROLES}*"), app(RoleName=P), True),
    "a name with the literal part": (admits("ArnEquals", f"{ROLES}app-x"), app(RoleName=SUB), None),
    "a name without the literal part": (admits("ArnEquals", f"{ROLES}web-x"), app(RoleName=SUB), False),
    "a pattern of names of users": (admits("StringLike", "adm-*", "aws:username"), of("User", UserName=P), None),
    "a pattern of other names of users": (
        admits("StringLike", "adm-*", "aws:username"),
        of("User", UserName=SUB),
        False,
    ),
    "a pattern of a path": (admits("ArnLike", f"{ROLES}team/*"), app(RoleName="app", Path=P), None),
    "a pattern of a path, and one that is known": (
        admits("ArnLike", f"{ROLES}team/*"),
        app(RoleName="app", Path="/"),
        False,
    ),
    "no path": (admits("ArnEquals", f"{ROLES}app"), app(RoleName="app", Path=P), None),
    "no path, and one that is known": (admits("ArnEquals", f"{ROLES}app"), app(RoleName="app", Path="/"), True),
    "a path of another name": (admits("ArnEquals", f"{ROLES}team/web"), app(RoleName="app", Path=P), False),
    "a path of a name that is not known": (admits("ArnEquals", f"{ROLES}team/web"), app(RoleName=Q, Path=P), None),
}


@pytest.mark.parametrize("policy, who, expected", FORMS.values(), ids=FORMS)
def test_a_name_or_path_that_is_known_in_part(policy: Json, who: Json, expected: bool | None) -> None:
    assert may(template(Key=key(policy), App=who)) is expected


@pytest.mark.parametrize(
    "kind, properties, expected",
    [
        ("My::Org::Thing", {"Role": "app"}, None),
        ("My::Org::Thing", {"Role": {"Ref": "App"}}, None),
        ("My::Org::Thing", {"Role": {"Fn::GetAtt": "App.Arn"}}, None),
        ("My::Org::Thing", {"Key": {"Fn::Sub": "${Key}"}}, None),
        ("My::Org::Thing", {"Role": "web"}, False),
        ("AWS::Any::Thing", {"Role": "app"}, False),
        ("Custom::Org::Thing", {"Role": "app"}, False),
    ],
)
def test_a_private_type_that_names_what_the_template_makes(kind: str, properties: Json, expected: bool | None) -> None:
    assert may(template(App=app(RoleName="app"), X={"Type": kind, "Properties": properties})) is expected


@pytest.mark.parametrize("name", [{"Ref": "AWS::StackName"}, {"Fn::Sub": "${AWS::StackName}"}])
@pytest.mark.parametrize("value", ["prod", "T"])
def test_the_name_of_a_file_does_not_decide_a_condition(name: Json, value: str) -> None:
    public = says(Principal={"AWS": f"{ROLES}app"})["Statement"]
    statement = {"Fn::If": ["C", public, {"Ref": "AWS::NoValue"}]}
    given = template(Key=key({"Version": "2012-10-17", "Statement": [statement]}), App=app(RoleName="app"))
    assert may(given | {"Conditions": {"C": {"Fn::Equals": [name, value]}}}) is None


NESTED: dict[str, tuple[Json, Json, str, bool | None]] = {
    "a policy that denies": (
        {"X": policy(DENIES, Roles=[{"Ref": "R"}])},
        {"Condition": "C"},
        "T/App",
        None,
    ),
    "the same without condition": ({"X": policy(DENIES, Roles=[{"Ref": "R"}])}, {}, "T/App", False),
    "a role": ({"Own": app(RoleName="own", Policies=inline(USES))}, {"Condition": "C"}, "T/N/Own", None),
    "a role without condition": ({"Own": app(RoleName="own", Policies=inline(USES))}, {}, "T/N/Own", True),
}


@pytest.mark.parametrize("resources, more, who, expected", NESTED.values(), ids=NESTED)
def test_what_is_nested_under_a_condition_may_be_missing(
    resources: Json, more: Json, who: str, expected: bool | None
) -> None:
    passed = {"Properties": {"Parameters": {"R": {"Ref": "App"}}}}
    stack = {"Type": "AWS::CloudFormation::Stack", **passed, **more}
    given = template(App=app(Policies=inline(USES)), N=stack) | {"Conditions": {"C": {"Fn::Equals": [P, "x"]}}}
    nested = {"Parameters": {"R": {"Type": "String"}}, "Resources": resources}
    assert may(given, who=who, **{"T/N": nested}) is expected


@pytest.mark.parametrize("condition, who", [({"Condition": "Z"}, {"T/App", "other"}), ({}, {"T/App"})])
@pytest.mark.parametrize("denied", [True, False])
def test_a_role_under_a_condition_that_is_not_tried_may_be_another_one(
    condition: Json, who: set[str], denied: bool
) -> None:
    own = app(RoleName="app", Policies=inline(DENIES if denied else READS)) | condition
    given = template(Key=key(says(Principal={"AWS": f"{ROLES}app"})), App=own)
    names = [f"C{place}" for place in range(7)]
    given["Parameters"] = {name: {"Type": "String"} for name in (*names, "Z")}
    given["Conditions"] = {name: {"Fn::Equals": [{"Ref": name}, "x"]} for name in (*names, "Z")}
    for name in names:
        given["Resources"][name] = of("Role", RoleName=name.lower()) | {"Condition": name}
    access = AccessMap.from_templates({"T": given}, account=ACCOUNT, region=REGION)
    rows = access.who_can("kms:Decrypt", "T/Key")
    found = {"other" if row.principal == f"{ROLES}app" else row.principal: row.allowed for row in rows}
    assert found == {one: True if one == "T/App" else None for one in who if one != "T/App" or not denied}
