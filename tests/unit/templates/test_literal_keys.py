"""A literal key ARN and a key whose id only the deployment tells may be the same, unless somebody says."""

from __future__ import annotations

from typing import Any

import pytest

from secure_kms_constructs.access import DEPLOYER, ROOT, AccessMap, assert_cannot, assert_only
from secure_kms_constructs.templates import TemplateError, read_templates

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
Json = dict[str, Any]
ID = "0d990263-018e-4e65-a703-eff731de951e"
LITERAL = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{ID}"
OWN = {"Fn::GetAtt": ["Key", "Arn"]}


def statement(effect: str, **more: Any) -> Json:
    return {"Effect": effect, "Action": "kms:Decrypt", **more}


def root(account: str) -> Json:
    return statement("Allow", Principal={"AWS": f"arn:aws:iam::{account}:root"}, Resource="*")


def key(*accounts: str, **more: Any) -> Json:
    policy = {"Version": "2012-10-17", "Statement": [root(account) for account in accounts]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, **more}}


def role(*statements: Json) -> Json:
    inline = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [inline]}}


def may(resource: Any, effect: str = "Allow", made: Json | None = None, element: str = "Resource", **given: Any) -> Any:
    """Whether a role may decrypt with the key of its template, by a statement with this resource."""
    statements = [statement(effect, **{element: resource})]
    statements += [statement("Allow", Resource="*")] if effect == "Deny" else []
    template = {"Resources": {"Key": made or key(ACCOUNT), "Role": role(*statements)}}
    access = AccessMap.from_templates({"T": template}, account=ACCOUNT, region=REGION, **given)
    its = [row.allowed for row in access.who_can("kms:Decrypt", "T/Key") if row.principal == "T/Role"]
    return its[0] if its else False


MULTI = key(ACCOUNT, MultiRegion=True)
EITHER = key(ACCOUNT, MultiRegion={"Ref": "Regions"})
# Whether a statement with such a resource is about the key; each uncertain one has a certain neighbour.
ABOUT: dict[str, tuple[Any, Json | None, bool | None]] = {
    "its reference": (OWN, None, True),
    "a literal ARN of its account and region": (LITERAL, None, None),
    "one of another account": (LITERAL.replace(ACCOUNT, OTHER), None, False),
    "one of another region": (LITERAL.replace(REGION, "eu-west-2"), None, False),
    "one of another partition": (LITERAL.replace("arn:aws:", "arn:aws-cn:"), None, False),
    "a pattern on the id": (LITERAL[:-4] + "*", None, None),
    "a pattern of one character": (LITERAL[:-1] + "?", None, None),
    "a pattern of any id": (LITERAL.replace(ID, "*"), None, True),
    "a pattern of ids as long": (LITERAL.replace(ID, "?" * 36), None, True),
    "a pattern of shorter ids": (LITERAL.replace(ID, "?" * 35), None, False),
    "a pattern that no id has": (LITERAL.replace(ID, "g*"), None, False),
    "a pattern in another account": (LITERAL[:-4].replace(ACCOUNT, OTHER) + "*", None, False),
    "an id that is none": (LITERAL.replace(ID, "my-key"), None, False),
    "a pattern of multi-Region keys": (LITERAL.replace(ID, "mrk-*"), None, False),
    "the same and such a key": (LITERAL.replace(ID, "mrk-*"), MULTI, True),
    "a literal multi-Region key": (LITERAL.replace(ID, "mrk-" + ID.replace("-", "")), MULTI, None),
    "a literal key of one Region beside it": (LITERAL, MULTI, False),
    "a pattern of multi-Region keys and a key that may be one": (LITERAL.replace(ID, "mrk-*"), EITHER, None),
    "a literal multi-Region key and a key that may be one": (
        LITERAL.replace(ID, "mrk-" + ID.replace("-", "")),
        EITHER,
        None,
    ),
    "a literal key of one Region and a key that may be none": (LITERAL, EITHER, None),
    "a pattern of both and a key that may be either": (LITERAL.replace(ID, "*"), EITHER, True),
    "a pattern of none and a key that may be either": (LITERAL.replace(ID, "g*"), EITHER, False),
    "a literal ARN beside its reference": ([LITERAL, OWN], None, True),
}


@pytest.mark.parametrize("name", ABOUT)
def test_an_allow_of(name: str) -> None:
    resource, made, expected = ABOUT[name]
    assert may(resource, made=made) is expected


@pytest.mark.parametrize("name", ABOUT)
def test_a_deny_of(name: str) -> None:
    resource, made, about = ABOUT[name]
    assert may(resource, "Deny", made=made) is (None if about is None else not about)


@pytest.mark.parametrize("name", ABOUT)
def test_all_but(name: str) -> None:
    resource, made, about = ABOUT[name]
    assert may(resource, made=made, element="NotResource") is (None if about is None else not about)


@pytest.mark.parametrize("effect, expected", [("Allow", True), ("Deny", False)])
def test_who_says_which_key_is_deployed_gets_a_certain_answer(effect: str, expected: bool) -> None:
    assert may(LITERAL, effect, same={"T/Key": LITERAL}) is expected
    assert may(LITERAL, effect, same={"T/Key": LITERAL[:-1] + "0"}) is not expected
    assert may(OWN, effect, same={"T/Key": LITERAL}) is expected


def stacks(resource: Json) -> dict[str, Json]:
    """A key that another account may use, and a reader there that names it by a literal ARN."""
    return {"Vault": {"Resources": {"Key": key(ACCOUNT, OTHER)}}, "Reader": {"Resources": {"Role": resource}}}


def test_a_reader_of_another_account_who_names_the_key_by_a_literal_arn_is_not_nobody() -> None:
    places = {"Vault": f"aws://{ACCOUNT}/{REGION}", "Reader": f"aws://{OTHER}/{REGION}"}
    others = [ROOT, DEPLOYER, *(f"any principal of {one} with kms:* on *" for one in (ACCOUNT, OTHER))]

    def access(arn: str, **given: Any) -> AccessMap:
        return AccessMap(read_templates(stacks(role(statement("Allow", Resource=arn))), environments=places, **given))

    with pytest.raises(AssertionError, match="unknown: Reader/Role might"):
        assert_only(access(LITERAL), "kms:Decrypt", "Vault/Key", others[:1] + others[2:])
    with pytest.raises(AssertionError):
        assert_cannot(access(LITERAL), "kms:Decrypt", "Vault/Key", "Reader/Role")
    certain = access(LITERAL, same={"Vault/Key": LITERAL[:-1] + "0"})
    assert_only(certain, "kms:Decrypt", "Vault/Key", others[:1] + others[2:])
    with pytest.raises(AssertionError, match="too many: Reader/Role can"):
        assert_only(access(LITERAL, same={"Vault/Key": LITERAL}), "kms:Decrypt", "Vault/Key", others[:1] + others[2:])


@pytest.mark.parametrize(
    "same, says",
    [
        ({"T/Ky": LITERAL}, "same must name keys, roles or users of the templates, got 'T/Ky'; there are T/Key"),
        ({"T/Key": LITERAL.replace(ACCOUNT, OTHER)}, f"as arn:aws:kms:{REGION}:{ACCOUNT}:key/<id>"),
        ({"T/Key": LITERAL.replace("key", "alias")}, f"as arn:aws:kms:{REGION}:{ACCOUNT}:key/<id>"),
        ({"T/Key": ID}, "got '0d99"),
    ],
)
def test_what_is_told_wrongly_is_an_error(same: dict[str, str], says: str) -> None:
    with pytest.raises(TemplateError, match=says):
        may(LITERAL, same=same)


def test_a_key_that_may_go_anywhere_is_told_with_its_place() -> None:
    template = {"T": {"Resources": {"Key": key(ACCOUNT)}}}
    with pytest.raises(TemplateError, match="give the account and region of the stack too"):
        AccessMap.from_templates(template, same={"T/Key": LITERAL})
    AccessMap.from_templates(template, same={"T/Key": LITERAL}, account=ACCOUNT, region=REGION)
