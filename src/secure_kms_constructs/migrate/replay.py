"""The proof of a plan: what was observed is tried again, and every request that differs from it in one field.

It knows policies and uses, and nothing of how a plan is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from secure_kms_constructs.aws.cloudtrail import FORWARDING
from secure_kms_constructs.aws.facts import USE_ACTIONS
from secure_kms_constructs.evidence.requests import WITH_CONTEXT, Call, call_of
from secure_kms_constructs.evidence.uses import Use, stands_for_objects
from secure_kms_constructs.policies import Policy
from secure_kms_constructs.policies.evaluation import Policies, grants_allow, is_allowed
from secure_kms_constructs.policies.verdicts import Verdict

_ACTIONS = tuple(sorted(USE_ACTIONS))
_VARIABLE = re.compile(r"\$\{\s*([a-zA-Z0-9-]+:[^},\s]+)")
_STRANGER = "999999999999"
_OTHER_KEY = "ffffffff-ffff-4fff-bfff-ffffffffffff"


def answer(call: Call, policies: Policies) -> Verdict:
    """Return whether policies allow a call; where something was not kept of it, an example stands for that."""
    return is_allowed(call.request(), policies)


def surely(call: Call, policies: Policies) -> Verdict:
    """Return whether policies allow a call, whatever was not kept of it and is not told."""
    return is_allowed(call.request(doubtful=True, asked=asked_keys(policies)), policies)


def granted(call: Call, policies: Policies) -> Verdict:
    """Return whether a grant alone allows a call, whatever was not kept of it and is not told."""
    return grants_allow(call.request(doubtful=True, asked=asked_keys(policies)), policies)


def asked_keys(policies: Policies) -> frozenset[str]:
    """Return the condition keys that policies ask for, in conditions and variables, in lower case."""
    return frozenset(key for policy in policies.all for key in _asked_keys(policy))


@lru_cache(maxsize=65536)
def _asked_keys(policy: Policy) -> frozenset[str]:
    conditions = [one for statement in policy.statements for one in statement.conditions]
    texts = [one for condition in conditions for one in condition.values if isinstance(one, str)]
    variables = (name for text in texts for name in _VARIABLE.findall(text))
    return frozenset(name.lower() for name in (*(one.key for one in conditions if one.key), *variables))


def mutations(use: Use, observed: Iterable[Use]) -> Iterator[tuple[str, Call]]:
    """Return calls that differ from a use in one field and that nothing observed is like, each with the field."""
    known = [one for one in observed if one.key == use.key]
    for field, call in _different(use):
        if not any(_is_like(call, one) for one in known):
            yield field, call


def _different(use: Use) -> Iterator[tuple[str, Call]]:
    call = call_of(use)
    head, _, _ = call.principal.partition(f":{use.account}:")
    yield "role", replace(call, principal=f"{head}:{use.account}:role/secure-kms-somebody-else")
    yield "account", replace(call, principal=call.principal.replace(f":{use.account}:", f":{_STRANGER}:"))
    for action in _ACTIONS:
        if action != use.action:
            yield "action", replace(call, action=action)
    yield "key", replace(call, key=f"{call.key.rpartition('/')[0]}/{_OTHER_KEY}")
    region = call.key.split(":")[3]
    services = [f"{one.value}.{region}.amazonaws.com" for one in list(FORWARDING.values())[:2]]
    yield "service", replace(call, via=next(one for one in services if one != use.via))
    if use.via:
        yield "service", replace(call, via=None)
    if use.action not in WITH_CONTEXT or use.context is None:
        return
    for name, value in use.context.items():
        without = tuple(pair for pair in call.context if pair[0] != name)
        yield "encryption context", replace(call, context=without)
        if value is not None:
            yield (
                "encryption context",
                replace(call, context=tuple(sorted([*without, (name, f"x{dict(call.context)[name]}")]))),
            )
    if not use.context:
        yield "encryption context", replace(call, context=(("secure-kms", "another"),))


def _is_like(call: Call, use: Use) -> bool:
    """Tell whether a call is one of a use."""
    if (call.principal, call.action, call.key) != (use.principal, use.action, use.key):
        return False
    untold = not use.direct and use.via is None
    if not untold and call.via != use.via:
        return False
    if use.action not in WITH_CONTEXT or use.context is None:
        return True
    given = dict(call.context)
    if not use.context:
        return not given
    return all(name in given and _fits(name, given[name], value) for name, value in use.context.items())


def _fits(name: str, value: str, observed: str | None) -> bool:
    if observed is None:
        return True
    if stands_for_objects(name, observed):
        return value.startswith(observed[:-1])
    return value == observed


def try_again(
    uses: Iterable[Use], policies_of: Callable[[str], Policies], observed: Mapping[str, list[Use]]
) -> Iterator[tuple[str, Verdict, Call]]:
    """Try uses and their mutations.

    :param policies_of: the policies between the principal and a key, after the plan.
    :param observed: all uses of the principal, by key.
    :return: the field that a mutation changes, empty for a use itself; the answer, and the call.
    """
    for use in uses:
        assert use.key is not None
        policies = policies_of(use.key)
        call = call_of(use)
        yield "", answer(call, policies), call
        for field, other in mutations(use, observed.get(use.key, [])):
            yield field, answer(other, as_asked(field, policies)), other


def as_asked(field: str, policies: Policies) -> Policies:
    """Return the policies for a mutated call: somebody else has none of the principal's, another key no such grants."""
    if field == "key":
        return replace(policies, grants=())
    return replace(policies, identity_policies=(), boundary=None) if field == "role" else policies
