"""Carries out the pages of a plan as IAM would, on an account file."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from secure_kms_constructs.account.records import Account

VERSIONS = 5


class Iam:
    """The policies of an account, changed by calls of the AWS CLI."""

    def __init__(self, account: Account) -> None:
        self.inline = {one.arn: dict(one.inline) for one in (*account.identities, *account.groups)}
        self.attached = {one.arn: list(one.attached) for one in (*account.identities, *account.groups)}
        self.versions = {arn: [document] for arn, document in account.policies.items()}
        self.policies = dict(account.policies)
        self._account = account

    def account(self) -> Account:
        """Return the account as it is now."""

        def now(one: Any) -> Any:
            return replace(one, inline=self.inline[one.arn], attached=self.attached[one.arn])

        return replace(
            self._account,
            identities=[now(one) for one in self._account.identities],
            groups=[now(one) for one in self._account.groups],
            policies=self.policies,
        )

    def run(self, page: Path) -> None:
        """Make the calls of a page."""
        for line in page.read_text().splitlines():
            if line.startswith("aws "):
                _, service, call, *options = shlex.split(line)
                assert service == "iam"
                given = dict(zip(*[iter(one for one in options if one != "--set-as-default")] * 2, strict=True))
                self._call(call, given, page.parent)

    def _call(self, call: str, given: dict[str, str], folder: Path) -> None:
        verb, *words = call.split("-")
        document = given.get("--policy-document")
        text = json.loads((folder / document.partition("//")[2]).read_text()) if document else None
        name, arn = given.get("--policy-name", ""), given.get("--policy-arn", "")
        if call == "create-policy":
            made = f"arn:aws:iam::{self._account.account}:policy/{name}"
            assert made not in self.policies, "EntityAlreadyExists"
            self.policies[made], self.versions[made] = text, [text]
        elif call == "delete-policy":
            assert not any(arn in several for several in self.attached.values()), "DeleteConflict"
            del self.policies[arn]
        elif call == "create-policy-version":
            self.versions[arn].append(text)
            assert len(self.versions[arn]) <= VERSIONS, "LimitExceeded"
            self.policies[arn] = text
        elif call == "set-default-policy-version":
            self.policies[arn] = self.versions[arn][int(given["--version-id"].removeprefix("v")) - 1]
        else:
            holder = self._holder(words[0], given[f"--{words[0]}-name"])
            if verb == "put":
                self.inline[holder][name] = text
            elif verb == "delete":
                del self.inline[holder][name]
            elif verb == "attach":
                assert arn in self.policies, "NoSuchEntity"
                if arn not in self.attached[holder]:
                    self.attached[holder].append(arn)
            else:
                assert verb == "detach", call
                self.attached[holder].remove(arn)

    def _holder(self, kind: str, name: str) -> str:
        [found] = [one for one in self.inline if f":{kind}/" in one and one.rpartition("/")[2] == name]
        return found


def carry_out(iam: Iam, folder: Path) -> None:
    """Carry out all plans of a folder."""
    for page in sorted(folder.glob("*-*/apply.md")):
        iam.run(page)
    for page in folder.glob("shared/*/apply.md"):
        iam.run(page)


def take_back(iam: Iam, folder: Path) -> None:
    """Take all plans of a folder back."""
    for page in folder.glob("shared/*/rollback.md"):
        iam.run(page)
    for page in sorted(folder.glob("*-*/rollback.md")):
        iam.run(page)
