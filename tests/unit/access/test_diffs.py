"""What changed between two maps, and which way."""

from __future__ import annotations

import pytest

from secure_kms_constructs.access import AccessMap
from secure_kms_constructs.templates.landscape import Identity
from tests.unit.cases.access_rows import ONE_SECRET, ROOT_ALONE, VIA_ONE
from tests.unit.landscapes import (
    KEY,
    PARAMETER_STORE,
    SECRETS_MANAGER,
    access,
    allow,
    identity,
    key,
    landscape,
    role_arn,
    secret,
)

BOTH = {"kms:ViaService": [SECRETS_MANAGER, PARAMETER_STORE]}


def with_reader(*statements: dict[str, object], name: str = "reader") -> AccessMap:
    """The map of a key that lets the account's roles named r* decrypt by their own policies."""
    like = {"aws:PrincipalArn": role_arn(name)}
    things: list[Identity] = [identity(name, *statements)] if statements else []
    return access(
        key(ROOT_ALONE, allow({"AWS": role_arn("x")[:-6] + "root"}, "kms:*", ArnEquals=like)), *things, secret()
    )


CASES = [
    pytest.param([], [allow()], "gained: App/reader: Decrypt", id="gained"),
    pytest.param([allow()], [], "lost: App/reader: Decrypt", id="lost"),
    pytest.param(
        [allow(StringEquals=VIA_ONE)],
        [allow(StringEquals=BOTH)],
        "widened: App/reader: Decrypt, via secretsmanager -> via secretsmanager or ssm",
        id="widened to another service",
    ),
    pytest.param(
        [allow(StringEquals=BOTH)],
        [allow(StringEquals=VIA_ONE)],
        "narrowed: App/reader: Decrypt, via secretsmanager or ssm -> via secretsmanager",
        id="narrowed to one service",
    ),
    pytest.param(
        [allow(StringEquals=VIA_ONE | ONE_SECRET)],
        [allow(StringLike=VIA_ONE)],
        "widened: App/reader: Decrypt, via secretsmanager if SecretARN = App/Secret -> via secretsmanager",
        id="widened to all secrets",
    ),
    pytest.param(
        [allow(StringEquals=VIA_ONE)],
        [allow(StringEquals={"kms:ViaService": PARAMETER_STORE})],
        "changed: App/reader: Decrypt, via secretsmanager -> via ssm",
        id="changed from one service to another",
    ),
    pytest.param(
        [allow(), allow(action="kms:Encrypt")],
        [allow()],
        "lost: App/reader: Encrypt",
        id="lost for one action of two",
    ),
]


@pytest.mark.parametrize("before, after, said", CASES)
def test_a_change_is_told(before: list[dict[str, object]], after: list[dict[str, object]], said: str) -> None:
    nobody = allow(action="s3:GetObject")
    found = with_reader(*(before or [nobody])).diff(with_reader(*(after or [nobody])))
    assert str(found) == f"App/Key\n  {said}"
    assert found


def test_nothing_changed_where_policies_say_the_same_otherwise() -> None:
    same = with_reader(allow(StringLike=VIA_ONE, action=["kms:Decrypt", "kms:DescribeKey"]))
    found = with_reader(allow(StringEquals=VIA_ONE)).diff(same)
    assert not found
    assert str(found) == "nobody gained or lost access"


def test_a_new_key_is_gained_by_whoever_can_use_it() -> None:
    found = access().diff(with_reader(allow()))
    assert "gained: root user of 111122223333: every action" in str(found)
    assert "lost" not in str(found)


def test_a_condition_of_the_templates_is_a_change() -> None:
    can, cannot = (with_reader(allow(), name=name).landscapes[0] for name in ("reader", "other"))
    depends = AccessMap(
        (
            landscape(*can.keys, *can.identities, assumes={"App/Dev": True}),
            landscape(*cannot.keys, *can.identities, assumes={"App/Dev": False}),
        )
    )
    assert "narrowed: App/reader: Decrypt, always -> when App/Dev" in str(AccessMap((can,)).diff(depends))


DEPLOYER = role_arn("cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1")
ROOT_MAY = allow({"AWS": role_arn("x")[:-6] + "root"}, "kms:*")


def test_a_deployer_that_a_policy_comes_to_name_gains_nothing() -> None:
    """As one of any principals with kms:* it could, perhaps, do the same before."""
    stock = access(key(ROOT_MAY))
    hardened = access(key(ROOT_ALONE, allow({"AWS": DEPLOYER}, ["kms:PutKeyPolicy", "kms:Decrypt"])))
    called = "deployer cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1"
    said = f"{called}: every action but Decrypt, PutKeyPolicy, perhaps always"
    assert [str(one) for one in stock.diff(hardened).differences if called in str(one)] == [f"lost: {said}"]
    assert [str(one) for one in hardened.diff(stock).differences if called in str(one)] == [f"gained: {said}"]


def test_a_deployer_that_nobody_let_in_before_gains_what_a_policy_says() -> None:
    before = access(key(ROOT_ALONE))
    after = access(key(ROOT_ALONE, allow({"AWS": DEPLOYER}, "kms:PutKeyPolicy")))
    said = "deployer cdk-hnb659fds-cfn-exec-role-111122223333-us-east-1: PutKeyPolicy, perhaps always"
    assert str(before.diff(after)) == f"App/Key\n  gained: {said}"
    assert str(after.diff(before)) == f"App/Key\n  lost: {said}"


def test_whom_a_policy_comes_to_name_is_compared_on_every_key() -> None:
    """Also where both maps name it, each on another key."""
    partner, second = role_arn("Partner"), KEY.replace("1234", "9999")
    names = allow({"AWS": partner})

    def named_on(*places: str) -> AccessMap:
        keys = {"App/Key": KEY, "App/Second": second}
        made = (key(ROOT_MAY, *([names] if path in places else []), arn=arn, path=path) for path, arn in keys.items())
        return access(*made)

    assert not named_on().diff(named_on("App/Key"))
    assert not named_on("App/Key").diff(named_on("App/Second"))
    shut = access(key(ROOT_ALONE), key(ROOT_ALONE, names, arn=second, path="App/Second"))
    opened = access(key(ROOT_ALONE, names), key(ROOT_ALONE, arn=second, path="App/Second"))
    assert str(shut.diff(opened)).split("\n") == [
        "App/Key",
        f"  gained: {partner}: Decrypt, perhaps always",
        "",
        "App/Second",
        f"  lost: {partner}: Decrypt, perhaps always",
    ]
