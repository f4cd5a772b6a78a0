"""The open findings of Security Hub: which are asked for, and of each whether it will pass.

No emulator has Security Hub with its filters: request and answer are checked against botocore's model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from secure_kms_constructs.account import Options, Snapshot, take_snapshot
from secure_kms_constructs.account.connections import Connection
from secure_kms_constructs.account.reading_findings import read_findings
from secure_kms_constructs.account.records import HubFinding
from secure_kms_constructs.account.worklist import unread_findings, worklist
from tests.unit.account.accounts import (
    APP,
    GAAD,
    ROOT,
    SHUT,
    SPARE,
    allow,
    document,
    fake_account,
    key_arn,
    role,
    role_arn,
)
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Json

WIDE = f"arn:aws:iam::{ACCOUNT}:policy/Wide"
OPS = f"arn:aws:iam::{ACCOUNT}:group/ops"


def finding(control: str, resource: str, **more: Any) -> Json:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/{control}/finding/1",
        "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/securityhub",
        "GeneratorId": f"security-control/{control}",
        "AwsAccountId": ACCOUNT,
        "CreatedAt": "2026-11-01T00:00:00.000Z",
        "UpdatedAt": "2026-11-02T00:00:00.000Z",
        "Title": control,
        "Description": control,
        "Resources": [{"Type": "AwsIamRole", "Id": resource}],
        "Compliance": {"Status": "FAILED", "SecurityControlId": control},
        **more,
    }


def test_open_findings_of_this_account_and_region_are_asked_for() -> None:
    client = boto3.Session("x", "y").client("securityhub", region_name=REGION)

    def equals(*values: str) -> list[Json]:
        return [{"Value": one, "Comparison": "EQUALS"} for one in values]

    filters = {
        "RecordState": equals("ACTIVE"),
        "WorkflowStatus": equals("NEW", "NOTIFIED"),
        "ComplianceStatus": equals("FAILED", "WARNING"),
        "ComplianceSecurityControlId": equals("KMS.1", "KMS.2", "KMS.3", "KMS.4", "KMS.5"),
        "AwsAccountId": equals(ACCOUNT),
        "Region": equals(REGION),
    }
    asked = {"Filters": filters, "MaxResults": 100}
    connection = Connection(None, REGION, ACCOUNT)
    connection._clients["securityhub"] = client
    with Stubber(client) as stub:
        stub.add_response("get_findings", {"Findings": [finding("KMS.1", WIDE)], "NextToken": "more"}, asked)
        stub.add_response(
            "get_findings", {"Findings": [finding("KMS.4", key_arn(APP))]}, {**asked, "NextToken": "more"}
        )
        found = read_findings(connection)
        stub.assert_no_pending_responses()
    assert [(one.control, one.resource) for one in found] == [("KMS.1", WIDE), ("KMS.4", key_arn(APP))]
    assert found[0].updated == "2026-11-02T00:00:00.000Z"


def test_findings_are_part_of_a_snapshot_on_request() -> None:
    aws = fake_account(findings=[finding("KMS.1", WIDE)])
    [plain] = take_snapshot(session=aws.session()).accounts
    assert plain.findings is None
    [account] = take_snapshot(Options(parts=("security-hub",)), session=aws.session()).accounts
    assert account.findings == [HubFinding("KMS.1", WIDE, "2026-11-02T00:00:00.000Z")]


def test_a_snapshot_without_findings_says_how_to_take_one(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    with pytest.raises(ValueError, match=r"take it with `account snapshot --security-hub`$"):
        worklist(Snapshot("now", [replace(account, findings=None)]))


def test_findings_that_could_not_be_read_are_told() -> None:
    aws = fake_account()
    aws.refuse["securityhub", "GetFindings"] = "AccessDeniedException"
    snapshot = take_snapshot(Options(parts=("security-hub",)), session=aws.session())
    assert worklist(snapshot) == ()
    [said] = unread_findings(snapshot)
    assert "allow securityhub:GetFindings" in said
    aws.refuse = {("kms", "ListGrants"): "AccessDeniedException"}
    assert unread_findings(take_snapshot(Options(parts=("security-hub",)), session=aws.session())) == []


def told(snapshot: Snapshot, control: str, resource: str, **changed: Any) -> tuple[bool | None, str]:
    [account] = snapshot.accounts
    [item] = worklist(Snapshot("now", [replace(account, findings=[HubFinding(control, resource)], **changed)]))
    assert (item.control, item.resource) == (control, resource)
    return item.passes, item.text


@pytest.mark.parametrize(
    "control, resource, passes, text",
    [
        ("KMS.1", WIDE, False, "allows to decrypt with every key: *"),
        ("KMS.1", WIDE.replace("Wide", "Gone"), True, "is not there any more"),
        ("KMS.2", role_arn("Bounded"), False, "allows to decrypt with every key: *"),
        ("KMS.2", role_arn("Reader"), True, "does not allow to decrypt with every key"),
        ("KMS.2", role_arn("Wide"), True, "does not allow to decrypt with every key"),
        ("KMS.2", OPS, True, "does not allow to decrypt with every key"),
        ("KMS.2", role_arn("Gone"), True, "is not there any more"),
        ("KMS.2", "AROAXXXX", None, "is not among what was read"),
        ("KMS.3", key_arn(APP), True, "is Enabled"),
        ("KMS.4", key_arn(APP), True, "is rotated"),
        ("KMS.5", key_arn(APP), True, "admits nobody of other accounts without a fixed value"),
        ("KMS.4", key_arn("9"), True, "is not there any more"),
        ("KMS.4", key_arn("9").replace(REGION, "eu-west-1"), None, "is not among what was read"),
    ],
)
def test_what_a_file_says_of_a_finding(
    control: str, resource: str, passes: bool | None, text: str, snapshot: Snapshot
) -> None:
    said = told(snapshot, control, resource)
    assert said[0] is passes
    assert said[1].startswith(text)


def changed_key(snapshot: Snapshot, **changed: Any) -> Json:
    [account] = snapshot.accounts
    return {"keys": [replace(one, **changed) if one.arn == key_arn(APP) else one for one in account.keys]}


PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
OF_ONE = {"StringEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT}}
ADMINS = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}


@pytest.mark.parametrize(
    "control, changed, passes",
    [
        ("KMS.3", {"state": "PendingDeletion"}, False),
        ("KMS.3", {"state": "PendingReplicaDeletion"}, False),
        ("KMS.3", {"state": "Disabled"}, True),
        ("KMS.4", {"rotation": False}, False),
        ("KMS.4", {"rotation": None}, None),
        ("KMS.5", {"policy": document(ADMINS, PUBLIC)}, False),
        ("KMS.5", {"policy": document(ADMINS, PUBLIC | {"Condition": OF_ONE})}, True),
        ("KMS.5", {"policy": None}, None),
    ],
)
def test_what_a_key_is_decides(control: str, changed: Json, passes: bool | None, snapshot: Snapshot) -> None:
    assert told(snapshot, control, key_arn(APP), **changed_key(snapshot, **changed))[0] is passes


@pytest.mark.parametrize(
    "statements, passes",
    [
        ([allow("kms:Decrypt", "*")], False),
        ([allow("kms:Decrypt", f"arn:aws:kms:*:{ACCOUNT}:key/*")], None),
        ([allow("kms:Decrypt", key_arn(APP))], True),
        ([allow("kms:Decrypt", "*"), allow("kms:*", "*") | {"Effect": "Deny"}], None),
    ],
)
def test_security_hub_looks_for_a_star(statements: list[Json], passes: bool | None) -> None:
    snapshot = take_snapshot(session=fake_account(roles=[role("One", *statements)]).session())
    assert told(snapshot, "KMS.2", role_arn("One"))[0] is passes


@pytest.mark.parametrize(
    "control, resource, call",
    [
        ("KMS.1", WIDE.replace("Wide", "Gone"), GAAD),
        ("KMS.2", role_arn("Gone"), GAAD),
        ("KMS.3", key_arn("9"), ("kms", "ListKeys")),
        ("KMS.3", key_arn(APP), ("kms", "DescribeKey")),
        ("KMS.4", key_arn(SHUT), ("kms", "GetKeyRotationStatus")),
        ("KMS.5", key_arn(SPARE), ("kms", "GetKeyPolicy")),
    ],
)
def test_what_was_not_read_is_not_known(control: str, resource: str, call: tuple[str, str]) -> None:
    aws = fake_account()
    aws.refuse[call] = "AccessDeniedException"
    assert told(take_snapshot(session=aws.session()), control, resource)[0] is None


def test_items_say_what_will_happen(snapshot: Snapshot) -> None:
    [account] = snapshot.accounts
    findings = [HubFinding("KMS.4", key_arn(APP)), HubFinding("KMS.1", WIDE), HubFinding("KMS.1", WIDE, "later")]
    one, other = worklist(Snapshot("now", [replace(account, findings=findings)]))
    assert str(one) == f"KMS.1 will fail: {WIDE} allows to decrypt with every key: *"
    assert str(other) == f"KMS.4 will pass: {key_arn(APP)} is rotated"
    assert str(replace(other, passes=None)).startswith("KMS.4 may fail: ")
