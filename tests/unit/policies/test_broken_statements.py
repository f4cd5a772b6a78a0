"""A statement that makes no sense is unknown, alone: what it may do is told by what of it makes sense."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.policies import (
    PolicyError,
    Request,
    evaluate,
    parse_identity_policy,
    parse_key_policy,
    parse_scp,
)
from tests.unit.cases.case import ACCOUNT, DELEGATES, KEY, OTHER_KEY, ROOT, USES_KEY, allow, deny, policy, without

ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
MISSPELT = {"StringEqual": {"aws:PrincipalOrgID": "o-ours"}}


def answer(key_policy: Any, *identity_policies: Any, principal: str = ROLE, action: str = "kms:Decrypt") -> bool | None:
    """Ask of policies of which some are broken."""
    parsed = [parse_identity_policy(one, lenient=True) for one in identity_policies]
    request = Request(principal, action, KEY)
    return evaluate(request, key_policy=parse_key_policy(key_policy, lenient=True), identity_policies=parsed).allowed


def test_the_statements_beside_a_broken_one_are_certain() -> None:
    key_policy = policy(allow("kms:Decrypt", ROLE), allow("kms:Encrypt", ROLE, MISSPELT))
    assert answer(key_policy) is True
    assert answer(key_policy, action="kms:Encrypt") is None
    assert answer(key_policy, action="kms:Sign") is False


BROKEN: list[tuple[str, Any]] = [
    ("an operator that IAM does not have", allow("kms:Decrypt", ROLE, MISSPELT)),
    ("an action without a service", allow(["kms=Decrypt", "kms:Encrypt"], ROLE)),
    ("a principal without its kind", allow("kms:Decrypt", None) | {"Principal": ROLE}),
    ("a resource that is a number", allow("kms:Decrypt", ROLE, resource=7)),
    ("a Sid that is a number", allow("kms:Decrypt", ROLE) | {"Sid": 1}),
    ("an element that policies do not have", allow("kms:Decrypt", ROLE) | {"Conditions": {}}),
    ("both Action and NotAction", allow("kms:Decrypt", ROLE) | {"NotAction": "kms:Sign"}),
    ("no effect", without(allow("kms:Decrypt", ROLE), "Effect")),
    ("no principal", without(allow("kms:Decrypt", ROLE), "Principal")),
]


@pytest.mark.parametrize("statement", [one for _, one in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_broken_statement_may_do_what_it_seems_to(statement: Any) -> None:
    assert answer(policy(statement)) is None
    with pytest.raises(PolicyError):
        parse_key_policy(policy(statement))
    [(place, text)] = parse_key_policy(policy(allow("kms:Sign", ROLE), statement), lenient=True).broken
    assert place == 1
    assert text.startswith("key policy statement 1")


def test_what_makes_sense_of_a_broken_statement_tells_what_it_cannot_do() -> None:
    misspelt = policy(allow("kms:Encrypt", ROLE, MISSPELT))
    assert answer(misspelt) is False
    assert answer(misspelt, action="kms:Encrypt", principal=f"{ROLE}2") is False
    assert answer(policy(allow("kms:Decrypt", ROLE, MISSPELT, resource=OTHER_KEY))) is False
    refused = policy(allow("kms:*", ROOT), deny("kms:Encrypt", "*", MISSPELT))
    assert answer(refused, USES_KEY) is True
    assert answer(refused, USES_KEY, action="kms:Encrypt") is None
    # A Deny never allows, however broken it is.
    assert answer(policy(deny("kms:*", "*", MISSPELT))) is False


def test_a_broken_deny_of_an_identity_policy_is_unknown_and_an_allow_beside_it_certain() -> None:
    assert answer(DELEGATES, policy(allow("kms:*")), policy(allow("s3:*", condition=MISSPELT))) is True
    assert answer(DELEGATES, policy(allow("kms:*"), deny("kms=Decrypt"))) is None


def test_what_is_no_policy_at_all_is_unknown_as_a_whole() -> None:
    for document in ([], {}, {"Version": "2013-10-17", "Statement": []}):
        parsed = parse_key_policy(document, lenient=True)  # type: ignore[arg-type]
        assert [place for place, _ in parsed.broken] == [None]
        assert evaluate(Request(ROLE, "kms:Decrypt", KEY), key_policy=parsed).allowed is None


def test_service_control_policies_of_one_place_add_up() -> None:
    whole = parse_scp(policy(allow("s3:*")), policy(allow("kms:*"), deny("kms:Sign")), name="SCPs of the root")
    request = Request(ROLE, "kms:Decrypt", KEY)
    given: dict[str, Any] = {"key_policy": DELEGATES, "identity_policies": [USES_KEY]}
    assert evaluate(request, **given, scps=[whole]).allowed is True
    assert evaluate(request, **given, scps=[policy(allow("s3:*")), policy(allow("kms:*"))]).allowed is False
    assert [one.index for one in whole.statements] == [0, 1, 2]
    broken = parse_scp(policy(allow("s3:*")), policy(deny("kms:*", condition=MISSPELT)), lenient=True)
    assert evaluate(request, **given, scps=[broken]).allowed is False
    assert len(broken.broken) == 1
    with pytest.raises(PolicyError, match="SCP statement 0: Condition must use the operators of IAM"):
        parse_scp(policy(allow("kms:*", condition=MISSPELT)))


def test_session_policies_of_somebody_without_a_session_are_refused() -> None:
    request = Request(ROOT, "kms:Decrypt", KEY)
    with pytest.raises(PolicyError, match="session_policies are those of a role's session or a federated user, got "):
        evaluate(request, key_policy=DELEGATES, session_policies=[USES_KEY])


def test_reasons_name_the_policy_that_takes_away() -> None:
    request = Request(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one", "kms:Decrypt", KEY)

    def told(**more: Any) -> str:
        return str(evaluate(request, key_policy=DELEGATES, identity_policies=[USES_KEY], **more))

    assert "SCP 1 statement 0 denies kms:Decrypt" in told(scps=[policy(allow("*")), policy(deny("kms:*"))])
    assert "RCP 0 statement 0 denies kms:Decrypt" in told(rcps=[policy(deny("kms:*", "*"))])
    assert "SCP 0 does not allow kms:Decrypt" in told(scps=[policy(allow("s3:*"))])
    assert "endpoint policy does not allow kms:Decrypt" in told(endpoint_policy=policy(allow("s3:*", "*")))
    assert "no session policy allows kms:Decrypt" in told(session_policies=[policy(allow("s3:*"))])
    assert "does not allow" not in told(scps=[policy(allow("*"))], endpoint_policy=policy(allow("*", "*")))
