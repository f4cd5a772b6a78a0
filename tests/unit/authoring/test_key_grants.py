"""What a grant on a key writes into which policy; each case has a neighbour that differs in one field."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.authoring import key_grants
from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.authoring.key_grants import Decision, Who
from secure_kms_constructs.aws.services import Service, Use

ACCOUNT = Account("arn:aws:iam::111122223333:root", "111122223333")
ROLE, KEY = "arn:aws:iam::111122223333:role/reader", "arn:aws:kms:eu-west-1:111122223333:key/k"
VIA = "secretsmanager.eu-west-1.amazonaws.com"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf"
PATTERN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-??????"


def who(*, foreign: bool = False, holds: bool = True, protected: bool = False) -> Who:
    return Who("Stack/Role", "reader of it", ACCOUNT, foreign, holds, protected, lambda: ROLE)


def unnamed(one: Who) -> Who:
    def refuse() -> str:
        raise ValueError("the ARN cannot be told")

    return one._replace(arn=refuse)


def for_resources(one: Who, *, delegated: bool = False, named: str = SECRET) -> Decision:
    return key_grants.for_resources(
        one, Service.SECRETS_MANAGER, Use.READ, VIA, KEY, [named], [named], delegated=delegated
    )


def along(one: Who, *actions: str, service: Service = Service.SECRETS_MANAGER, **more: Any) -> Decision:
    settings: dict[str, Any] = {"contexts": [SECRET], "named": [PATTERN], "delegated": False, **more}
    return key_grants.along_with_resource(one, service, actions or ("kms:Decrypt",), VIA, KEY, **settings)


def test_a_direct_use_is_in_both_policies() -> None:
    decision = key_grants.for_use(who(), ["kms:Sign", "kms:Decrypt"], KEY)
    assert decision.statements == [{"Effect": "Allow", "Action": ["kms:Sign", "kms:Decrypt"], "Resource": KEY}]
    assert decision.named is None
    admission = decision.admission
    assert admission is not None
    assert (admission.principal, admission.account, admission.identity) == (ROLE, ACCOUNT, "reader of it")
    assert (admission.actions, admission.via, admission.context_values) == (("kms:Decrypt", "kms:Sign"), None, ())


def test_who_holds_no_policies_is_named_by_the_key_policy_alone() -> None:
    decision = key_grants.for_use(who(holds=False), ["kms:Decrypt"], KEY)
    assert (decision.admission, decision.named) == (None, ROLE)


@pytest.mark.parametrize("holds", [True, False])
def test_what_kms_refuses_to_another_account_is_refused(holds: bool) -> None:
    with pytest.raises(ValueError, match=r"KMS honours no kms:ScheduleKeyDeletion .* got Stack/Role: grant it to"):
        key_grants.for_use(who(foreign=True, holds=holds), ["kms:Decrypt", "kms:ScheduleKeyDeletion"], KEY)
    key_grants.for_use(who(foreign=True, holds=holds), ["kms:Decrypt"], KEY)
    key_grants.for_use(who(holds=holds), ["kms:Decrypt", "kms:ScheduleKeyDeletion"], KEY)


def test_a_use_through_a_service_names_the_resource_on_the_identity_side_only() -> None:
    decision = for_resources(who())
    assert SECRET in str(decision.statements)
    assert decision.admission is not None
    assert (decision.admission.via, decision.admission.context_values) == (VIA, ())
    assert decision.admission.account == ACCOUNT


def test_what_the_key_delegates_needs_no_admission_and_no_name() -> None:
    assert for_resources(unnamed(who()), delegated=True).admission is None
    assert for_resources(who(foreign=True), delegated=True).admission is not None
    with pytest.raises(ValueError, match="the ARN cannot be told"):
        for_resources(unnamed(who()))


def test_who_holds_no_policies_needs_a_resource_that_the_key_policy_can_name() -> None:
    decision = for_resources(who(holds=False))
    assert (decision.admission, decision.named) == (None, ROLE)
    assert SECRET in str(decision.statements)
    with pytest.raises(ValueError, match=r"a reference there is a cycle, got .*: pass literal resource_arns, import"):
        for_resources(who(holds=False), named="${Secret}")
    with pytest.raises(ValueError, match="pass literal resource_arns, or grant to a role of this app"):
        for_resources(who(holds=False, protected=True), named="${Secret}")
    for_resources(who(), named="${Secret}")


def test_the_key_policy_names_the_resource_for_who_holds_no_policies_in_another_account() -> None:
    decision = for_resources(who(holds=False, foreign=True))
    assert decision.named is None
    assert decision.admission is not None
    assert decision.admission.context_values == (SECRET,)
    assert SECRET in str(decision.statements)


def test_along_with_a_resource_the_use_is_through_its_service_for_it() -> None:
    decision = along(who())
    assert decision.statements == [
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": KEY,
            "Condition": {"StringEquals": {"kms:ViaService": VIA, "kms:EncryptionContext:SecretARN": SECRET}},
        }
    ]
    assert decision.admission is not None
    assert (decision.admission.sid, decision.admission.context_values) == ("AllowReadThroughSecretsManager", ())


def test_along_with_a_resource_of_unknown_name_the_context_is_open() -> None:
    [statement] = along(who(), contexts=[]).statements
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": VIA}}


def test_along_with_a_resource_who_holds_no_policies_needs_its_literal_name() -> None:
    decision = along(who(holds=False))
    assert decision.admission is not None
    assert (decision.admission.account, decision.admission.context_values) == (None, (PATTERN,))
    with pytest.raises(ValueError, match="give the resource of SecretsManager a literal name, import the role with"):
        along(who(holds=False), named=[])
    with pytest.raises(ValueError, match="a literal name, or grant to a role of this app"):
        along(who(holds=False, protected=True), named=[])
    # Another account has a policy of its own to name it, and a service without context has no name to give.
    foreign = along(who(holds=False, foreign=True), named=[]).admission
    assert foreign is not None
    assert foreign.account == ACCOUNT
    assert along(who(holds=False), service=Service.SNS, named=[]).admission


def test_along_with_a_resource_delegation_is_for_the_own_account() -> None:
    assert along(unnamed(who()), delegated=True).admission is None
    assert along(who(foreign=True), delegated=True).admission is not None
    assert along(who(holds=False), delegated=True).admission is not None


def test_along_with_a_resource_what_another_account_never_gets_is_refused() -> None:
    with pytest.raises(ValueError, match="KMS honours no kms:EnableKey"):
        along(who(foreign=True), "kms:EnableKey")


def test_a_writer_of_a_secret_decrypts_too() -> None:
    secrets, topics = Service.SECRETS_MANAGER, Service.SNS
    assert key_grants.along(secrets, ["kms:Encrypt"]) == ["kms:Decrypt", "kms:Encrypt"]
    assert key_grants.along(topics, ["kms:Encrypt"]) == ["kms:Encrypt"]
    assert key_grants.along(secrets, ["kms:GenerateDataKey"]) == ["kms:GenerateDataKey"]


def test_an_admission_that_is_not_a_documented_use_says_so_in_its_sid() -> None:
    admission = along(who(), "kms:GenerateDataKey").admission
    assert admission is not None
    assert (admission.sid, admission.context_key) == ("AllowUseThroughSecretsManager", "SecretARN")


def test_what_the_owner_of_a_grantee_elsewhere_writes_names_the_resource_as_the_key_policy_does() -> None:
    [statement] = along(who(holds=False, foreign=True), contexts=[]).statements
    assert PATTERN in str(statement["Condition"])
