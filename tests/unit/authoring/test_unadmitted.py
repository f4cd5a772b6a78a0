"""What a role's own policy allows is compared with the key policy action by action, and way by way."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring.served_keys import Decision
from tests.unit.authoring.small_apps import KEY, ROLE, ROOT, app, decided, ref

NAMED = {"aws:PrincipalArn": "${Stack/Role.Arn}"}
NOTHING, PARTLY, INDIRECT = "refused", "deadActions", "indirectUse"


def admits(actions: Any, via: str = "", sid: str = "AllowUse") -> dict[str, Any]:
    condition: dict[str, Any] = {"ArnEquals": NAMED}
    if via:
        condition["StringEquals"] = {"kms:ViaService": f"{via}.us-east-1.amazonaws.com"}
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": actions, "Condition": condition}


READS = admits("kms:Decrypt", "secretsmanager", "AllowReadThroughSecretsManager")
DIRECT = admits("kms:Decrypt")
DATA_KEYS = admits("kms:GenerateDataKey", "s3", "AllowWriteThroughS3")
SERVED = admits(["kms:Decrypt", "kms:GenerateDataKey"], "s3", "AllowRoles")
LEFT = {
    "Sid": "DelegateSqs",
    "Effect": "Allow",
    "Principal": {"AWS": ROOT},
    "Action": "kms:Decrypt",
    "Condition": {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
}


def look(actions: Any, *statements: dict[str, Any], via: str = "") -> Decision:
    said: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": KEY}
    if via:
        said["Condition"] = {"StringLike": {"kms:ViaService": via}}
    document = {"Statement": [said]}
    policy = ("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": document})
    return decided(app(Role=ROLE, Policy=policy), statements=list(statements))


def outcome(decision: Decision) -> tuple[str, str] | None:
    told = [(NOTHING, text) for text in decision.refusals]
    told += [one for one in decision.findings if one[0] in (PARTLY, INDIRECT)]
    assert len(told) < 2
    return told[0] if told else None


@pytest.mark.parametrize(
    "actions, statements, expected, dead",
    [
        (["kms:Decrypt", "kms:GenerateDataKey"], [READS], NOTHING, "kms:GenerateDataKey"),
        (["kms:Decrypt", "kms:GenerateDataKey*"], [READS], NOTHING, "kms:GenerateDataKey*"),
        (["kms:Decrypt", "kms:GenerateDataKey"], [READS, DIRECT], PARTLY, "kms:GenerateDataKey"),
        (["kms:Decrypt", "kms:GenerateDataKey"], [READS, DATA_KEYS], INDIRECT, "kms:Decrypt, kms:GenerateDataKey"),
        (["kms:Decrypt", "kms:GenerateDataKey"], [DIRECT, DATA_KEYS], None, ""),
        (["kms:Decrypt", "kms:GenerateDataKey"], [SERVED], None, ""),
        (["kms:Decrypt", "kms:Encrypt"], [READS], PARTLY, "kms:Encrypt"),
        (["kms:Decrypt", "kms:DescribeKey"], [READS], INDIRECT, "kms:Decrypt, kms:DescribeKey"),
        ("kms:Decrypt", [READS], INDIRECT, "kms:Decrypt"),
        ("kms:Decrypt", [READS, SERVED], None, ""),
        ("kms:Decrypt", [LEFT], None, ""),
        ("kms:Decrypt", [DIRECT], None, ""),
        ("kms:Decrypt", [], NOTHING, "kms:Decrypt"),
        ("kms:*", [READS], INDIRECT, "kms:*"),
        ("kms:*", [admits("kms:EnableKey", sid="AllowAdministrators")], None, ""),
    ],
)
def test_each_action_is_compared(actions: Any, statements: list[Any], expected: str | None, dead: str) -> None:
    found = outcome(look(actions, *statements))
    assert (found and found[0]) == expected
    if found:
        shown = dead.removesuffix(", kms:DescribeKey")
        assert f"Stack/Policy allows {shown} on the key to Stack/Role" in found[1]


@pytest.mark.parametrize(
    "via, expected",
    [
        ("secretsmanager.us-east-1.amazonaws.com", None),
        ("secretsmanager.*.amazonaws.com", None),
        ("*.amazonaws.com", None),
        ("s?.us-east-1.amazonaws.com", None),
        ("${Service}.us-east-1.amazonaws.com", None),
        ("ssm.us-east-1.amazonaws.com", NOTHING),
    ],
)
def test_a_grant_through_one_service_meets_no_other(via: str, expected: str | None) -> None:
    found = outcome(look("kms:Decrypt", READS, via=via))
    assert (found and found[0]) == expected


def test_a_part_of_what_is_granted_through_a_service_may_be_left_out() -> None:
    found = outcome(look(["kms:Decrypt", "kms:GenerateDataKey"], READS, via="secretsmanager.us-east-1.amazonaws.com"))
    assert found is not None
    assert found[0] == PARTLY
    assert found[1].endswith("call key.grant(role, 'kms:GenerateDataKey'), or take it out")


def executing(
    enabled: Any, *statements: dict[str, Any], own: bool = True, cluster: str = "Cluster", **more: Any
) -> Decision:
    """Return what is decided of a key under which a service executes commands."""
    path = {"Configuration": {"ExecuteCommandConfiguration": {"KmsKeyId": KEY}}}
    service = {"EnableExecuteCommand": enabled, "Cluster": ref(cluster, "Ref"), "TaskDefinition": ref("Task", "Ref")}
    service |= more
    allows = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY if own else "*"}]}
    made = app(
        Role=ROLE,
        Cluster=("AWS::ECS::Cluster", path),
        Service=("AWS::ECS::Service", service),
        Task=("AWS::ECS::TaskDefinition", {"TaskRoleArn": ref("Role")}),
        Policy=("AWS::IAM::Policy", {"Roles": [ref("Role", "Ref")], "PolicyDocument": allows}),
    )
    return decided(made, statements=list(statements))


@pytest.mark.parametrize("through", [READS, SERVED, admits("kms:GenerateDataKey")], ids=["reads", "served", "other"])
def test_a_task_role_that_executes_commands_decrypts_directly(through: dict[str, Any]) -> None:
    [text, *_] = executing(True, through).refusals
    assert "Stack/Service executes commands under the key" in text
    assert "its task role Stack/Role kms:Decrypt directly" in text
    assert executing("true", through).refusals


def test_a_task_role_that_is_admitted_directly_is_not_told_of() -> None:
    decision = executing(True, READS, DIRECT)
    assert decision.refusals == []
    assert not any("such as" in text for _, text in decision.findings)


@pytest.mark.parametrize("enabled", [False, None])
def test_a_service_that_executes_no_commands_needs_nothing(enabled: Any) -> None:
    assert executing(enabled, READS).refusals == []


def test_the_cluster_of_another_service_is_not_meant() -> None:
    assert executing(True, READS, cluster="Other").refusals == []
    assert executing(True, READS, cluster="Other", ServiceName=ref("Cluster", "Ref")).refusals == []


def test_the_task_role_is_named_and_another_role_does_not_speak_for_it() -> None:
    somebody = {**admits("kms:Decrypt"), "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/other"}}}
    decision = executing(True, somebody, own=False)
    assert decision.refusals == []
    [text] = [text for name, text in decision.findings if name == "callers" and "kms:Decrypt" in text]
    assert "grant Stack/Role, as which Stack/Service executes commands, on the key" in text
