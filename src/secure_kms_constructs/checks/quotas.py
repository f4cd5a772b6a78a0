"""Rules on the size of policies."""

from __future__ import annotations

import json
from collections.abc import Iterator

from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.aws.facts import (
    INLINE_POLICY_CHARACTERS,
    KEY_POLICY_BYTES,
    MANAGED_POLICIES_PER_IDENTITY,
    MANAGED_POLICY_CHARACTERS,
)
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.principals import Kind

from .context import Context
from .documents import Document
from .examples import ROLE, VIA_SECRETS, allow, keyed, policy, template
from .findings import Found, Severity
from .rule import Rule

# Policies grow by a statement at a time, and what a deployment fills in may be longer than it is here.
_NEAR = 0.9
# An ARN with a name of 64 characters in the longest partition.
_LONGEST = 130


def _size(written: object) -> tuple[int, int]:
    """Return how long a policy is for sure, and how long it can become where some of it is not known."""
    unknown = []

    def count(value: object) -> str:
        unknown.append(value)
        return ""

    text = json.dumps(written, separators=(",", ":"), default=count, ensure_ascii=False)
    # Half of a surrogate pair is no character, but JSON can write one.
    size = len(text.encode(errors="surrogatepass"))
    return size, size + _LONGEST * len(unknown)


def _check(size: tuple[int, int], quota: int) -> bool | None:
    """Tell whether a size is near a quota; None where that depends on what is not known."""
    return True if size[0] >= _NEAR * quota else None if size[1] >= _NEAR * quota else False


def _key_policy(context: Context) -> Iterator[Found]:
    for document in context.documents:
        if document.policy.is_key_policy:
            yield from _found(document, KEY_POLICY_BYTES.value, "bytes")


def _found(document: Document, quota: int, unit: str) -> Iterator[Found]:
    size = _size(document.written)
    verdict = None if isinstance(document.written, Unknown) else _check(size, quota)
    if verdict is not False:
        long = "unknown" if isinstance(document.written, Unknown) else f"{size[verdict is None]} {unit}"
        message = f"{'is' if verdict else 'may be'} {long} long, and the quota is {quota}"
        yield Found(document.resource.source, document.location, message, undecided=verdict is None)


def _role_policies(context: Context) -> Iterator[Found]:
    by_name = {one.policy.name: one for one in context.documents if not one.policy.is_key_policy}
    for document in by_name.values():
        if document.resource.type == "AWS::IAM::ManagedPolicy":
            yield from _found(document, MANAGED_POLICY_CHARACTERS.value, "characters")
    for party in context.access.identities.parties:
        if party.source is None:
            continue
        names = [one.name for one in party.policies]
        managed = [name for name in names if _is_managed(name, by_name)]
        if len(managed) > MANAGED_POLICIES_PER_IDENTITY.value:
            message = f"has {len(managed)} managed policies, and the quota is {MANAGED_POLICIES_PER_IDENTITY.value}"
            yield Found(party.source, "", message)
        yield from _inline(party, [by_name[name] for name in names if name in by_name and name not in managed])


def _is_managed(name: str, by_name: dict[str, Document]) -> bool:
    if name in by_name:
        return by_name[name].resource.type == "AWS::IAM::ManagedPolicy"
    return name.startswith("policy arn:")


def _inline(party: Party, documents: list[Document]) -> Iterator[Found]:
    quota = INLINE_POLICY_CHARACTERS.value["user" if party.caller.kind is Kind.USER else "role"]
    sizes = [_size(one.written) for one in documents]
    size = sum(known for known, _ in sizes), sum(possible for _, possible in sizes)
    verdict = None if any(isinstance(one.written, Unknown) for one in documents) else _check(size, quota)
    if party.source and verdict is not False:
        what = f"has {'' if verdict else 'perhaps '}{size[verdict is None]} characters of inline policies"
        yield Found(party.source, "", f"{what}, and the quota is {quota}", undecided=verdict is None)


def _long_key(count: int) -> dict[str, object]:
    roles = [f"arn:aws:iam::111122223333:role/reader-{number:04}" for number in range(count)]
    return keyed(dict(VIA_SECRETS, Condition={**VIA_SECRETS["Condition"], "ArnEquals": {"aws:PrincipalArn": roles}}))


def _long_role(count: int) -> dict[str, object]:
    names = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(count)]
    return template(Role=ROLE, Policy=policy(allow(None, "s3:GetObject", Resource=names)))


RULES = (
    Rule(
        id="KLP601",
        name="key-policy-quota",
        title="A key policy is near its quota",
        severity=Severity.WARNING,
        controls=("ours",),
        why="KMS refuses a longer policy, and CDK says nothing before the deployment does.",
        fix="Admit many readers by one statement with kms:ViaService, or spread them over several keys.",
        source=KEY_POLICY_BYTES.source,
        broken=_long_key(700),
        clean=_long_key(7),
        check=_key_policy,
    ),
    Rule(
        id="KLP602",
        name="identity-policy-quota",
        title="The policies of a role or user are near their quotas",
        severity=Severity.WARNING,
        controls=("ours",),
        why="IAM refuses more, and CDK splits policies between statements, never inside one.",
        fix="Put what many roles share into one managed policy, or list fewer resources in a statement.",
        source=MANAGED_POLICY_CHARACTERS.source,
        broken=_long_role(350),
        clean=_long_role(3),
        check=_role_policies,
    ),
)
