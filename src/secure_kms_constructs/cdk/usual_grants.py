"""What every encrypted resource of the L2 asks its key for: the account's root through one service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import Stack
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.statements import Statement, key_statement
from secure_kms_constructs.aws import arns

from .asking import account_of, asked_once
from .rendering import reference


class Usual(NamedTuple):
    """A statement as the L2 would add it, with tokens and as text."""

    statement: Statement
    resolved: Statement


class UsualGrants:
    """Tells for one key what is asked, without the way through Node that takes four times as many calls."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._asked = ""
        self._via: tuple[str, str] | None = None

    def statement(self, grantee: kms.ViaServicePrincipal, actions: Sequence[str]) -> Usual | None:
        """Return what the account's root would get through a service; None where somebody else asks."""
        asked = reference(grantee)
        if asked != self._asked:
            # A Secret asks twice in the name of one principal.
            self._asked, self._via = asked, self._root_through(grantee)
        if self._via is None:
            return None
        roots = account_of(self._stack).root, _root_text_of(self._stack)
        return Usual(
            *(
                key_statement("", {"AWS": root}, actions, {"StringEquals": {"kms:ViaService": via}})
                for root, via in zip(roots, self._via, strict=True)
            )
        )

    def _root_through(self, grantee: kms.ViaServicePrincipal) -> tuple[str, str] | None:
        """Return the service that the account's root comes through, as it is and as text; None for anyone else."""
        # What CDK compares principals by: one call, where the parts of the principal take three.
        match = re.fullmatch("ViaServicePrincipal:([^:]+):ArnPrincipal:(.+)", grantee.dedupe_string() or "")
        if match is None:
            return None
        via, root = map(arns.as_text, self._stack.resolve(list(match.groups())))
        return (match[1], via) if root == _root_text_of(self._stack) else None


@asked_once
def _root_text_of(stack: Stack) -> str:
    return arns.as_text(stack.resolve(account_of(stack).root))
