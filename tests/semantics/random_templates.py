"""Random templates, and who may ask for their key."""

from __future__ import annotations

import json
import random

from tests.semantics.template_builder import (
    EVERYTHING,
    NOBODYS,
    OTHER_ID,
    OTHER_REGION,
    OURS,
    OWN,
    REGION,
    THEIRS,
    RandomTemplate,
    Someone,
)
from tests.semantics.template_features import FEATURES, delegate, more_properties, reads
from tests.semantics.worlds import as_written, here

# More worlds are more than a test can try.
_WORLDS = 64


def random_template(seed: str, *features: str) -> RandomTemplate:
    """Return the template of a seed, always the same one.

    :param features: what it has beside the usual; by default some of all.
    """
    made = RandomTemplate(seed, random.Random(seed))
    pick = made.pick
    made.arguments = pick.choice([{}, {"account": OURS}, {"account": OURS, "region": REGION}, {"region": REGION}])
    given = made.arguments
    made.choices["account"] = [given["account"]] if "account" in given else [OURS, THEIRS, NOBODYS]
    made.choices["region"] = [given["region"]] if "region" in given else [REGION, OTHER_REGION]
    made.choices["id"] = [OTHER_ID]
    delegate(made)
    # Whoever reads a secret is there in every template, with a neighbour of another path.
    made.role("App", pick.choice(["app", "worker-1"]), reads(made), properties=more_properties(made))
    made.role("Worker", "worker", reads(made), path=pick.choice(["/", "/team/", "/team/a/"]))
    for name in features or pick.sample(sorted(FEATURES), pick.choice([1, 2, 2, 3])):
        if _size(made) <= _WORLDS // 3:
            FEATURES[name](made)
            made.features.append(name)
    _settle_places(made)
    pick.shuffle(made.statements)
    return made


def _size(made: RandomTemplate) -> int:
    size = 1
    for values in made.choices.values():
        size *= len(values)
    return size


def _settle_places(made: RandomTemplate) -> None:
    """Accounts that nothing in it names need no world of their own."""
    text = json.dumps([as_written(made.templates), as_written(made.statements)], default=str)
    accounts = made.choices["account"]
    if len(accounts) > 1:
        made.choices["account"] = [one for one in accounts if one == NOBODYS or one in text]
    if len(made.choices["region"]) > 1 and not any(one in text for one in (REGION, OTHER_REGION)):
        made.choices["region"] = [OTHER_REGION]


def bestiary(made: RandomTemplate) -> list[Someone]:
    """Return who may ask: those of the templates, and one of each kind of others, with and without permissions."""
    own = [
        *("role/other", "role/team/other", "role/app-2", "role/xray-1", "user/alice", "user/ops/alice"),
        "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef",
    ]
    people = [Someone(here(OWN + one), policies) for one in own for policies in ((), (EVERYTHING,))]
    people += [Someone(here("arn:aws:sts::${AWS::AccountId}:federated-user/carol"), one) for one in ((), (EVERYTHING,))]
    people.append(Someone(here(OWN + "root"), (EVERYTHING,)))
    for account in (THEIRS, "999900001111"):
        others = ("role/reader", "role/team/other", "user/alice", "root")
        people += [Someone(f"arn:aws:iam::{account}:{one}", (EVERYTHING,)) for one in others]
    return [*made.people, *people, Someone("lambda.amazonaws.com")]
