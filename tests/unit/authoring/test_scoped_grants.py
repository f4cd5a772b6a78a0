"""What a Scoped construct writes into which policy; each case has a neighbour that differs in one field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from secure_kms_constructs.authoring import scoped_grants
from secure_kms_constructs.authoring.admissions import Account
from secure_kms_constructs.authoring.scoped_grants import IdentitySide, KeySide, OwnKey, Through, Who
from secure_kms_constructs.authoring.targets import Target, UsedKey, Whose
from secure_kms_constructs.aws.services import Service, Use

ACCOUNT = Account("arn:aws:iam::111122223333:root", "111122223333")
ROLE, LITERAL = "arn:aws:iam::111122223333:role/reader", "arn:aws:iam::111122223333:role/literal"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
VIA = "secretsmanager.eu-west-1.amazonaws.com"
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app-AbCdEf"
BY = Through(Service.SECRETS_MANAGER, Use.READ, VIA)
CONSTRUCT = SimpleNamespace(node=SimpleNamespace(path="Stack/Secret"))
WHO = Who("Stack/Role", "reader of it", ACCOUNT, False, lambda: LITERAL)
PROTECTED = WHO._replace(protected=True)


def key(whose: Whose) -> UsedKey:
    return UsedKey(CONSTRUCT, KEY, whose)


def target(whose: Whose | None = Whose.HARDENED, *, owned: bool = True, known: str | None = SECRET) -> Target:
    used = None if whose is None else key(whose)
    return Target(CONSTRUCT, owned, SECRET, True, "eu-west-1", ACCOUNT.id, used, lambda: known)


def unasked() -> Any:
    raise AssertionError("asked")


def refused() -> str:
    raise ValueError("the ARN cannot be told")


def own(*, foreign: bool = False, delegates: Callable[[], bool] = lambda: False) -> OwnKey:
    return OwnKey(lambda: foreign, delegates, lambda: ROLE)


def side(
    used: Whose, asked: OwnKey | None, *, directly: bool = False, contexts: Sequence[str] = (), who: Who = WHO
) -> KeySide:
    return scoped_grants.key_side(who, key(used), asked, BY, contexts, directly=directly)


@pytest.mark.parametrize("whose", [Whose.HARDENED, Whose.PLAIN])
def test_a_key_of_this_app_admits_the_role_for_its_account(whose: Whose) -> None:
    admission = side(whose, own(), contexts=[SECRET]).admission
    assert admission is not None
    assert (admission.principal, admission.account, admission.identity) == (ROLE, ACCOUNT, "reader of it")
    assert (admission.sid, admission.via, admission.context_values) == (
        "AllowReadThroughSecretsManager",
        VIA,
        (SECRET,),
    )


def test_a_key_that_aws_manages_says_nothing_and_nothing_is_asked() -> None:
    asked = OwnKey(unasked, unasked, unasked)
    assert side(Whose.MANAGED, asked, who=WHO._replace(literal_arn=unasked)) == KeySide()


def test_the_owner_of_an_imported_key_must_add_what_an_own_key_would_say() -> None:
    decided = side(Whose.IMPORTED, None, contexts=[SECRET])
    assert decided.admission is None
    [statement] = decided.required
    written = side(Whose.HARDENED, own()._replace(arn=lambda: LITERAL), contexts=[SECRET]).admission
    assert written is not None
    assert [statement] == written.statements()
    assert LITERAL in str(statement)


def test_a_key_that_delegates_says_enough_and_needs_no_name() -> None:
    delegating = own(delegates=lambda: True)._replace(arn=refused)
    assert side(Whose.PLAIN, delegating) == KeySide()
    with pytest.raises(ValueError, match="the ARN cannot be told"):
        side(Whose.PLAIN, own()._replace(arn=refused))


def test_delegation_is_for_the_own_account_and_for_who_holds_policies() -> None:
    foreign = side(Whose.PLAIN, own(foreign=True, delegates=unasked)).admission
    assert foreign is not None
    assert foreign.account == ACCOUNT
    directly = side(Whose.PLAIN, own(delegates=unasked), directly=True).admission
    assert directly is not None
    assert directly.account is None


def test_who_holds_no_policies_is_named_itself_unless_of_another_account() -> None:
    assert side(Whose.HARDENED, own(), directly=True).admission == side(Whose.HARDENED, own()).admission._replace(  # type: ignore[union-attr]
        account=None
    )
    foreign = side(Whose.HARDENED, own(foreign=True), directly=True).admission
    assert foreign is not None
    assert foreign.account == ACCOUNT


def check_accounts(*foreign: Target, resource_policies: bool = True) -> None:
    scoped_grants.check_accounts(WHO, foreign, lambda one: f"<{one.arn}>", resource_policies=resource_policies)


@pytest.mark.parametrize("whose", [None, Whose.MANAGED])
def test_a_secret_of_another_account_needs_a_key_that_can_admit(whose: Whose | None) -> None:
    with pytest.raises(ValueError, match=f"<{SECRET}> cannot be read .* grantee Stack/Role: put it under a customer"):
        check_accounts(target(whose))
    check_accounts(target(Whose.IMPORTED))


def test_what_has_no_resource_policy_is_read_in_its_account() -> None:
    with pytest.raises(ValueError, match="got the grantee Stack/Role: read it by a role of its account"):
        check_accounts(target(), resource_policies=False)
    check_accounts(resource_policies=False)


def identity(
    *targets: Target, foreign: int = 0, attached: bool = False, resource_policies: bool = True, who: Who = WHO
) -> IdentitySide:
    return scoped_grants.identity_side(
        who, targets, targets[:foreign], attached=attached, resource_policies=resource_policies
    )


def test_who_takes_a_policy_has_the_identity_side_whatever_the_targets() -> None:
    assert identity(target(None, owned=False), attached=True, resource_policies=False) is IdentitySide.WRITTEN


def test_the_owner_of_a_role_of_another_account_must_add_the_identity_side() -> None:
    both = target(), target(owned=False)
    assert identity(*both, foreign=2) is IdentitySide.REQUIRED
    with pytest.raises(
        ValueError,
        match="is of several accounts: one construct for each account",
    ):
        identity(target(), target(), foreign=1)
    assert identity(target(), target()) is IdentitySide.NONE


@pytest.mark.parametrize(
    "beside",
    [target(), target(None, known=None), target(Whose.MANAGED, known=None)],
    ids=["under a HardenedKey", "under the key that AWS manages", "under one that was given"],
)
def test_a_secret_of_this_app_can_name_who_holds_no_policies(beside: Target) -> None:
    assert identity(target(), beside) is IdentitySide.NONE


@pytest.mark.parametrize(
    "one, why",
    [
        (target(owned=False), f"{SECRET} is imported, so its policy cannot be written here"),
        (target(Whose.PLAIN), "Stack/Secret is no secret with a literal name under a HardenedKey"),
        (target(Whose.IMPORTED), "Stack/Secret is no secret with a literal name under a HardenedKey"),
        (target(known=None), "Stack/Secret is no secret with a literal name under a HardenedKey"),
    ],
    ids=["imported", "under another key of this app", "under an imported key", "of a generated name"],
)
def test_a_grant_that_would_do_nothing_is_refused(one: Target, why: str) -> None:
    with pytest.raises(ValueError, match=f"Stack/Role cannot hold an identity policy, and {why}, .* mutable=True, or"):
        identity(target(), one)
    with pytest.raises(ValueError, match=f"lets nobody change the policies of Stack/Role, and {why}, .* HardenedKey, "):
        identity(target(), one, who=PROTECTED)


def test_a_service_without_resource_policies_is_named_in_the_refusal() -> None:
    with pytest.raises(ValueError, match=f"the service of {SECRET} has no resource policies, so the grant would have"):
        identity(target(), resource_policies=False)


def test_the_policies_of_resources_name_who_holds_none_or_is_of_another_account() -> None:
    one, other = target(), target(Whose.PLAIN)
    assert scoped_grants.opened([one, other], [], IdentitySide.WRITTEN) == []
    assert scoped_grants.opened([one, other], [], IdentitySide.NONE) == [one, other]
    assert scoped_grants.opened([one, other], [other], IdentitySide.WRITTEN) == [other]
    assert scoped_grants.opened([one, other], [one, other], IdentitySide.REQUIRED) == [one, other]


def test_a_resource_policy_names_the_role_or_its_account_with_the_role_in_the_condition() -> None:
    access = [{"Action": "a"}, {"Action": "b", "Condition": {"StringEquals": {"x": "y"}}}]
    assert scoped_grants.resource_side(access, ROLE, None) == [{**one, "Principal": {"AWS": ROLE}} for one in access]
    root, only = {"AWS": ACCOUNT.root}, {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert scoped_grants.resource_side(access, ROLE, ACCOUNT) == [
        {"Action": "a", "Principal": root, "Condition": only},
        {"Action": "b", "Principal": root, "Condition": {"StringEquals": {"x": "y"}, **only}},
    ]
