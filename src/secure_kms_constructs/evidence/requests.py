"""A use as a request to policies."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from secure_kms_constructs.aws.cloudtrail import VERSION_NAME
from secure_kms_constructs.aws.facts import ENCRYPTION_CONTEXT_ACTIONS
from secure_kms_constructs.policies import Request, Unknown

from .uses import Use, stands_for_objects

# A condition on the encryption context of these would be about that of a grant.
_GRANTING = frozenset({"kms:CreateGrant", "kms:RetireGrant"})
# Beside it Secrets Manager sends the version, which is not kept.
SECRET = "SecretARN"
_NOT_KEPT = Unknown("part of the encryption context that was not kept")
WITH_CONTEXT = ENCRYPTION_CONTEXT_ACTIONS.value - _GRANTING


_NOT_TOLD = Unknown("something that CloudTrail does not tell")
# What follows from the principal, the key and the way of a call, or is part of what was observed.
_TOLD = re.compile(
    r"aws:(principal(arn|account|type|isawsservice|servicename)|resourceaccount|username|viaawsservice)"
    r"|kms:(calleraccount|viaservice|encryptioncontext:.*|encryptioncontextkeys|grantisforawsresource)"
)


def is_told(key: str) -> bool:
    """Tell whether what was observed tells a condition key, given in lower case."""
    return _TOLD.fullmatch(key) is not None


@dataclass(frozen=True)
class Call:
    """A request, as far as it is told by a use.

    :param via: the ``kms:ViaService``; None for a direct call.
    :param context: the encryption context.
    :param service_told: whether ``via`` is known.
    :param untold: names of the encryption context whose values, or whether they are there, was not kept.
    """

    principal: str
    action: str
    key: str
    via: str | None
    context: tuple[tuple[str, str], ...]
    untold: frozenset[str] = frozenset()
    service_told: bool = True

    def request(self, *, doubtful: bool = False, asked: Collection[str] = ()) -> Request:
        """Return the request to policies.

        :param doubtful: whether what is not told is unknown, in place of the example that stands for it.
        :param asked: condition keys that policies ask for, in lower case: unknown too, where they are not told.
        """
        context: dict[str, object] = {}
        if self.action in WITH_CONTEXT:
            context = {f"kms:EncryptionContext:{name}": value for name, value in self.context}
            context["kms:EncryptionContextKeys"] = [name for name, _ in self.context]
            if doubtful and self.untold:
                context |= {f"kms:EncryptionContext:{name}": _NOT_KEPT for name in self.untold}
                if not self.untold <= {name for name, _ in self.context}:
                    context["kms:EncryptionContextKeys"] = _NOT_KEPT
        if self.via:
            context["kms:ViaService"] = self.via
        if self.action == "kms:CreateGrant":
            context["kms:GrantIsForAWSResource"] = str(self.via is not None).lower()
        if doubtful:
            given = {name.lower() for name in context} | ({"kms:viaservice"} if self.service_told else set())
            context |= dict.fromkeys((name for name in asked if not is_told(name) and name not in given), _NOT_TOLD)
            if not self.via and not self.service_told:
                context["kms:ViaService"] = _NOT_TOLD
        return Request(self.principal, self.action, self.key, context)  # type: ignore[arg-type]

    def __str__(self) -> str:
        way = f" via {self.via}" if self.via else ""
        context = ", ".join(f"{name} = {value}" for name, value in self.context)
        return f"{self.principal} {self.action} {self.key}{way}{f' with {context}' if context else ''}"


def call_of(use: Use) -> Call:
    """Return a call like those of a use. A value that was folded stands for one that it is made of."""
    pairs = tuple(sorted((name, _example(name, value)) for name, value in (use.context or {}).items()))
    untold = {name for name, value in (use.context or {}).items() if value is None or stands_for_objects(name, value)}
    if not use.direct and SECRET in (use.context or {}):
        untold.add(VERSION_NAME.value)
    return Call(
        use.principal, use.action, use.key or "", use.via, pairs, frozenset(untold), use.direct or use.via is not None
    )


def _example(name: str, value: str | None) -> str:
    if value is None:
        return "any"
    return f"{value[:-1]}secure-kms-some-object" if stands_for_objects(name, value) else value
