"""What was read of accounts at one time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from secure_kms_constructs.templates.landscape import Landscape

from .landscapes import landscape_of
from .records import Account, Key, Unread

# The number of the format of files; a reader refuses a higher one.
FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """What was read of accounts, once.

    :param made: when, in ISO format.
    """

    made: str
    accounts: list[Account]

    def __repr__(self) -> str:
        return f"<Snapshot of {', '.join(one.account for one in self.accounts) or 'no account'}, {self.made}>"

    @property
    def keys(self) -> Iterator[tuple[Account, Key]]:
        """The keys of all accounts."""
        return ((account, key) for account in self.accounts for key in account.keys)

    @property
    def unread(self) -> list[Unread]:
        """What could not be read of any account."""
        return [one for account in self.accounts for one in account.unread]

    @cached_property
    def identities(self) -> dict[str, frozenset[str]]:
        """ARNs of the roles and users of each account whose IAM was read, by account id."""
        read = (one for one in self.accounts if one.missing("iam:GetAccountAuthorizationDetails", one.account) is None)
        return {one.account: frozenset(identity.arn for identity in one.identities) for one in read}

    @cached_property
    def landscapes(self) -> tuple[Landscape]:
        """What it describes, as templates are read: one landscape, because an account has no conditions."""
        return (landscape_of(self.accounts),)
