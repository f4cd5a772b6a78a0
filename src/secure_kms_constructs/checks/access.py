"""Rules that ask who can use a key: key policies and identity policies together, by the rules of KMS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from secure_kms_constructs.access.mentions import Mentions
from secure_kms_constructs.access.parties import Party, of_mentioned
from secure_kms_constructs.aws.facts import CROSS_ACCOUNT_ACTIONS, KEY_ACTIONS
from secure_kms_constructs.policies import Unknown
from secure_kms_constructs.policies.documents import Effect
from secure_kms_constructs.policies.verdicts import Verdict, any_of
from secure_kms_constructs.templates.landscape import Key

from .access_questions import TRUSTED, WILDCARD, answer, is_trusted, named_answer, only, outsiders
from .context import Context
from .documents import Written
from .examples import ACCOUNT, THE_KEY, VIA, allow, keyed, uses
from .findings import Found, Severity
from .naming import absent, is_every_key, named_actions
from .rule import Rule

_MANY = 20
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/"


def _ineffective(context: Context) -> Iterator[Found]:
    answers: dict[object, Verdict] = {}
    for one in context.identity_statements:
        if one.allows is False or one.statement.resources.negated:
            continue
        for value in one.statement.resources.values:
            if is_every_key(value):
                yield from _without_effect_here(one, context)
            made = None if isinstance(value, Unknown) else context.keys.get(value.written)
            if made is None:
                continue
            for party in context.holders(one.document):
                mark = _mark(one, made, party, context.mentioned[made.arn])
                yield from _without_effect(one, made, party, mark, answers)


def _without_effect_here(one: Written, context: Context) -> Iterator[Found]:
    """A statement about every key that no key of the templates admits; others of the account may."""
    keys = [made for made, _ in context.made_keys]
    actions = {action for name, named in named_actions(one.statement) if name != "*" for action in named or ()}
    asked = sorted(actions & KEY_ACTIONS.value)
    for party in context.holders(one.document) if keys and 0 < len(asked) < _MANY else ():
        alone = only(party, one.statement, one.document.policy)
        if all(answer(alone, action, made) is False for action in asked for made in keys):
            message = f"may have no effect for {party.name}: no key of the templates admits it"
            yield one.found(message, "Action", undecided=True)


def _without_effect(
    one: Written, made: Key, party: Party, mark: object, answers: dict[object, Verdict]
) -> Iterator[Found]:
    denied, doubtful = [], []
    for name, named in named_actions(one.statement):
        verdicts = []
        for action in sorted((named or frozenset()) & KEY_ACTIONS.value):
            if (mark, action) not in answers:
                answers[mark, action] = answer(only(party, one.statement, one.document.policy), action, made)
            verdicts.append(answers[mark, action])
        if verdicts and all(it is False for it in verdicts):
            denied.append(name)
        elif named is None or (verdicts and True not in verdicts):
            doubtful.append(name)
    whose = made.source.path if made.source else made.arn
    if denied:
        why = _taken_by(one, made, party, denied) or f"the key policy of {whose} does not admit it"
        yield one.found(f"{', '.join(denied)} has no effect for {party.name}: {why}", "Action")
    if doubtful:
        why = "is in none of the templates" if made.source is None else "does not tell"
        message = f"{', '.join(doubtful)} may have no effect for {party.name}: the key policy of {whose} {why}"
        yield one.found(message, "Action", undecided=True)


def _taken_by(one: Written, made: Key, party: Party, denied: list[str]) -> str | None:
    """Return what of its own takes from a party what the key policy would let it; None for nothing.

    :param denied: the actions as the statement names them.
    """
    actions = {it for name, named in named_actions(one.statement) if name in denied for it in named or ()}
    alone = only(party, one.statement, one.document.policy)
    undenied = replace(alone, policies=alone.policies[:1])
    for less, taker in (
        (undenied, "a Deny in its own policies takes it back"),
        (replace(alone, boundary=None), "its permissions boundary does not let it"),
        (replace(undenied, boundary=None), "its permissions boundary and a Deny of its own take it back"),
    ):
        if any(answer(less, action, made) is not False for action in actions & KEY_ACTIONS.value):
            return taker
    return None


def _mark(one: Written, made: Key, party: Party, mentioned: Mentions) -> object:
    """What the answer depends on: most roles that may use a key have the same statement, and are not told apart."""
    denies = any(it.effect is Effect.DENY for policy in party.policies for it in policy.statements)
    if denies or party.boundary or mentioned.tell(party.principal):
        return one, made, party.principal
    conditions = tuple((it.operator, it.key, it.values) for it in one.statement.conditions)
    return made, party.caller.kind, party.caller.account, one.allows, conditions


def _public(context: Context) -> Iterator[Found]:
    for one in context.key_statements:
        statement = one.statement
        everyone = "*" in statement.principals.aws or statement.not_principals
        made = context.keys.get(one.document.resource.arn or "")
        if one.allows is False or made is None or not (everyone or statement.principals.partly_unknown):
            continue
        actions = sorted({action for _, named in named_actions(statement) for action in named or ()})
        verdicts = {action: _strangers(made, one, action) for action in actions if action in KEY_ACTIONS.value}
        admitted = [action for action, verdict in verdicts.items() if verdict]
        if everyone and (admitted or _is_open_at_home(one, actions)):
            yield one.found(f"lets everyone {', '.join(admitted or actions)}", "Principal", "NotPrincipal")
        elif admitted or None in verdicts.values() or not actions:
            yield one.found("may admit principals of every account", "Principal", "NotPrincipal", undecided=True)
        elif everyone and _by_wildcards(one):
            yield one.found(
                "admits by wildcards or policy variables only, which Security Hub counts as public", "Condition"
            )


def _strangers(made: Key, one: Written, action: str) -> Verdict:
    """Tell whether principals can do something of whom the statement says nothing definite."""
    return any_of(allowed for allowed, region in outsiders(made, one.statement, action) if not is_trusted(region))


def _is_open_at_home(one: Written, actions: list[str]) -> bool:
    """Tell whether everybody of the account may do what never works across accounts."""
    across = CROSS_ACCOUNT_ACTIONS.value.intersection(actions)
    return bool(actions) and not across and not one.statement.conditions


def _by_wildcards(one: Written) -> bool:
    chosen = [it for it in one.statement.conditions if it.key.lower() in TRUSTED and it.matches(absent) is False]
    return bool(chosen) and all(any(WILDCARD.search(str(value)) for value in it.values) for it in chosen)


def _both(context: Context) -> Iterator[Found]:
    for made, resource in context.made_keys:
        for party in _named(context, made):
            manages = [(action, named_answer(party, action, made)) for action in _MANAGING]
            if not any(verdict is not False for _, verdict in manages):
                continue
            used = [(action, named_answer(party, action, made, direct=True)) for action in _USING]
            pairs = [[action for action, verdict in found if verdict] for found in (manages, used)]
            if all(pairs):
                message = f"{party.name} can {', '.join(pairs[0])} and also {', '.join(pairs[1])}"
                yield Found(resource.source, "Properties.KeyPolicy", message)
            elif any(verdict is not False for _, verdict in used):
                message = f"{party.name} may both manage the key and use it: not all of its policies are known"
                yield Found(resource.source, "Properties.KeyPolicy", message, undecided=True)


def _named(context: Context, made: Key) -> Iterator[Party]:
    """The principals that a key policy names."""
    for arn in sorted(context.mentioned[made.arn].arns):
        party = context.by_arn.get(arn) or of_mentioned(arn, context.access.identities.parties)
        if party is not None and not party.is_root:
            yield party


_MANAGING = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:DeleteImportedKeyMaterial")
_USING = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:Sign", "kms:GenerateMac")

_ADMIN = f"arn:aws:iam::{ACCOUNT}:role/key-administrator"
_USER = f"arn:aws:iam::{ACCOUNT}:role/app"
_MANAGES = ["kms:DescribeKey", "kms:DisableKey", "kms:EnableKey"]

RULES = (
    Rule(
        id="KLP501",
        name="ineffective-grant",
        title="An identity policy allows what the key policy does not admit",
        severity=Severity.ERROR,
        controls=("ours",),
        why="The statement looks like access and gives none: the first call fails at run time. CDK's grants report "
        "success on a key whose policy does not delegate, and on keys of others.",
        fix="Admit the principal in the key policy, spare the key in the Deny or boundary that takes it back, or "
        "remove the statement. HardenedKey's grants write both.",
        source=f"{_KMS}policy-evaluation.html",
        broken=uses(allow(None, ["kms:Decrypt", "kms:Encrypt"], Resource=THE_KEY)),
        clean=uses(allow(None, "kms:Decrypt", Resource=THE_KEY)),
        check=_ineffective,
    ),
    Rule(
        id="KLP502",
        name="public-key-policy",
        title="A key policy admits principals of every account",
        severity=Severity.ERROR,
        controls=("Security Hub KMS.5", "Prowler kms_key_not_publicly_accessible"),
        why="Anyone with an AWS account can use the key; kms:ViaService alone does not say whose call it is.",
        fix="Add kms:CallerAccount, aws:PrincipalArn or aws:PrincipalOrgID with a fixed value.",
        source="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-5",
        broken=keyed(allow("*", "kms:Decrypt", {"StringEquals": VIA})),
        clean=keyed(allow("*", "kms:Decrypt", {"StringEquals": {**VIA, "kms:CallerAccount": ACCOUNT}})),
        check=_public,
    ),
    Rule(
        id="KLP504",
        name="administrator-uses-key",
        title="A principal of the key policy both manages the key and uses it",
        severity=Severity.WARNING,
        controls=("ours",),
        why="Who decides about a key should not read what it protects, and who reads it should not decide.",
        fix="Give the two to different roles. Use through a service, by kms:ViaService, does not count.",
        source=f"{_KMS}key-policy-default.html#key-policy-default-allow-administrators",
        broken=keyed(allow(_ADMIN, [*_MANAGES, "kms:Decrypt"])),
        clean=keyed(allow(_ADMIN, _MANAGES), allow(_USER, "kms:Decrypt")),
        check=_both,
    ),
)
