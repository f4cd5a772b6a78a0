"""What every encrypted resource of the L2 asks its key for: the account's root through one service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from secure_kms_constructs.authoring.key_policies import KeyPolicy
from secure_kms_constructs.authoring.narrowing import add_narrowed
from secure_kms_constructs.authoring.statements import Statement, key_statement
from secure_kms_constructs.aws import arns

from .asking import account_of, asked_once, reference
from .grantees import account_text


class Usual(NamedTuple):
    """A statement as the L2 would add it, with tokens and as text."""

    statement: Statement
    resolved: Statement


class UsualGrants:
    """Answers for one key, without the way through Node that takes four times as many calls."""

    def __init__(self, key: kms.Key, stack: Stack, policy: KeyPolicy) -> None:
        self._key = key
        self._stack = stack
        self._policy = policy
        self._granted: iam.Grant | None = None
        self._asked = ""
        self._via: tuple[str, str] | None = None

    def grant(self, grantee: kms.ViaServicePrincipal, actions: Sequence[str]) -> iam.Grant | None:
        """Answer what every Secret asks for twice; None for anything else."""
        usual = self._statement(grantee, actions)
        if usual is None:
            return None
        account = account_of(self._stack).id
        add_narrowed(self._policy, usual.statement, usual.resolved, account, account_text(self._stack))
        if self._granted is None:
            # Whoever asks looks at the grant for its success only, so one does for all.
            granted = iam.PolicyStatement(principals=[grantee], actions=list(actions), resources=["*"])
            self._granted = iam.Grant.add_statement_to_resource_policy(
                statement=granted, grantee=grantee, actions=list(actions), resource_arns=["*"], resource=self._key
            )
        return self._granted

    def _statement(self, grantee: kms.ViaServicePrincipal, actions: Sequence[str]) -> Usual | None:
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
