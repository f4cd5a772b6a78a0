"""A key that leaves delegation to IAM, as code of this library: a HardenedKey for those who were seen to use it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from secure_kms_constructs.aws.services import SERVICES, Service, Use, written
from secure_kms_constructs.evidence.uses import Use as Seen

from .fits import by_thing
from .plans import Leaving
from .statements import statements_of

_HEAD = '''"""Who was seen to use {key}, as a key that nobody else can use. Made by `secure-kms plan`: review it.

An existing key becomes this one by `cdk import`: with `kms.Key(self, "Key")` in place of HardenedKey, and the policy
that it has, first; then deploy this. The logical id is the same, so the key and its data stay. IAM policies alone give
no access to it afterwards, not even to administrators of the account.
"""

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct
from secure_kms_constructs import HardenedKey, Service, Use


class Key{title}(Stack):
    def __init__(self, scope: Construct, id: str, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
'''
_SERVICES = {one.prefix: one for one in SERVICES}


def code_of_key(leaving: Leaving) -> str:
    """Return a Python module with a stack of a key."""
    title = leaving.key.rpartition("/")[2].replace("-", "")[:12]
    body = "".join(f"        {line}\n" for line in _body(leaving))
    return _HEAD.format(key=leaving.key, title=title) + body


def _body(leaving: Leaving) -> Iterator[str]:
    users = {one.principal for one in leaving.uses}
    named = sorted(users.union(leaving.administrators, leaving.policy_administrators))
    variables = {arn: f"{'role' if ':role/' in arn else 'user'}{number}" for number, arn in enumerate(named, 1)}
    for arn, variable in variables.items():
        kind = "Role" if ":role/" in arn else "User"
        yield f'{variable} = iam.{kind}.from_{kind.lower()}_arn(self, "{variable.title()}", {json.dumps(arn)})'
    given = [
        f"{name}=[{', '.join(variables[one] for one in sorted(set(several)))}]"
        for name, several in (
            ("administrators", leaving.administrators),
            ("policy_administrators", leaving.policy_administrators),
        )
        if several
    ]
    yield f"key = HardenedKey({', '.join(['self', chr(34) + 'Key' + chr(34), *given])})"
    for statement in leaving.kept:
        yield f"key.add_to_resource_policy(iam.PolicyStatement.from_json({statement!r}))"
    for arn in sorted(users):
        yield from _grants([one for one in leaving.uses if one.principal == arn], arn, variables[arn])


def _grants(uses: list[Seen], arn: str, variable: str) -> Iterator[str]:
    rest: list[Seen] = []
    named: dict[tuple[Service, Use], list[str]] = defaultdict(list)
    for (_, via, thing), some in by_thing(uses, _SERVICES).items():
        service = _SERVICES.get((via or "").split(".")[0])
        use = _use(service, {one.action for one in some}) if service else None
        if service is None or use is None or not thing:
            rest += some
        else:
            named[service, use].append(thing)
    for (service, use), things in sorted(named.items(), key=lambda one: (one[0][0].prefix, one[0][1].value)):
        yield f"key.grant_via({variable}, {written(service)}, use=Use.{use.name}, resource_arns={sorted(things)!r})"
    for statement in statements_of(rest):
        whole = {**statement, "Principal": {"AWS": arn}, "Resource": "*"}
        yield f"key.add_to_resource_policy(iam.PolicyStatement.from_json({whole!r}))"


def _use(service: Service, actions: set[str]) -> Use | None:
    """Return the documented use that needs exactly these actions."""
    return next((one for one in (Use.READ, Use.WRITE) if set(service.actions.get(one, ())) == actions), None)
