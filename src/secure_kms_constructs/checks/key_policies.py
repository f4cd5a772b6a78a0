"""Rules on the policies of keys, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure_kms_constructs.aws.facts import SERVICE_CALL_KEYS, WITHOUT_SOURCE_CONTEXT
from secure_kms_constructs.policies import Request, Unknown
from secure_kms_constructs.policies.conditions import Condition
from secure_kms_constructs.policies.verdicts import Verdict, all_of, opposite

from .context import Context
from .documents import Written
from .examples import (
    ACCOUNT,
    NO_FOREIGN_GRANTS,
    OTHER_ROOT,
    ROOT,
    VIA_SECRETS,
    allow,
    keyed,
)
from .findings import Found, Severity
from .naming import beyond_metadata, depends_on, holds_always, holds_for, is_unknown
from .rule import Rule

_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"
_ROOT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_SOURCES = frozenset(name.lower() for name in SERVICE_CALL_KEYS.value)
_CONTEXT = ("kms:encryptioncontext:",)


def _accounts(one: Written) -> set[str]:
    """The accounts that a statement names as such."""
    return {match[1] for text in one.statement.principals.aws if (match := _ROOT.fullmatch(text))}


def _unconditional(one: Written, account: str) -> Verdict:
    """Tell whether a statement leaves more than metadata to the IAM policies of an account."""
    statement = one.statement
    if one.allows is False or statement.not_principals or statement.missing:
        return False
    if is_unknown(statement):
        tied: Verdict = None
    else:
        request = Request(f"arn:aws:iam::{account}:role/any-role", "kms:Decrypt", _any_key(account))
        tied = holds_for(statement, request) is not True and not holds_always(statement, request)
    return all_of((one.allows, beyond_metadata(statement), opposite(tied)))


def _any_key(account: str) -> str:
    return f"arn:aws:kms:us-east-1:{account}:key/any"


def _delegation(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        account = one.document.resource.account
        named: Verdict = (
            True if account in _accounts(one) else None if one.statement.principals.partly_unknown else False
        )
        verdict = all_of((named, _unconditional(one, account)))
        if verdict is not False:
            may = "leaves" if verdict else "may leave"
            message = f"{may} the key to every IAM policy of its account, without condition"
            yield one.found(message, "Principal", undecided=verdict is None)


def _other_account(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        resource = one.document.resource
        others = sorted(_accounts(one) - {resource.account})
        if one.statement.principals.partly_unknown and _unconditional(one, resource.account) is not False:
            yield one.found(
                "may admit another account as a whole: its principals are not known", "Principal", undecided=True
            )
        for account in others:
            verdict = _unconditional(one, account)
            if verdict is not False:
                message = f"admits account {account} as a whole, without condition"
                yield one.found(message, "Principal", undecided=verdict is None)


def _service_principal(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        services = sorted(one.statement.principals.services - WITHOUT_SOURCE_CONTEXT.value)
        use = all_of((one.allows, beyond_metadata(one.statement)))
        bound = depends_on(one.statement, lambda name: name in _SOURCES or name.startswith(_CONTEXT), _is_bounding)
        if not services or use is False or bound:
            continue
        doubt = use is None or is_unknown(one.statement)
        may = "may admit" if doubt else "admits"
        message = f"{may} {', '.join(services)} on behalf of anybody: no condition on source or encryption context"
        yield one.found(message, "Principal", undecided=doubt)


def _is_bounding(condition: Condition) -> bool:
    """Tell whether a condition on the source names one, or its account."""
    return condition.key.lower() != "aws:sourcearn" or not all(_is_any_source(str(one)) for one in condition.values)


def _is_any_source(text: str) -> bool:
    parts = text.split(":", 5)
    if len(parts) < 6:
        return not text.strip("*?")
    resource = re.split(r"[/:]", parts[5], maxsplit=1)[-1]
    return not parts[4].strip("*?") and not resource.strip("*?")


def _missing(context: Context) -> Iterator[Found]:
    for one in (*context.identity_statements, *context.key_statements):
        if isinstance(one.written, Unknown):
            yield one.found("may have no effect: what it says is not known", undecided=True)
        elif one.statement.missing:
            yield one.found(f"has no {one.statement.missing}, so it has no effect")


_LOGS = allow({"Service": "cloudtrail.amazonaws.com"}, "kms:GenerateDataKey")
_TRAIL = {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/audit"}}
RULES = (
    Rule(
        id="KLP201",
        name="unconditional-delegation",
        title="A key policy leaves the key to every IAM policy of its account",
        severity=Severity.WARNING,
        controls=("ours",),
        why="Whoever may write IAM policies in the account decides who uses the key, and kms:* on * is enough.",
        fix="Admit principals by name, or narrow the delegation by kms:ViaService, aws:PrincipalArn or "
        "aws:PrincipalType = Account. HardenedKey writes such a policy.",
        source=f"{_KMS}key-policy-default.html#key-policy-default-allow-root-enable-iam",
        broken=keyed(base=(allow(ROOT, "kms:*"), NO_FOREIGN_GRANTS)),
        clean=keyed(VIA_SECRETS),
        check=_delegation,
    ),
    Rule(
        id="KLP202",
        name="other-account",
        title="A key policy admits another account as a whole, without condition",
        severity=Severity.WARNING,
        controls=("ours",),
        why="The administrators of that account decide who uses the key.",
        fix="Name the roles by aws:PrincipalArn, or the service by kms:ViaService.",
        source=f"{_KMS}key-policy-modifying-external-accounts.html",
        broken=keyed(allow(OTHER_ROOT, "kms:Decrypt")),
        clean=keyed(
            allow(
                OTHER_ROOT, "kms:Decrypt", {"ArnEquals": {"aws:PrincipalArn": OTHER_ROOT.replace("root", "role/app")}}
            )
        ),
        check=_other_account,
    ),
    Rule(
        id="KLP205",
        name="service-principal",
        title="A key policy admits an AWS service on behalf of anybody",
        severity=Severity.WARNING,
        controls=("ours",),
        why="The service works for other accounts too, and may be led to use the key for them (confused deputy).",
        fix="Add a condition on aws:SourceArn or aws:SourceAccount, or on the encryption context.",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
        broken=keyed(_LOGS),
        clean=keyed(dict(_LOGS, Condition=_TRAIL)),
        check=_service_principal,
    ),
    Rule(
        id="KLP206",
        name="incomplete-statement",
        title="A statement without Action or Resource has no effect",
        severity=Severity.ERROR,
        controls=("ours",),
        why="KMS used to accept it in a key policy and ignore it; since August 2025 it is said to refuse it (an AWS "
        "mail that one source quotes). An Allow allows nothing, a Deny denies nothing.",
        fix='Add what is missing. In a key policy Resource is "*", which means this key.',
        source=f"{_KMS}key-policy-overview.html",
        broken=keyed({name: value for name, value in VIA_SECRETS.items() if name != "Resource"}),
        clean=keyed(VIA_SECRETS),
        check=_missing,
    ),
)
