"""Plans: what was seen and is allowed stays, everything else goes, and whatever cannot be proven is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

import secure_kms_constructs.migrate
from secure_kms_constructs.account.records import Account, Identity, Key, Unread
from secure_kms_constructs.account.snapshots import Snapshot
from secure_kms_constructs.aws.facts import KEY_ACTIONS, USE_ACTIONS
from secure_kms_constructs.checks.acknowledgements import is_of_substance
from secure_kms_constructs.evidence.uses import Use
from secure_kms_constructs.migrate import Migration, Plan
from secure_kms_constructs.migrate.fitting import POLICY
from secure_kms_constructs.migrate.stripping import allows_use, stripped
from tests.unit.migrate.accounts import (
    ACCOUNT,
    CLOSED,
    DELEGATES,
    KEYS,
    MANAGED,
    ONE,
    OTHER,
    READER,
    ROOT,
    SECRETS,
    SHUT,
    WIDE,
    Json,
    allow,
    document,
    group,
    key_arn,
    observed,
    plan,
    role,
    role_arn,
    secret,
    secret_arn,
    snapshot,
    use,
)


def user(name: str, *groups: str, **inline: Json) -> Identity:
    return Identity(f"arn:aws:iam::{ACCOUNT}:user/{name}", "user", inline=dict(inline), groups=list(groups))


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
    assert {"kms:Describe*", "kms:List*", "kms:PutKeyPolicy"} <= set(kept["Action"])
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


VIA_S3 = {"service": "s3.amazonaws.com", "via": "s3.eu-west-1.amazonaws.com"}
OBJECTS = {"aws:s3:arn": "arn:aws:s3:::b/*"}


@pytest.mark.parametrize(
    "seen, kind, constraint, by_grant",
    [
        (use(), "Equals", {"SecretARN": secret_arn("app")}, False),
        (use(), "Subset", {"SecretARN": secret_arn("app")}, True),
        (use(context=OBJECTS, **VIA_S3), "Subset", {"aws:s3:arn": "arn:aws:s3:::b/secure-kms-some-object"}, False),
        (use(secret=None, context={"a": "1", "b": None}), "Subset", {"a": "1"}, True),
        (use(secret=None, context={"a": "1", "b": None}), "Subset", {"b": "any"}, False),
    ],
)
def test_a_grant_takes_the_place_of_a_statement_where_it_surely_allows(
    seen: Use, kind: str, constraint: Json, by_grant: bool
) -> None:
    grant = {"GrantId": "g", "GranteePrincipal": READER, "Operations": ["Decrypt"]}
    keys = [Key(ONE, policy=DELEGATES, grants=[{**grant, "Constraints": {f"EncryptionContext{kind}": constraint}}])]
    made = of(seen, keys=keys)
    assert bool(made.otherwise) is by_grant
    assert bool(statements(made)) is not by_grant


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/logs/*"}},
        {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}},
    ],
)
def test_a_narrow_role_that_read_objects_is_no_contradiction(condition: Json) -> None:
    narrow = document(allow("kms:Decrypt", ONE, Condition=condition))
    made = plan(snapshot(role(wide=narrow)), observed(use(context=OBJECTS, **VIA_S3)))
    # Whether they were among logs/ was not kept.
    why = "whether its policies allowed what it did depends on parts of encryption contexts that are not kept"
    told = condition["StringLike"]["kms:EncryptionContext:aws:s3:arn"] == "arn:aws:s3:::b/*"
    assert made.left == ({} if told else {READER: f"{why}, which is not told"})


UNTOLD: dict[str, Json] = {
    "aws:multifactorauthpresent": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    "aws:sourceip": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    "aws:principaltag/team": {"StringEquals": {"aws:PrincipalTag/team": "a"}},
    "aws:currenttime": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    "kms:encryptionalgorithm": {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}},
}


@pytest.mark.parametrize("name", UNTOLD)
def test_a_role_whose_conditions_are_not_told_has_no_plan_and_stops_no_other(name: str) -> None:
    second, condition = role("Second", wide=WIDE), UNTOLD[name]
    uses = use(), use(principal=second.arn)
    made = plan(snapshot(role(wide=document(allow("kms:Decrypt", Condition=condition))), second), observed(*uses))
    assert [one.name for one in made.plans] == ["Second"]
    assert f"depends on {name}" in made.left[READER] or "conditional in another way" in made.left[READER]
    # What is denied stays denied, and what was seen was not.
    denied = {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": condition}
    made = plan(snapshot(role(wide=document(allow("kms:Decrypt"), denied)), second), observed(*uses))
    assert "Second" in [one.name for one in made.plans]
    assert [one for it in made.plans for one in it.unexplained] == []


def test_who_shares_a_policy_with_one_apart_is_apart_too() -> None:
    conditional = document(allow("kms:Decrypt", Condition=UNTOLD["aws:sourceip"]), allow("kms:Encrypt"))
    known = snapshot(role("Reader", POLICY_ARN), role("Second", POLICY_ARN), policies={POLICY_ARN: conditional})
    made = plan(known, observed(use()))
    assert made.plans == []
    assert set(made.left) == {READER, role_arn("Second")}


def test_a_service_that_is_not_told_may_be_the_one_that_a_policy_asks_for() -> None:
    through = document(allow("kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": SECRETS}}))
    untold = {"service": "backup.amazonaws.com", "via": None}
    made = plan(snapshot(role(wide=through)), observed(use(**untold)))
    assert "is not told" in made.left[READER]


def test_names_in_two_cases_are_no_two_statements() -> None:
    uses = use(secret=None, context={"Team": "a"}), use(secret=None, context={"team": "b"})
    with pytest.raises(ValueError, match="names that differ in case alone"):
        of(*uses)
    assert len(statements(of(uses[0], use(secret=None, context={"Team": "b"})))) == 1


def test_the_key_of_aws_needs_no_statement() -> None:
    made = of(use(key=MANAGED))
    assert statements(made) == []
    assert [why for _, why in made.otherwise] == [
        "removed: the policy of the AWS-managed key admits the account through its service anyway"
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
    [({"A": "1", "a": "2"}, "names that differ in case alone"), ({"${a}": "1"}, "reads as a variable")],
)
def test_what_no_policy_can_say_is_a_gap(context: Json, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        of(use(secret=None, context=context))


def test_a_value_that_looks_like_a_variable_is_none() -> None:
    [statement] = statements(of(use(secret=None, context={"A": "${aws:username} $"})))
    assert statement["Condition"]["StringEquals"] == {"kms:EncryptionContext:A": "${$}{aws:username} $"}


def test_what_gets_no_statement_counts_among_what_was_seen() -> None:
    uses = use(), use(secret=None, context={"A": "1", "a": "2"})
    [made] = plan(snapshot(role(wide=WIDE)), observed(*uses), accept_gap=True).plans
    assert str(made.replay).startswith("1 of 2 uses allowed")


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


def test_a_plan_that_would_give_more_is_none() -> None:
    narrow = document(
        allow("kms:Decrypt", ONE, Condition={"StringEquals": {"aws:PrincipalTag/team": "app"}}),
        allow("kms:Decrypt", ONE, Condition={"StringEquals": {"kms:ViaService": SECRETS}}),
    )
    assert len(statements(of(use(), policy=narrow))) == 1
    tagged = document(allow("kms:Decrypt", ONE, Condition={"StringNotEquals": {"aws:PrincipalTag/team": "app"}}))
    made = plan(snapshot(role(wide=tagged)), observed(use()))
    assert made.plans == []
    assert "conditional in another way than what was seen" in made.left[READER]


def many(number: int) -> list[Use]:
    return [use(secret=f"{'x' * 100}{one}") for one in range(number)]


def test_more_than_fits_inline_is_in_managed_policies() -> None:
    made = of(*many(80))
    assert made.managed is True
    assert list(made.added) == [f"{POLICY}-of-role-Reader", f"{POLICY}-of-role-Reader-2", f"{POLICY}-of-role-Reader-3"]
    assert all(len(json.dumps(one, separators=(",", ":"))) <= 6_144 for one in made.added.values())
    assert made.replay.allowed == made.replay.observed == 80
    assert of(*many(40)).managed is False


def test_more_than_iam_attaches_is_refused_with_a_way_out() -> None:
    others = [f"arn:aws:iam::{ACCOUNT}:policy/p{number}" for number in range(9)]
    known = snapshot(role("Reader", *others, wide=WIDE), policies={one: document(allow("s3:Get*")) for one in others})
    assert plan(known, observed(*many(40))).plans[0].managed is False
    with pytest.raises(ValueError, match=r"needs 3 managed policies, and IAM attaches 1 more: plan for others with"):
        plan(known, observed(*many(80)))


def test_what_is_left_of_other_inline_policies_takes_room() -> None:
    large = document(allow("s3:GetObject", [f"arn:aws:s3:::{'b' * 50}{number}/*" for number in range(100)]))
    [made] = plan(snapshot(role(wide=WIDE, large=large)), observed(*many(40))).plans
    assert made.managed is True


def test_a_policy_of_an_earlier_plan_is_not_written_over() -> None:
    earlier = document(allow("kms:Decrypt", ONE))
    for taken in (earlier, document(allow("s3:GetObject"))):
        [made] = plan(snapshot(role(**{"wide": WIDE, "Observed-Key-Use": taken})), observed(use())).plans
        assert list(made.added) == [f"{POLICY}-2"]


def test_the_new_policy_has_a_name_of_its_own() -> None:
    assert list(of(use()).added) == [POLICY]


def test_nobody_else_is_admitted_by_a_key_that_names_him() -> None:
    keys = [Key(key_arn(9), policy=CLOSED, grants=[])]
    made = of(use(key=key_arn(9)), keys=keys)
    assert made.replay.observed == 1


def gaps(known: Snapshot, *uses: Use, **more: Any) -> list[str]:
    return secure_kms_constructs.migrate.plan(known, observed(*uses), accept_gap=True, **more).gaps


def test_regions_that_nobody_read_are_a_gap() -> None:
    named = document(allow("kms:Decrypt", ONE.replace("eu-west-1", "us-east-1")))
    why = f"{READER} may use keys in us-east-1, which the account file does not have"
    assert gaps(snapshot(role(named=named)), no_other_regions=True) == [why]
    assert gaps(snapshot(role(named=document(allow("kms:Decrypt", ONE))))) == []
    assert gaps(snapshot(role(named=document(allow("kms:DescribeKey"))))) == []


@pytest.mark.parametrize("resource", ["*", "arn:aws:kms:*:111122223333:key/*", f"arn:aws:kms:eu-*:{ACCOUNT}:key/*"])
def test_who_may_use_keys_of_every_region_needs_a_word(resource: str) -> None:
    known = snapshot(role(wide=document(allow("kms:Decrypt", resource))))
    assert gaps(known) == [
        f"{READER} may use keys of every region, and the account file has eu-west-1: read the others, or say "
        "--no-other-regions where nothing is there"
    ]
    assert gaps(known, no_other_regions=True) == []


def test_what_the_account_file_lacks_is_a_gap() -> None:
    unread = [Unread("kms:ListKeys", "eu-west-1", "AccessDeniedException", "keys")]
    known = snapshot(role(wide=WIDE), unread=[*unread, Unread("kms:GetKeyLastUsage", ONE, "AccessDenied", "last use")])
    assert gaps(known, no_other_regions=True) == [f"the account file lacks something: {unread[0]}"]


def test_a_federated_user_whose_user_is_not_told_is_a_gap() -> None:
    federated = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    known = snapshot(role(wide=WIDE))
    why = f"{federated} kms:Decrypt {ONE}: which user made its session is not told"
    assert gaps(known, use(principal=federated), no_other_regions=True) == [why]
    assert gaps(known, use(principal=federated, account="999988887777"), no_other_regions=True) == []


LONG = [f"arn:aws:s3:::{'b' * 80}{number}/*" for number in range(56)]
MIXED_LONG = document(allow(["kms:*", "s3:Get*"], LONG))


@pytest.mark.parametrize(
    "known, taken",
    [
        (
            snapshot(role("Reader", POLICY_ARN), policies={POLICY_ARN: MIXED_LONG}),
            "6,144",
        ),
        (snapshot(role(one=MIXED_LONG, two=document(allow("s3:Put*", LONG)))), "4,561"),
        (snapshot(user("al", "g"), groups=[group("g", one=MIXED_LONG)]), "5,120"),
        (snapshot(user("al", one=document(allow(["kms:*", "s3:Get*"], LONG[:20])))), "2,048"),
    ],
)
def test_who_would_have_more_than_iam_takes_has_no_plan(known: Snapshot, taken: str) -> None:
    made = plan(known, observed())
    assert made.plans == []
    [why] = made.left.values()
    assert "without the use of keys would have" in why
    assert f"and IAM takes {taken}" in why


@pytest.mark.parametrize(
    "pattern, left",
    [
        ("kms:*", "kms:Describe*"),
        ("KMS:*", "kms:Get*"),
        ("kms:D*", "kms:Describe*"),
        ("kms:De*", "kms:Describe*"),
        ("kms:*Key", "kms:DescribeKey"),
        ("kms:De?crypt*", None),
        ("kms:?e*Key", "kms:DescribeKey"),
    ],
)
def test_management_is_spelled_as_short_as_it_can_be(pattern: str, left: str | None) -> None:
    kept = (stripped(document(allow(["kms:Decrypt", pattern]))) or {"Statement": [{"Action": []}]})["Statement"][0]
    assert left is None or left in kept["Action"]
    assert not allows_use(document(kept)) or not kept["Action"]
    if pattern == "kms:*":
        assert len(json.dumps(kept["Action"])) < 600


def test_a_shorter_pattern_allows_nothing_that_was_not_allowed() -> None:
    for pattern in ("kms:*", "kms:D*", "kms:*e*", "kms:???c*", "kms:G*y"):
        kept = (stripped(document(allow([pattern, "kms:Encrypt"]))) or {"Statement": [{"Action": []}]})["Statement"][0]
        before = {one for one in KEY_ACTIONS.value if fnmatchcase(one, pattern)} - USE_ACTIONS
        after = {one for one in KEY_ACTIONS.value if any(fnmatchcase(one, it) for it in kept["Action"])}
        assert after == before, pattern


def test_roles_that_deploy_get_the_text_of_an_exception() -> None:
    github = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": github}})
    everything = document(allow("*"))
    deploy = f"cdk-hnb659fds-deploy-role-{ACCOUNT}-eu-west-1"
    known = snapshot(
        role(deploy, own=WIDE),
        replace(role("ci", all=everything), trust=trust),
        replace(role("ci-narrow", wide=WIDE), trust=trust),
        role("Admin", all=everything),
    )
    made = plan(known, observed())
    assert [(one.principal, one.review_by, one.rules) for one in made.exceptions] == [
        (role_arn(deploy), "2027-05-29", ("decrypt-on-all-keys",)),
        (role_arn("ci"), "2027-05-29", ("decrypt-on-all-keys", "every-action")),
    ]
    assert [one.name for one in made.plans] == ["ci-narrow"]
    assert all(is_of_substance(one.reason) for one in made.exceptions)


def test_keys_of_another_account_need_the_callers_own_log_files() -> None:
    theirs = ONE.replace(ACCOUNT, "444455556666")
    admits = document(allow("kms:*", Principal={"AWS": [ROOT, ROOT.replace(ACCOUNT, "444455556666")]}))
    owner = Account("444455556666", "aws", ["eu-west-1"], keys=[Key(theirs, policy=admits, grants=[])])
    caller = Account(ACCOUNT, "aws", ["eu-west-1"], identities=[role(named=document(allow("kms:Decrypt", theirs)))])
    why = f"{READER} may use {theirs}: log files of {ACCOUNT} in eu-west-1 alone tell whether it did"
    known = Snapshot("2026-11-28T00:00:00+00:00", [owner, caller])
    for keys, found in (([Key(theirs)], [why]), ([Key(theirs), Key(OTHER)], [])):
        seen = observed(keys=keys)
        assert secure_kms_constructs.migrate.plan(known, seen, accept_gap=True).gaps == found


def test_somebody_who_may_be_the_same_by_another_path_is_a_gap() -> None:
    gone, now = role_arn("old/app"), Identity(role_arn("new/app"), "role", inline={"wide": WIDE})
    why = f"{gone} is gone, and {now.arn} may be the same by another path"
    assert gaps(snapshot(now), use(principal=gone), no_other_regions=True) == [why]
    assert gaps(snapshot(now), use(principal=role_arn("old/apple")), no_other_regions=True) == []
    assert gaps(snapshot(now), use(principal=gone.replace(":role/", ":user/")), no_other_regions=True) == []
