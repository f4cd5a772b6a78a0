"""The grants on a key, found by whom they are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.principals import Caller, Kind


class Granted:
    """The grants on one key: thousands of them, of which few are for anybody who asks.

    :param grants: all of them.
    """

    def __init__(self, grants: tuple[Policy, ...]) -> None:
        self._grants = grants

    def to(self, caller: Caller) -> tuple[Policy, ...]:
        """Return the grants that are, or may be, for a principal."""
        found: dict[int, Policy] = {}
        for name in _names_of(caller):
            found |= self._by_name.get(name, {})
        return tuple(found[place] for place in sorted(found))

    @cached_property
    def _by_name(self) -> dict[object, dict[int, Policy]]:
        found: dict[object, dict[int, Policy]] = defaultdict(dict)
        for place, grant in enumerate(self._grants):
            for statement in grant.statements:
                named = statement.principals
                users = (("user of", one) for one in named.user_accounts)
                anybody = ("*",) if named.partly_unknown else ()
                for name in (*named.aws, *named.services, *named.roles, *users, *anybody):
                    found[name][place] = grant
        return dict(found)


def _names_of(caller: Caller) -> Iterator[object]:
    """What a grant may call a principal."""
    yield from ("*", caller.text)
    if caller.kind is not Kind.SERVICE:
        yield from (caller.root, caller.account, ("user of", caller.account))
    if caller.kind is Kind.SESSION:
        yield caller.role
