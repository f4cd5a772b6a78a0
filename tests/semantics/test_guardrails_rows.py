"""No row of the catalogue is denied by guardrails: whoever needs a key, by whatever page, still gets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from secure_kms_constructs.aws.catalogue import Grants, Need
from secure_kms_constructs.aws.catalogue.needs import Who
from secure_kms_constructs.aws.catalogue.reading import key_paths, needs_of, resource_types, written
from tests.semantics.guarded import EVERYTHING, documents, open_to_everybody, under
from tests.semantics.guardrail_cases import ACCOUNT, APP, DEPLOYER, KEY, REGION
from tests.semantics.judge import Judge, Question
from tests.semantics.request_context import is_service

PLACE = {"{partition}": "aws", "{region}": REGION, "{account}": ACCOUNT, "{suffix}": "amazonaws.com"}


class Row(NamedTuple):
    """What KMS is asked because of a row, as far as guardrails can tell requests apart."""

    who: str
    action: str
    via: str | None
    for_service: bool
    sends_account: bool


def filled(text: str) -> str:
    for name, value in PLACE.items():
        text = text.replace(name, value)
    return text


def principal(need: Need) -> str:
    if need.who is Who.SERVICE:
        return filled(need.principal)
    if need.who is Who.LINKED_ROLE:
        return f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{filled(need.principal)}"
    return DEPLOYER if need.who is Who.DEPLOYER else APP


def rows() -> Iterator[Row]:
    """Return each row of the catalogue, written by hand or told by the handlers of its type."""
    of_types = (need for kind in resource_types() for path in key_paths(kind) for need in needs_of(kind, path))
    for need in (*written(), *of_types):
        for action in need.actions:
            is_grant = action == "kms:CreateGrant"
            for prefix in need.via or (None,):
                via = f"{prefix}.{REGION}.amazonaws.com" if prefix else None
                sends = need.who is Who.SERVICE and need.source_account
                yield Row(principal(need), action, via, is_grant and need.grants is Grants.FOR_SERVICES, sends)


ROWS = sorted(set(rows()), key=str)
BY_CREATION_ROLE = Row(APP, "kms:CreateGrant", None, for_service=False, sends_account=False)


def question(row: Row) -> Question:
    context = {"kms:GrantIsForAWSResource": str(row.for_service).lower()} if row.action == "kms:CreateGrant" else {}
    return Question(
        principal=row.who,
        action=row.action,
        resource=KEY,
        via=row.via,
        context=context | ({"aws:SourceAccount": ACCOUNT} if row.sends_account else {}),
        identity_policies=[] if is_service(row.who) else [EVERYTHING],
        resource_policy=open_to_everybody("kms:*"),
    )


def test_no_row_of_the_catalogue_is_denied(judge: Judge) -> None:
    these = documents()
    denied = [row for row in ROWS if not judge.ask(under(question(row), these)).allowed]
    # CDK's older EKS cluster is made by a role of its own, which docs/guardrails.md says to name as a deployer.
    assert denied == [BY_CREATION_ROLE]
    named = documents(deployers=[DEPLOYER, APP])
    assert judge.ask(under(question(BY_CREATION_ROLE), named)).allowed


def test_the_rows_are_of_all_kinds() -> None:
    assert len(ROWS) > 300
    # EKS takes any grant from whoever makes its cluster, Fargate makes its own: no other role makes such a one.
    others = {row.who for row in ROWS if row.action == "kms:CreateGrant" and not row.for_service}
    assert {DEPLOYER, "fargate.amazonaws.com"} <= others
    assert {who for who in others if not is_service(who)} == {DEPLOYER, BY_CREATION_ROLE.who}
    assert {is_service(row.who) for row in ROWS} == {True, False}
    assert any("aws-service-role" in row.who for row in ROWS)
