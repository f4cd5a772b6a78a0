"""Plans: what was seen and is allowed stays, everything else goes, and whatever cannot be proven is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from secure_kms_constructs.account.records import Identity, Key
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate import Migration, Plan, plan
from secure_kms_constructs.migrate.planning import POLICY
from tests.unit.migrate.accounts import (
    ACCOUNT,
    CLOSED,
    DELEGATES,
    KEYS,
    MANAGED,
    ONE,
    OTHER,
    READER,
    SECRETS,
    SHUT,
    WIDE,
    Json,
    allow,
    document,
    group,
    key_arn,
    observed,
    role,
    role_arn,
    secret,
    secret_arn,
    snapshot,
    use,
)

POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Wide"


def of(*uses: Use, policy: Json = WIDE, keys: list[Key] = KEYS) -> Plan:
    [made] = plan(snapshot(role(wide=policy), keys=keys), observed(*uses, keys=keys)).plans
    return made


def statements(made: Plan) -> list[Json]:
    return [one for document in made.added.values() for one in document["Statement"]]


def test_a_use_becomes_its_own_statement_and_the_star_goes() -> None:
    made = of(use())
    assert statements(made) == [
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": ONE,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": SECRETS,
                    "kms:EncryptionContext:SecretARN": secret_arn("app"),
                }
            },
        }
    ]
    assert [(one.held.name, one.after) for one in made.replaced] == [("wide", None)]
    assert (made.replay.allowed, made.replay.observed) == (1, 1)
    assert made.replay.refused == made.replay.mutated >= 15
    assert made.width == 3


def test_secrets_under_one_key_share_a_statement() -> None:
    [statement] = statements(of(use(), use(secret="other"), use(secret="third")))
    values = statement["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"]
    assert values == [secret_arn("app"), secret_arn("other"), secret_arn("third")]


def test_actions_that_were_seen_alike_share_a_statement() -> None:
    [statement] = statements(of(use(), use("GenerateDataKey"), policy=document(allow("kms:*"))))
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_what_has_no_encryption_context_gets_no_condition_on_one() -> None:
    signs = document(allow(["kms:Sign", "kms:Verify"]))
    [direct] = statements(of(use("Sign", secret=None), policy=signs))
    assert direct == allow("kms:Sign", ONE, Condition={"Null": {"kms:ViaService": "true"}})
    [untold] = statements(of(use("Sign", service="states.amazonaws.com", via=None, context={}), policy=signs))
    assert untold == allow("kms:Sign", ONE)


def test_a_direct_call_is_allowed_directly_alone() -> None:
    [statement] = statements(of(use(secret=None, context={"Department": "IT"})))
    assert statement["Condition"] == {
        "Null": {"kms:ViaService": "true"},
        "StringEquals": {"kms:EncryptionContext:Department": "IT"},
    }


def test_a_call_without_encryption_context_is_allowed_without_one_alone() -> None:
    [statement] = statements(of(use(secret=None)))
    assert statement["Condition"] == {"Null": {"kms:ViaService": "true", "kms:EncryptionContextKeys": "true"}}


def test_pairs_that_were_not_seen_together_are_not_allowed_together() -> None:
    pairs = [{"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"a": "1", "b": "2"}]
    made = of(*(use(secret=None, context=one) for one in pairs))
    assert len(statements(made)) == 2
    assert made.replay.refused == made.replay.mutated


def test_a_folded_bucket_is_a_pattern_and_a_star_of_somebody_else_is_none() -> None:
    via = {"service": "s3.amazonaws.com", "via": "s3.eu-west-1.amazonaws.com"}
    [folded] = statements(of(use(context={"aws:s3:arn": "arn:aws:s3:::logs/*"}, **via)))
    assert folded["Condition"]["StringLike"] == {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::logs/*"}
    for name, value in (("Department", "*"), ("aws:s3:arn", "arn:aws:s3:::*/*"), ("x", "arn:aws:s3:::logs/*")):
        made = of(use(secret=None, context={name: value}))
        [literal] = statements(made)
        assert literal["Condition"]["StringEquals"] == {f"kms:EncryptionContext:{name}": value}
        assert made.replay.refused == made.replay.mutated


def test_a_service_whose_via_is_not_told_is_to_be_looked_at() -> None:
    made = of(use(service="states.amazonaws.com", via=None, context={"x": "1"}))
    [statement] = statements(made)
    assert statement["Condition"] == {"StringEquals": {"kms:EncryptionContext:x": "1"}}
    assert [why for _, why in made.review] == [
        "by which kms:ViaService states.amazonaws.com calls is not told, so none is asked for"
    ]


def test_values_that_were_not_kept_are_any_and_to_be_looked_at() -> None:
    made = of(use(secret=None, context={"id": None, "kind": "x"}))
    [statement] = statements(made)
    assert statement["Condition"] == {
        "Null": {"kms:ViaService": "true", "kms:EncryptionContext:id": "false"},
        "StringEquals": {"kms:EncryptionContext:kind": "x"},
    }
    assert "any is allowed" in made.review[0][1]
    [any_at_all] = statements(of(use(secret=None, context=None)))
    assert any_at_all["Condition"] == {"Null": {"kms:ViaService": "true"}}


def test_describing_never_stands_beside_an_encryption_context() -> None:
    """Nor is it taken away: what says nothing of data stays as it is."""
    everything = document(allow("kms:*"))
    made = of(use(), use("DescribeKey", secret=None), policy=everything)
    assert all("kms:DescribeKey" not in one["Action"] for one in statements(made))
    [kept] = (made.replaced[0].after or {})["Statement"]
    assert {"kms:DescribeKey", "kms:ListAliases", "kms:PutKeyPolicy"} <= set(kept["Action"])
    assert not {"kms:Decrypt", "kms:CreateGrant", "kms:ReEncryptFrom", "kms:*"} & set(kept["Action"])


@pytest.mark.parametrize(
    "statement, left",
    [
        (allow("kms:Decrypt"), None),
        (allow(["kms:decrypt", "s3:GetObject"]), allow(["s3:GetObject"])),
        (allow("kms:Re*", ONE), allow(["kms:ReplicateKey", "kms:RetireGrant", "kms:RevokeGrant"], ONE)),
        (allow("kms:GenerateDataKe?"), None),
        (allow("kms:DescribeKey"), allow("kms:DescribeKey")),
        (
            {"Effect": "Deny", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "kms:*", "Resource": "*"},
        ),
        (
            allow(["kms:Decrypt", "kms:GetKeyPolicy"], Condition={"Bool": {"aws:SecureTransport": "true"}}),
            allow(["kms:GetKeyPolicy"], Condition={"Bool": {"aws:SecureTransport": "true"}}),
        ),
    ],
)
def test_what_is_left_of_a_statement(statement: Json, left: Json | None) -> None:
    policy = document(statement, allow("kms:Decrypt"))
    [made] = plan(snapshot(role(one=policy)), observed()).plans
    expected = None if left is None else document(left)
    assert made.replaced[0].after == expected


@pytest.mark.parametrize(
    "identity, why",
    [
        (role(all=document(allow("*"))), "policy all allows *: write what it needs of other services first"),
        (role(all=document(allow("k*:Decrypt"))), "policy all allows k*:Decrypt: write"),
        (
            role(all=document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})),
            "policy all allows all actions but some (NotAction)",
        ),
        (role("Reader", "arn:aws:iam::aws:policy/AdministratorAccess"), "policy AdministratorAccess is AWS's own"),
        (role("Reader", "arn:aws:iam::aws:policy/Unheard"), "the text of policy Unheard is not known"),
        (role(f"cdk-hnb659fds-deploy-role-{ACCOUNT}-eu-west-1", wide=WIDE), "give it a documented_exception"),
        (role("aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0123456789abcdef", wide=WIDE), "of Identity Center"),
        (role("aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS", wide=WIDE), "linked to a service"),
    ],
)
def test_who_has_no_plan(identity: Identity, why: str) -> None:
    made = plan(snapshot(identity), observed())
    assert not made.plans
    assert list(made.left) == [identity.arn]
    assert why in made.left[identity.arn]


def test_who_may_not_use_keys_is_not_mentioned() -> None:
    metadata = document(allow(["kms:Describe*", "kms:List*", "s3:*"]))
    not_kms = document({"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"})
    made = plan(snapshot(role(one=metadata, other=not_kms)), observed())
    assert (made.plans, made.left) == ([], {})


def test_a_denied_call_never_becomes_a_permission() -> None:
    """A tool that reads denied calls as wishes lets whoever tries a key have it."""
    narrow = document(allow("kms:Decrypt", ONE))
    seen = observed(denied=[use(key=OTHER), use("Encrypt")])
    [made] = plan(snapshot(role(narrow=narrow)), seen).plans
    assert made.added == {}
    assert made.needed == []


def test_a_use_by_a_grant_gets_no_statement() -> None:
    grant = {"GrantId": "g", "GranteePrincipal": READER, "Operations": ["Decrypt"]}
    keys = [Key(ONE, policy=DELEGATES, grants=[grant])]
    made = of(use(), keys=keys)
    assert statements(made) == []
    assert [why for _, why in made.otherwise] == ["a grant allows it"]
    assert (made.replay.allowed, made.replay.observed) == (1, 1)
    # The neighbour is a grant of another operation.
    keys = [Key(ONE, policy=DELEGATES, grants=[{**grant, "Operations": ["Encrypt"]}])]
    made = of(use(), keys=keys)
    assert len(statements(made)) == 1
    assert {one.split()[1] for one in made.replay.beside} == {"kms:Encrypt"}


def test_the_key_of_aws_needs_no_statement() -> None:
    made = of(use(key=MANAGED))
    assert statements(made) == []
    assert [why for _, why in made.otherwise] == [
        "the policy of the AWS-managed key admits the account through its service"
    ]
    assert made.key_statements == {}


def test_a_key_that_admits_by_itself_is_told_what_it_could_say() -> None:
    made = of(use(key=SHUT))
    assert statements(made) == []
    assert [why for _, why in made.otherwise] == ["the policy of the key admits it by itself"]
    assert made.key_statements == {
        SHUT: [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {
                    "ArnEquals": {"aws:PrincipalArn": READER},
                    "StringEquals": {
                        "kms:ViaService": SECRETS,
                        "kms:EncryptionContext:SecretARN": secret_arn("app"),
                        "kms:CallerAccount": ACCOUNT,
                    },
                },
            }
        ]
    }


def test_a_use_that_todays_policies_refuse_gets_nothing() -> None:
    """Policies changed since: giving it back would give more than there is."""
    narrow = document(allow("kms:Decrypt", OTHER))
    with pytest.raises(ValueError, match="succeeded, and the account file's policies refuse it"):
        of(use(), policy=narrow)
    [made] = plan(snapshot(role(narrow=narrow)), observed(use()), accept_gap=True).plans
    assert (made.unexplained, made.added) == ([use()], {})


def test_a_key_that_is_not_in_the_account_file_is_a_gap() -> None:
    foreign = use(key="arn:aws:kms:eu-west-1:444455556666:key/00000001-0000-4000-8000-000000000000")
    with pytest.raises(ValueError, match="its key is not in the account file"):
        of(foreign)


@pytest.mark.parametrize(
    "context, why",
    [({"A": "1", "a": "2"}, "names that differ in case alone"), ({"A": "${aws:username}"}, "reads as a variable")],
)
def test_what_no_policy_can_say_is_a_gap(context: Json, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        of(use(secret=None, context=context))


@pytest.mark.parametrize("complete", [None, False])
def test_incomplete_evidence_is_refused_and_then_written_down(complete: bool | None) -> None:
    known, seen = snapshot(role(wide=WIDE)), observed(use(), complete=complete)
    with pytest.raises(ValueError, match=r"^evidence is incomplete: .*a day is missing.*or give --accept-gap, which"):
        plan(known, seen)
    made = plan(known, seen, accept_gap=True)
    assert any("a day is missing" in one for one in made.gaps)
    assert len(made.plans) == 1


def test_evidence_that_was_not_looked_at_is_refused() -> None:
    with pytest.raises(ValueError, match="observe with --snapshot"):
        plan(snapshot(role(wide=WIDE)), replace(observed(use()), coverage=None))


def test_a_key_that_was_not_there_when_uses_were_observed_is_a_gap() -> None:
    with pytest.raises(ValueError, match="was not among the keys when uses were observed"):
        plan(snapshot(role(wide=WIDE)), observed(use(), keys=KEYS[:1]))


def test_keys_that_nobody_loses_may_be_incomplete() -> None:
    narrow = document(allow("kms:Decrypt", ONE))
    seen = observed(use())
    coverage = [one if one.key == ONE else replace(one, complete=False) for one in seen.coverage or []]
    assert plan(snapshot(role(narrow=narrow)), replace(seen, coverage=coverage)).gaps == []


def shared(*others: Identity, only: tuple[str, ...] = ()) -> Migration:
    known = snapshot(role("Reader", POLICY_ARN), *others, policies={POLICY_ARN: WIDE})
    return plan(known, observed(use()), principals=only)


def test_a_managed_policy_is_narrowed_for_all_who_have_it() -> None:
    made = shared(role("Second", POLICY_ARN))
    plans = {one.principal: one for one in made.plans}
    assert set(plans) == {READER, role_arn("Second")}
    assert plans[READER].replaced[0].shared_by == (role_arn("Second"),)
    assert plans[role_arn("Second")].added == {}


def test_a_managed_policy_of_somebody_without_a_plan_stays() -> None:
    made = shared(role("Admin", POLICY_ARN, all=document(allow("*"))), role("Third", POLICY_ARN))
    assert made.plans == []
    assert made.left[READER] == f"policy Wide is also held by {role_arn('Admin')}, which has no plan"


def test_a_managed_policy_of_somebody_who_was_not_asked_for_stays() -> None:
    made = shared(role("Second", POLICY_ARN), only=(READER,))
    assert made.plans == []
    assert list(made.left) == [READER]


def test_a_policy_that_is_a_boundary_too_stays() -> None:
    made = shared(Identity(role_arn("Bounded"), "role", boundary=POLICY_ARN))
    assert made.left == {READER: "policy Wide is somebody's permissions boundary too"}


def test_a_user_has_the_policies_of_its_groups() -> None:
    ann = Identity(f"arn:aws:iam::{ACCOUNT}:user/ann", "user", groups=["ops"])
    known = snapshot(ann, groups=[group("ops", POLICY_ARN, inline=WIDE)], policies={POLICY_ARN: WIDE})
    [made] = plan(known, observed(use(principal=ann.arn, secret=None))).plans
    assert [(one.held.kind, one.held.name, one.held.group) for one in made.replaced] == [
        ("group", "inline", ""),
        ("managed", "Wide", "ops"),
    ]
    assert len(statements(made)) == 1
    assert "by a user, directly" in [why for _, why in made.review]


def test_one_of_several_is_planned_for() -> None:
    known = snapshot(role(wide=WIDE), role("Second", wide=WIDE))
    made = plan(known, observed(use()), principals=[READER])
    assert ([one.principal for one in made.plans], made.left) == ([READER], {})
    with pytest.raises(ValueError, match="principal must be a role or user whose policies allow the use of keys"):
        plan(known, observed(), principals=[role_arn("Nobody")])


def test_the_widest_is_first_and_what_is_lost_is_told() -> None:
    known = snapshot(role("Narrow", one=document(allow("kms:Decrypt", ONE))), role("Wide", wide=WIDE))
    made = plan(known, observed())
    assert [(one.name, one.width) for one in made.plans] == [("Wide", 4), ("Narrow", 1)]
    lost = {(one.principal, one.change.value) for one in made.diff.differences}
    assert lost == {(role_arn("Narrow"), "lost"), (role_arn("Wide"), "lost")}


def test_what_is_configured_and_was_never_seen_is_told() -> None:
    reads = document(allow("secretsmanager:GetSecretValue", [secret_arn("app"), secret_arn("other")]))
    known = snapshot(role(wide=WIDE, reads=reads), resources=[secret("app"), secret("other", OTHER)])
    [made] = plan(known, observed(use())).plans
    assert made.configured == [f"kms:Decrypt {OTHER} because of secret other"]


@pytest.mark.parametrize(
    "more, why",
    [
        ({"count": 1}, "seen once"),
        ({"first": "2026-11-25T00:00:00Z"}, "seen in the last days of the period alone"),
        ({"action": "kms:CreateGrant", "secret": None}, "a grant gives others what it may do itself, and more"),
    ],
)
def test_what_is_to_be_looked_at(more: Json, why: str) -> None:
    given = {**more, "action": more.get("action", "kms:Decrypt").removeprefix("kms:")}
    made = of(use(**given), policy=document(allow(["kms:Decrypt", "kms:CreateGrant"])))
    assert why in [one for _, one in made.review]
    assert of(use()).review == []


def test_a_use_that_a_grant_may_allow_is_to_be_looked_at() -> None:
    made = of(use(by_grant=None))
    assert [why for _, why in made.review] == ["whether a grant allows it is not told: then it needs no statement"]


def test_a_grant_for_a_service_is_made_by_that_service_alone() -> None:
    via = {"service": "rds.amazonaws.com", "via": "rds.eu-west-1.amazonaws.com", "context": {}}
    made = of(use("CreateGrant", **via), policy=document(allow("kms:CreateGrant")))
    [statement] = statements(made)
    assert statement["Condition"] == {
        "StringEquals": {"kms:ViaService": "rds.eu-west-1.amazonaws.com"},
        "Bool": {"kms:GrantIsForAWSResource": "true"},
    }


def broken_by(monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], Any]) -> None:
    from secure_kms_constructs.migrate import planning

    made = planning.statements_of

    def changed(uses: Any) -> list[Json]:
        written = made(uses)
        for one in written:
            change(one)
        return written

    monkeypatch.setattr(planning, "statements_of", changed)


@pytest.mark.parametrize(
    "change, why",
    [
        (lambda one: one.update(Resource="*"), "another key is not refused"),
        (lambda one: one.update(Action="kms:*"), "another action is not refused"),
        (lambda one: one["Condition"]["StringEquals"].pop("kms:ViaService"), "another service is not refused"),
        (
            lambda one: one["Condition"]["StringEquals"].pop("kms:EncryptionContext:SecretARN"),
            "another encryption context is not refused",
        ),
        (lambda one: one.update(Action="kms:Encrypt"), "not allowed: .* kms:Decrypt"),
        (lambda one: one.update(Resource=OTHER), "not allowed"),
    ],
)
def test_a_plan_that_is_not_proven_is_an_error(
    change: Callable[[Json], Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_by(monkeypatch, change)
    with pytest.raises(ValueError, match=f"^the proof of the plan fails: {why}"):
        of(use())


def test_a_plan_that_gives_more_is_an_error() -> None:
    narrow = document(
        allow("kms:Decrypt", ONE, Condition={"StringEquals": {"aws:PrincipalTag/team": "app"}}),
        allow("kms:Decrypt", ONE, Condition={"StringEquals": {"kms:ViaService": SECRETS}}),
    )
    assert len(statements(of(use(), policy=narrow))) == 1
    tagged = document(allow("kms:Decrypt", ONE, Condition={"StringNotEquals": {"aws:PrincipalTag/team": "app"}}))
    with pytest.raises(ValueError, match="the plan would give more than there was"):
        of(use(), policy=tagged)


def test_more_than_iam_takes_is_refused_with_a_way_out() -> None:
    uses = [use(secret=f"{'x' * 100}{number}") for number in range(80)]
    with pytest.raises(ValueError, match=r"would have .* characters more than IAM takes: plan for others with"):
        of(*uses)


def test_the_new_policy_has_a_name_of_its_own() -> None:
    assert list(of(use()).added) == [POLICY]


def test_nobody_else_is_admitted_by_a_key_that_names_him() -> None:
    keys = [Key(key_arn(9), policy=CLOSED, grants=[])]
    made = of(use(key=key_arn(9)), keys=keys)
    assert made.replay.observed == 1
