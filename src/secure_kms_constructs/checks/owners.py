"""Rules on who may change a key's policy: nobody, or one alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from secure_kms_constructs.access.parties import EVERYTHING, Party
from secure_kms_constructs.policies.verdicts import Verdict, all_of
from secure_kms_constructs.templates.landscape import Key, Resource

from .access_questions import answer, named_answer
from .context import Context
from .examples import ACCOUNT, BASE, DEPLOYS, NO_FOREIGN_GRANTS, ROOT_ONLY, keyed
from .findings import Found, Severity
from .rule import Rule

_KEY_POLICY = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#allow-unmanageable-key"
_CHANGES = "kms:PutKeyPolicy"


def _lockout(context: Context) -> Iterator[Found]:
    for made, resource in context.made_keys:
        verdicts = set[Verdict]()
        for party in chain([_anyone(resource)], _others(context, made)):
            verdicts.add(named_answer(party, _CHANGES, made))
            if True in verdicts:
                break
        else:
            root = _root_may(made, resource)
            doubt = None in verdicts
            nobody = "nobody" if root is False else "nobody but the root user"
            may = f"may leave {nobody} who may" if doubt else f"{nobody} may"
            yield Found(resource.source, "Properties.KeyPolicy", f"{may} {_CHANGES}", "", undecided=doubt)


def _only_one(context: Context) -> Iterator[Found]:
    for made, resource in context.made_keys:
        root = _root_may(made, resource)
        if root is True or answer(_anyone(resource), _CHANGES, made) is True:
            continue
        found = [(party, named_answer(party, _CHANGES, made)) for party in _others(context, made)]
        owners = [one for party, verdict in found if verdict is not False for one in context.access.like(party, made)]
        if len(owners) != 1 or owners[0].outsider:
            continue
        [verdict] = (one for _, one in found if one is not False)
        sure = all_of((verdict, True if root is False else None))
        may = "alone may" if sure else "may be the only one who may"
        message = f"{owners[0].name} {may} {_CHANGES}, and the root user may not: without it nobody can change the key"
        yield Found(resource.source, "Properties.KeyPolicy", message, undecided=sure is None)


def _anyone(resource: Resource) -> Party:
    return Party("anyone", f"arn:{resource.partition}:iam::{resource.account}:role/any-role", (EVERYTHING,))


def _root_may(made: Key, resource: Resource) -> Verdict:
    return answer(Party("root", f"arn:{resource.partition}:iam::{resource.account}:root"), _CHANGES, made)


def _others(context: Context, made: Key) -> Iterator[Party]:
    return (party for party in context.access.telling(made) if not party.is_root)


_OTHER_OWNER = {**DEPLOYS, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}}

RULES = (
    Rule(
        id="KLP503",
        name="lockout",
        title="Nobody but the root user can change the key policy",
        severity=Severity.ERROR,
        controls=("ours",),
        why="KMS refuses the policy when it is deployed; and without a root user's password nothing can be changed.",
        fix="Let the deploying role and one more role kms:PutKeyPolicy.",
        source=_KEY_POLICY,
        broken=keyed(base=tuple(one for one in BASE if one is not DEPLOYS)),
        clean=keyed(),
        check=_lockout,
    ),
    Rule(
        id="KLP507",
        name="one-owner",
        title="One principal alone can change the key policy, and the root user cannot",
        severity=Severity.WARNING,
        controls=("ours",),
        why="If that role or user is deleted, nobody can change the key again; only AWS Support may help.",
        fix="Let the root user (kms:* with aws:PrincipalType = Account) or one more role kms:PutKeyPolicy.",
        source=_KEY_POLICY,
        broken=keyed(base=tuple(one for one in BASE if one is not ROOT_ONLY)),
        clean=keyed(base=(DEPLOYS, _OTHER_OWNER, NO_FOREIGN_GRANTS)),
        check=_only_one,
    ),
)
