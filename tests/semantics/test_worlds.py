"""Whole templates against iam-simulate, in every world that they leave open.

``TEMPLATE_QUESTIONS=20000 pytest tests/semantics/test_worlds.py`` asks more, and at random.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from secure_kms_constructs import AccessMap
from secure_kms_constructs.access import DEPLOYER, ROOT, AccessError, assert_only, imported
from tests.semantics.differences import rewritten
from tests.semantics.engine import ask
from tests.semantics.judge import Judge
from tests.semantics.random_templates import bestiary, random_template
from tests.semantics.standing import KEY, Asked, answers, names, passes, rows
from tests.semantics.template_builder import RandomTemplate, key_arn
from tests.semantics.worlds import in_world

Json = dict[str, Any]

QUESTIONS = int(os.environ.get("TEMPLATE_QUESTIONS", "0"))
_EACH = 10
_ACTIONS = ("kms:Decrypt",) * 4 + (
    "kms:GenerateDataKey",
    "kms:Encrypt",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:CreateGrant",
)
_BATCH = 50


@dataclass(frozen=True, eq=False)
class Wrong:
    """An answer that a world refutes."""

    how: str
    made: RandomTemplate
    asked: Asked

    def __str__(self) -> str:
        features = ", ".join(self.made.features)
        who = f"{self.asked.arn} {self.asked.action} {self.asked.context}"
        return f"{self.how}: {who} in {dict(self.asked.world)}, seed {self.made.seed} ({features})"


def questions(made: RandomTemplate) -> list[list[Asked]]:
    """Some questions, each in every world."""
    pick = random.Random(f"{made.seed} questions")
    people = bestiary(made)
    worlds = made.worlds
    policies = [in_world(made.key_policy, world) for world in worlds]
    asked = []
    for place in range(_EACH):
        someone = pick.choice(made.people if place % 2 else people)
        action, context = pick.choice(_ACTIONS), pick.choice(made.context)
        if action == "kms:PutKeyPolicy":
            context = {name: one for name, one in context.items() if "EncryptionContext" not in name}
        each = [Asked(someone, action, context, *one) for one in zip(worlds, policies, strict=True)]
        if each[0].kind == "service":
            context = {name: one for name, one in context.items() if "Via" not in name}
        asked.append([replace(one, context=context) for one in each])
    return asked


def simulate(judge: Judge, asked: list[Asked]) -> Iterator[bool]:
    """Ask iam-simulate, some at a time."""
    for first in range(0, len(asked), _BATCH):
        yield from ask(judge, [rewritten(_case(one)) for one in asked[first : first + _BATCH]])


def _case(asked: Asked) -> Json:
    someone = asked.someone
    return {
        "principal": asked.arn,
        "action": asked.action,
        "key": key_arn(asked.world),
        "context": in_world(asked.context, asked.world),
        "key_policy": asked.key_policy,
        "identity_policies": [in_world(one, asked.world) for one in someone.policies],
        "boundary": in_world(someone.boundary, asked.world),
    }


def compare(judge: Judge, seed: str, seen: Counter[str]) -> Iterator[Wrong]:
    """Ask a template's map and iam-simulate the same."""
    made = random_template(seed)
    try:
        yield from _compared(judge, made, seen)
    except ValueError as error:
        yield Wrong(f"no answer, {error!r}", made, questions(made)[0][0])


def _compared(judge: Judge, made: RandomTemplate, seen: Counter[str]) -> Iterator[Wrong]:
    access = AccessMap.from_templates(made.templates, **made.arguments)
    asked = questions(made)
    simulated = iter(list(simulate(judge, [one for several in asked for one in several])))
    for several in asked:
        truths = [next(simulated) for _ in several]
        ours = [list(answers(access, one)) for one in several]
        yield from _refuted(access, made, several, truths, ours)
        certain = {answer for found in ours for answer in found or [False]}
        if len(set(truths)) == 1:
            seen["alike"] += 1
            seen["certain"] += certain == set(truths)
        seen["asked"] += 1
        seen["allowed"] += any(truths)
        seen["worlds"] += len(several)


def _refuted(
    access: AccessMap, made: RandomTemplate, several: list[Asked], truths: list[bool], ours: list[list[bool | None]]
) -> Iterator[Wrong]:
    for asked, allowed, found in zip(several, truths, ours, strict=True):
        if not allowed:
            if found and all(one is True for one in found) and _is_told(asked):
                yield Wrong("said to be sure", made, asked)
            continue
        if all(one is False for one in found):
            yield Wrong("denied" if found else "nobody stands for it", made, asked)
        elif not rows(access, asked):
            yield Wrong("in no row", made, asked)
        yield from (Wrong(how, made, asked) for how in _assertions(access, asked))
        return


def _is_told(asked: Asked) -> bool:
    """Whoever stands for others has every permission, which one of them need not have."""
    return asked.someone.made is not None


def _assertions(access: AccessMap, asked: Asked) -> Iterator[str]:
    """Return which assertions hold that should not, of a request that is allowed."""
    for name in names(access, asked):
        if passes(access, asked, name):
            yield f"assert_cannot of {name}"
        if "kms:ViaService" in asked.context:
            via = in_world(asked.context["kms:ViaService"], asked.world).split(".")[0]
            if passes(access, asked, name, via=via):
                yield f"assert_cannot of {name} via {via}"
            if passes(access, asked, name, via=via.replace("s", "z", 1)):
                yield f"assert_cannot of {name} via a word that is no service"
        if passes(access, asked, name, context={"aws:PrincipalTagg": "x"}):
            yield f"assert_cannot of {name} with a word that is no condition key"
    own, others = asked.world["account"], _others(access, asked)
    for called, expected in (("root", ROOT), ("deployer", DEPLOYER)):
        if asked.arn != f"arn:aws:iam::{own}:root" and _only(access, asked, [expected, *others]):
            yield f"assert_only of {called} and those of other names"


def _others(access: AccessMap, asked: Asked) -> list[object]:
    """Everybody in a row who is not the principal."""
    its = {id(row) for row in rows(access, asked)}
    return [imported(one.principal) for one in access.who_can(asked.action, KEY) if id(one) not in its]


def _only(access: AccessMap, asked: Asked, expected: list[object]) -> bool:
    try:
        assert_only(access, asked.action, KEY, expected)
    except (AssertionError, AccessError):
        return False
    return True


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    return Counter()


def test_whoever_can_in_some_world_is_told(judge: Judge, seen: Counter[str]) -> None:
    first = random.randrange(10**9) if QUESTIONS else 0
    wrong = [one for place in range((QUESTIONS or 3000) // _EACH) for one in compare(judge, str(first + place), seen)]
    assert not wrong, "\n".join(map(str, wrong[:20]))


def test_what_is_alike_in_every_world_is_certain(seen: Counter[str]) -> None:
    assert seen["certain"] / seen["alike"] > 0.8, dict(seen)
