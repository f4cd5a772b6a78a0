"""Questions of rules to the access evaluation: may this party do this with this key? One verdict each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from secure_kms_constructs.access.circumstances import Region, grow, regions
from secure_kms_constructs.access.landscape_access import side_of
from secure_kms_constructs.access.mentions import mentions_of
from secure_kms_constructs.access.outsiders import Outsiders
from secure_kms_constructs.access.parties import Party
from secure_kms_constructs.access.questions import VIA, Question, Side
from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.documents import Effect, Statement
from secure_kms_constructs.policies.evaluation import Policies
from secure_kms_constructs.policies.principals import Kind
from secure_kms_constructs.policies.verdicts import Verdict
from secure_kms_constructs.templates.landscape import Key

# Condition keys with a fixed value of which a statement for everybody is not public.
# https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-5
TRUSTED = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce"),
        "kms:calleraccount",
    }
)
WILDCARD = re.compile(r"[*?]|\$\{")


def circumstances(party: Party, action: str, key: Key) -> Iterator[tuple[bool | None, Region]]:
    """Return when somebody can do something with a key, with True, and when they might, with None."""
    question = Question(action, (side_of(party, key),))
    # Most questions are answered whatever the request is like otherwise.
    if question.verdicts({})[0] is False:
        return
    tree = grow(question)
    for allowed in (True, None):
        yield from ((allowed, region) for region in regions(question, tree, (allowed,)))


def answer(party: Party, action: str, key: Key, *, direct: bool = False) -> Verdict:
    """Tell whether somebody can do something with a key under some circumstances.

    :param direct: whether only what they do themselves counts, not what a service does for them.
    """
    sure = Question(action, (side_of(party, key),)).verdicts({})[0]
    if sure is not None:
        return sure
    found = [allowed for allowed, region in circumstances(party, action, key) if not direct or _is_direct(region)]
    return True if True in found else None if found else False


def without_unknown(party: Party) -> Party:
    """Return somebody without the policies of which nothing is known, which might deny anything."""
    known = (one for one in party.policies if any(it.effect is not Effect.UNKNOWN for it in one.statements))
    return replace(party, policies=tuple(known))


def named_answer(party: Party, action: str, key: Key, *, direct: bool = False) -> Verdict:
    """Answer for somebody whom a key policy names: what it admits by itself counts, whatever else they have."""
    return answer(without_unknown(party), action, key, direct=direct) or answer(party, action, key, direct=direct)


def _is_direct(region: Region) -> bool:
    return all(one.absent for one in region.constraints if one.key.lower() == VIA)


def verdict_of(principal: str, party: Party | None, action: str, key: Key, context: Mapping[str, str]) -> Verdict:
    """Decide one request; condition keys that the context does not have may have any value."""
    policies = Policies(key.policy, party.policies if party else (), party.boundary if party else None)
    question = Question(action, (Side(principal, key.arn, policies, party.told if party else {}),))
    return question.verdicts({name.lower(): value for name, value in context.items()})[0]


def only(party: Party, statement: Statement, policy: Policy) -> Party:
    """Return somebody with all that it is denied, but allowed what one statement allows."""
    denied = (_denies_of(one) for one in party.policies)
    alone = Policy(policy.name, False, (statement,))
    return replace(party, policies=(alone, *(one for one in denied if one.statements)))


def _denies_of(policy: Policy) -> Policy:
    return Policy(
        policy.name, policy.is_key_policy, tuple(one for one in policy.statements if one.effect is Effect.DENY)
    )


def outsiders(key: Key, statement: Statement, action: str) -> Iterator[tuple[bool | None, Region]]:
    """Return when one statement of a key policy admits principals of accounts that it does not mention."""
    policy = Policy(key.policy.name, True, (statement, *_denies_of(key.policy).statements))
    alone = Key(key.arn, policy, key.source)
    known = mentions_of(policy).accounts | {key.arn.split(":")[4]}
    for party in Outsiders(key.arn, policy).parties:
        if party.untold:
            yield None, Region((), (), {})
        if party.caller.kind is not Kind.SERVICE and party.caller.account not in known:
            yield from circumstances(party, action, alone)


def is_trusted(region: Region) -> bool:
    """Tell whether circumstances are those of principals or networks that somebody chose."""
    return any(
        one.key.lower() in TRUSTED
        and not one.negated
        and not one.absent
        and not any(map(WILDCARD.search, one.values))
        and not (one.key.lower() == "aws:sourceip" and _is_everywhere(one.values))
        for one in region.constraints
    )


def _is_everywhere(ranges: Iterable[str]) -> bool:
    """Tell whether ranges of addresses are together all of a version, such as the two halves of it."""
    fours: list[IPv4Network] = []
    sixes: list[IPv6Network] = []
    for text in ranges:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        if isinstance(network, IPv4Network):
            fours.append(network)
        else:
            sixes.append(network)
    whole = [one.prefixlen == 0 for one in collapse_addresses(fours)]
    return any(whole) or any(one.prefixlen == 0 for one in collapse_addresses(sixes))
