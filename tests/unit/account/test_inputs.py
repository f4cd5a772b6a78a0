"""Templates read beside an account: what they make is what is there, and a literal ARN of another thing is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secure_kms_constructs.account import Snapshot, write_snapshot
from secure_kms_constructs.account.inputs import Templates, beside, compare, read_both
from secure_kms_constructs.account.records import Account, Identity
from secure_kms_constructs.templates.givens import NOTHING_GIVEN, Givens
from tests.unit.account.accounts import APP, SHUT, allow, document, key_arn
from tests.unit.account.fake_aws import ACCOUNT, OTHER_ACCOUNT, REGION, Json
from tests.unit.account.test_drift import MADE, NAMED, ROOT, TEMPLATE, live, snapshot

SHUT_KEY = allow("kms:Decrypt", key_arn(SHUT))
OTHERS_POLICY = {"PolicyName": "of-another-key", "PolicyDocument": document(SHUT_KEY)}
DELEGATES = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:Decrypt", "Resource": "*"}


def written(path: Path, template: Json) -> Path:
    path.write_text(json.dumps(template))
    return path


def changed(**resources: Json) -> Json:
    copy: Json = json.loads(json.dumps(TEMPLATE))
    copy["Resources"] |= resources
    return copy


def with_literal_key() -> tuple[Json, Account]:
    """A role of the template that may decrypt with another key of the account, under keys that delegate to it."""
    template = changed()
    template["Resources"]["Named"]["Properties"]["Policies"].append(OTHERS_POLICY)
    template["Resources"]["Key"]["Properties"]["KeyPolicy"]["Statement"].append(DELEGATES)
    account = live()
    [first, *others] = account.keys
    policy = {**first.policy, "Statement": [*first.policy["Statement"], DELEGATES]}
    identities = [
        replace(one, inline={**one.inline, "of-another-key": document(SHUT_KEY)}) if one.arn == NAMED else one
        for one in account.identities
    ]
    return template, replace(account, keys=[replace(first, policy=policy), *others], identities=identities)


def test_the_literal_arn_of_another_key_is_no_difference(tmp_path: Path) -> None:
    template, account = with_literal_key()
    path, there = written(tmp_path / "App.json", template), tmp_path / "account.json"
    write_snapshot(snapshot(account), there)
    found = compare(read_both(path, there))
    assert str(found) == "nobody gained or lost access"
    assert found.is_whole


def same_of(templates: Templates, logical_id: str) -> str | None:
    [landscape] = templates.landscapes
    return next(one.arn for one in landscape.resources if one.source.logical_id == logical_id)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return written(tmp_path / "App.json", TEMPLATE)


def test_what_is_found_in_the_account_is_what_the_template_makes(app: Path) -> None:
    found = beside(app, snapshot(live()))
    assert (same_of(found, "Key"), same_of(found, "Made")) == (key_arn(APP), MADE)
    nothing = beside(app, snapshot(replace(live(), stacks={}, keys=[], identities=[])))
    assert same_of(nothing, "Key") not in (None, key_arn(APP))


def test_what_is_given_stands_above_what_is_found(app: Path) -> None:
    given = Givens(same={"App/Key": key_arn(SHUT)})
    assert same_of(beside(app, snapshot(live()), None, given), "Key") == key_arn(SHUT)


def test_what_is_called_otherwise_than_the_template_says_is_not_taken_for_it(app: Path) -> None:
    more = Identity(f"arn:aws:iam::{ACCOUNT}:role/Called-otherwise", "role")
    account = replace(live(), stacks={f"{REGION}/App": {"Named": "Called-otherwise"}})
    found = beside(app, snapshot(replace(account, identities=[*account.identities, more])))
    assert same_of(found, "Named") == NAMED


def test_a_key_of_another_account_is_not_taken_for_it(app: Path) -> None:
    foreign = key_arn(APP).replace(ACCOUNT, OTHER_ACCOUNT)
    account = live()
    keys = [replace(account.keys[0], arn=foreign)]
    found = beside(app, Snapshot("now", [replace(account, keys=keys)]))
    assert same_of(found, "Key") != foreign


def test_stacks_go_to_the_one_account_and_region_unless_they_are_told(app: Path) -> None:
    def places(of: Snapshot, known: Givens = NOTHING_GIVEN) -> set[tuple[str, str]]:
        landscape = beside(app, of, None, known).landscapes[0]
        return {(one.account, one.region) for one in landscape.resources}

    bare = replace(live(), stacks={}, keys=[], identities=[])
    assert places(snapshot(bare)) == {(ACCOUNT, REGION)}
    assert places(snapshot(replace(bare, regions=[REGION, "eu-west-1"]))) == {(ACCOUNT, "unknown-region")}
    both = Snapshot("now", [bare, replace(bare, account=OTHER_ACCOUNT)])
    assert places(both) == {("000000000000", "unknown-region")}
    assert places(both, Givens(OTHER_ACCOUNT, "eu-west-1")) == {(OTHER_ACCOUNT, "eu-west-1")}


def test_what_is_known_is_told_of_both_templates(tmp_path: Path) -> None:
    open_to = {"Effect": "Allow", "Principal": {"AWS": {"Ref": "Whom"}}, "Action": "kms:Decrypt", "Resource": "*"}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(open_to)}}
    template: dict[str, Any] = {"Parameters": {"Whom": {"Type": "String"}}, "Resources": {"Key": key}}
    (tmp_path / "before").mkdir()
    before = written(tmp_path / "before" / "App.json", template)
    literal = {**open_to, "Principal": {"AWS": NAMED}}
    other = {**template, "Resources": {"Key": {**key, "Properties": {"KeyPolicy": document(literal)}}}}
    (tmp_path / "after").mkdir()
    after = written(tmp_path / "after" / "App.json", other)
    assert compare(read_both(before, after))
    # Only one of them has the parameter.
    known = Givens(ACCOUNT, REGION, parameters={"*": {"Whom": NAMED}})
    assert not compare(read_both(before, after, known=known))
    assert not compare(read_both(after, before, known=known))
    with pytest.raises(ValueError, match=r"^--parameter must be one of a stack, got 'Who'; there are App/Whom$"):
        read_both(before, after, known=Givens(parameters={"*": {"Who": NAMED}}))


def test_two_accounts_have_no_stacks_to_tell_of(tmp_path: Path) -> None:
    write_snapshot(snapshot(live()), tmp_path / "a.json")
    both = (tmp_path / "a.json", tmp_path / "a.json")
    for more in ({"stacks": {"App": "Prod"}}, {"known": Givens(ACCOUNT)}):
        with pytest.raises(ValueError, match=r"^--stack, .* and --parameter are about templates: leave them out$"):
            read_both(*both, **more)  # type: ignore[arg-type]
