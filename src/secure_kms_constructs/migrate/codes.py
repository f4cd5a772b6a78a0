"""A plan as code of this library: what a stack says to give a role exactly this."""

from __future__ import annotations

import json
import keyword
import re
from collections import defaultdict
from collections.abc import Iterator

from secure_kms_constructs.evidence.uses import Use

from .fits import Fit, by_thing
from .plans import Plan
from .statements import statements_of

_HEAD = '''"""What {name} was seen to need of keys. Made by `secure-kms plan`: review it before it is deployed."""

from aws_cdk import Stack, aws_iam as iam, aws_secretsmanager as secretsmanager
from constructs import Construct
from secure_kms_constructs import (
    ResolvedKey,
    ScopedLogGroupManager,
    ScopedParameterReader,
    ScopedSecretReader,
    ScopedSecretRotator,
)


class {title}KeyUse(Stack):
    def __init__(self, scope: Construct, id: str, **kwargs) -> None:
        super().__init__(scope, id, **kwargs)
        {variable} = iam.{kind}.from_{lower}_arn(self, "{kind}", {arn})
'''


def code_of(plan: Plan) -> str:
    """Return a Python module with a stack that gives a role or user what a plan says."""
    kind = "Role" if plan.is_role else "User"
    head = _HEAD.format(
        name=plan.name,
        title=_title(plan.name),
        variable=kind.lower(),
        kind=kind,
        lower=kind.lower(),
        arn=json.dumps(plan.principal),
    )
    return head + "".join(f"        {line}\n" if line else "\n" for line in _body(plan, kind.lower()))


def _title(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", name)
    title = "".join(word[:1].upper() + word[1:] for word in words) or "Role"
    return title if title.isidentifier() and not keyword.iskeyword(title) else f"Of{title}"


def _body(plan: Plan, grantee: str) -> Iterator[str]:
    if plan.managed:
        yield "# Its inline policies are full, where constructs would write first, so all of it is in managed policies."
        for number, document in enumerate(plan.added.values(), 1):
            made = f"iam.PolicyDocument.from_json({_literal(document)})"
            yield f'iam.ManagedPolicy(self, "KeyUse{number}", document={made}, {grantee}s=[{grantee}])'
        return
    rest: list[Use] = []
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (key, via, thing), uses in by_thing(plan.needed).items():
        fit = plan.fits.get((key, via, thing))
        if fit is not None and thing is not None:
            found[key, fit].append(thing)
        else:
            rest += uses
    keys = {key: f"key{place + 1}" for place, key in enumerate(sorted({key for key, _ in found}))}
    for key, variable in keys.items():
        yield f'{variable} = ResolvedKey.from_arn(self, "{variable.title()}", {json.dumps(key)})'
    for place, ((key, fit), things) in enumerate(sorted(found.items()), 1):
        yield from _construct(place, keys[key], Fit(fit), sorted(things), grantee)
    if rest:
        yield "# No construct of this library is about these; each names its key, its service and its context."
        document = {"Version": "2012-10-17", "Statement": statements_of(rest)}
        yield f'policy = iam.Policy(self, "OtherKeyUse", document=iam.PolicyDocument.from_json({_literal(document)}))'
        yield f"policy.attach_to_{grantee}({grantee})"


def _construct(place: int, key: str, fit: Fit, things: list[str], grantee: str) -> Iterator[str]:
    if fit is Fit.LOG_GROUPS:
        yield "# More than was seen: all that a manager of log groups needs, and names that go on after these."
        for number, one in enumerate(things, 1):
            name = json.dumps(one.partition(":log-group:")[2])
            given = f"grantee={grantee}, log_group_prefix={name}, key={key}"
            yield f'{fit.value}(self, "LogGroups{place}x{number}", {given})'
        return
    if fit is Fit.PARAMETERS:
        names = [f"/{one.partition(':parameter/')[2]}" for one in things]
        yield f'{fit.value}(self, "Parameters{place}", grantee={grantee}, parameters={names!r}, key={key})'
        return
    variables = []
    for number, one in enumerate(things, 1):
        variables.append(f"secret{place}_{number}")
        yield (
            f"{variables[-1]} = secretsmanager.Secret.from_secret_complete_arn("
            f'self, "Secret{place}x{number}", {json.dumps(one)})'
        )
    yield f'{fit.value}(self, "Secrets{place}", grantee={grantee}, secrets=[{", ".join(variables)}], key={key})'


def _literal(document: object) -> str:
    """Return JSON as a Python literal."""
    return repr(document)
