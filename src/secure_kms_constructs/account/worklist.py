"""The open findings of Security Hub about KMS: of each what an account file says, and whether it will pass.

https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from secure_kms_constructs.checks import Finding
from secure_kms_constructs.checks.rules import rule_named
from secure_kms_constructs.checks.running import find
from secure_kms_constructs.policies.verdicts import Verdict

from .records import Account, HubFinding, Key
from .snapshots import Snapshot

_RULES = {"KMS.1": "decrypt-on-all-keys", "KMS.2": "decrypt-on-all-keys", "KMS.5": "public-key-policy"}
_TO_BE_DELETED = ("PendingDeletion", "PendingReplicaDeletion")
_EVERY_KEY_OF = re.compile(r"arn:[^ ]*:key/\*+")


@dataclass(frozen=True)
class Item:
    """An open finding.

    :param passes: whether it will pass when Security Hub looks again; None where that is not known.
    :param text: what the account file says.
    """

    control: str
    resource: str
    passes: Verdict
    text: str

    def __str__(self) -> str:
        said = {True: "will pass", False: "will fail", None: "may fail"}[self.passes]
        return f"{self.control} {said}: {self.resource} {self.text}"


def worklist(snapshot: Snapshot) -> tuple[Item, ...]:
    """Return the open findings that a snapshot has, by control and resource.

    :raises ValueError: when it was taken without them.
    """
    lacking = [one.account for one in snapshot.accounts if one.findings is None]
    if lacking:
        raise ValueError(
            f"findings of account {lacking[0]} are not in the file: take it with `account snapshot --security-hub`"
        )
    judge = _Judge(snapshot)
    found = (judge.item(account, one) for account in snapshot.accounts for one in account.findings or ())
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.control, one.resource)))


def unread_findings(snapshot: Snapshot) -> list[str]:
    """Return where findings could not be read, so that others may be open."""
    return [str(one) for one in snapshot.unread if one.action == "securityhub:GetFindings"]


class _Judge:
    def __init__(self, snapshot: Snapshot) -> None:
        self._found: dict[tuple[str, str], list[Finding]] = {}
        for one in find(snapshot.landscapes, [rule_named(name) for name in dict.fromkeys(_RULES.values())]):
            self._found.setdefault((one.rule, one.path), []).append(one)

    def item(self, account: Account, finding: HubFinding) -> Item:
        return Item(finding.control, finding.resource, *self._said(account, finding))

    def _said(self, account: Account, finding: HubFinding) -> tuple[Verdict, str]:
        if finding.control in ("KMS.1", "KMS.2"):
            return self._of_identity(account, finding)
        key = next((one for one in account.keys if one.arn == finding.resource), None)
        if key is None:
            region = (finding.resource.split(":") + [""] * 4)[3]
            read = region in account.regions and account.missing("kms:ListKeys", region) is None
            return _gone(read, finding.resource)
        if finding.control == "KMS.5":
            return self._public(key)
        return _described(account, key) or (_deleted(key) if finding.control == "KMS.3" else _rotated(key))

    def _of_identity(self, account: Account, finding: HubFinding) -> tuple[Verdict, str]:
        documents = _documents(account, finding)
        if documents is None:
            return _gone(
                account.missing("iam:GetAccountAuthorizationDetails", account.account) is None, finding.resource
            )
        found = self._about(finding)
        if not found:
            if any('"Deny"' in json.dumps(one) for one in documents):
                return None, "denies what it would else allow, and whether Security Hub sees that is not documented"
            return True, "does not allow to decrypt with every key"
        messages = _said(found)
        if all(one.undecided or _EVERY_KEY_OF.search(one.message) for one in found):
            return None, f"{messages}: Security Hub looks for *"
        return False, messages

    def _public(self, key: Key) -> tuple[Verdict, str]:
        if key.policy is None:
            return None, "has a key policy that was not read"
        found = self._found.get((rule_named(_RULES["KMS.5"]).id, key.arn), [])
        messages = _said(found)
        if not found:
            return True, "admits nobody of other accounts without a fixed value, if AWS Config may read its policy"
        return (None if all(one.undecided for one in found) else False), messages

    def _about(self, finding: HubFinding) -> list[Finding]:
        return self._found.get((rule_named(_RULES[finding.control]).id, finding.resource), [])


def _documents(account: Account, finding: HubFinding) -> list[object] | None:
    """Return the policies that a finding is about; None where what has them is not there."""
    if finding.control == "KMS.1":
        return [account.policies[finding.resource]] if finding.resource in account.policies else None
    held = {one.arn: one.inline for one in account.identities} | {one.arn: one.inline for one in account.groups}
    return list(held[finding.resource].values()) if finding.resource in held else None


def _gone(read: bool, resource: str) -> tuple[Verdict, str]:
    if read and resource.startswith("arn:"):
        return True, "is not there any more"
    return None, "is not among what was read"


def _described(account: Account, key: Key) -> tuple[Verdict, str] | None:
    actions: Iterable[str] = ("kms:DescribeKey", "kms:GetKeyRotationStatus")
    missing: Iterator[str] = (str(one) for one in (account.missing(it, key.arn) for it in actions) if one)
    why = next(missing, None)
    return (None, why) if why else None


def _deleted(key: Key) -> tuple[Verdict, str]:
    return key.state not in _TO_BE_DELETED, f"is {key.state}"


def _rotated(key: Key) -> tuple[Verdict, str]:
    if key.rotation is None:
        return None, "has no rotation that was read"
    return key.rotation, "is rotated" if key.rotation else "is not rotated"


def _said(found: Iterable[Finding]) -> str:
    """What findings say, after the name of the resource."""
    return "; ".join(dict.fromkeys(one.message.removeprefix("the statement ") for one in found))
