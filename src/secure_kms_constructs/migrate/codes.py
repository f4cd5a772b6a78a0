"""A plan as code of this library: what a stack says to give a role exactly this."""

from __future__ import annotations

import json
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from secure_kms_constructs.evidence.uses import Use

from .plans import Plan
from .statements import statements_of

_SERVICES = {"secretsmanager": ("SecretARN", "secret"), "ssm": ("PARAMETER_ARN", "parameter")}
_READ, _ROTATE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
_HEAD = '''"""What {name} was seen to need of keys. Made by `secure-kms plan`: review it before it is deployed."""

from aws_cdk import Stack, aws_iam as iam, aws_secretsmanager as secretsmanager
from constructs import Construct
from secure_kms_constructs import ResolvedKey, ScopedParameterReader, ScopedSecretReader, ScopedSecretRotator


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
    rest: list[Use] = []
    readers: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (key, via, thing), uses in _by_thing(plan.needed).items():
        service = (via or "").split(".")[0]
        actions = tuple(sorted({one.action for one in uses}))
        fits = thing is not None and (actions == _READ or (service == "secretsmanager" and actions == _ROTATE))
        if fits and service in _SERVICES and thing is not None:
            readers[key, service, actions].append(thing)
        else:
            rest += uses
    keys = {key: f"key{place + 1}" for place, key in enumerate(sorted({key for key, _, _ in readers}))}
    for key, variable in keys.items():
        yield f'{variable} = ResolvedKey.from_arn(self, "{variable.title()}", {json.dumps(key)})'
    for place, ((key, service, actions), things) in enumerate(sorted(readers.items()), 1):
        yield from _reader(place, keys[key], service, actions == _ROTATE, sorted(things), grantee)
    if rest:
        yield "# No construct of this library is about these; each names its key, its service and its context."
        document = {"Version": "2012-10-17", "Statement": statements_of(rest)}
        yield f'policy = iam.Policy(self, "OtherKeyUse", document=iam.PolicyDocument.from_json({_literal(document)}))'
        yield f"policy.attach_to_{grantee}({grantee})"


def _by_thing(uses: Iterable[Use]) -> dict[tuple[str, str | None, str | None], list[Use]]:
    """Return uses by key, service and the one thing that their encryption context names."""
    found: dict[tuple[str, str | None, str | None], list[Use]] = defaultdict(list)
    for use in uses:
        name = _SERVICES.get((use.via or "").split(".")[0], ("", ""))[0]
        only = use.context is not None and set(use.context) == {name}
        found[use.key or "", use.via, use.context[name] if only and use.context else None].append(use)
    return found


def _reader(place: int, key: str, service: str, rotates: bool, things: list[str], grantee: str) -> Iterator[str]:
    if service == "ssm":
        names = [f"/{one.partition(':parameter/')[2]}" for one in things]
        yield f'ScopedParameterReader(self, "Parameters{place}", grantee={grantee}, parameters={names!r}, key={key})'
        return
    variables = []
    for number, one in enumerate(things, 1):
        variables.append(f"secret{place}_{number}")
        yield (
            f"{variables[-1]} = secretsmanager.Secret.from_secret_complete_arn("
            f'self, "Secret{place}x{number}", {json.dumps(one)})'
        )
    kind = "ScopedSecretRotator" if rotates else "ScopedSecretReader"
    yield f'{kind}(self, "Secrets{place}", grantee={grantee}, secrets=[{", ".join(variables)}], key={key})'


def _literal(document: object) -> str:
    """Return JSON as a Python literal."""
    return repr(document)
