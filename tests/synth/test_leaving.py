"""The code of a key that leaves delegation, synthesized: who was seen uses it as he was seen, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template

from secure_kms_constructs.account.records import Identity, Key
from secure_kms_constructs.evidence.requests import call_of
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate.key_codes import code_of_key
from secure_kms_constructs.migrate.plans import Leaving
from secure_kms_constructs.migrate.replay import mutations
from secure_kms_constructs.policies import evaluate
from tests.synth.templates import readable, resources
from tests.unit.migrate.accounts import (
    ACCOUNT,
    DELEGATES,
    ONE,
    READER,
    REGION,
    ROOT,
    WIDE,
    allow,
    document,
    observed,
    plan,
    role,
    role_arn,
    secret_arn,
    snapshot,
    use,
)

SECOND = role_arn("Second")
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
EVERYTHING = document(allow("kms:*"))
LOGS = {"Service": f"logs.{REGION}.amazonaws.com"}
ADMINISTERS = ["kms:Describe*", "kms:Enable*", "kms:ScheduleKeyDeletion"]
OF_LOGS = allow(
    ["kms:Decrypt", "kms:GenerateDataKey*"],
    Principal=LOGS,
    Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/a"}},
)


def delegating(*statements: Any) -> Any:
    return document(*DELEGATES["Statement"], *statements)


def through(service: str, **context: str | None) -> dict[str, Any]:
    return {"service": f"{service}.amazonaws.com", "via": f"{service}.{REGION}.amazonaws.com", "context": context}


USES = [
    use(),
    use(secret="other"),
    use("GenerateDataKey", secret="other"),
    use(principal=SECOND, **through("sqs")),
    use("GenerateDataKey", principal=SECOND, **through("s3", **{"aws:s3:arn": "arn:aws:s3:::b/*"})),
    use(principal=SECOND, **through("kinesis", **{"aws:kinesis:arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"})),
    use(principal=ANN, secret=None, context={"Department": "IT"}),
    use("Sign", by_grant=True),
]


def leaving(*uses: Use, policy: Any = DELEGATES, **more: Any) -> Leaving:
    complete = more.pop("complete", True)
    services, foreign = more.pop("services", []), more.pop("foreign", [])
    keys = [Key(ONE, **{"policy": policy, "grants": [], **more})]
    known = snapshot(
        role(wide=WIDE),
        role("Second", wide=EVERYTHING),
        role("Admin"),
        Identity(ANN, "user", inline={"w": EVERYTHING}),
        keys=keys,
    )
    seen = observed(*uses, keys=keys, complete=complete, services=services, foreign=foreign)
    [found] = plan(known, seen, accept_gap=True).keys
    return found


def synthesized(found: Leaving, folder: Path) -> tuple[Any, dict[str, list[Any]]]:
    """Return the key policy, and the identity policies by role."""
    scope: dict[str, Any] = {"__name__": "made"}
    code = code_of_key(found)
    exec(compile(code, "key.py", "exec"), scope)
    [name] = [one for one in scope if one.startswith("Key")]
    stack = scope[name](App(outdir=str(folder)), "Made", env=Environment(account=ACCOUNT, region=REGION))
    made = Template.from_stack(stack).to_json()
    [(logical_id, key)] = resources(made, "AWS::KMS::Key").items()
    assert logical_id == "Key961B73FD"
    held: dict[str, list[Any]] = {}
    for one in resources(made, "AWS::IAM::Policy").values():
        for holder in (*one.get("Roles", ()), *one.get("Users", ())):
            text = {"Version": "2012-10-17", "Statement": readable(one["PolicyDocument"]["Statement"])}
            held.setdefault(holder, []).append(plain(text))
    return plain({"Version": "2012-10-17", "Statement": readable(key["KeyPolicy"]["Statement"])}), held


def plain(document: Any) -> Any:
    return json.loads(json.dumps(document).replace("<AWS::Partition>", "aws").replace("<Key.Arn>", ONE))


def test_everybody_who_was_seen_goes_on_and_nobody_else(tmp_path: Path) -> None:
    policy = delegating(OF_LOGS, allow(ADMINISTERS, Principal={"AWS": role_arn("Admin")}))
    found = leaving(*USES, policy=policy)
    assert found.stays == ""
    key_policy, held = synthesized(found, tmp_path)

    def allowed(call: Any, policies: list[Any]) -> bool | None:
        return evaluate(call.request(), key_policy=key_policy, identity_policies=policies).allowed

    for one in found.uses:
        mine = held.get(one.principal.rpartition("/")[2], [])
        assert allowed(call_of(one), mine) is True, one
        tried = 0
        for field, call in mutations(one, [other for other in found.uses if other.principal == one.principal]):
            if field == "key":
                continue
            tried += 1
            given = mine if field not in ("role", "account") else [EVERYTHING]
            assert allowed(call, given) is False, (field, str(call))
        assert tried > 10
    assert "grant_via(role3, Service.KINESIS, use=Use.READ" in code_of_key(found)
    assert f"use=Use.WRITE, resource_arns=['{secret_arn('other')}']" in code_of_key(found)


def test_administrators_and_services_are_as_before(tmp_path: Path) -> None:
    changes = allow("kms:PutKeyPolicy", Principal={"AWS": [role_arn("Boss")]})
    policy = document(
        *DELEGATES["Statement"], OF_LOGS, allow(ADMINISTERS, Principal={"AWS": role_arn("Admin")}), changes
    )
    found = leaving(use(), policy=policy)
    assert (found.administrators, found.policy_administrators) == ([role_arn("Admin")], [role_arn("Boss")])
    key_policy, _ = synthesized(found, tmp_path)
    of_logs = [one for one in key_policy["Statement"] if one["Principal"] == LOGS]
    assert [one["Condition"]["ArnLike"] for one in of_logs] == [OF_LOGS["Condition"]["ArnLike"]]
    assert any(role_arn("Admin") in str(one["Principal"]) for one in key_policy["Statement"])


ROLE = {"AWS": READER}
PARTNER = {"AWS": ROOT.replace(ACCOUNT, "444455556666")}
CONDITIONAL: Any = {"Principal": ROLE, "Condition": {"Bool": {"a:b": "true"}}}
STAYS: dict[str, tuple[list[Use], dict[str, Any], str]] = {
    "silence that is no evidence": ([use()], {"complete": None}, "silence is no evidence of who uses it"),
    "another account": ([], {"foreign": [use(principal="", account="444455556666")]}, "other accounts use it"),
    "a role that is gone": ([use(principal=role_arn("Gone"))], {}, "which is no role or user of the account file"),
    "root": ([use(principal=ROOT)], {}, "which is no role or user of the account file"),
    "a service for itself": (
        [],
        {"services": [use(principal="rds.amazonaws.com")]},
        "rds.amazonaws.com uses it for itself",
    ),
    "a context that no statement says": ([use(secret=None, context={"A": "1", "a": "2"})], {}, "differ in case alone"),
    "two roles whose contexts differ in case": (
        [use(secret=None, context={"A": "1"}), use(principal=SECOND, secret=None, context={"a": "2"})],
        {},
        "differ in case alone",
    ),
    "a key that is off": ([use()], {"state": "Disabled"}, "its state is Disabled"),
    "a key that signs": ([], {"spec": "RSA_2048"}, "which a HardenedKey does not import"),
    "a key with material of its own": ([], {"origin": "EXTERNAL"}, "which a HardenedKey does not import"),
    "a key with replicas": ([], {"multi_region": True}, "it has replicas or is one"),
    "a statement for another account": (
        [],
        {"policy": document(*DELEGATES["Statement"], allow("kms:Decrypt", Principal=PARTNER))},
        "is for others than roles and users of the account",
    ),
    "a statement for everybody": (
        [],
        {"policy": delegating(allow("kms:Decrypt", Principal="*"))},
        "is for others than roles and users of the account",
    ),
    "a statement for both": (
        [],
        {"policy": delegating(allow("kms:*", Principal=ROLE))},
        "lets somebody both administer and use it",
    ),
    "an administrator under a condition": (
        [],
        {"policy": document(*DELEGATES["Statement"], allow(ADMINISTERS, **CONDITIONAL))},
        "lets somebody administer it under a condition",
    ),
    "an administrator who uses it": (
        [use()],
        {"policy": delegating(allow(ADMINISTERS, Principal=ROLE))},
        f"{READER} administers it and uses it",
    ),
}


@pytest.mark.parametrize("name", STAYS)
def test_a_key_goes_on_delegating_with(name: str) -> None:
    uses, more, why = STAYS[name]
    assert why in leaving(*uses, **more).stays


def test_a_service_that_the_policy_or_a_grant_names_goes_on() -> None:
    logs = use(principal="logs.amazonaws.com")
    assert leaving(services=[logs]).stays != ""
    assert leaving(services=[logs], policy=delegating(OF_LOGS)).stays == ""
    grant = {"GrantId": "g", "GranteePrincipal": "logs.amazonaws.com", "Operations": ["Decrypt"]}
    assert leaving(services=[logs], grants=[grant]).stays == ""


def test_a_key_that_does_not_delegate_is_no_matter() -> None:
    closed = document(
        allow("kms:*", Principal={"AWS": ROOT}, Condition={"StringEquals": {"aws:PrincipalType": "Account"}})
    )
    keys = [Key(ONE, policy=closed, grants=[])]
    assert plan(snapshot(role(wide=WIDE), keys=keys), observed(keys=keys)).keys == []


def test_plans_for_some_say_nothing_of_keys() -> None:
    keys = [Key(ONE, policy=DELEGATES, grants=[])]
    known = snapshot(role(wide=WIDE), keys=keys)
    assert len(plan(known, observed(keys=keys)).keys) == 1
    assert plan(known, observed(keys=keys), principals=[READER]).keys == []
