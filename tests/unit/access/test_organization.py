"""Policies of the organization in the map of access: with them a "can" is exact, without them it stays."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import AccessError, AccessMap
from secure_kms_constructs.policies import PolicyError, Unknown, parse_key_policy, parse_scp
from secure_kms_constructs.templates import read_templates
from tests.unit.cases.case import ACCOUNT, OTHER_ACCOUNT, allow, deny, policy

Json = dict[str, Any]

KEY_POLICY = policy(
    allow("kms:*", f"arn:aws:iam::{ACCOUNT}:root"), allow("kms:Decrypt", f"arn:aws:iam::{OTHER_ACCOUNT}:root")
)
NO_ORGANIZATION = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-ours"}}
NO_DECRYPT = policy(deny("kms:Decrypt"))
PERIMETER = policy(deny("kms:*", "*", NO_ORGANIZATION))
ADMINS_ONLY = policy(deny("kms:*", condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin*"}}))


# It is made in the account that then manages it.
ORGANIZATION = {"Type": "AWS::Organizations::Organization", "Properties": {"FeatureSet": "ALL"}}


def role(name: str, *statements: Json) -> Json:
    inline = [{"PolicyName": "own", "PolicyDocument": policy(*statements)}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "Policies": inline}}


def organization_policy(content: Any, kind: str = "SERVICE_CONTROL_POLICY", targets: Any = None, **more: Any) -> Json:
    properties = {"Name": "guardrail", "Type": kind, "Content": content}
    return {
        "Type": "AWS::Organizations::Policy",
        "Properties": properties | ({"TargetIds": targets} if targets else {}),
    } | more


def stack(**resources: Json) -> Json:
    return {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": KEY_POLICY}}, **resources}}


def read(*, scps: Any = (), rcps: Any = (), templates: Json | None = None, **resources: Json) -> AccessMap:
    roles = {"Admin": role("Admin", allow("kms:*")), "App": role("App", allow("kms:*"))} | resources
    given = {"App": stack(**roles)} | (templates or {})
    return AccessMap.from_templates(given, account=ACCOUNT, region="us-east-1", scps=scps, rcps=rcps)


def who_can(access: AccessMap, action: str = "kms:Decrypt") -> list[str]:
    return [f"{'' if row.allowed else '? '}{row.principal}" for row in access.who_can(action, "App/Key")]


WITHOUT = ["App/Admin", "App/App", f"any principal of {ACCOUNT} with kms:* on *"]


def test_without_policies_of_the_organization_the_map_stays() -> None:
    assert set(WITHOUT) <= set(who_can(read()))
    everything = [one for one in who_can(read(scps=[policy(allow("*"))])) if "aws-service-role" not in one]
    assert everything == who_can(read())


def test_a_service_control_policy_takes_away_from_all_of_the_account_but_service_linked_roles() -> None:
    left = who_can(read(scps=[NO_DECRYPT]))
    assert not {"App/Admin", "App/App"}.intersection(left)
    linked = [one for one in left if ACCOUNT in one]
    assert linked
    assert all("role/aws-service-role/" in one for one in linked)
    assert not any(one.startswith("root user") for one in linked)


def test_a_service_control_policy_does_not_bind_another_account() -> None:
    assert any(OTHER_ACCOUNT in one for one in who_can(read(scps=[NO_DECRYPT])))


def test_a_service_control_policy_takes_away_its_action_only() -> None:
    assert set(WITHOUT) <= set(who_can(read(scps=[NO_DECRYPT]), "kms:Encrypt"))


def test_principals_whom_only_a_service_control_policy_tells_apart_are_told_apart() -> None:
    left = who_can(read(scps=[ADMINS_ONLY]))
    assert "App/Admin" in left
    assert "App/App" not in left
    assert any("like arn:aws:iam::*:role/Admin*" in one for one in left)
    assert f"any principal of {ACCOUNT} with kms:* on *" not in left


def test_a_resource_control_policy_binds_other_accounts_too() -> None:
    for row in read(rcps=[PERIMETER]).who_can("kms:Decrypt", "App/Key"):
        if row.principal.startswith("any principal of") and "aws-service-role" not in row.principal:
            assert any("aws:PrincipalOrgID" in str(one) for one in row.region.constraints), row.principal
    other = [row for row in read(rcps=[PERIMETER]).who_can("kms:Decrypt", "App/Key") if OTHER_ACCOUNT in row.principal]
    assert other


def test_what_is_not_known_of_a_policy_of_the_organization_is_unknown() -> None:
    assert "? App/App" in who_can(read(scps=[Unknown("an SCP that could not be read")]))
    assert "App/App" in who_can(read(scps=[policy(allow("*"), deny("s3:*"))]))


@pytest.mark.parametrize("path", ["Org/Guardrail", "Guardrail"])
def test_a_policy_of_the_templates_is_given_by_its_path(path: str) -> None:
    org = {"Org": {"Resources": {"Guardrail": organization_policy(NO_DECRYPT, targets=["ou-abcd-12345678"])}}}
    assert "App/App" in who_can(read(templates=org))
    assert "App/App" not in who_can(read(templates=org, scps=[path]))


def test_a_policy_of_the_templates_that_names_the_account_binds_it_by_what_it_denies() -> None:
    def left(content: Any, target: str, account: str = "999999999999", made: Any = None, **more: Any) -> list[str]:
        resources = {"Guardrail": organization_policy(content, targets=[target], **more), "Org": made or ORGANIZATION}
        given = {"App": stack(App=role("App", allow("kms:*"))), "Org": {"Resources": resources}}
        places = {"App": f"aws://{ACCOUNT}/us-east-1", "Org": f"aws://{account}/us-east-1"}
        return who_can(AccessMap(read_templates(given, environments=places)))

    assert not {"App/App", "? App/App"}.intersection(left(NO_DECRYPT, ACCOUNT))
    # It may be of a delegated administrator, and its target the management account.
    assert "? App/App" in left(NO_DECRYPT, ACCOUNT, made=role("Other"))
    assert "? App/App" in left(NO_DECRYPT, ACCOUNT, made=ORGANIZATION | {"Condition": "Open"})
    assert "App/App" not in left(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}}', ACCOUNT
    )
    assert "App/App" in left(NO_DECRYPT, OTHER_ACCOUNT)
    # FullAWSAccess may stand beside it, which no template tells.
    assert "App/App" in left(policy(allow("s3:*")), ACCOUNT)
    # The account of the stack may be the management account, which no policy binds.
    assert "App/App" in left(NO_DECRYPT, ACCOUNT, account=ACCOUNT)
    assert "App/App" not in left(policy(deny("kms:*", "*")), ACCOUNT, kind="RESOURCE_CONTROL_POLICY")
    assert "? App/App" in left({"Ref": "Content"}, ACCOUNT)


def test_a_policy_of_a_stack_whose_account_is_not_told_may_be_about_the_management_account() -> None:
    guardrail = organization_policy(NO_DECRYPT, targets=[ACCOUNT])
    org = {"Resources": {"Guardrail": guardrail, "Org": ORGANIZATION}}
    given = {"App": stack(App=role("App", allow("kms:*"))), "Org": org}
    here = {"App": f"aws://{ACCOUNT}/us-east-1"}
    for places, wanted in ((here, [None]), (here | {"Org": "aws://999999999999/us-east-1"}, [])):
        rows = AccessMap(read_templates(given, environments=places)).who_can("kms:Decrypt", "App/Key")
        assert [row.allowed for row in rows if row.principal == "App/App"] == wanted


def test_a_policy_of_the_templates_under_an_open_condition_binds_where_it_exists_only() -> None:
    resources = {"Guardrail": organization_policy(NO_DECRYPT, targets=[ACCOUNT], Condition="Guarded")}
    org = {
        "Parameters": {"Guard": {"Type": "String"}},
        "Conditions": {"Guarded": {"Fn::Equals": [{"Ref": "Guard"}, "yes"]}},
        "Resources": resources,
    }
    given = {"App": stack(App=role("App", allow("kms:*"))), "Org": org}
    places = {"App": f"aws://{ACCOUNT}/us-east-1", "Org": "aws://999999999999/us-east-1"}
    rows = AccessMap(read_templates(given, environments=places)).who_can("kms:Decrypt", "App/Key")
    assert [row.allowed for row in rows if row.principal == "App/App"]


def test_what_is_no_policy_of_the_organization_is_refused() -> None:
    org = {
        "Org": {"Resources": {"Guardrail": organization_policy(policy(deny("kms:*", "*")), "RESOURCE_CONTROL_POLICY")}}
    }
    with pytest.raises(AccessError, match="SCP 0 must be of Type SERVICE_CONTROL_POLICY, got Org/Guardrail"):
        read(templates=org, scps=["Org/Guardrail"])
    with pytest.raises(
        AccessError, match="no policy of the organization is called 'Org/Guardrai'; there are Org/Guardrail"
    ):
        read(templates=org, rcps=["Org/Guardrai"])
    with pytest.raises(PolicyError, match=r"scps must be a list of policies, got \{"):
        read(scps=NO_DECRYPT)
    with pytest.raises(PolicyError, match="RCP 0 must come from parse_key_policy, got the parsed policy 'SCP'"):
        read(rcps=[parse_scp(NO_DECRYPT)])
    with pytest.raises(PolicyError, match="SCP 0 must come from parse_scp, got the parsed policy 'key policy'"):
        read(scps=[parse_key_policy(PERIMETER)])


def test_reasons_name_the_policy_and_where_it_stands() -> None:
    org = {"Org": {"Resources": {"Guardrail": organization_policy(NO_DECRYPT)}}}
    told = str(read(templates=org, scps=["Org/Guardrail"]).explain("App/App", "kms:Decrypt", "App/Key"))
    assert "Org/Guardrail statement 0 denies kms:Decrypt" in told
