"""Rules on policies that AWS refuses or that name nobody: principals, resources, and statements that make no sense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from secure_kms_constructs.policies import PolicyError, Unknown
from secure_kms_constructs.policies.patterns import Text
from secure_kms_constructs.policies.principals import is_unique_id, parse_caller
from secure_kms_constructs.templates.landscape import Resource
from secure_kms_constructs.templates.stacks import ANY_REGION

from .context import Context
from .documents import Written
from .examples import ACCOUNT, KEY_ARN, VIA, VIA_SECRETS, allow, keyed
from .findings import Found, Severity
from .rule import Rule

_PRINCIPAL = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
_KEY_POLICY = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"
_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
_ACCOUNT = re.compile(r"\d{12}")
_SHORT = 60


def _principals(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        for principal in _written(one):
            if isinstance(principal, Unknown):
                yield one.found(f"may name nobody: {principal}", "Principal", "NotPrincipal", undecided=True)
            elif why := _wrong_principal(principal, one.document.resource):
                yield one.found(why, "Principal", "NotPrincipal")


def _written(one: Written) -> Iterator[object]:
    """Return the AWS principals of a statement, and what stands in their place."""
    whole = one.written if isinstance(one.written, dict) else {}
    element = whole.get("Principal", whole.get("NotPrincipal"))
    if not isinstance(element, Mapping):
        yield from [element] if isinstance(element, Unknown) else []
        return
    for kind, value in element.items():
        listed = value if isinstance(value, list) else [value]
        if kind in ("Federated", "CanonicalUser"):
            yield {kind: listed}
        elif not listed:
            yield {kind: None}
        elif kind == "AWS":
            yield from listed


def _wrong_principal(principal: object, resource: Resource) -> str | None:
    """Tell why KMS refuses a principal, or why it is nobody."""
    if isinstance(principal, Mapping):
        [(kind, values)] = principal.items()
        return f"names nobody: {kind} is an empty list" if values is None else f"names no principal of KMS: {kind}"
    text = str(principal)
    if text == "*" or _ACCOUNT.fullmatch(text):
        return None
    shown = text if len(text) <= _SHORT else f"{text[:_SHORT]}..."
    if is_unique_id(text):
        return f"names {shown}, a unique id, as is left where a role or user is gone: give the ARN of one that exists"
    if not text.startswith("arn:"):
        return f"names {shown}, which is no ARN and no account: KMS refuses the policy"
    if re.search(r"[*?]", text):
        return f"names {shown}: a principal has no wildcards, so KMS refuses the policy; use aws:PrincipalArn"
    try:
        partition = parse_caller(text).partition
    except PolicyError:
        return f"names {shown}, which is no role, user, session or account: KMS refuses the policy"
    if partition != resource.partition and resource.region != ANY_REGION:
        return f"names {shown}, of another partition than {resource.partition}: KMS refuses the policy"
    return None


def _resources(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        key = one.document.resource.arn
        if key is None or one.statement.resources.negated:
            continue
        for value in one.statement.resources.values:
            if isinstance(value, Unknown):
                yield one.found(f"may not be about this key: {value}", "Resource", undecided=True)
            elif not _is_key(value, one, key):
                message = f"Resource {value.written} is not this key: in a key policy it is *, which means this key"
                yield one.found(message, "Resource")


def _is_key(value: Text, one: Written, key: str) -> bool:
    # What is incomplete or has a variable may be. An ARN without wildcards is not: no key policy can hold its own.
    if value.fixed is None or value.written.count(":") < 5:
        return value.written.startswith(("arn", "*"))
    if not re.search(r"[*?]", value.written):
        return value.written == key
    return one.statement.resources.matches_resource(key, lambda _: None) is not False


def _mistakes(context: Context) -> Iterator[Found]:
    for document in context.documents:
        for place, text in document.policy.broken:
            if place is None:
                yield Found(document.resource.source, document.location, f"is no policy: {text}")
    for one in context.statements:
        if one.mistake:
            yield one.found(f"makes no sense, so AWS refuses the policy: {one.mistake}")


_ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"

RULES = (
    Rule(
        id="KLP207",
        name="no-principal",
        title="A key policy names what is no principal",
        severity=Severity.ERROR,
        controls=("ours",),
        why="KMS refuses the policy when it is deployed, or the statement is for nobody.",
        fix="Give the ARN of a role, user or account, or an account id; wildcards go into ArnLike aws:PrincipalArn.",
        source=_PRINCIPAL,
        broken=keyed(allow(f"{_ROLE}-*", "kms:Decrypt")),
        clean=keyed(allow(_ROLE, "kms:Decrypt")),
        check=_principals,
    ),
    Rule(
        id="KLP208",
        name="other-resource",
        title="A statement of a key policy is about another resource than the key",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The statement does nothing, or KMS refuses the policy.",
        fix='Write "*": in a key policy it means this key.',
        source=_KEY_POLICY,
        broken=keyed(dict(VIA_SECRETS, Resource=KEY_ARN)),
        clean=keyed(VIA_SECRETS),
        check=_resources,
    ),
    Rule(
        id="KLP209",
        name="broken-statement",
        title="A statement that makes no sense",
        severity=Severity.ERROR,
        controls=("ours",),
        why="AWS refuses the policy when it is deployed. What the statement may do is unknown until then.",
        fix="Put right what the message names.",
        source=_GRAMMAR,
        broken=keyed(allow(_ROLE, "kms:Decrypt", {"StringEqual": VIA})),
        clean=keyed(allow(_ROLE, "kms:Decrypt", {"StringEquals": VIA})),
        check=_mistakes,
    ),
)
